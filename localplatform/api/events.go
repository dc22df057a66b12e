package api

import (
	"context"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// events reads the parts that all questions about events have in common.
func (p *Platform) events(ctx context.Context, query string) (*queries.Filter, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	return p.compile(query, localplatform.EventSchema())
}

// Events pages through events. With q.Wait it returns when there is one, or
// with an empty page when the time is up; Next tells from where to go on. A
// negative q.After begins with the very first event.
func (p *Platform) Events(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
	f, err := p.events(ctx, q.Query)
	if err != nil {
		return localplatform.EventPage{}, err
	}
	if err := checkEventQuery(&q); err != nil {
		return localplatform.EventPage{}, err
	}
	if q.After == 0 || q.Wait == 0 {
		return p.page(ctx, f, q)
	}
	waiting, cancel := context.WithTimeout(ctx, q.Wait)
	defer cancel()
	for {
		page, err := p.page(ctx, f, q)
		if err != nil || len(page.Events) > 0 {
			return page, err
		}
		if page.Next > 0 {
			q.After = page.Next
		}
		if _, err := p.store.Wait(waiting, page.Next); err != nil {
			if waiting.Err() != nil && ctx.Err() == nil {
				return page, nil
			}
			return page, err
		}
	}
}

func checkEventQuery(q *localplatform.EventQuery) (err error) {
	if q.Limit, err = pageSize(q.Limit); err != nil {
		return err
	}
	if q.Before != 0 && q.After != 0 {
		return localplatform.Errorf(localplatform.CodeInvalid, "a page lies before or after a place, not both")
	}
	if q.Wait < 0 || q.Wait > localplatform.MaxWait {
		return localplatform.Errorf(localplatform.CodeInvalid, "a wait of %s is not between 0 and %s", q.Wait, localplatform.MaxWait)
	}
	return nil
}

// page reads one page. An empty one of a tail tells from where to go on, too:
// everything up to Last has been looked at.
func (p *Platform) page(ctx context.Context, f *queries.Filter, q localplatform.EventQuery) (localplatform.EventPage, error) {
	var page localplatform.EventPage
	var err error
	if q.After < 0 {
		page, err = p.firstPage(ctx, f, q)
	} else {
		page, err = p.store.Events(ctx, f, q)
	}
	page.Events = some(page.Events)
	if q.After != 0 && !page.More {
		page.Next = max(page.Last, q.After)
	}
	return page, err
}

// firstPage reads a tail from the very beginning. Position 1 is asked for by
// itself, since stores take After 0 for no tail at all.
func (p *Platform) firstPage(ctx context.Context, f *queries.Filter, q localplatform.EventQuery) (localplatform.EventPage, error) {
	page, err := p.store.Events(ctx, f, localplatform.EventQuery{Before: 2, Limit: 1, Detail: q.Detail})
	page.More = false
	if err != nil || page.Last < 2 || len(page.Events) == q.Limit {
		page.More = err == nil && page.Last > 1
		return page, err
	}
	first := page.Events
	page, err = p.store.Events(ctx, f, localplatform.EventQuery{After: 1, Limit: q.Limit - len(first), Detail: q.Detail})
	page.Events = append(first, page.Events...)
	return page, err
}

// Event returns one event with its detail.
func (p *Platform) Event(ctx context.Context, pos int64) (localplatform.Event, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return localplatform.Event{}, err
	}
	return p.store.Event(ctx, pos)
}

// CountEvents counts the events that match.
func (p *Platform) CountEvents(ctx context.Context, query string) (int64, error) {
	f, err := p.events(ctx, query)
	if err != nil {
		return 0, err
	}
	return p.store.CountEvents(ctx, f)
}

// Bounds of what may be asked about events.
const (
	maxBuckets = 2000
	maxFields  = 20
	maxFacet   = 1000
)

// Histogram counts events over time.
func (p *Platform) Histogram(ctx context.Context, q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	f, err := p.events(ctx, q.Query)
	if err != nil {
		return localplatform.Histogram{}, err
	}
	switch q.By {
	case "", "attack", "kind", "app", "env", "blocked", "severity":
	default:
		return localplatform.Histogram{}, localplatform.Errorf(localplatform.CodeInvalid, "a histogram cannot be split by %q", q.By).
			WithHint("use attack, kind, app, env, blocked or severity")
	}
	if q.Buckets < 0 || q.Buckets > maxBuckets {
		return localplatform.Histogram{}, localplatform.Errorf(localplatform.CodeInvalid, "%d buckets are not between 1 and %d", q.Buckets, maxBuckets)
	}
	if err := checkRange(q.From, q.To); err != nil {
		return localplatform.Histogram{}, err
	}
	h, err := p.store.Histogram(ctx, f, q)
	h.Buckets = some(h.Buckets)
	return h, err
}

func checkRange(from, to time.Time) error {
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return localplatform.Errorf(localplatform.CodeInvalid, "the range ends (%s) before it begins (%s)",
			to.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339))
	}
	return nil
}

// Facets counts the most frequent values of fields.
func (p *Platform) Facets(ctx context.Context, q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	f, err := p.events(ctx, q.Query)
	if err != nil {
		return nil, err
	}
	if len(q.Fields) > maxFields || q.Limit < 0 || q.Limit > maxFacet {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "facets are limited to %d fields of %d values", maxFields, maxFacet)
	}
	schema := localplatform.EventSchema()
	for i, name := range q.Fields {
		field, ok := schema.Lookup(name)
		if !ok {
			return nil, localplatform.Errorf(localplatform.CodeInvalid, "events have no field %q", name).WithHint("for example attack, ip, path, user")
		}
		q.Fields[i] = field.Name
	}
	facets, err := p.store.Facets(ctx, f, q)
	for i := range facets {
		facets[i].Values = some(facets[i].Values)
	}
	return some(facets), err
}

// Counters sums up counters.
func (p *Platform) Counters(ctx context.Context, q localplatform.CounterQuery) ([]localplatform.CounterPoint, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	if err := checkRange(q.From, q.To); err != nil {
		return nil, err
	}
	if q.Step < 0 || q.Step > 0 && q.Step < time.Minute {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "counters are kept by the minute, a step of %s is too short", q.Step)
	}
	if q.Step > 0 && !q.From.IsZero() && !q.To.IsZero() && q.To.Sub(q.From)/q.Step > maxBuckets {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "more than %d steps", maxBuckets).WithHint("use a longer step")
	}
	points, err := p.store.Counters(ctx, q)
	return some(points), err
}
