package sqlite

import (
	"slices"
	"time"
	"unique"

	"github.com/sqreen/sqreen/localplatform"
)

// seriesKey is what the per-minute counts of events tell apart. Every event
// carries the number of its series, so that an index over series serves filters
// on all of these fields at once.
type seriesKey struct {
	app, env, kind, name, attack, severity string
	blocked                                bool
}

// seriesFields are the fields of a seriesKey.
var seriesFields = []string{"app", "env", "kind", "name", "attack", "severity", "blocked"}

// series is a seriesKey in a form that is cheap to compare and to keep: the same
// keys come again in every segment.
type series = unique.Handle[seriesKey]

// maxSeries bounds the series of one segment. Names of custom events come from
// outside, and anyone can invent new ones; beyond the bound those with a new
// name are counted together, and queries by name read the events themselves.
const maxSeries = 20_000

func keyOf(e *localplatform.Event) seriesKey {
	return seriesKey{e.App, e.Env, e.Kind, e.Name, e.Attack, string(e.Severity), e.Blocked}
}

// event is a record with the fields of the key and no others.
func (k seriesKey) event() *localplatform.Event {
	return &localplatform.Event{
		App: k.app, Env: k.env, Kind: k.kind, Name: k.name, Attack: k.attack,
		Severity: localplatform.Severity(k.severity), Blocked: k.blocked,
	}
}

type counterKey struct{ app, env, name, key string }

// minuteOf is the minute of a time in microseconds, counted from 1970.
func minuteOf(us int64) int64 {
	m := us / 60e6
	if us%60e6 < 0 {
		m--
	}
	return m
}

type cell struct{ minute, series int64 }

// insertSums adds new events and counters to the sums of their minutes, and
// notes the series of each event.
func (w *writer) insertSums(batches []*pending) error {
	events, counters := map[cell]int64{}, map[cell]float64{}
	for _, p := range batches {
		p.series = make([]uint32, len(p.batch.Events))
		for i := range p.batch.Events {
			id, err := w.seriesID(keyOf(&p.batch.Events[i]))
			if err != nil {
				return err
			}
			p.series[i] = uint32(id)
			events[cell{minuteOf(p.batch.Events[i].At.UnixMicro()), id}]++
		}
		for _, c := range p.batch.Counters {
			id, err := w.counterID(counterKey{c.App, c.Env, c.Name, c.Key})
			if err != nil {
				return err
			}
			counters[cell{minuteOf(c.Minute.UnixMicro()), id}] += c.Value
		}
	}
	for at, n := range events {
		err := w.conn.run(`INSERT INTO rollups (minute, series, events) VALUES (?, ?, ?)
			ON CONFLICT (minute, series) DO UPDATE SET events = events + excluded.events`, at.minute, at.series, n)
		if err != nil {
			return err
		}
	}
	for at, v := range counters {
		err := w.conn.run(`INSERT INTO counters (minute, series, value) VALUES (?, ?, ?)
			ON CONFLICT (minute, series) DO UPDATE SET value = value + excluded.value`, at.minute, at.series, v)
		if err != nil {
			return err
		}
	}
	return nil
}

// seriesID finds or makes the number of a series. Numbers count from 1 in each segment.
func (w *writer) seriesID(k seriesKey) (int64, error) {
	if id, ok := w.series[k]; ok {
		return id, nil
	}
	if len(w.series) >= maxSeries {
		w.bounds.namesCut = true
		k.name = ""
		if id, ok := w.series[k]; ok {
			return id, nil
		}
	}
	id := int64(len(w.names) + 1)
	err := w.conn.run(`INSERT INTO series (id, app, env, kind, name, attack, severity, blocked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		id, k.app, k.env, k.kind, k.name, k.attack, k.severity, k.blocked)
	if err != nil {
		return 0, err
	}
	w.series[k] = id
	w.names = append(w.names, unique.Make(k))
	w.undo = append(w.undo, func() {
		delete(w.series, k)
		w.names = slices.Clone(w.names[:id-1]) // queries may hold what follows
	})
	return id, nil
}

func (w *writer) counterID(k counterKey) (int64, error) {
	if id, ok := w.counted[k]; ok {
		return id, nil
	}
	id := int64(len(w.counted) + 1)
	err := w.conn.run(`INSERT INTO counter_series (id, app, env, name, key) VALUES (?, ?, ?, ?, ?)`, id, k.app, k.env, k.name, k.key)
	if err != nil {
		return 0, err
	}
	w.counted[k] = id
	w.undo = append(w.undo, func() { delete(w.counted, k) })
	return id, nil
}

// readSeries reads the series of a segment; the one with number n is at n-1.
func readSeries(c *conn) ([]series, error) {
	var out []series
	err := c.query(`SELECT id, app, env, kind, name, attack, severity, blocked FROM series ORDER BY id`, nil, func(s *stmt) error {
		if s.int(0) != int64(len(out)+1) {
			return damage("its series are not numbered from 1")
		}
		out = append(out, unique.Make(seriesKey{s.text(1), s.text(2), s.text(3), s.text(4), s.text(5), s.text(6), s.bool(7)}))
		return nil
	})
	return out, err
}

func readCounterSeries(c *conn) (map[int64]counterKey, error) {
	out := map[int64]counterKey{}
	err := c.query(`SELECT id, app, env, name, key FROM counter_series`, nil, func(s *stmt) error {
		out[s.int(0)] = counterKey{s.text(1), s.text(2), s.text(3), s.text(4)}
		return nil
	})
	return out, err
}

// microTime is how times appear in the store.
func microTime(us int64) time.Time { return time.UnixMicro(us).UTC() }
