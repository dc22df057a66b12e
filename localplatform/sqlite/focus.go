package sqlite

import (
	"context"
	"slices"
	"strings"
)

// focus says where in a segment to look for matches: nowhere, at a list of
// positions, or in a span.
type focus struct {
	none      bool
	positions []int64 // ascending; nil for all of the span
	in        span
	inOrder   bool // read the span in order, whatever indexes there are
}

// table is what to write after FROM.
func (f *focus) table() string {
	if f.inOrder {
		return "events NOT INDEXED"
	}
	return "events"
}

const (
	// recentShare and indexShare are the parts (one in ...) of a segment's events
	// up to which looking at candidates one by one beats reading in order: a
	// look-up costs what reading a few dozen events in order costs, and in order
	// a page is often full before the end.
	recentShare = 16
	indexShare  = 32
)

// focus uses what is known of a segment without reading its events.
func (l *eventLog) focus(ctx context.Context, c *conn, s *segment, b bounds, p *plan, in span) (focus, error) {
	all := focus{in: in}
	if p.all() {
		return all, nil
	}
	if columns, ok := s.recent.Load().columns(); ok {
		return columns.focus(ctx, b, p, in), nil
	}
	if !s.sealed {
		return all, nil
	}
	if p.dims.all() && p.at.low <= b.minAt && p.at.high > b.maxAt {
		return p.focusAddrs(c, b, all)
	}
	sums, err := l.sumsOf(c, s, b)
	if err != nil {
		return focus{}, err
	}
	all.in = in.intersect(sums.span(p.at))
	if all.in.empty() {
		return focus{none: true}, nil
	}
	if p.dims.all() {
		return p.focusAddrs(c, b, all)
	}
	if all, err = sums.focus(c, b, p, all); err != nil || all.none || all.positions != nil {
		return all, err
	}
	return p.focusAddrs(c, b, all)
}

// focusAddrs finds the events of a few address ranges. SQLite would sort all
// events of a range, however many; here the index is used only when they are few.
func (p *plan) focusAddrs(c *conn, b bounds, all focus) (focus, error) {
	if !p.ranges || p.users != nil || p.requests != nil {
		return all, nil
	}
	most := int(b.rows()/indexShare + 64)
	out := focus{positions: []int64{}}
	for _, r := range p.addrs {
		err := c.query("SELECT pos FROM events INDEXED BY events_ip WHERE ip IS NOT NULL AND ip >= ? AND ip <= ? AND pos > ? AND pos < ? LIMIT ?",
			[]any{r[0].bytes(), r[1].bytes(), all.in.after, all.in.before, most + 1 - len(out.positions)},
			func(s *stmt) error {
				out.positions = append(out.positions, s.int(0))
				return nil
			})
		if err != nil {
			return focus{}, err
		}
		if len(out.positions) > most {
			all.inOrder = true
			return all, nil
		}
	}
	slices.Sort(out.positions)
	out.positions = slices.Compact(out.positions) // ranges may overlap
	out.none = len(out.positions) == 0
	return out, nil
}

// focus finds candidates in memory.
func (r *recentColumns) focus(ctx context.Context, b bounds, p *plan, in span) focus {
	d := p.demand(r.names, b.namesCut)
	if !d.narrow() {
		return focus{in: in}
	}
	low := int(max(in.after+1-r.first, 0))
	high := int(min(in.before-r.first, int64(len(r.at))))
	rows, ok := r.candidates(ctx, &d, low, high, len(r.at)/recentShare+64)
	if !ok {
		return focus{in: in}
	}
	out := focus{none: len(rows) == 0, positions: make([]int64, len(rows))}
	for i, row := range rows {
		out.positions[i] = r.first + int64(row)
	}
	return out
}

// focus looks at how many events the matching series have: with none there is
// nothing to find, and with few the index over series finds them.
func (m *segmentSums) focus(c *conn, b bounds, p *plan, all focus) (focus, error) {
	total, ids := int64(0), []any{}
	for i, matches := range p.dims.match(m.names, b.namesCut) {
		if matches {
			total += m.totals[i]
			ids = append(ids, int64(i+1))
		}
	}
	switch {
	case total == 0:
		return focus{none: true}, nil
	case p.keyed() || total > b.rows()/indexShare || len(ids) > maxSeriesList:
		return all, nil
	}
	marks := strings.Repeat(",?", len(ids))[1:]
	text := "SELECT pos FROM events INDEXED BY events_series WHERE series IN (" + marks + ") AND pos > ? AND pos < ? ORDER BY pos"
	out := focus{positions: []int64{}}
	err := c.query(text, append(ids, all.in.after, all.in.before), func(s *stmt) error {
		out.positions = append(out.positions, s.int(0))
		return nil
	})
	out.none = len(out.positions) == 0
	return out, err
}

// maxSeriesList bounds the series in one statement.
const maxSeriesList = 64
