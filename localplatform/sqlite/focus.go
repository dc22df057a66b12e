package sqlite

import (
	"context"
	"strings"
)

// focus says where in a segment to look for matches: nowhere, at a list of
// positions, or in a span.
type focus struct {
	none      bool
	positions []int64 // ascending; nil for all of the span
	in        span
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
	if !s.sealed || p.dims.all() && p.at.low <= b.minAt && p.at.high > b.maxAt {
		return all, nil
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
		return all, nil
	}
	return sums.focus(c, b, p, all)
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
