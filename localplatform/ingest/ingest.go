// Package ingest takes in what agents send: it is the one place of the platform
// that knows signals as they travel. It checks each signal on its own, makes
// events of the good ones, says why it refuses the others, and acknowledges a
// heartbeat when its events are durable.
//
// What an agent says about itself (last word, configuration in force) changes
// with every heartbeat and is not acknowledged data, so it is kept in memory
// and written within a second by [Ingester.Run]. New apps, changed stacks and
// faults are written before the answer; concurrent ones share a transaction.
package ingest

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Instructor knows what is to be in force for an app.
type Instructor interface {
	// Version is the configuration version that is wanted.
	Version() uint64
	// Instructions tell what changed since version have; 0 asks for everything.
	Instructions(app, env string, have uint64) wire.Instructions
	// Wait returns when Version is above have, or ctx's error.
	Wait(ctx context.Context, have uint64) error
}

// Options are what an Ingester needs besides a store.
type Options struct {
	Instructions Instructor
	Heartbeat    time.Duration    // asked of agents at login; 0 means 20 s
	WriteEvery   time.Duration    // how long changes of instances may stay in memory; 0 means 1 s
	MaxInstances int              // of one app within an hour: a stolen token must not fill the memory; 0 means 10,000
	Now          func() time.Time // nil is time.Now
	Logger       *slog.Logger     // nil is silence
}

// Defaults of Options.
const (
	defaultHeartbeat    = 20 * time.Second
	defaultMaxInstances = 10_000
)

// Ingester implements localplatform.Ingester. Run must be running.
type Ingester struct {
	store     localplatform.Store
	instruct  Instructor
	heartbeat time.Duration
	now       func() time.Time
	log       *slog.Logger
	registry  *registry
	stats     stats
}

// New returns an Ingester on a store.
func New(store localplatform.Store, o Options) *Ingester {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.WriteEvery <= 0 {
		o.WriteEvery = time.Second
	}
	if o.MaxInstances <= 0 {
		o.MaxInstances = defaultMaxInstances
	}
	return &Ingester{
		store: store, instruct: o.Instructions, heartbeat: o.Heartbeat, now: o.Now, log: o.Logger,
		registry: newRegistry(store, &o),
	}
}

// Run writes what changed about instances until ctx ends, and then once more.
// It returns nil then; while the store fails it keeps trying.
func (in *Ingester) Run(ctx context.Context) error { return in.registry.run(ctx) }

// Login introduces an instance. Errors: CodeVersion, CodeInvalid,
// CodeForbidden when the login names another app than the token,
// CodeUnavailable when it could not be stored.
func (in *Ingester) Login(ctx context.Context, t localplatform.Token, l wire.Login) (wire.LoginReply, error) {
	if err := checkAgent(t, l.Version, l.Instance); err != nil {
		return wire.LoginReply{}, err
	}
	if l.App != "" && !strings.EqualFold(l.App, t.App) || l.Env != "" && !strings.EqualFold(l.Env, t.Env) {
		return wire.LoginReply{}, localplatform.Errorf(localplatform.CodeForbidden, "this token is for %s in %s, not for %s in %s", t.App, t.Env, orSame(l.App, t.App), orSame(l.Env, t.Env)).
			WithHint("sqreen tokens create --app %s --env %s", orSame(l.App, t.App), orSame(l.Env, t.Env))
	}
	stack, cut := boundStack(l.Stack)
	in.stats.stackCut.Add(int64(cut))
	last, err := in.store.LastSeq(ctx, t.App, t.Env, l.Instance)
	if err != nil {
		return wire.LoginReply{}, err
	}
	now := in.now()
	instructions := in.instruct.Instructions(t.App, t.Env, 0)
	started := l.Started.UTC()
	if started.IsZero() || started.After(now) {
		started = now
	}
	if err := in.registry.login(ctx, instanceKey{t.App, t.Env, l.Instance}, stack, started, instructions.Version); err != nil {
		return wire.LoginReply{}, err
	}
	in.stats.logins.Add(1)
	return wire.LoginReply{
		App: t.App, Env: t.Env, HeartbeatSeconds: in.heartbeat.Seconds(), LastSeq: last, Instructions: instructions,
	}, nil
}

