package ingest

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

const (
	maxFaults   = 20        // latest ones kept for an instance
	forgetAfter = time.Hour // a silent instance leaves memory; the store still knows it
	sweepEvery  = time.Minute
)

type instanceKey struct{ app, env, id string }

type appKey struct{ app, env string }

// registry knows the instances that report to this process and writes what
// changes about them and their apps.
//
// A change is made in memory and marked; the next write takes all marks in one
// transaction. commit waits for a write that began after the caller's change,
// so that any number of callers cost one transaction.
type registry struct {
	store localplatform.Store
	every time.Duration
	most  int // instances of one app
	now   func() time.Time
	log   *slog.Logger

	mu        sync.Mutex
	instances map[instanceKey]*instance
	count     map[appKey]int // of instances
	changed   map[instanceKey]*instance
	apps      map[appKey]*appChange
	hits      map[hitKey]int64
	waiters   []chan error // to be told of the next write

	wake    chan struct{}
	stopped chan struct{} // closed when run has ended: nobody writes any more
	failing bool          // the last write failed; only touched by run
}

// instance is one running process as this process last heard of it.
type instance struct {
	record localplatform.Instance
}

// appChange is what is to be written about an app. The record itself stays in
// the store, where others change it too.
type appChange struct {
	seen   time.Time
	stacks []stackChange
}

type stackChange struct {
	stack wire.Stack
	login bool
}

// hitKey is an action and an app whose requests it answered: an agent may only
// speak of actions that apply to its own app.
type hitKey struct {
	action string
	app    appKey
}

func newRegistry(store localplatform.Store, o *Options) *registry {
	return &registry{
		store: store, every: o.WriteEvery, most: o.MaxInstances, now: o.Now, log: o.Logger,
		instances: map[instanceKey]*instance{},
		count:     map[appKey]int{},
		changed:   map[instanceKey]*instance{},
		apps:      map[appKey]*appChange{},
		hits:      map[hitKey]int64{},
		wake:      make(chan struct{}, 1),
		stopped:   make(chan struct{}),
	}
}

// login notes an instance and what it is made of, durably.
func (r *registry) login(ctx context.Context, key instanceKey, stack wire.Stack, started time.Time, sent uint64) error {
	now := r.now().UTC()
	old, err := r.load(ctx, key)
	if err != nil && localplatform.ErrorCode(err) != localplatform.CodeNotFound {
		return err
	}
	record := localplatform.Instance{
		ID: key.id, App: key.app, Env: key.env, Stack: instanceStack(stack), Started: started,
		FirstSeen: now, LastSeen: now, Sent: sent,
	}
	if !old.FirstSeen.IsZero() {
		record.FirstSeen, record.Applied, record.Faults = old.FirstSeen, old.Applied, old.Faults
	}
	r.mu.Lock()
	i := &instance{record: record}
	if err := r.remember(key, i); err != nil {
		r.mu.Unlock()
		return err
	}
	r.changed[key] = i
	app := r.app(key, now)
	app.stacks = append(app.stacks, stackChange{stack, true})
	wait := r.commitLocked()
	r.mu.Unlock()
	return r.await(ctx, wait)
}

// instanceStack is what is kept for each process. Packages are those of the app
// and would make every write of an instance ten times as long.
func instanceStack(s wire.Stack) wire.Stack {
	s.Packages = nil
	return s
}

