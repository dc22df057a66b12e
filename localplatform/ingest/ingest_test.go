package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/ingest"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

// instructions is a policy source under a test's control.
type instructions struct {
	mu      sync.Mutex
	version uint64
	news    chan struct{}
}

func (i *instructions) Version() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.version
}

func (i *instructions) Instructions(_, _ string, have uint64) wire.Instructions {
	return wire.Instructions{Version: i.Version(), Have: have, Full: have == 0}
}

func (i *instructions) Wait(ctx context.Context, have uint64) error {
	for {
		i.mu.Lock()
		version, news := i.version, i.news
		i.mu.Unlock()
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

func (i *instructions) bump() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.version++
	close(i.news)
	i.news = make(chan struct{})
}

// failing is a store whose control data cannot be written while broken is set.
type failing struct {
	*sqlite.Store
	mu      sync.Mutex
	broken  bool
	updates int
}

func (f *failing) Update(ctx context.Context, fn func(tx localplatform.ControlTx) error) error {
	f.mu.Lock()
	f.updates++
	broken := f.broken
	f.mu.Unlock()
	if broken {
		return localplatform.Errorf(localplatform.CodeUnavailable, "disk full")
	}
	return f.Store.Update(ctx, fn)
}

func (f *failing) set(broken bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = broken
}

func (f *failing) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.updates
}

const maxInstances = 60

// desk is an Ingester with its surroundings, inside a bubble of fake time.
type desk struct {
	*ingest.Ingester
	t     *testing.T
	store *failing
	want  *instructions
	stop  func()
	done  chan struct{}
}

var shop = localplatform.Token{Kind: localplatform.TokenAgent, App: "shop", Env: "prod"}

// inBubble runs a test on an Ingester whose Run is running.
func inBubble(t *testing.T, test func(t *testing.T, d *desk)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, dir)
		defer d.close()
		test(t, d)
	})
}

func open(t *testing.T, dir string) *desk {
	t.Helper()
	store, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, store: &failing{Store: store}, want: &instructions{version: 1, news: make(chan struct{})}, done: make(chan struct{})}
	d.Ingester = ingest.New(d.store, ingest.Options{Instructions: d.want, MaxInstances: maxInstances})
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = cancel
	go func() {
		defer close(d.done)
		if err := d.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	return d
}

// end stops the Ingester, which writes what is pending.
func (d *desk) end() {
	d.stop()
	<-d.done
}

func (d *desk) close() {
	d.end()
	if err := d.store.Close(); err != nil {
		d.t.Errorf("Close: %v", err)
	}
}

func (d *desk) login(instance string, stack wire.Stack) wire.LoginReply {
	d.t.Helper()
	reply, err := d.Login(d.t.Context(), shop, wire.Login{Version: wire.Version, Instance: instance, Stack: stack})
	if err != nil {
		d.t.Fatalf("Login: %v", err)
	}
	return reply
}

func (d *desk) beat(h wire.Heartbeat) wire.HeartbeatReply {
	d.t.Helper()
	h.Version = wire.Version
	reply, err := d.Heartbeat(d.t.Context(), shop, h)
	if err != nil {
		d.t.Fatalf("Heartbeat: %v", err)
	}
	return reply
}

func (d *desk) app() localplatform.AppRecord {
	d.t.Helper()
	var a localplatform.AppRecord
	if err := d.store.View(d.t.Context(), func(tx localplatform.ControlTx) (err error) {
		a, err = tx.App("shop", "prod")
		return err
	}); err != nil {
		d.t.Fatalf("App: %v", err)
	}
	return a
}

func (d *desk) instance(id string) localplatform.Instance {
	d.t.Helper()
	var i localplatform.Instance
	if err := d.store.View(d.t.Context(), func(tx localplatform.ControlTx) (err error) {
		i, err = tx.Instance("shop", "prod", id)
		return err
	}); err != nil {
		d.t.Fatalf("Instance: %v", err)
	}
	return i
}

