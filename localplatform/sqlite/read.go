package sqlite

import (
	"context"
	"math"
	"slices"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// Read returns events with a larger Pos than after, oldest first, with detail.
// Their Detail must not be changed: others may be reading it.
func (l *eventLog) Read(ctx context.Context, after int64, limit int) ([]localplatform.Event, error) {
	return l.scan(ctx, page{plan: newPlan(nil), in: span{after, math.MaxInt64}, ascending: true, detail: true, limit: max(limit, 0)})
}

// Event returns one event with its detail. CodeNotFound when it is not stored.
func (l *eventLog) Event(ctx context.Context, pos int64) (localplatform.Event, error) {
	found, err := l.scan(ctx, page{plan: newPlan(nil), in: span{pos - 1, pos + 1}, ascending: true, detail: true, limit: 1})
	if err != nil {
		return localplatform.Event{}, err
	}
	if len(found) == 0 {
		return localplatform.Event{}, localplatform.Errorf(localplatform.CodeNotFound, "there is no event %d", pos).
			WithHint("it was never stored, or is older than what is kept")
	}
	return found[0], nil
}

// Events pages through what a filter selects.
func (l *eventLog) Events(ctx context.Context, f *queries.Filter, q localplatform.EventQuery) (localplatform.EventPage, error) {
	limit := pageSize(q.Limit)
	out := localplatform.EventPage{Last: l.LastPos()}
	p := page{plan: newPlan(f), in: span{q.After, math.MaxInt64}, ascending: q.After > 0, detail: q.Detail, limit: limit + 1}
	if q.After <= 0 {
		p.in.after = -1
	}
	if q.Before > 0 {
		p.in.before = q.Before
	}
	events, err := l.scan(ctx, p)
	if err != nil {
		return out, err
	}
	if out.More = len(events) > limit; out.More {
		events = events[:limit]
	}
	out.Events = events
	if n := len(events); n > 0 {
		out.Next = events[n-1].Pos
	}
	return out, nil
}

func pageSize(limit int) int {
	if limit <= 0 {
		return localplatform.DefaultPage
	}
	return min(limit, localplatform.MaxPage)
}

// page is what one page wants.
type page struct {
	plan      *plan
	in        span
	ascending bool
	detail    bool
	limit     int
}

// scan collects the events of a page.
func (l *eventLog) scan(ctx context.Context, p page) (out []localplatform.Event, err error) {
	if p.ascending && ctx.Err() == nil {
		if out, ok := l.tail.after(&p); ok {
			return out, nil
		}
	}
	err = l.query(ctx, func(views []view) error {
		out = nil
		if !p.ascending {
			slices.Reverse(views)
		}
		for _, v := range views {
			if len(out) >= p.limit {
				break
			}
			if !p.plan.concerns(v.bounds) || v.bounds.last <= p.in.after || v.bounds.first >= p.in.before {
				continue
			}
			err := l.read(ctx, v.segment, func(c *conn, s *segment) error {
				found, err := l.collect(ctx, c, s, v.bounds, p, p.limit-len(out))
				out = append(out, found...)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// collect finds a page's events in one segment.
func (l *eventLog) collect(ctx context.Context, c *conn, s *segment, b bounds, p page, limit int) ([]localplatform.Event, error) {
	look, err := l.focus(ctx, c, s, b, p.plan, p.in)
	if err != nil || look.none {
		return nil, err
	}
	if look.positions != nil {
		return p.fetch(ctx, c, look.positions, limit)
	}
	return p.scan(c, look, limit)
}

// columns are the columns to read.
func (p *page) columns() string {
	if p.detail {
		return eventColumns + ", detail"
	}
	return eventColumns
}

// scan reads a span of a segment in order.
func (p *page) scan(c *conn, look focus, limit int) (out []localplatform.Event, err error) {
	order := " ORDER BY pos DESC"
	if p.ascending {
		order = " ORDER BY pos"
	}
	args := append([]any{look.in.after, look.in.before}, p.plan.args...)
	text := "SELECT " + p.columns() + " FROM " + look.table() + " WHERE " + p.plan.condition("pos > ? AND pos < ?") + order
	if p.plan.exact {
		text += " LIMIT ?"
		args = append(args, limit)
	}
	err = c.query(text, args, func(s *stmt) error {
		e := scanEvent(s, p.detail)
		if p.plan.exact || p.plan.filter.Match(&e) {
			out = append(out, e)
		}
		if len(out) >= limit {
			return errStop
		}
		return nil
	})
	return out, err
}

// fetch reads the events at ascending positions, in the page's order, that match.
func (p *page) fetch(ctx context.Context, c *conn, positions []int64, limit int) (out []localplatform.Event, err error) {
	text := "SELECT " + p.columns() + " FROM events WHERE " + p.plan.condition("pos = ?")
	args := append([]any{nil}, p.plan.args...)
	for i := range positions {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		at := i
		if !p.ascending {
			at = len(positions) - 1 - i
		}
		args[0] = positions[at]
		err := c.query(text, args, func(s *stmt) error {
			e := scanEvent(s, p.detail)
			if p.plan.exact || p.plan.filter.Match(&e) {
				out = append(out, e)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(out) >= limit {
			break
		}
	}
	return out, nil
}

// CountEvents counts the events that match.
func (l *eventLog) CountEvents(ctx context.Context, f *queries.Filter) (total int64, err error) {
	p := newPlan(f)
	err = l.query(ctx, func(views []view) error {
		total = 0
		for _, v := range views {
			n, err := l.countIn(ctx, v, p)
			if err != nil {
				return err
			}
			total += n
		}
		return nil
	})
	return total, err
}

func (l *eventLog) countIn(ctx context.Context, v view, p *plan) (n int64, err error) {
	switch {
	case !p.concerns(v.bounds):
		return 0, nil
	case p.all():
		return v.bounds.rows(), nil
	}
	err = l.read(ctx, v.segment, func(c *conn, s *segment) error {
		n = 0
		if p.sums(v.bounds) {
			return l.tally(ctx, c, s, v.bounds, p, p.at, false, func(_ int64, _ int, m int64) { n += m }, nil)
		}
		look, err := l.focus(ctx, c, s, v.bounds, p, everywhere)
		if err != nil || look.none {
			return err
		}
		n, err = p.count(ctx, c, look)
		return err
	})
	return n, err
}

// count counts the matching events where look says.
func (p *plan) count(ctx context.Context, c *conn, look focus) (n int64, err error) {
	if p.exact && look.positions == nil {
		args := append([]any{look.in.after, look.in.before}, p.args...)
		return c.int("SELECT count(*) FROM "+look.table()+" WHERE "+p.condition("pos > ? AND pos < ?"), args...)
	}
	err = p.each(ctx, c, look, func(*localplatform.Event) { n++ })
	return n, err
}
