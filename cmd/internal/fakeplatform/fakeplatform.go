// Package fakeplatform is a localplatform.Platform made of functions, for the
// tests of commands.
package fakeplatform

import (
	"context"

	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// Platform calls the function of each method. One that a test did not give makes
// the method answer with an error.
type Platform struct {
	StatusF          func() (localplatform.Status, error)
	AppsF            func(query string) ([]inventory.App, error)
	AppF             func(name, env string) (localplatform.AppDetail, error)
	SetGroupF        func(name, env, group string) error
	EventsF          func(q localplatform.EventQuery) (localplatform.EventPage, error)
	EventF           func(pos int64) (localplatform.Event, error)
	CountEventsF     func(query string) (int64, error)
	HistogramF       func(q localplatform.HistogramQuery) (localplatform.Histogram, error)
	FacetsF          func(q localplatform.FacetQuery) ([]localplatform.Facet, error)
	CountersF        func(q localplatform.CounterQuery) ([]localplatform.CounterPoint, error)
	ActivityF        func(q localplatform.EventQuery) (localplatform.ActivityPage, error)
	RequestF         func(id string) (localplatform.Activity, error)
	IncidentsF       func(q localplatform.IncidentQuery) (localplatform.IncidentPage, error)
	IncidentF        func(id int64) (localplatform.Incident, error)
	ChangeIncidentF  func(id int64, c localplatform.IncidentChange) (localplatform.Incident, error)
	ActionsF         func(query string) ([]localplatform.Action, error)
	AddActionF       func(a localplatform.Action) (localplatform.Action, error)
	RevokeActionF    func(id string) (localplatform.Action, error)
	PoliciesF        func() ([]localplatform.Policy, error)
	EffectivePolicyF func(app, env string) (localplatform.Policy, error)
	SetPolicyF       func(p localplatform.Policy) (localplatform.Policy, error)
	TokensF          func() ([]localplatform.Token, error)
	CreateTokenF     func(t localplatform.Token) (localplatform.NewToken, error)
	RevokeTokenF     func(id string) error
	InstancesF       func(app, env string) ([]localplatform.Instance, error)
	AuditF           func(limit int) ([]localplatform.AuditEntry, error)
	ValuesF          func(schema, field, prefix string) ([]string, error)
	Closed           int // how often Close was called
}

var _ localplatform.Platform = (*Platform)(nil)

func missing(name string) error {
	return localplatform.Errorf(localplatform.CodeInternal, "the test expected no call of %s", name)
}

// Status calls StatusF.
func (f *Platform) Status(_ context.Context) (localplatform.Status, error) {
	if f.StatusF == nil {
		var zero localplatform.Status
		return zero, missing("Status")
	}
	return f.StatusF()
}

// Apps calls AppsF.
func (f *Platform) Apps(_ context.Context, query string) ([]inventory.App, error) {
	if f.AppsF == nil {
		var zero []inventory.App
		return zero, missing("Apps")
	}
	return f.AppsF(query)
}

// App calls AppF.
func (f *Platform) App(_ context.Context, name, env string) (localplatform.AppDetail, error) {
	if f.AppF == nil {
		var zero localplatform.AppDetail
		return zero, missing("App")
	}
	return f.AppF(name, env)
}

// SetGroup calls SetGroupF.
func (f *Platform) SetGroup(_ context.Context, name, env, group string) error {
	if f.SetGroupF == nil {
		return missing("SetGroup")
	}
	return f.SetGroupF(name, env, group)
}

// Events calls EventsF.
func (f *Platform) Events(_ context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
	if f.EventsF == nil {
		var zero localplatform.EventPage
		return zero, missing("Events")
	}
	return f.EventsF(q)
}

// Event calls EventF.
func (f *Platform) Event(_ context.Context, pos int64) (localplatform.Event, error) {
	if f.EventF == nil {
		var zero localplatform.Event
		return zero, missing("Event")
	}
	return f.EventF(pos)
}

// CountEvents calls CountEventsF.
func (f *Platform) CountEvents(_ context.Context, query string) (int64, error) {
	if f.CountEventsF == nil {
		var zero int64
		return zero, missing("CountEvents")
	}
	return f.CountEventsF(query)
}

// Histogram calls HistogramF.
func (f *Platform) Histogram(_ context.Context, q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	if f.HistogramF == nil {
		var zero localplatform.Histogram
		return zero, missing("Histogram")
	}
	return f.HistogramF(q)
}

// Facets calls FacetsF.
func (f *Platform) Facets(_ context.Context, q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	if f.FacetsF == nil {
		var zero []localplatform.Facet
		return zero, missing("Facets")
	}
	return f.FacetsF(q)
}

// Counters calls CountersF.
func (f *Platform) Counters(_ context.Context, q localplatform.CounterQuery) ([]localplatform.CounterPoint, error) {
	if f.CountersF == nil {
		var zero []localplatform.CounterPoint
		return zero, missing("Counters")
	}
	return f.CountersF(q)
}

// Activity calls ActivityF.
func (f *Platform) Activity(_ context.Context, q localplatform.EventQuery) (localplatform.ActivityPage, error) {
	if f.ActivityF == nil {
		var zero localplatform.ActivityPage
		return zero, missing("Activity")
	}
	return f.ActivityF(q)
}

// Request calls RequestF.
func (f *Platform) Request(_ context.Context, id string) (localplatform.Activity, error) {
	if f.RequestF == nil {
		var zero localplatform.Activity
		return zero, missing("Request")
	}
	return f.RequestF(id)
}

// Incidents calls IncidentsF.
func (f *Platform) Incidents(_ context.Context, q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
	if f.IncidentsF == nil {
		var zero localplatform.IncidentPage
		return zero, missing("Incidents")
	}
	return f.IncidentsF(q)
}

// Incident calls IncidentF.
func (f *Platform) Incident(_ context.Context, id int64) (localplatform.Incident, error) {
	if f.IncidentF == nil {
		var zero localplatform.Incident
		return zero, missing("Incident")
	}
	return f.IncidentF(id)
}

// ChangeIncident calls ChangeIncidentF.
func (f *Platform) ChangeIncident(_ context.Context, id int64, c localplatform.IncidentChange) (localplatform.Incident, error) {
	if f.ChangeIncidentF == nil {
		var zero localplatform.Incident
		return zero, missing("ChangeIncident")
	}
	return f.ChangeIncidentF(id, c)
}

// Actions calls ActionsF.
func (f *Platform) Actions(_ context.Context, query string) ([]localplatform.Action, error) {
	if f.ActionsF == nil {
		var zero []localplatform.Action
		return zero, missing("Actions")
	}
	return f.ActionsF(query)
}

// AddAction calls AddActionF.
func (f *Platform) AddAction(_ context.Context, a localplatform.Action) (localplatform.Action, error) {
	if f.AddActionF == nil {
		var zero localplatform.Action
		return zero, missing("AddAction")
	}
	return f.AddActionF(a)
}

// RevokeAction calls RevokeActionF.
func (f *Platform) RevokeAction(_ context.Context, id string) (localplatform.Action, error) {
	if f.RevokeActionF == nil {
		var zero localplatform.Action
		return zero, missing("RevokeAction")
	}
	return f.RevokeActionF(id)
}

// Policies calls PoliciesF.
func (f *Platform) Policies(_ context.Context) ([]localplatform.Policy, error) {
	if f.PoliciesF == nil {
		var zero []localplatform.Policy
		return zero, missing("Policies")
	}
	return f.PoliciesF()
}

// EffectivePolicy calls EffectivePolicyF.
func (f *Platform) EffectivePolicy(_ context.Context, app, env string) (localplatform.Policy, error) {
	if f.EffectivePolicyF == nil {
		var zero localplatform.Policy
		return zero, missing("EffectivePolicy")
	}
	return f.EffectivePolicyF(app, env)
}

// SetPolicy calls SetPolicyF.
func (f *Platform) SetPolicy(_ context.Context, p localplatform.Policy) (localplatform.Policy, error) {
	if f.SetPolicyF == nil {
		var zero localplatform.Policy
		return zero, missing("SetPolicy")
	}
	return f.SetPolicyF(p)
}

// Tokens calls TokensF.
func (f *Platform) Tokens(_ context.Context) ([]localplatform.Token, error) {
	if f.TokensF == nil {
		var zero []localplatform.Token
		return zero, missing("Tokens")
	}
	return f.TokensF()
}

// CreateToken calls CreateTokenF.
func (f *Platform) CreateToken(_ context.Context, t localplatform.Token) (localplatform.NewToken, error) {
	if f.CreateTokenF == nil {
		var zero localplatform.NewToken
		return zero, missing("CreateToken")
	}
	return f.CreateTokenF(t)
}

// RevokeToken calls RevokeTokenF.
func (f *Platform) RevokeToken(_ context.Context, id string) error {
	if f.RevokeTokenF == nil {
		return missing("RevokeToken")
	}
	return f.RevokeTokenF(id)
}

// Instances calls InstancesF.
func (f *Platform) Instances(_ context.Context, app, env string) ([]localplatform.Instance, error) {
	if f.InstancesF == nil {
		var zero []localplatform.Instance
		return zero, missing("Instances")
	}
	return f.InstancesF(app, env)
}

// Audit calls AuditF.
func (f *Platform) Audit(_ context.Context, limit int) ([]localplatform.AuditEntry, error) {
	if f.AuditF == nil {
		var zero []localplatform.AuditEntry
		return zero, missing("Audit")
	}
	return f.AuditF(limit)
}

// Values calls ValuesF.
func (f *Platform) Values(_ context.Context, schema, field, prefix string) ([]string, error) {
	if f.ValuesF == nil {
		var zero []string
		return zero, missing("Values")
	}
	return f.ValuesF(schema, field, prefix)
}

// Close counts.
func (f *Platform) Close() error {
	f.Closed++
	return nil
}
