package localplatform

import (
	"context"
	"time"

	"github.com/sqreen/sqreen/inventory"
)

// Platform is all that front ends see. Implementations are api.Platform (on a
// Store in this process) and client.Client (over HTTP); both return *Error for
// everything a person can do something about. Queries are texts in the query
// language; a bad one is CodeInvalidQuery with its column.
type Platform interface {
	// Status tells how the platform is.
	Status(ctx context.Context) (Status, error)

	// Apps lists the inventory over inventory.Schema, sorted by name and environment.
	Apps(ctx context.Context, query string) ([]inventory.App, error)
	// App returns one app with its instances. env may be empty when the app has
	// only one environment; CodeConflict when it has several, CodeNotFound when none.
	App(ctx context.Context, name, env string) (AppDetail, error)
	// SetGroup puts an app's environment (all of them when env is empty) in a security group; "" takes it out.
	SetGroup(ctx context.Context, name, env, group string) error

	Events(ctx context.Context, q EventQuery) (EventPage, error)
	// Event returns one event with its detail. CodeNotFound when it is not stored (any more).
	Event(ctx context.Context, pos int64) (Event, error)
	// CountEvents counts the events that match.
	CountEvents(ctx context.Context, query string) (int64, error)
	Histogram(ctx context.Context, q HistogramQuery) (Histogram, error)
	Facets(ctx context.Context, q FacetQuery) ([]Facet, error)
	Counters(ctx context.Context, q CounterQuery) ([]CounterPoint, error)
	// Activity pages through requests, newest first. q.After and q.Wait are not used.
	Activity(ctx context.Context, q EventQuery) (ActivityPage, error)
	// Request returns one request with all its events. CodeNotFound when nothing of it is stored.
	Request(ctx context.Context, id string) (Activity, error)

	Incidents(ctx context.Context, q IncidentQuery) (IncidentPage, error)
	// Incident returns one incident with its timeline.
	Incident(ctx context.Context, id int64) (Incident, error)
	// ChangeIncident needs RoleResponder. It returns the incident after the change.
	ChangeIncident(ctx context.Context, id int64, c IncidentChange) (Incident, error)

	// Actions lists actions over ActionSchema, newest first. Without a term on
	// "state" only those in force are listed.
	Actions(ctx context.Context, query string) ([]Action, error)
	// AddAction needs RoleResponder. It fills in ID, By, Created and Version.
	AddAction(ctx context.Context, a Action) (Action, error)
	// RevokeAction needs RoleResponder.
	RevokeAction(ctx context.Context, id string) (Action, error)

	// Policies lists the stored policies.
	Policies(ctx context.Context) ([]Policy, error)
	// EffectivePolicy says what is in force for an app.
	EffectivePolicy(ctx context.Context, app, env string) (Policy, error)
	// SetPolicy needs RoleAdmin. The whole policy of its scope is replaced; an
	// empty one is removed.
	SetPolicy(ctx context.Context, p Policy) (Policy, error)

	// Tokens needs RoleAdmin, as do CreateToken and RevokeToken.
	Tokens(ctx context.Context) ([]Token, error)
	CreateToken(ctx context.Context, t Token) (NewToken, error)
	RevokeToken(ctx context.Context, id string) error

	// Instances lists the agents of an app, or all with empty names.
	Instances(ctx context.Context, app, env string) ([]Instance, error)
	// Audit lists the latest changes, newest first.
	Audit(ctx context.Context, limit int) ([]AuditEntry, error)
	// Values lists values of a field of a schema ("events", "incidents", "apps",
	// "actions") that begin with prefix, for completion. At most 50.
	Values(ctx context.Context, schema, field, prefix string) ([]string, error)

	// Close releases what the front end holds.
	Close() error
}

// AppDetail is one app with what only its own page shows.
type AppDetail struct {
	inventory.App
	Policy    Policy     `json:"policy"`
	Instances []Instance `json:"agents"`  // "instances" is the count in inventory.App
	Version   uint64     `json:"version"` // configuration version that is wanted
	// Losses is what agents lost or did not look at in the last 24 hours, by
	// counter and reason ("dropped: buffer_full"), most first.
	Losses []Count `json:"losses"`
}

// Status tells how a platform is.
type Status struct {
	Version   string           `json:"version"`       // of the binary
	Mode      string           `json:"mode"`          // "server" or "local" (data directory opened by this process)
	URL       string           `json:"url,omitempty"` // where agents and operators reach it; "" when nothing listens
	Data      string           `json:"data"`          // data directory
	Started   time.Time        `json:"started,omitzero"`
	Now       time.Time        `json:"now"`
	Events    int64            `json:"events"` // stored
	LastPos   int64            `json:"last_pos"`
	Detected  int64            `json:"detected"` // Pos up to which detectors have read
	Bytes     int64            `json:"bytes"`    // on disk
	Segments  int              `json:"segments"`
	Oldest    time.Time        `json:"oldest,omitzero"` // arrival of the oldest event
	Apps      int              `json:"apps"`
	Instances int              `json:"instances"` // heard of within SilentAfter
	Open      int              `json:"open_incidents"`
	Config    uint64           `json:"config_version"`
	Drops     map[string]int64 `json:"drops"`              // everything refused, dropped or cut, by reason
	Problems  []string         `json:"problems,omitempty"` // what needs an operator: disk full, a segment set aside, ...
	MemoryRSS int64            `json:"memory_rss,omitempty"`
}