// Heartbeat stores a batch. Errors: CodeVersion, CodeInvalid, CodeTooLarge,
// CodeConflict when the instance has not logged in, CodeUnavailable when it
// could not be stored; the agent then sends the same batch again.
func (in *Ingester) Heartbeat(ctx context.Context, t localplatform.Token, h wire.Heartbeat) (wire.HeartbeatReply, error) {
	if err := checkAgent(t, h.Version, h.Instance); err != nil {
		return wire.HeartbeatReply{}, err
	}
	if h.Seq == 0 {
		return wire.HeartbeatReply{}, localplatform.Errorf(localplatform.CodeInvalid, "a heartbeat needs a sequence number above 0")
	}
	key := instanceKey{t.App, t.Env, h.Instance}
	if err := in.registry.known(ctx, key); err != nil {
		return wire.HeartbeatReply{}, err
	}
	now := in.now()
	batch, refused, err := in.batch(t, h, now)
	if err != nil {
		return wire.HeartbeatReply{}, err
	}
	var result localplatform.AppendResult
	if len(batch.Events) > 0 || len(batch.Counters) > 0 {
		if result, err = in.store.Append(ctx, batch); err != nil {
			return wire.HeartbeatReply{}, err
		}
	}
	reply := wire.HeartbeatReply{Seq: h.Seq, Duplicate: result.Duplicate, Stored: len(batch.Events), Refused: refused}
	var sent uint64
	if h.Applied != in.instruct.Version() {
		i := in.instruct.Instructions(t.App, t.Env, h.Applied)
		reply.Instructions, sent = &i, i.Version
	}
	in.stats.count(&reply)
	return reply, in.registry.heard(ctx, key, &h, sent, result.Duplicate)
}

// Poll answers an agent that has version have with what came after it, as soon
// as there is something, and with false when ctx ends first. Errors:
// CodeConflict when the instance has not logged in.
func (in *Ingester) Poll(ctx context.Context, t localplatform.Token, instance string, have uint64) (wire.Instructions, bool, error) {
	if err := checkAgent(t, wire.Version, instance); err != nil {
		return wire.Instructions{}, false, err
	}
	key := instanceKey{t.App, t.Env, instance}
	if err := in.registry.known(ctx, key); err != nil {
		return wire.Instructions{}, false, err
	}
	if have <= in.instruct.Version() { // an agent of another life of this data knows versions that never were
		in.registry.applied(key, have)
	}
	in.stats.polling.Add(1)
	defer in.stats.polling.Add(-1)
	if have <= in.instruct.Version() && in.instruct.Wait(ctx, have) != nil {
		return wire.Instructions{}, false, nil
	}
	i := in.instruct.Instructions(t.App, t.Env, have)
	in.registry.sent(key, i.Version)
	return i, true, nil
}

// checkAgent checks what all of an agent's requests have in common.
func checkAgent(t localplatform.Token, version int, instance string) error {
	if t.Kind != localplatform.TokenAgent {
		return localplatform.Errorf(localplatform.CodeForbidden, "only an agent's token may report").
			WithHint("sqreen tokens create --app NAME --env ENV")
	}
	if version > wire.Version {
		return localplatform.Errorf(localplatform.CodeVersion, "the agent speaks version %d of the protocol, this platform up to %d", version, wire.Version).
			WithHint("update the platform")
	}
	if version < 1 {
		return localplatform.Errorf(localplatform.CodeInvalid, "the version of the protocol is missing")
	}
	if err := checkWord("instance", instance); err != nil {
		return localplatform.Errorf(localplatform.CodeInvalid, "%w", err)
	}
	return nil
}

func orSame(given, own string) string {
	if given == "" {
		return own
	}
	return given
}

// stats count what went through, for metrics.
type stats struct {
	logins, heartbeats, duplicates, stored, refused, polling atomic.Int64
	ahead, behind, clipped, counters, stackCut               atomic.Int64
	classes                                                  [4]atomic.Int64
}

var classes = [...]string{classSyntax, classSize, classField, className}

func (s *stats) count(r *wire.HeartbeatReply) {
	s.heartbeats.Add(1)
	if r.Duplicate {
		s.duplicates.Add(1)
		return
	}
	s.stored.Add(int64(r.Stored))
	s.refused.Add(int64(len(r.Refused)))
}

// Stats are totals since the process started.
type Stats struct {
	Logins, Heartbeats, Duplicates, Stored int64
	Polling                                int64            // agents waiting for instructions now
	Instances                              int              // in memory
	Unwritten                              int              // changes of instances and apps that wait to be written
	Drops                                  map[string]int64 // what was refused or altered, by reason
}

// Stats returns the totals.
func (in *Ingester) Stats() Stats {
	s := &in.stats
	out := Stats{
		Logins: s.logins.Load(), Heartbeats: s.heartbeats.Load(), Duplicates: s.duplicates.Load(),
		Stored: s.stored.Load(), Polling: s.polling.Load(),
	}
	out.Instances, out.Unwritten = in.registry.size()
	out.Drops = map[string]int64{
		"clock_ahead": s.ahead.Load(), "clock_behind": s.behind.Load(), "column_clipped": s.clipped.Load(),
		"counter_refused": s.counters.Load(), "stack_cut": s.stackCut.Load(),
	}
	for i, class := range classes {
		out.Drops["signal_refused_"+class] = s.classes[i].Load()
	}
	return out
}
