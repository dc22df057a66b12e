// Package policy tells agents what is to be in force: the effective policy of
// their app, the actions against actors, and the passlists, as differences
// against what an agent has already.
//
// A [Source] keeps policies and actions in memory, because every connected
// agent asks for them within milliseconds of a change. The store stays the
// record: [Source.Refresh] reads what is new in it, whoever wrote it.
package policy

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Options are what a Source needs besides a store.
type Options struct {
	Heartbeat time.Duration    // told to agents with every instruction; 0 leaves it out
	LookEvery time.Duration    // how often Run looks for changes that nobody told it of; 0 means 1 s
	Now       func() time.Time // nil is time.Now
	Logger    *slog.Logger     // nil is silence
}

// keepEnded is how long ended actions are remembered to tell agents of.
const keepEnded = 24 * time.Hour

// Source answers what is in force. It is safe for concurrent use.
type Source struct {
	store     localplatform.ControlStore
	heartbeat time.Duration
	lookEvery time.Duration
	now       func() time.Time
	log       *slog.Logger

	refresh sync.Mutex // one Refresh at a time

	mu       sync.RWMutex
	loaded   bool
	version  uint64
	since    uint64 // differences can be told from this version on
	policies []localplatform.Policy
	groups   map[string]string // by app and environment, in lower case
	actions  map[string]localplatform.Action
	order    []change      // of actions, by version; entries that were overtaken are skipped
	news     chan struct{} // closed at the next change
}

// change says that an action was set, or ended, at a version.
type change struct {
	version uint64
	id      string
}

// New reads the store and returns a Source.
func New(ctx context.Context, store localplatform.ControlStore, o Options) (*Source, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.LookEvery <= 0 {
		o.LookEvery = time.Second
	}
	s := &Source{
		store: store, heartbeat: o.Heartbeat, lookEvery: o.LookEvery, now: o.Now, log: o.Logger,
		actions: map[string]localplatform.Action{}, news: make(chan struct{}),
	}
	if err := s.Refresh(ctx); err != nil {
		return nil, err
	}
	s.forget(s.now())
	return s, nil
}

// Run looks for changes that Refresh was not called for, and forgets actions
// that ended long ago, until ctx ends.
func (s *Source) Run(ctx context.Context) error {
	look := time.NewTicker(s.lookEvery)
	defer look.Stop()
	sweep := time.NewTicker(keepEnded / 24)
	defer sweep.Stop()
	failing := false
	for {
		select {
		case <-look.C:
			err := s.Refresh(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				s.log.Error("policies and actions cannot be read; agents keep what they have", "error", err)
			}
			failing = err != nil
		case <-sweep.C:
			s.forget(s.now().Add(-keepEnded))
		case <-ctx.Done():
			return nil
		}
	}
}

// Version is the configuration version that is wanted.
func (s *Source) Version() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.version
}

// Wait returns when Version is above have, or ctx's error.
func (s *Source) Wait(ctx context.Context, have uint64) error {
	for {
		s.mu.RLock()
		version, news := s.version, s.news
		s.mu.RUnlock()
		if version > have {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// state is what one snapshot of the store says.
type state struct {
	version  uint64
	policies []localplatform.Policy
	apps     []localplatform.AppRecord
	changed  []localplatform.Action
}

// Refresh reads what has changed in the store and wakes whoever waits for it.
func (s *Source) Refresh(ctx context.Context) error {
	s.refresh.Lock()
	defer s.refresh.Unlock()
	s.mu.RLock()
	have, loaded := s.version, s.loaded
	s.mu.RUnlock()
	var st state
	err := s.store.View(ctx, func(tx localplatform.ControlTx) (err error) {
		st = state{}
		if st.version, err = tx.ConfigVersion(); err != nil || loaded && st.version == have {
			return err
		}
		if st.policies, err = tx.Policies(); err != nil {
			return err
		}
		if st.apps, err = tx.Apps(); err != nil {
			return err
		}
		st.changed, err = tx.ActionsChanged(have)
		return err
	})
	if err != nil || loaded && st.version == have {
		return err
	}
	s.apply(st)
	return nil
}

func (s *Source) apply(st state) {
	groups := map[string]string{}
	for _, a := range st.apps {
		if a.Group != "" {
			groups[groupKey(a.Name, a.Env)] = a.Group
		}
	}
	slices.SortFunc(st.changed, func(a, b localplatform.Action) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.ID, b.ID))
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range st.changed {
		s.actions[a.ID] = a
		s.order = append(s.order, change{a.Version, a.ID})
	}
	s.compact()
	s.policies, s.groups, s.loaded = st.policies, groups, true
	if st.version != s.version {
		s.version = st.version
		close(s.news)
		s.news = make(chan struct{})
	}
}

// compact drops overtaken entries once they are the majority.
func (s *Source) compact() {
	if len(s.order) > 2*len(s.actions)+16 {
		s.order = slices.DeleteFunc(s.order, func(c change) bool { return s.actions[c.id].Version != c.version })
	}
}

// forget drops actions that ended before a time. Agents whose configuration is
// older than the newest of them then get the whole list.
func (s *Source) forget(before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.actions, func(_ string, a localplatform.Action) bool {
		end := a.Expires
		if !a.Revoked.IsZero() {
			end = a.Revoked
		}
		gone := !end.IsZero() && end.Before(before)
		if gone {
			s.since = max(s.since, a.Version)
		}
		return gone
	})
	s.order = slices.DeleteFunc(s.order, func(c change) bool { return s.actions[c.id].Version != c.version })
}

func groupKey(app, env string) string { return strings.ToLower(app + "\x00" + env) }

// Instructions tell an app's agent what changed since version have. have 0, one
// that is too old, or one from another platform yields everything.
func (s *Source) Instructions(app, env string, have uint64) wire.Instructions {
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := localplatform.EffectivePolicy(s.policies, app, env, s.groups[groupKey(app, env)])
	out := wire.Instructions{
		Version: s.version, Have: have, Full: have == 0 || have < s.since || have > s.version,
		Policy: p.Wire(), IPPasslist: p.IPPasslist, PathPasslist: p.PathPasslist,
		Heartbeat: s.heartbeat.Seconds(),
	}
	if out.Full {
		out.Have = 0
		out.Actions = s.inForce(app, env, now)
		return out
	}
	s.difference(&out, app, env, now)
	return out
}

// inForce lists all actions that apply to an app, by version.
func (s *Source) inForce(app, env string, now time.Time) []wire.Action {
	var out []wire.Action
	for _, c := range s.order {
		a := s.actions[c.id]
		if a.Version == c.version && a.InForce(now) && a.Applies(app, env) {
			out = append(out, wireAction(&a))
		}
	}
	return out
}

// difference fills in the actions set or ended after out.Have.
func (s *Source) difference(out *wire.Instructions, app, env string, now time.Time) {
	first, _ := slices.BinarySearchFunc(s.order, out.Have+1, func(c change, v uint64) int { return cmp.Compare(c.version, v) })
	for _, c := range s.order[first:] {
		a := s.actions[c.id]
		switch {
		case a.Version != c.version || !a.Applies(app, env):
		case a.InForce(now):
			out.Actions = append(out.Actions, wireAction(&a))
		default:
			out.Removed = append(out.Removed, a.ID)
		}
	}
}

func wireAction(a *localplatform.Action) wire.Action {
	out := wire.Action{ID: a.ID, Kind: a.Kind, URL: a.URL, Expires: a.Expires}
	if a.Kind == wire.ActionBlockIP || a.Kind == wire.ActionRedirectIP {
		out.CIDR = a.Target
	} else {
		out.User = a.Target
	}
	return out
}