// known makes sure that an instance has logged in: CodeConflict when it has not.
func (r *registry) known(ctx context.Context, key instanceKey) error {
	r.mu.Lock()
	_, ok := r.instances[key]
	r.mu.Unlock()
	if ok {
		return nil
	}
	record, err := r.load(ctx, key)
	if localplatform.ErrorCode(err) == localplatform.CodeNotFound {
		return localplatform.Errorf(localplatform.CodeConflict, "instance %q has not logged in", key.id)
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.instances[key]; ok {
		return nil
	}
	return r.remember(key, &instance{record: record})
}

// remember puts an instance in memory, in place of what was known of it.
func (r *registry) remember(key instanceKey, i *instance) error {
	app := appKey{key.app, key.env}
	if _, known := r.instances[key]; !known {
		if r.count[app] >= r.most {
			return localplatform.Errorf(localplatform.CodeTooLarge, "%s in %s has %d instances already, which is the most there may be within an hour", key.app, key.env, r.most)
		}
		r.count[app]++
	}
	r.instances[key] = i
	return nil
}

// load reads an instance from memory or the store.
func (r *registry) load(ctx context.Context, key instanceKey) (record localplatform.Instance, err error) {
	r.mu.Lock()
	i, ok := r.instances[key]
	if ok {
		record = i.record
	}
	r.mu.Unlock()
	if ok {
		return record, nil
	}
	err = r.store.View(ctx, func(tx localplatform.ControlTx) error {
		record, err = tx.Instance(key.app, key.env, key.id)
		return err
	})
	return record, err
}

// heard notes a heartbeat. It waits for the write only when the heartbeat says
// something that the agent will not say again.
func (r *registry) heard(ctx context.Context, key instanceKey, h *wire.Heartbeat, sent uint64, duplicate bool) error {
	now := r.now().UTC()
	r.mu.Lock()
	i := r.touch(key, now)
	if i == nil { // forgotten since known was asked, which takes an hour of silence
		r.mu.Unlock()
		return nil
	}
	i.record.Applied, i.record.Sent = h.Applied, max(i.record.Sent, sent, h.Applied)
	app := r.app(key, now)
	if !duplicate {
		r.countHits(key, h.Counters)
	}
	var wait chan error
	if h.Stack != nil || len(h.Faults) > 0 {
		if h.Stack != nil {
			stack, _ := boundStack(*h.Stack)
			app.stacks = append(app.stacks, stackChange{stack, false})
			i.record.Stack = mergeStack(i.record.Stack, instanceStack(stack), false)
		}
		i.record.Faults = keepFaults(i.record.Faults, h.Faults)
		wait = r.commitLocked()
	}
	r.mu.Unlock()
	return r.await(ctx, wait)
}

// applied notes which version an instance says is in force: it asks for what
// came after it.
func (r *registry) applied(key instanceKey, version uint64) {
	now := r.now().UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.instances[key]; old == nil || old.record.Applied == version {
		return // most polls bring nothing new
	}
	i := r.touch(key, now)
	i.record.Applied, i.record.Sent = version, max(i.record.Sent, version)
	r.app(key, now)
}

// sent notes that an instance was told of a version.
func (r *registry) sent(key instanceKey, version uint64) {
	now := r.now().UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := r.touch(key, now); i != nil {
		i.record.Sent = max(i.record.Sent, version)
		r.app(key, now)
	}
}

// touch marks an instance as changed. It copies the instance, since a write may
// be looking at the old one.
func (r *registry) touch(key instanceKey, now time.Time) *instance {
	old := r.instances[key]
	if old == nil {
		return nil
	}
	i := &instance{record: old.record}
	i.record.LastSeen = now
	r.instances[key], r.changed[key] = i, i
	return i
}

// app marks an app as changed.
func (r *registry) app(key instanceKey, now time.Time) *appChange {
	k := appKey{key.app, key.env}
	a := r.apps[k]
	if a == nil {
		a = &appChange{}
		r.apps[k] = a
	}
	a.seen = now
	return a
}

func (r *registry) countHits(key instanceKey, counters []wire.Counter) {
	for _, c := range counters {
		if c.Name == wire.CounterActionHits && c.Value >= 1 && c.Value <= maxCounterValue && len(c.Key) <= wire.MaxNameBytes {
			r.hits[hitKey{c.Key, appKey{key.app, key.env}}] += int64(c.Value)
		}
	}
}

// keepFaults keeps the latest faults, one for each check and message.
func keepFaults(old, news []wire.Fault) []wire.Fault {
	out := slices.Clone(old)
	for _, f := range news {
		f.Check, f.Message = bound(f.Check, wire.MaxNameBytes), bound(f.Message, maxColumn)
		out = slices.DeleteFunc(out, func(o wire.Fault) bool { return o.Check == f.Check && o.Message == f.Message })
		out = append(out, f)
	}
	return out[max(0, len(out)-maxFaults):]
}

// commitLocked asks for a write and returns what tells of its end.
func (r *registry) commitLocked() chan error {
	done := make(chan error, 1)
	r.waiters = append(r.waiters, done)
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return done
}

func (r *registry) await(ctx context.Context, done chan error) error {
	if done == nil {
		return nil
	}
	select {
	case err := <-done:
		return err
	case <-r.stopped:
		return localplatform.Errorf(localplatform.CodeUnavailable, "the platform is shutting down")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *registry) size() (instances, unwritten int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.instances), len(r.changed) + len(r.apps) + len(r.hits)
}

// run writes until ctx ends, and once more then.
func (r *registry) run(ctx context.Context) error {
	defer close(r.stopped)
	write := time.NewTicker(r.every)
	defer write.Stop()
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		select {
		case <-r.wake:
			r.write(ctx)
		case <-write.C:
			r.write(ctx)
		case <-sweep.C:
			r.forget()
		case <-ctx.Done():
			r.write(context.WithoutCancel(ctx))
			return nil
		}
	}
}

