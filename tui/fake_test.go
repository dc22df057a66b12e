package tui

import (
	"context"
	"errors"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// errNotGiven is what a fake answers where a test gave no function.
var errNotGiven = errors.New("the test gave no function for this")

// fake is a platform made of functions. The interface below it is nil: a call of
// a method that the explorer has no business with fails the test.
type fake struct {
	localplatform.Platform
	events    func(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error)
	event     func(pos int64) (localplatform.Event, error)
	count     func(query string) (int64, error)
	histogram func(q localplatform.HistogramQuery) (localplatform.Histogram, error)
	facets    func(q localplatform.FacetQuery) ([]localplatform.Facet, error)
	incidents func(q localplatform.IncidentQuery) (localplatform.IncidentPage, error)
	incident  func(id int64) (localplatform.Incident, error)
	change    func(id int64, c localplatform.IncidentChange) (localplatform.Incident, error)
	add       func(a localplatform.Action) (localplatform.Action, error)
	values    func(schema, field, prefix string) ([]string, error)
}

func (f *fake) Events(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
	if f.events == nil {
		return localplatform.EventPage{}, errNotGiven
	}
	return f.events(ctx, q)
}

func (f *fake) Event(_ context.Context, pos int64) (localplatform.Event, error) {
	if f.event == nil {
		return localplatform.Event{}, errNotGiven
	}
	return f.event(pos)
}

func (f *fake) CountEvents(_ context.Context, query string) (int64, error) {
	if f.count == nil {
		return 0, errNotGiven
	}
	return f.count(query)
}

func (f *fake) Histogram(_ context.Context, q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	if f.histogram == nil {
		return localplatform.Histogram{}, errNotGiven
	}
	return f.histogram(q)
}

func (f *fake) Facets(_ context.Context, q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	if f.facets == nil {
		return nil, errNotGiven
	}
	return f.facets(q)
}

func (f *fake) Incidents(_ context.Context, q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
	if f.incidents == nil {
		return localplatform.IncidentPage{}, errNotGiven
	}
	return f.incidents(q)
}

func (f *fake) Incident(_ context.Context, id int64) (localplatform.Incident, error) {
	if f.incident == nil {
		return localplatform.Incident{}, errNotGiven
	}
	return f.incident(id)
}

func (f *fake) ChangeIncident(_ context.Context, id int64, c localplatform.IncidentChange) (localplatform.Incident, error) {
	if f.change == nil {
		return localplatform.Incident{}, errNotGiven
	}
	return f.change(id, c)
}

func (f *fake) AddAction(_ context.Context, a localplatform.Action) (localplatform.Action, error) {
	if f.add == nil {
		return localplatform.Action{}, errNotGiven
	}
	return f.add(a)
}

func (f *fake) Values(_ context.Context, schema, field, prefix string) ([]string, error) {
	if f.values == nil {
		return nil, errNotGiven
	}
	return f.values(schema, field, prefix)
}

// noon is the time of the tests.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
