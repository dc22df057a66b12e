package sqlite

import (
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// seriesKey is what the per-minute counts of events tell apart.
type seriesKey struct {
	app, env, kind, name, attack, severity string
	blocked                                bool
}

// maxSeries bounds the series of one segment. Names of custom events come from
// outside, and anyone can invent new ones; beyond the bound they are counted
// together, and charts by name read the events themselves.
const maxSeries = 20_000

func keyOf(e *localplatform.Event) seriesKey {
	return seriesKey{e.App, e.Env, e.Kind, e.Name, e.Attack, string(e.Severity), e.Blocked}
}

// scanSeries reads id, app, env, kind, name, attack, severity, blocked.
func scanSeries(s *stmt) seriesKey {
	return seriesKey{s.text(1), s.text(2), s.text(3), s.text(4), s.text(5), s.text(6), s.bool(7)}
}

type counterKey struct{ app, env, name, key string }

// minuteOf is the minute of a time, counted from 1970.
func minuteOf(t time.Time) int64 {
	us := t.UnixMicro()
	m := us / 60e6
	if us%60e6 < 0 {
		m--
	}
	return m
}

type cell struct{ minute, series int64 }

// insertSums adds new events and counters to the sums of their minutes.
func (w *writer) insertSums(batches []*pending) error {
	events, counters := map[cell]int64{}, map[cell]float64{}
	for _, p := range batches {
		for i := range p.batch.Events {
			id, err := w.seriesID(keyOf(&p.batch.Events[i]))
			if err != nil {
				return err
			}
			events[cell{minuteOf(p.batch.Events[i].At), id}]++
		}
		for _, c := range p.batch.Counters {
			id, err := w.counterID(counterKey{c.App, c.Env, c.Name, c.Key})
			if err != nil {
				return err
			}
			counters[cell{minuteOf(c.Minute), id}] += c.Value
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

// seriesID finds or makes the number of a series.
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
	id := int64(len(w.series) + 1)
	err := w.conn.run(`INSERT INTO series (id, app, env, kind, name, attack, severity, blocked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		id, k.app, k.env, k.kind, k.name, k.attack, k.severity, k.blocked)
	if err != nil {
		return 0, err
	}
	w.series[k] = id
	w.undo = append(w.undo, func() { delete(w.series, k) })
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
