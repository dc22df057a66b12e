package sqlite

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlstore"
	"github.com/sqreen/sqreen/queries"
)

// Histogram counts events over time. The range is widened to whole bars.
func (l *eventLog) Histogram(ctx context.Context, f *queries.Filter, q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	if q.By != "" && !slices.Contains(sqlstore.HistogramFields, q.By) {
		return localplatform.Histogram{}, localplatform.Errorf(localplatform.CodeInvalid, "a histogram cannot be split by %q", q.By).
			WithHint("use one of %s", strings.Join(sqlstore.HistogramFields, ", "))
	}
	plan, err := newPlan(f)
	if err != nil {
		return localplatform.Histogram{}, err
	}
	views, _ := l.snapshot()
	if q.From.IsZero() && q.To.IsZero() {
		q.From, q.To = lastDay(views, l.now())
	}
	bars, err := sqlstore.NewBars(q)
	if err != nil {
		return localplatform.Histogram{}, err
	}
	from, to := bars.Range()
	in := window{from: from, to: to}
	for _, v := range views {
		if !plan.concerns(v.bounds) || !in.meets(v.bounds.minAt, v.bounds.maxAt) {
			continue
		}
		err := l.read(ctx, v.segment, func(c *conn) error { return plan.bars(c, bars, q.By) })
		if err != nil {
			return localplatform.Histogram{}, err
		}
	}
	return bars.Histogram(), nil
}

// lastDay is the last 24 hours that have events.
func lastDay(views []view, now time.Time) (from, to time.Time) {
	latest := int64(-1 << 62)
	for _, v := range views {
		if v.bounds.rows > 0 {
			latest = max(latest, v.bounds.maxAt)
		}
	}
	if latest == -1<<62 {
		return now.Add(-24 * time.Hour), now
	}
	to = microTime(latest + 1)
	return to.Add(-24 * time.Hour), to
}

// bars adds the matching events of a segment to bars.
func (p *plan) bars(c *conn, bars *sqlstore.Bars, by string) error {
	from, to := bars.Range()
	if !p.exact {
		return p.each(c, func(e *localplatform.Event) { bars.Add(e.At, facetOf(e, by), 1) })
	}
	column := "''"
	if by != "" {
		column = by
	}
	step := bars.Step().Microseconds()
	text := "SELECT (at - ?) / ?, " + column + ", count(*) FROM events WHERE " + p.condition("at >= ? AND at < ?") + " GROUP BY 1, 2"
	args := append([]any{from.UnixMicro(), step, from.UnixMicro(), to.UnixMicro()}, p.args...)
	return c.query(text, args, func(s *stmt) error {
		value := s.text(1)
		if by == "blocked" {
			value = strconv.FormatBool(s.bool(1))
		}
		bars.Add(from.Add(time.Duration(s.int(0))*bars.Step()), value, s.int(2))
		return nil
	})
}

// facetOf is the value of a field as a text, "" for none.
func facetOf(e *localplatform.Event, field string) string {
	if field == "" {
		return ""
	}
	values := e.Values(field)
	if len(values) == 0 {
		return ""
	}
	return sqlstore.FacetText(values[0])
}

// Facets lists the most frequent values of fields. It counts every matching
// event, so that it takes time on large data with a wide filter; cancel ctx to
// give up.
func (l *eventLog) Facets(ctx context.Context, f *queries.Filter, q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	plan, err := newPlan(f)
	if err != nil {
		return nil, err
	}
	counts := make([]sqlstore.ValueCounts, len(q.Fields))
	columns := make([]*queries.Field, len(q.Fields))
	schema := localplatform.EventSchema()
	for i, name := range q.Fields {
		field, ok := schema.Lookup(name)
		if !ok {
			return nil, localplatform.Errorf(localplatform.CodeInvalid, "events have no field %q", name)
		}
		columns[i], counts[i] = field, sqlstore.ValueCounts{}
	}
	views, _ := l.snapshot()
	for _, v := range views {
		if !plan.concerns(v.bounds) {
			continue
		}
		err := l.read(ctx, v.segment, func(c *conn) error { return plan.facets(c, columns, counts) })
		if err != nil {
			return nil, err
		}
	}
	out := make([]localplatform.Facet, len(q.Fields))
	for i, name := range q.Fields {
		out[i] = counts[i].Facet(name, q.Limit)
	}
	return out, nil
}

