package localplatform

import (
	"context"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/queries"
)

// Store keeps everything. It is the queue of record between the steps of a
// signal's way: what Append has acknowledged survives the process.
type Store interface {
	EventStore
	ControlStore
	// Stats tells sizes and problems for Status.
	Stats(ctx context.Context) (StoreStats, error)
	Close() error
}

// EventStore keeps events in the order they arrived.
type EventStore interface {
	// Append stores a batch and returns when it is durable. It is safe for
	// concurrent use and commits concurrent batches together. A batch that was
	// stored before is not stored again and is answered with Duplicate.
	// CodeUnavailable means nothing of it was stored; try again later.
	Append(ctx context.Context, b Batch) (AppendResult, error)
	// LastSeq is the highest batch stored for an instance, 0 for none.
	LastSeq(ctx context.Context, app, env, instance string) (uint64, error)
	// Read returns events with a larger Pos than after, oldest first, with
	// detail, at most limit: the detectors' way to read.
	Read(ctx context.Context, after int64, limit int) ([]Event, error)
	// Wait returns the highest Pos once it is above after, or ctx's error.
	Wait(ctx context.Context, after int64) (int64, error)
	// LastPos is the highest Pos stored.
	LastPos() int64

	// Events pages through what a filter over EventSchema selects; nil selects
	// all. q.Query and q.Wait are not looked at here.
	Events(ctx context.Context, f *queries.Filter, q EventQuery) (EventPage, error)
	Event(ctx context.Context, pos int64) (Event, error)
	CountEvents(ctx context.Context, f *queries.Filter) (int64, error)
	Histogram(ctx context.Context, f *queries.Filter, q HistogramQuery) (Histogram, error)
	Facets(ctx context.Context, f *queries.Filter, q FacetQuery) ([]Facet, error)
	Counters(ctx context.Context, q CounterQuery) ([]CounterPoint, error)

	// Retain removes events that arrived before a time, and the oldest ones
	// while the store is larger than maxBytes (0: no limit), and says how many.
	Retain(ctx context.Context, before time.Time, maxBytes int64) (int64, error)
}

// ControlStore keeps what is not events. Update runs fn in one transaction that
// is durable when Update returns nil, and runs one at a time; View runs fn on a
// consistent snapshot. fn must not keep tx.
type ControlStore interface {
	View(ctx context.Context, fn func(tx ControlTx) error) error
	Update(ctx context.Context, fn func(tx ControlTx) error) error
}

// ControlTx reads and writes control data. Getters return CodeNotFound. Writers
// fail inside View.
type ControlTx interface {
	Apps() ([]AppRecord, error)
	App(name, env string) (AppRecord, error)
	PutApp(a AppRecord) error

	Instances(app, env string) ([]Instance, error) // empty names mean all
	Instance(app, env, id string) (Instance, error)
	PutInstance(i Instance) error
	DeleteInstances(lastSeenBefore time.Time) (int64, error)

	// Incidents selects by a filter over IncidentSchema (nil: all) and returns
	// the page and how many match. Timelines are not filled in.
	Incidents(f *queries.Filter, q IncidentQuery) ([]Incident, int, error)
	Incident(id int64) (Incident, error)
	// LiveIncidents returns those whose state lets new attacks join, and ignored ones.
	LiveIncidents() ([]Incident, error)
	PutIncident(i *Incident) error // ID 0 inserts and fills it in
	AddTimeline(incident int64, e TimelineEntry) error
	Timeline(incident int64) ([]TimelineEntry, error)

	// Actions selects by a filter over ActionSchema; nil selects all.
	Actions(f *queries.Filter, now time.Time) ([]Action, error)
	// ActionsChanged returns actions whose Version is above v, revoked ones too.
	ActionsChanged(v uint64) ([]Action, error)
	Action(id string) (Action, error)
	PutAction(a *Action) error // empty ID inserts and fills it in
	AddActionHits(id string, n int64) error

	Policies() ([]Policy, error)
	PutPolicy(p Policy) error
	DeletePolicy(s PolicyScope) error

	// ConfigVersion is the version of policies, actions and lists together.
	ConfigVersion() (uint64, error)
	// BumpConfig raises it by one and returns it.
	BumpConfig() (uint64, error)

	Tokens() ([]Token, error)
	TokenByHash(hash []byte) (Token, error)
	PutToken(t Token) error

	Audit(limit int) ([]AuditEntry, error)
	AddAudit(e AuditEntry) error

	// Value and PutValue keep small named things: detector cursors and states.
	// A name that was never put reads as nil.
	Value(name string) ([]byte, error)
	PutValue(name string, v []byte) error
}

// StoreStats is what a store knows of itself.
type StoreStats struct {
	Events   int64
	Bytes    int64
	Segments int
	Oldest   time.Time
	Drops    map[string]int64
	Problems []string
}

// Ingester takes what agents send; package ingest implements it and package
// server serves it.
type Ingester interface {
	Login(ctx context.Context, t Token, l wire.Login) (wire.LoginReply, error)
	Heartbeat(ctx context.Context, t Token, h wire.Heartbeat) (wire.HeartbeatReply, error)
}
