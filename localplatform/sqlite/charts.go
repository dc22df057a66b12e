package sqlite

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlstore"
	"github.com/sqreen/sqreen/queries"
)

// Histogram counts events over time. The range is widened to whole bars.
func (l *eventLog) Histogram(ctx context.Context, f *queries.Filter, q localplatform.HistogramQuery) (h localplatform.Histogram, err error) {
	if q.By != "" && !slices.Contains(sqlstore.HistogramFields, q.By) {
		return h, localplatform.Errorf(localplatform.CodeInvalid, "a histogram cannot be split by %q", q.By).
			WithHint("use one of %s", strings.Join(sqlstore.HistogramFields, ", "))
	}
	p := newPlan(f)
	err = l.query(ctx, func(views []view) error {
		q := q
		if q.From.IsZero() && q.To.IsZero() {
			q.From, q.To = lastDay(views, l.now())
		}
		bars, err := sqlstore.NewBars(q)
		if err != nil {
			return err
		}
		counting := histogram{plan: p, bars: bars, by: q.By, values: map[series]int{}}
		for _, v := range views {
			if err := counting.add(ctx, l, v); err != nil {
				return err
			}
		}
		h = bars.Histogram()
		return nil
	})
	return h, err
}

// lastDay is the last 24 hours that have events.
func lastDay(views []view, now time.Time) (from, to time.Time) {
	to = now
	latest := int64(openLow)
	for _, v := range views {
		if v.bounds.rows() > 0 {
			latest = max(latest, v.bounds.maxAt)
		}
	}
	if latest != openLow {
		to = microTime(latest + 1)
	}
	return to.Add(-24 * time.Hour), to
}

// histogram is one that is being counted.
type histogram struct {
	plan   *plan
	bars   *sqlstore.Bars
	by     string
	values map[series]int // number of a series' value in bars
}

// value is the number of a series' value in the bars.
func (h *histogram) value(k series) int {
	v, known := h.values[k]
	if !known {
		v = h.bars.Value(k.Value().value(h.by))
		h.values[k] = v
	}
	return v
}

// add counts the matching events of a segment.
func (h *histogram) add(ctx context.Context, l *eventLog, v view) error {
	in := newWindow(h.bars.Range())
	if !h.plan.concerns(v.bounds) || !in.meets(v.bounds.minAt, v.bounds.maxAt) {
		return nil
	}
	return l.read(ctx, v.segment, func(c *conn, s *segment) error {
		if h.plan.sums(v.bounds) {
			return h.addSums(ctx, l, c, s, v.bounds)
		}
		look, err := l.focus(ctx, c, s, v.bounds, h.plan, everywhere)
		if err != nil || look.none {
			return err
		}
		return h.addEvents(ctx, c, look)
	})
}

func (h *histogram) addSums(ctx context.Context, l *eventLog, c *conn, s *segment, b bounds) error {
	var values []int // of each series
	begin := func(names []series) {
		values = make([]int, len(names))
		for i, k := range names {
			values[i] = h.value(k)
		}
	}
	add := func(at int64, series int, n int64) { h.bars.Add(at, values[series], n) }
	return l.tally(ctx, c, s, b, h.plan, newWindow(h.bars.Range()), h.bars.Step() < time.Minute, add, begin)
}

// value is a field of the series as facets write it, "" for none.
func (k seriesKey) value(field string) string {
	switch field {
	case "app":
		return k.app
	case "env":
		return k.env
	case "kind":
		return k.kind
	case "name":
		return k.name
	case "attack":
		return k.attack
	case "severity":
		return k.severity
	case "blocked":
		return strconv.FormatBool(k.blocked)
	}
	return ""
}

// addEvents counts the matching events where look says.
func (h *histogram) addEvents(ctx context.Context, c *conn, look focus) error {
	if !h.plan.exact || look.positions != nil {
		return h.plan.each(ctx, c, look, func(e *localplatform.Event) {
			h.bars.Add(e.At.UnixMicro(), h.bars.Value(keyOf(e).value(h.by)), 1)
		})
	}
	column := "''"
	if h.by != "" {
		column = h.by
	}
	from, to := h.bars.Range()
	step := h.bars.Step().Microseconds()
	text := "SELECT (at - ?) / ?, " + column + ", count(*) FROM " + look.table() +
		" WHERE " + h.plan.condition("at >= ? AND at < ? AND pos > ? AND pos < ?") + " GROUP BY 1, 2"
	args := append([]any{from.UnixMicro(), step, from.UnixMicro(), to.UnixMicro(), look.in.after, look.in.before}, h.plan.args...)
	return c.query(text, args, func(s *stmt) error {
		value := s.text(1)
		if h.by == "blocked" {
			value = strconv.FormatBool(s.bool(1))
		}
		h.bars.Add(from.UnixMicro()+s.int(0)*step, h.bars.Value(value), s.int(2))
		return nil
	})
}

