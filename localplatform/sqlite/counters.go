package sqlite

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// Counters sums counters over time. A minute belongs to a range when it begins in it.
func (l *eventLog) Counters(ctx context.Context, q localplatform.CounterQuery) (out []localplatform.CounterPoint, err error) {
	if q.Step < 0 || q.Step%time.Minute != 0 {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "counters are kept by the minute, so they cannot be summed over %s", q.Step).
			WithHint("use whole minutes")
	}
	err = l.query(ctx, func(views []view) error {
		sums := map[localplatform.CounterPoint]float64{}
		for _, v := range views {
			err := l.read(ctx, v.segment, func(c *conn, _ *segment) error { return addCounters(c, q, sums) })
			if err != nil {
				return err
			}
		}
		out = make([]localplatform.CounterPoint, 0, len(sums))
		for p, v := range sums {
			p.Value = v
			out = append(out, p)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b localplatform.CounterPoint) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.App, b.App), cmp.Compare(a.Env, b.Env),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return out, err
}

func addCounters(c *conn, q localplatform.CounterQuery, sums map[localplatform.CounterPoint]float64) error {
	keys, err := readCounterSeries(c)
	if err != nil {
		return err
	}
	for id, k := range keys {
		if q.App != "" && !strings.EqualFold(k.app, q.App) || q.Env != "" && !strings.EqualFold(k.env, q.Env) ||
			len(q.Names) > 0 && !slices.Contains(q.Names, k.name) {
			delete(keys, id)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	low, high := int64(openLow), int64(openHigh)
	if !q.From.IsZero() {
		low = minuteOf(ceilMicros(q.From) + 60e6 - 1)
	}
	if !q.To.IsZero() {
		high = minuteOf(ceilMicros(q.To) + 60e6 - 1)
	}
	return c.query(`SELECT minute, series, value FROM counters WHERE minute >= ? AND minute < ?`, []any{low, high}, func(s *stmt) error {
		if k, wanted := keys[s.int(1)]; wanted {
			sums[localplatform.CounterPoint{App: k.app, Env: k.env, Name: k.name, Key: k.key, Start: counterStart(q, s.int(0))}] += s.float(2)
		}
		return nil
	})
}

// counterStart is the beginning of the step a minute belongs to. Steps are
// counted from From, or from 1970.
func counterStart(q localplatform.CounterQuery, minute int64) time.Time {
	if q.Step == 0 {
		return q.From.UTC()
	}
	at := microTime(minute * 60e6)
	if q.From.IsZero() {
		return at.Truncate(q.Step)
	}
	return q.From.UTC().Add(at.Sub(q.From) / q.Step * q.Step)
}