func (p *plan) facets(c *conn, fields []*queries.Field, counts []sqlstore.ValueCounts) error {
	if !p.exact {
		return p.each(c, func(e *localplatform.Event) {
			for i, f := range fields {
				counts[i].Add(facetOf(e, f.Name), 1)
			}
		})
	}
	for i, f := range fields {
		text := "SELECT " + f.Column + ", count(*) FROM events WHERE " + p.condition("1") + " GROUP BY 1"
		err := c.query(text, p.args, func(s *stmt) error {
			counts[i].Add(columnText(s, f.Type), s.int(1))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// columnText reads the first column as facets write a value, "" for none.
func columnText(s *stmt, t queries.Type) string {
	if s.null(0) {
		return ""
	}
	switch t {
	case queries.Bool:
		return sqlstore.FacetText(s.bool(0))
	case queries.IP:
		return sqlstore.FacetText(s.addr(0))
	case queries.Time:
		return sqlstore.FacetText(microTime(s.int(0)))
	}
	return s.text(0)
}

// Counters sums counters over time. Minutes belong to a range when they begin in it.
func (l *eventLog) Counters(ctx context.Context, q localplatform.CounterQuery) ([]localplatform.CounterPoint, error) {
	if q.Step != 0 && q.Step%time.Minute != 0 {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "counters are kept by the minute, so they cannot be summed over %s", q.Step).
			WithHint("use whole minutes")
	}
	sums := map[localplatform.CounterPoint]float64{}
	views, _ := l.snapshot()
	for _, v := range views {
		err := l.read(ctx, v.segment, func(c *conn) error { return addCounters(c, q, sums) })
		if err != nil {
			return nil, err
		}
	}
	out := make([]localplatform.CounterPoint, 0, len(sums))
	for p, v := range sums {
		p.Value = v
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b localplatform.CounterPoint) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.App, b.App), cmp.Compare(a.Env, b.Env),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}

func addCounters(c *conn, q localplatform.CounterQuery, sums map[localplatform.CounterPoint]float64) error {
	keys := map[int64]counterKey{}
	err := c.query(`SELECT id, app, env, name, key FROM counter_series`, nil, func(s *stmt) error {
		k := counterKey{s.text(1), s.text(2), s.text(3), s.text(4)}
		if (q.App == "" || strings.EqualFold(k.app, q.App)) && (q.Env == "" || strings.EqualFold(k.env, q.Env)) &&
			(len(q.Names) == 0 || slices.Contains(q.Names, k.name)) {
			keys[s.int(0)] = k
		}
		return nil
	})
	if err != nil || len(keys) == 0 {
		return err
	}
	low, high := int64(-1<<62), int64(1<<62)
	if !q.From.IsZero() {
		low = minuteOf(q.From.Add(time.Minute - time.Microsecond))
	}
	if !q.To.IsZero() {
		high = minuteOf(q.To.Add(time.Minute - time.Microsecond))
	}
	return c.query(`SELECT minute, series, value FROM counters WHERE minute >= ? AND minute < ?`, []any{low, high}, func(s *stmt) error {
		if k, wanted := keys[s.int(1)]; wanted {
			p := localplatform.CounterPoint{App: k.app, Env: k.env, Name: k.name, Key: k.key, Start: counterStart(q, s.int(0))}
			sums[p] += s.float(2)
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

// Retain removes the oldest segments: those whose events all arrived before a
// time, and more while the store takes more than maxBytes. The hot segment stays.
func (l *eventLog) Retain(ctx context.Context, before time.Time, maxBytes int64) (int64, error) {
	if l.writer == nil {
		return 0, unavailable("the data directory is open for reading only")
	}
	views, _ := l.snapshot()
	total := int64(0)
	for _, v := range views {
		total += fileBytes(v.path)
	}
	removed := int64(0)
	for _, v := range views[:max(len(views)-1, 0)] {
		old := v.bounds.maxReceived < before.UnixMicro() || v.bounds.rows == 0 && v.bounds.created < before.UnixMicro()
		if !old && (maxBytes <= 0 || total <= maxBytes) {
			break
		}
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		total -= fileBytes(v.path)
		if err := l.remove(v.segment); err != nil {
			return removed, err
		}
		removed += v.bounds.rows
	}
	return removed, nil
}

// remove takes a segment out of use and deletes its file.
func (l *eventLog) remove(s *segment) error {
	l.mu.Lock()
	l.segments = slices.DeleteFunc(l.segments, func(o *segment) bool { return o == s })
	l.mu.Unlock()
	l.readers.retire(s)
	return errors.Join(removeDatabase(s.path), syncDir(l.dir))
}