func event(name string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"kind":"event","name":%q,"time":%q}`, name, time.Now().UTC().Format(time.RFC3339Nano)))
}

func TestLoginIsDurable(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		reply := d.login("i-1", wire.Stack{Technology: "Go", Packages: []wire.Component{{Name: "example.com/a", Version: "v1"}}, Uses: []string{"shell"}})
		if reply.App != "shop" || reply.Env != "prod" || reply.HeartbeatSeconds != 20 || reply.Instructions.Version != 1 || !reply.Instructions.Full {
			t.Errorf("reply %+v", reply)
		}
		a := d.app() // no time has passed
		if a.Stack.Technology != "Go" || len(a.Stack.Packages) != 1 || !a.FirstSeen.Equal(time.Now()) {
			t.Errorf("app %+v", a)
		}
		i := d.instance("i-1")
		if i.Sent != 1 || i.Applied != 0 || len(i.Stack.Packages) != 0 {
			t.Errorf("instance %+v", i)
		}
	})
}

func TestLoginIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		operator := localplatform.Token{Kind: localplatform.TokenOperator, Role: localplatform.RoleAdmin}
		for name, c := range map[string]struct {
			token localplatform.Token
			login wire.Login
			code  localplatform.Code
		}{
			"operator's token": {operator, wire.Login{Version: 1, Instance: "i"}, localplatform.CodeForbidden},
			"newer protocol":   {shop, wire.Login{Version: wire.Version + 1, Instance: "i"}, localplatform.CodeVersion},
			"no protocol":      {shop, wire.Login{Instance: "i"}, localplatform.CodeInvalid},
			"no instance":      {shop, wire.Login{Version: 1}, localplatform.CodeInvalid},
			"long instance":    {shop, wire.Login{Version: 1, Instance: strings.Repeat("i", 300)}, localplatform.CodeInvalid},
			"another app":      {shop, wire.Login{Version: 1, Instance: "i", App: "blog"}, localplatform.CodeForbidden},
			"another env":      {shop, wire.Login{Version: 1, Instance: "i", Env: "dev"}, localplatform.CodeForbidden},
		} {
			if _, err := d.Login(t.Context(), c.token, c.login); localplatform.ErrorCode(err) != c.code {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestHeartbeatNeedsLogin(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		_, err := d.Heartbeat(t.Context(), shop, wire.Heartbeat{Version: 1, Instance: "i-1", Seq: 1})
		if localplatform.ErrorCode(err) != localplatform.CodeConflict {
			t.Errorf("heartbeat: %v", err)
		}
		if _, _, err := d.Poll(t.Context(), shop, "i-1", 0); localplatform.ErrorCode(err) != localplatform.CodeConflict {
			t.Errorf("poll: %v", err)
		}
	})
}

func TestBatchIsStoredOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		h := wire.Heartbeat{
			Instance: "i-1", Seq: 7, Applied: 1, Signals: []json.RawMessage{event("a"), json.RawMessage(`{"kind":7}`), event("b")},
			Counters: []wire.Counter{{Name: wire.CounterRequests, Minute: time.Now(), Value: 3}, {Name: "made up", Value: 1}, {Name: wire.CounterSQL, Value: -1}},
		}
		first, again := d.beat(h), d.beat(h)
		if first.Duplicate || first.Stored != 2 || len(first.Refused) != 1 || first.Refused[0] != (wire.Refusal{Index: 1, Reason: "kind: must be a string"}) {
			t.Errorf("first: %+v", first)
		}
		if !again.Duplicate || first.Instructions != nil {
			t.Errorf("again: %+v", again)
		}
		if got := d.store.LastPos(); got != 2 {
			t.Errorf("%d events stored", got)
		}
		if got := d.login("i-1", wire.Stack{}).LastSeq; got != 7 {
			t.Errorf("last batch %d", got)
		}
		drops := d.Stats().Drops
		if drops["signal_refused_field"] != 2 || drops["counter_refused"] != 4 {
			t.Errorf("drops %v", drops)
		}
	})
}

func TestTooMuchIsRefusedWhole(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		for name, h := range map[string]wire.Heartbeat{
			"signals":  {Signals: make([]json.RawMessage, wire.MaxSignals+1)},
			"counters": {Counters: make([]wire.Counter, 10_001)},
		} {
			h.Version, h.Instance, h.Seq = 1, "i-1", 1
			if _, err := d.Heartbeat(t.Context(), shop, h); localplatform.ErrorCode(err) != localplatform.CodeTooLarge {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// An idle heartbeat changes only when an instance was heard of last, which is
// written within a second and costs no transaction of its own.
func TestIdleHeartbeatsAreWrittenTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		for i := range 50 {
			d.login(fmt.Sprint("i-", i), wire.Stack{})
		}
		before := d.store.count()
		time.Sleep(20 * time.Second) // in the bubble
		synctest.Wait()
		if got := d.store.count(); got != before {
			t.Errorf("%d transactions while nothing happened", got-before)
		}
		for i := range 50 {
			d.beat(wire.Heartbeat{Instance: fmt.Sprint("i-", i), Seq: 1, Applied: 1})
		}
		heard := time.Now()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := d.store.count() - before; got != 1 {
			t.Errorf("%d transactions for 50 heartbeats", got)
		}
		if i := d.instance("i-49"); !i.LastSeen.Equal(heard) || i.Applied != 1 {
			t.Errorf("instance %+v", i)
		}
		if a := d.app(); !a.LastSeen.Equal(heard) {
			t.Errorf("app %+v", a)
		}
	})
}

func TestWhatIsPendingIsWrittenAtTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		time.Sleep(10 * time.Millisecond)
		d.beat(wire.Heartbeat{Instance: "i-1", Seq: 1, Applied: 1})
		d.end()
		if i := d.instance("i-1"); i.Applied != 1 {
			t.Errorf("instance %+v", i)
		}
	})
}

func TestUsedForTheFirstTimeIsDurable(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{Technology: "Go", Uses: []string{"http-client"}, Packages: []wire.Component{{Name: "p"}}})
		d.beat(wire.Heartbeat{
			Instance: "i-1", Seq: 1, Stack: &wire.Stack{Uses: []string{"sql"}, Hooks: []string{"sqlhook"}},
			Faults: []wire.Fault{{Check: "waf", Message: "slow", Count: 1}, {Check: "waf", Message: "slow", Count: 2}},
		})
		a, i := d.app(), d.instance("i-1")
		if fmt.Sprintf("%v %v %s %d", a.Stack.Uses, a.Stack.Hooks, a.Stack.Technology, len(a.Stack.Packages)) != "[http-client sql] [sqlhook] Go 1" {
			t.Errorf("stack %+v", a.Stack)
		}
		if len(i.Faults) != 1 || i.Faults[0].Count != 2 {
			t.Errorf("faults %+v", i.Faults)
		}
	})
}

// What others change about an app meanwhile stays.
func TestGroupSurvivesHeartbeats(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		a := d.app()
		a.Group = "payments"
		if err := d.store.Update(t.Context(), func(tx localplatform.ControlTx) error { return tx.PutApp(a) }); err != nil {
			t.Fatal(err)
		}
		d.beat(wire.Heartbeat{Instance: "i-1", Seq: 1})
		time.Sleep(time.Second)
		synctest.Wait()
		if got := d.app().Group; got != "payments" {
			t.Errorf("group %q", got)
		}
	})
}

func TestStoreThatFailsLosesNothingAcknowledged(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		d.store.set(true)
		if _, err := d.Login(t.Context(), shop, wire.Login{Version: 1, Instance: "i-2"}); localplatform.ErrorCode(err) != localplatform.CodeUnavailable {
			t.Errorf("login: %v", err)
		}
		d.beat(wire.Heartbeat{Instance: "i-1", Seq: 1, Applied: 1, Counters: []wire.Counter{{Name: wire.CounterActionHits, Key: "a-1", Minute: time.Now(), Value: 2}}})
		time.Sleep(5 * time.Second)
		d.store.set(false)
		var a localplatform.Action
		if err := d.store.Update(t.Context(), func(tx localplatform.ControlTx) error {
			a = localplatform.Action{ID: "a-1", Kind: wire.ActionBlockIP, Target: "203.0.113.7"}
			return tx.PutAction(&a)
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if i := d.instance("i-1"); i.Applied != 1 {
			t.Errorf("instance %+v", i)
		}
		if err := d.store.View(t.Context(), func(tx localplatform.ControlTx) (err error) {
			a, err = tx.Action("a-1")
			return err
		}); err != nil || a.Hits != 2 {
			t.Errorf("action %+v, %v", a, err)
		}
	})
}

// An agent's word counts only for actions that concern its own app.
func TestHitsOfForeignActionsAreNotCounted(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		if err := d.store.Update(t.Context(), func(tx localplatform.ControlTx) error {
			return tx.PutAction(&localplatform.Action{ID: "a-1", Kind: wire.ActionBlockIP, Target: "203.0.113.7", App: "blog"})
		}); err != nil {
			t.Fatal(err)
		}
		d.login("i-1", wire.Stack{})
		d.beat(wire.Heartbeat{Instance: "i-1", Seq: 1, Counters: []wire.Counter{
			{Name: wire.CounterActionHits, Key: "a-1", Minute: time.Now(), Value: 2}, {Name: wire.CounterActionHits, Key: "a-9", Minute: time.Now(), Value: 2},
		}})
		time.Sleep(time.Second)
		synctest.Wait()
		if err := d.store.View(t.Context(), func(tx localplatform.ControlTx) error {
			a, err := tx.Action("a-1")
			if a.Hits != 0 {
				t.Errorf("%d hits", a.Hits)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestInstructionsComeWithTheHeartbeat(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		if r := d.beat(wire.Heartbeat{Instance: "i-1", Seq: 1, Applied: 1}); r.Instructions != nil {
			t.Errorf("told of nothing new: %+v", r)
		}
		d.want.bump()
		if r := d.beat(wire.Heartbeat{Instance: "i-1", Seq: 2, Applied: 1}); r.Instructions == nil || r.Instructions.Version != 2 || r.Instructions.Have != 1 {
			t.Errorf("not told of version 2: %+v", r)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if i := d.instance("i-1"); i.Sent != 2 || i.Applied != 1 || i.PushStatus(2, time.Now()) != "sent" {
			t.Errorf("instance %+v", i)
		}
	})
}

func TestPollEndsWithNewsAndWithoutAtTheEndOfItsTime(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		type result struct {
			i    wire.Instructions
			news bool
			err  error
			took time.Duration
		}
		poll := func() <-chan result {
			out := make(chan result, 1)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
				defer cancel()
				begin := time.Now()
				i, news, err := d.Poll(ctx, shop, "i-1", 1)
				out <- result{i, news, err, time.Since(begin)}
			}()
			synctest.Wait()
			return out
		}
		if r := <-poll(); r.err != nil || r.news || r.took != 25*time.Second {
			t.Errorf("without news: %+v", r)
		}
		waiting := poll()
		if got := d.Stats().Polling; got != 1 {
			t.Errorf("%d polling", got)
		}
		time.Sleep(3 * time.Second)
		d.want.bump()
		if r := <-waiting; r.err != nil || !r.news || r.i.Version != 2 || r.took != 3*time.Second {
			t.Errorf("with news: %+v", r)
		}
	})
}

// An agent that asks for what came after a version says that it is in force.
func TestPollAcknowledges(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		for _, have := range []uint64{1, 99} { // 99 was never given out
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, _, err := d.Poll(ctx, shop, "i-1", have); err != nil {
				t.Error(err)
			}
			cancel()
		}
		time.Sleep(5 * time.Second)
		if i := d.instance("i-1"); i.Applied != 1 {
			t.Errorf("version %d is in force, want 1", i.Applied)
		}
	})
}

// After a restart an agent goes on reporting without a login.
func TestInstanceIsKnownAfterRestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, dir)
		d.login("i-1", wire.Stack{Technology: "Go"})
		d.close()
		d = open(t, dir)
		defer d.close()
		if r := d.beat(wire.Heartbeat{Instance: "i-1", Seq: 1, Signals: []json.RawMessage{event("a")}}); r.Stored != 1 {
			t.Errorf("reply %+v", r)
		}
	})
}

func TestSilentInstancesLeaveMemory(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.login("i-1", wire.Stack{})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := d.Stats(); got.Instances != 0 || got.Unwritten != 0 {
			t.Errorf("%+v", got)
		}
		d.beat(wire.Heartbeat{Instance: "i-1", Seq: 1})
		if got := d.Stats().Instances; got != 1 {
			t.Errorf("%d instances", got)
		}
	})
}

// A stolen token cannot fill the memory with instances.
func TestInstancesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		for n := range maxInstances + 3 {
			_, err := d.Login(t.Context(), shop, wire.Login{Version: 1, Instance: fmt.Sprint("i-", n)})
			if full := localplatform.ErrorCode(err) == localplatform.CodeTooLarge; full != (n >= maxInstances) {
				t.Errorf("login %d: %v", n, err)
			}
		}
		d.login("i-1", wire.Stack{})
		if got := d.Stats().Instances; got != maxInstances {
			t.Errorf("%d instances", got)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		d.login("i-new", wire.Stack{})
	})
}