// Facets lists the most frequent values of fields. It counts every matching
// event, so that it takes time on large data with a wide filter; cancel ctx to
// give up.
func (l *eventLog) Facets(ctx context.Context, f *queries.Filter, q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	fields := make([]*queries.Field, len(q.Fields))
	schema := localplatform.EventSchema()
	for i, name := range q.Fields {
		field, ok := schema.Lookup(name)
		if !ok {
			return nil, localplatform.Errorf(localplatform.CodeInvalid, "events have no field %q", name)
		}
		fields[i] = field
	}
	p := newPlan(f)
	out := make([]localplatform.Facet, len(q.Fields))
	err := l.query(ctx, func(views []view) error {
		counts := make([]sqlstore.ValueCounts, len(fields))
		for i := range counts {
			counts[i] = sqlstore.ValueCounts{}
		}
		for _, v := range views {
			if !p.concerns(v.bounds) {
				continue
			}
			if err := l.facetsOf(ctx, v, p, fields, counts); err != nil {
				return err
			}
		}
		for i, name := range q.Fields {
			out[i] = counts[i].Facet(name, q.Limit)
		}
		return nil
	})
	return out, err
}

// facetsOf counts the values of fields among the matching events of a segment.
func (l *eventLog) facetsOf(ctx context.Context, v view, p *plan, fields []*queries.Field, counts []sqlstore.ValueCounts) error {
	return l.read(ctx, v.segment, func(c *conn, s *segment) error {
		var summed, read []int
		for i, f := range fields {
			if p.sums(v.bounds) && slices.Contains(seriesFields, f.Name) && !(f.Name == "name" && v.bounds.namesCut) {
				summed = append(summed, i)
			} else {
				read = append(read, i)
			}
		}
		if len(summed) > 0 {
			if err := l.facetsOfSums(ctx, c, s, v.bounds, p, fields, counts, summed); err != nil {
				return err
			}
		}
		if len(read) == 0 {
			return nil
		}
		look, err := l.focus(ctx, c, s, v.bounds, p, everywhere)
		if err != nil || look.none {
			return err
		}
		return p.facets(ctx, c, look, fields, counts, read)
	})
}

func (l *eventLog) facetsOfSums(ctx context.Context, c *conn, s *segment, b bounds, p *plan, fields []*queries.Field, counts []sqlstore.ValueCounts, which []int) error {
	var names []series
	var totals []int64
	begin := func(n []series) { names, totals = n, make([]int64, len(n)) }
	add := func(_ int64, series int, n int64) { totals[series] += n }
	if err := l.tally(ctx, c, s, b, p, p.at, false, add, begin); err != nil {
		return err
	}
	for i, n := range totals {
		for _, f := range which {
			if n > 0 {
				counts[f].Add(names[i].Value().value(fields[f].Name), n)
			}
		}
	}
	return nil
}

// facets counts the values of some fields among the matching events where look says.
func (p *plan) facets(ctx context.Context, c *conn, look focus, fields []*queries.Field, counts []sqlstore.ValueCounts, which []int) error {
	if !p.exact || look.positions != nil {
		return p.each(ctx, c, look, func(e *localplatform.Event) {
			for _, i := range which {
				counts[i].Add(facetOf(e, fields[i].Name), 1)
			}
		})
	}
	for _, i := range which {
		f := fields[i]
		text := "SELECT " + f.Column + ", count(*) FROM " + look.table() + " WHERE " + p.condition("pos > ? AND pos < ?") + " GROUP BY 1"
		if p.where == "" && look.in == everywhere {
			text = "SELECT " + f.Column + ", count(*) FROM events GROUP BY 1"
		}
		args := append([]any{look.in.after, look.in.before}, p.args...)
		err := c.query(text, args[:strings.Count(text, "?")], func(s *stmt) error {
			counts[i].Add(columnText(s, f.Type), s.int(1))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// facetOf is the value of a field as a text, "" for none.
func facetOf(e *localplatform.Event, field string) string {
	values := e.Values(field)
	if len(values) == 0 {
		return ""
	}
	return sqlstore.FacetText(values[0])
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