// pending is what one write takes along.
type pending struct {
	instances map[instanceKey]*instance
	apps      map[appKey]*appChange
	hits      map[hitKey]int64
	waiters   []chan error
}

func (r *registry) write(ctx context.Context) {
	p := r.take()
	if len(p.instances)+len(p.apps)+len(p.hits)+len(p.waiters) == 0 {
		return
	}
	err := r.store.Update(ctx, p.put)
	if err != nil {
		r.giveBack(p)
	}
	if failing := err != nil; failing != r.failing { // once, not every second
		r.failing = failing
		if failing {
			r.log.Error("what agents say about themselves cannot be written; trying again", "error", err)
		} else {
			r.log.Info("what agents say about themselves is written again")
		}
	}
	for _, w := range p.waiters {
		w <- err
	}
}

func (r *registry) take() pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := pending{r.changed, r.apps, r.hits, r.waiters}
	r.changed, r.apps, r.hits, r.waiters = map[instanceKey]*instance{}, map[appKey]*appChange{}, map[hitKey]int64{}, nil
	return p
}

// giveBack marks again what could not be written, under what has changed since.
// Stacks are not kept: whoever sent one is told and sends it again.
func (r *registry) giveBack(p pending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, i := range p.instances {
		if r.changed[k] == nil {
			r.changed[k] = i
		}
	}
	for k, a := range p.apps {
		if r.apps[k] == nil {
			r.apps[k] = &appChange{seen: a.seen}
		}
	}
	for k, n := range p.hits {
		r.hits[k] += n
	}
}

// put writes everything in one transaction.
func (p *pending) put(tx localplatform.ControlTx) error {
	for k, a := range p.apps {
		if err := a.put(tx, k); err != nil {
			return err
		}
	}
	for _, i := range p.instances {
		if err := tx.PutInstance(i.record); err != nil {
			return err
		}
	}
	for k, n := range p.hits {
		if err := k.add(tx, n); err != nil {
			return err
		}
	}
	return nil
}

func (a *appChange) put(tx localplatform.ControlTx, k appKey) error {
	record, err := tx.App(k.app, k.env)
	if localplatform.ErrorCode(err) == localplatform.CodeNotFound {
		record, err = localplatform.AppRecord{Name: k.app, Env: k.env}, nil
	}
	if err != nil {
		return err
	}
	if record.FirstSeen.IsZero() {
		record.FirstSeen = a.seen
	}
	if a.seen.After(record.LastSeen) {
		record.LastSeen = a.seen
	}
	for _, s := range a.stacks {
		record.Stack = mergeStack(record.Stack, s.stack, s.login)
	}
	return tx.PutApp(record)
}

func (k hitKey) add(tx localplatform.ControlTx, n int64) error {
	a, err := tx.Action(k.action)
	if localplatform.ErrorCode(err) == localplatform.CodeNotFound {
		return nil
	}
	if err != nil || !a.Applies(k.app.app, k.app.env) {
		return err
	}
	return tx.AddActionHits(k.action, n)
}

// forget drops instances from memory that have been silent for long and are written.
func (r *registry) forget() {
	limit := r.now().Add(-forgetAfter)
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.instances, func(k instanceKey, i *instance) bool {
		gone := r.changed[k] == nil && i.record.LastSeen.Before(limit)
		if gone {
			app := appKey{k.app, k.env}
			if r.count[app]--; r.count[app] == 0 {
				delete(r.count, app)
			}
		}
		return gone
	})
}
