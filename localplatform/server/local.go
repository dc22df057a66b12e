package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/api"
	"github.com/sqreen/sqreen/localplatform/detect/incidents"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/queries"
)

const (
	takeTurns = 10 * time.Second      // how long a change waits for other commands to finish theirs
	turnEvery = 20 * time.Millisecond // how often it tries
)

// local is a Platform on a data directory that no platform serves.
//
// It reads without a lock, so that any number of commands may look at the same
// time, and opens the directory for writing only for the moment of a change.
// When a platform begins to serve the directory, it goes over to that one.
type local struct {
	opt    ConnectOptions
	caller localplatform.Caller

	mu     sync.Mutex
	store  *sqlite.Store // only read
	reader *api.Platform
	served localplatform.Platform // once a platform serves the directory
	looked time.Time
}

const lookForServer = time.Second

var _ localplatform.Platform = (*local)(nil)

// openLocal opens a data directory and lets the detectors handle what they have
// not seen yet.
func openLocal(ctx context.Context, o ConnectOptions) (*local, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &local{opt: o, caller: localplatform.Caller{Name: ownerName(), Role: localplatform.RoleAdmin}, looked: o.Now()}
	err := l.open()
	if err == nil {
		var behind bool
		if behind, err = l.behind(ctx); err == nil && !behind {
			return l, nil
		}
	} else if localplatform.ErrorCode(err) == localplatform.CodeVersion || localplatform.ErrorCode(err) == localplatform.CodeNotFound {
		return nil, err
	}
	// Detectors are behind, or the data is of an older version or was left by a
	// crash: opening it for writing mends both. When another command is about to
	// do so, what can be read now is good enough.
	if catchErr := l.catchUp(ctx); catchErr != nil && !errors.Is(catchErr, sqlite.ErrHeld) && err != nil {
		return nil, errors.Join(catchErr, l.Close())
	}
	if err := l.open(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// open opens the store for reading, instead of the one that is open.
func (l *local) open() error {
	store, err := sqlite.Open(l.opt.Data, sqlite.Options{Now: l.opt.Now, Logger: l.opt.Logger, ReadOnly: true})
	if err != nil {
		return err
	}
	old := l.store
	l.store, l.reader = store, l.platform(store)
	if old != nil {
		return old.Close()
	}
	return nil
}

func (l *local) platform(store localplatform.Store) *api.Platform {
	return api.New(store, api.Options{Caller: l.caller, Now: l.opt.Now, Logger: l.opt.Logger, Status: l.status})
}

func (l *local) status(s *localplatform.Status) {
	s.Version, s.Mode, s.Data = l.opt.Version, "local", l.opt.Data
	s.Detected = s.LastPos
	s.MemoryRSS = memory()
}

// behind reports whether detectors have something to do: events they have not
// read, or a snoozed incident whose time is up.
func (l *local) behind(ctx context.Context) (behind bool, err error) {
	err = l.store.View(ctx, func(tx localplatform.ControlTx) error {
		pos, err := detectedPos(tx)
		if err != nil {
			return err
		}
		now := l.opt.Now()
		snoozed, err := queries.Compile("state:snoozed", localplatform.IncidentSchema(), now)
		if err != nil {
			return err
		}
		list, _, err := tx.Incidents(snoozed, localplatform.IncidentQuery{Limit: localplatform.MaxPage})
		behind = pos < l.store.LastPos() || slices.ContainsFunc(list, func(i localplatform.Incident) bool { return !now.Before(i.SnoozedUntil) })
		return err
	})
	return behind, err
}

// catchUp lets the detectors handle what they have not seen yet, unless another
// process has the directory.
func (l *local) catchUp(ctx context.Context) error {
	store, err := sqlite.Open(l.opt.Data, sqlite.Options{Now: l.opt.Now, Logger: l.opt.Logger})
	if err != nil {
		return err
	}
	d := incidents.New(store, incidents.Options{Now: l.opt.Now, Logger: l.opt.Logger})
	err = d.CatchUp(ctx)
	if err == nil {
		err = saveDetected(ctx, store, store.LastPos())
	}
	return errors.Join(err, store.Close())
}

// read is who answers questions now.
func (l *local) read(ctx context.Context) localplatform.Platform {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.served == nil && l.opt.Now().Sub(l.looked) >= lookForServer {
		l.looked = l.opt.Now()
		l.lookForServer(ctx)
	}
	if l.served != nil {
		return l.served
	}
	return l.reader
}

func (l *local) lookForServer(ctx context.Context) {
	if _, held := sqlite.Holder(l.opt.Data); !held {
		return
	}
	if c, ok := connectSocket(ctx, l.opt.Data, l.opt.Version); ok {
		l.served = c
	}
}

// change makes a change when it is this process's turn.
func change[T any](ctx context.Context, l *local, do func(p localplatform.Platform) (T, error)) (T, error) {
	var none T
	deadline := time.NewTimer(takeTurns)
	defer deadline.Stop()
	for {
		l.mu.Lock()
		l.lookForServer(ctx)
		served := l.served
		l.mu.Unlock()
		if served != nil {
			return do(served)
		}
		store, err := sqlite.Open(l.opt.Data, sqlite.Options{Now: l.opt.Now, Logger: l.opt.Logger})
		if err == nil {
			v, err := do(l.platform(store))
			return v, errors.Join(err, store.Close())
		}
		if !errors.Is(err, sqlite.ErrHeld) {
			return none, err
		}
		again := time.NewTimer(turnEvery)
		select {
		case <-again.C:
		case <-deadline.C:
			again.Stop()
			return none, err
		case <-ctx.Done():
			again.Stop()
			return none, ctx.Err()
		}
	}
}

// Close releases the directory.
func (l *local) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	if l.served != nil {
		errs = append(errs, l.served.Close())
	}
	if l.store != nil {
		errs = append(errs, l.store.Close())
		l.store = nil
	}
	return errors.Join(errs...)
}

// Status tells how the data is.
func (l *local) Status(ctx context.Context) (localplatform.Status, error) {
	return l.read(ctx).Status(ctx)
}

// Apps lists the inventory.
func (l *local) Apps(ctx context.Context, query string) ([]inventory.App, error) {
	return l.read(ctx).Apps(ctx, query)
}

// App returns one app.
func (l *local) App(ctx context.Context, name, env string) (localplatform.AppDetail, error) {
	return l.read(ctx).App(ctx, name, env)
}

// SetGroup puts an app in a security group.
func (l *local) SetGroup(ctx context.Context, name, env, group string) error {
	_, err := change(ctx, l, func(p localplatform.Platform) (struct{}, error) {
		return struct{}{}, p.SetGroup(ctx, name, env, group)
	})
	return err
}

// Events pages through events.
func (l *local) Events(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
	return l.read(ctx).Events(ctx, q)
}

// Event returns one event.
func (l *local) Event(ctx context.Context, pos int64) (localplatform.Event, error) {
	return l.read(ctx).Event(ctx, pos)
}

// CountEvents counts events.
func (l *local) CountEvents(ctx context.Context, query string) (int64, error) {
	return l.read(ctx).CountEvents(ctx, query)
}

// Histogram counts events over time.
func (l *local) Histogram(ctx context.Context, q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	return l.read(ctx).Histogram(ctx, q)
}

// Facets counts values of fields.
func (l *local) Facets(ctx context.Context, q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	return l.read(ctx).Facets(ctx, q)
}

// Counters sums up counters.
func (l *local) Counters(ctx context.Context, q localplatform.CounterQuery) ([]localplatform.CounterPoint, error) {
	return l.read(ctx).Counters(ctx, q)
}

// Activity pages through requests.
func (l *local) Activity(ctx context.Context, q localplatform.EventQuery) (localplatform.ActivityPage, error) {
	return l.read(ctx).Activity(ctx, q)
}

// Request returns one request.
func (l *local) Request(ctx context.Context, id string) (localplatform.Activity, error) {
	return l.read(ctx).Request(ctx, id)
}

// Incidents lists incidents.
func (l *local) Incidents(ctx context.Context, q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
	return l.read(ctx).Incidents(ctx, q)
}

// Incident returns one incident.
func (l *local) Incident(ctx context.Context, id int64) (localplatform.Incident, error) {
	return l.read(ctx).Incident(ctx, id)
}

// ChangeIncident changes an incident.
func (l *local) ChangeIncident(ctx context.Context, id int64, c localplatform.IncidentChange) (localplatform.Incident, error) {
	return change(ctx, l, func(p localplatform.Platform) (localplatform.Incident, error) { return p.ChangeIncident(ctx, id, c) })
}

// Actions lists actions.
func (l *local) Actions(ctx context.Context, query string) ([]localplatform.Action, error) {
	return l.read(ctx).Actions(ctx, query)
}

// AddAction puts an action in force, for agents as soon as a platform serves.
func (l *local) AddAction(ctx context.Context, a localplatform.Action) (localplatform.Action, error) {
	return change(ctx, l, func(p localplatform.Platform) (localplatform.Action, error) { return p.AddAction(ctx, a) })
}

// RevokeAction ends an action.
func (l *local) RevokeAction(ctx context.Context, id string) (localplatform.Action, error) {
	return change(ctx, l, func(p localplatform.Platform) (localplatform.Action, error) { return p.RevokeAction(ctx, id) })
}

// Policies lists policies.
func (l *local) Policies(ctx context.Context) ([]localplatform.Policy, error) {
	return l.read(ctx).Policies(ctx)
}

// EffectivePolicy says what is in force for an app.
func (l *local) EffectivePolicy(ctx context.Context, app, env string) (localplatform.Policy, error) {
	return l.read(ctx).EffectivePolicy(ctx, app, env)
}

// SetPolicy replaces a policy.
func (l *local) SetPolicy(ctx context.Context, policy localplatform.Policy) (localplatform.Policy, error) {
	return change(ctx, l, func(p localplatform.Platform) (localplatform.Policy, error) { return p.SetPolicy(ctx, policy) })
}

// Tokens lists tokens.
func (l *local) Tokens(ctx context.Context) ([]localplatform.Token, error) {
	return l.read(ctx).Tokens(ctx)
}

// CreateToken makes a token.
func (l *local) CreateToken(ctx context.Context, t localplatform.Token) (localplatform.NewToken, error) {
	return change(ctx, l, func(p localplatform.Platform) (localplatform.NewToken, error) { return p.CreateToken(ctx, t) })
}

// RevokeToken revokes a token.
func (l *local) RevokeToken(ctx context.Context, id string) error {
	_, err := change(ctx, l, func(p localplatform.Platform) (struct{}, error) { return struct{}{}, p.RevokeToken(ctx, id) })
	return err
}

// Instances lists agents.
func (l *local) Instances(ctx context.Context, app, env string) ([]localplatform.Instance, error) {
	return l.read(ctx).Instances(ctx, app, env)
}

// Audit lists changes.
func (l *local) Audit(ctx context.Context, limit int) ([]localplatform.AuditEntry, error) {
	return l.read(ctx).Audit(ctx, limit)
}

// Values lists values of a field.
func (l *local) Values(ctx context.Context, schema, field, prefix string) ([]string, error) {
	return l.read(ctx).Values(ctx, schema, field, prefix)
}
