package sqlite

import (
	"context"
	"math"
	"slices"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// Read returns events with a larger Pos than after, oldest first, with detail.
func (l *eventLog) Read(ctx context.Context, after int64, limit int) ([]localplatform.Event, error) {
	return l.scan(ctx, nil, span{after: after, before: math.MaxInt64}, true, true, max(limit, 0))
}

// Event returns one event with its detail. CodeNotFound when it is not stored.
func (l *eventLog) Event(ctx context.Context, pos int64) (localplatform.Event, error) {
	found, err := l.scan(ctx, nil, span{after: pos - 1, before: pos + 1}, true, true, 1)
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
	page := localplatform.EventPage{Last: l.LastPos()}
	where := span{after: q.After, before: math.MaxInt64}
	if q.Before > 0 {
		where.before = q.Before
	}
	events, err := l.scan(ctx, f, where, q.After > 0, q.Detail, limit+1)
	if err != nil {
		return page, err
	}
	if page.More = len(events) > limit; page.More {
		events = events[:limit]
	}
	page.Events = events
	if n := len(events); n > 0 {
		page.Next = events[n-1].Pos
	}
	return page, nil
}

func pageSize(limit int) int {
	if limit <= 0 {
		return localplatform.DefaultPage
	}
	return min(limit, localplatform.MaxPage)
}

// span is an open interval of positions.
type span struct{ after, before int64 }

// scan collects up to limit events of a span that match.
func (l *eventLog) scan(ctx context.Context, f *queries.Filter, in span, ascending, detail bool, limit int) ([]localplatform.Event, error) {
	plan, err := newPlan(f)
	if err != nil {
		return nil, err
	}
	views, _ := l.snapshot()
	if !ascending {
		slices.Reverse(views)
	}
	var out []localplatform.Event
	for _, v := range views {
		if len(out) >= limit {
			break
		}
		if !plan.concerns(v.bounds) || v.bounds.last <= in.after || v.bounds.first >= in.before {
			continue
		}
		err := l.read(ctx, v.segment, func(c *conn) error {
			out, err = plan.collect(c, in, ascending, detail, limit, out)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CountEvents counts the events that match.
func (l *eventLog) CountEvents(ctx context.Context, f *queries.Filter) (int64, error) {
	plan, err := newPlan(f)
	if err != nil {
		return 0, err
	}
	views, _ := l.snapshot()
	var total int64
	for _, v := range views {
		if !plan.concerns(v.bounds) {
			continue
		}
		if plan.all() {
			total += v.bounds.rows
			continue
		}
		err := l.read(ctx, v.segment, func(c *conn) error {
			n, err := plan.count(c)
			total += n
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return total, nil
}
