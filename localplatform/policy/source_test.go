package policy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/policy"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

// desk is a Source on a store, inside a bubble of fake time.
type desk struct {
	*policy.Source
	t     *testing.T
	store *sqlite.Store
}

func inBubble(t *testing.T, test func(t *testing.T, d *desk)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(dir, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}()
		d := &desk{t: t, store: store}
		d.restart()
		test(t, d)
	})
}

// restart makes a new Source, as a new process would.
func (d *desk) restart() {
	d.t.Helper()
	s, err := policy.New(d.t.Context(), d.store, policy.Options{LookEvery: time.Minute})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Source = s
}

// change makes one configuration change behind the Source's back.
func (d *desk) change(fn func(tx localplatform.ControlTx, version uint64) error) uint64 {
	d.t.Helper()
	var version uint64
	if err := d.store.Update(d.t.Context(), func(tx localplatform.ControlTx) (err error) {
		if version, err = tx.BumpConfig(); err != nil {
			return err
		}
		return fn(tx, version)
	}); err != nil {
		d.t.Fatal(err)
	}
	return version
}

// put stores an action and refreshes.
func (d *desk) put(a localplatform.Action) uint64 {
	d.t.Helper()
	v := d.change(func(tx localplatform.ControlTx, version uint64) error {
		a.Version = version
		if a.Kind == "" {
			a.Kind, a.Target = wire.ActionBlockIP, "203.0.113.7"
		}
		return tx.PutAction(&a)
	})
	d.refresh()
	return v
}

func (d *desk) refresh() {
	d.t.Helper()
	if err := d.Refresh(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// told writes instructions the short way: "v3 full +a-1 +a-2 -a-3".
func (d *desk) told(app, env string, have uint64) string {
	i := d.Instructions(app, env, have)
	words := []string{fmt.Sprintf("v%d", i.Version)}
	if i.Full {
		words = append(words, "full")
	}
	for _, a := range i.Actions {
		words = append(words, "+"+a.ID)
	}
	for _, id := range i.Removed {
		words = append(words, "-"+id)
	}
	return strings.Join(words, " ")
}

func (d *desk) want(text, app, env string, have uint64) {
	d.t.Helper()
	if got := d.told(app, env, have); got != text {
		d.t.Errorf("%s/%s has %d: got %q, want %q", app, env, have, got, text)
	}
}

func TestDifferences(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		now := time.Now()
		d.put(localplatform.Action{ID: "a-1"})                                                                        // v1
		d.put(localplatform.Action{ID: "a-2", App: "shop"})                                                           // v2
		d.put(localplatform.Action{ID: "a-3", App: "shop", Env: "dev"})                                               // v3
		d.put(localplatform.Action{ID: "a-4", Expires: now.Add(time.Hour), Kind: wire.ActionBlockUser, Target: "42"}) // v4
		d.put(localplatform.Action{ID: "a-1", Revoked: now})                                                          // v5
		d.want("v5 full +a-2 +a-4", "shop", "prod", 0)
		d.want("v5 full +a-4", "blog", "prod", 0)
		d.want("v5 +a-2 +a-4 -a-1", "SHOP", "Prod", 1)
		d.want("v5 +a-4 -a-1", "shop", "prod", 2)
		d.want("v5 +a-3 +a-4 -a-1", "shop", "dev", 2)
		d.want("v5 -a-1", "shop", "prod", 4)
		d.want("v5", "shop", "prod", 5)
		d.want("v5 full +a-2 +a-4", "shop", "prod", 99) // from another platform
		time.Sleep(2 * time.Hour)
		d.want("v5 full +a-2", "shop", "prod", 0)
		d.want("v5 -a-4 -a-1", "shop", "prod", 3)
	})
}

func TestActionsTravelWhole(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		end := time.Now().Add(time.Hour).UTC()
		d.put(localplatform.Action{ID: "a-1", Kind: wire.ActionRedirectIP, Target: "2001:db8::/32", URL: "/sorry", Expires: end})
		d.put(localplatform.Action{ID: "a-2", Kind: wire.ActionBlockUser, Target: "id=42"})
		got := d.Instructions("shop", "prod", 0).Actions
		want := []wire.Action{
			{ID: "a-1", Kind: wire.ActionRedirectIP, CIDR: "2001:db8::/32", URL: "/sorry", Expires: end},
			{ID: "a-2", Kind: wire.ActionBlockUser, User: "id=42"},
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestPolicyOfGroupAndApp(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		kill := true
		d.change(func(tx localplatform.ControlTx, _ uint64) error {
			if err := tx.PutApp(localplatform.AppRecord{Name: "shop", Env: "prod", Group: "payments"}); err != nil {
				return err
			}
			if err := tx.PutPolicy(localplatform.Policy{Scope: localplatform.PolicyScope{Group: "payments"}, Modes: map[string]string{wire.ProtectionWAF: wire.ModeBlock}, IPPasslist: []string{"10.0.0.0/8"}}); err != nil {
				return err
			}
			return tx.PutPolicy(localplatform.Policy{Scope: localplatform.PolicyScope{App: "shop", Env: "prod"}, KillSwitch: &kill, PathPasslist: []string{"/health"}})
		})
		d.refresh()
		i := d.Instructions("shop", "prod", 0)
		if i.Policy.Modes[wire.ProtectionWAF] != wire.ModeBlock || !i.Policy.KillSwitch || !slices.Equal(i.IPPasslist, []string{"10.0.0.0/8"}) || !slices.Equal(i.PathPasslist, []string{"/health"}) {
			t.Errorf("shop: %+v", i)
		}
		if i := d.Instructions("blog", "prod", 0); i.Policy.Modes[wire.ProtectionWAF] != wire.ModeMonitor || i.Policy.KillSwitch || i.IPPasslist != nil {
			t.Errorf("blog: %+v", i)
		}
	})
}

// What ended before a restart is not remembered; agents that may have missed it
// get everything.
func TestRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		d.put(localplatform.Action{ID: "a-1"})
		d.put(localplatform.Action{ID: "a-2"})
		d.put(localplatform.Action{ID: "a-1", Revoked: time.Now()})
		time.Sleep(time.Second)
		d.restart()
		d.want("v3", "shop", "prod", 3)
		d.want("v3 full +a-2", "shop", "prod", 2)
		d.put(localplatform.Action{ID: "a-3"})
		d.want("v4 +a-3", "shop", "prod", 3)
	})
}

func TestWaitEndsWithAChange(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		woken := make(chan error, 1)
		go func() { woken <- d.Wait(t.Context(), 0) }()
		synctest.Wait()
		select {
		case err := <-woken:
			t.Fatalf("woken by nothing: %v", err)
		default:
		}
		d.put(localplatform.Action{ID: "a-1"})
		if err := <-woken; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := d.Wait(ctx, 1); err == nil {
			t.Error("woken by nothing")
		}
	})
}

// A change that nobody tells of is found by itself.
func TestRunLooksForChanges(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		d.change(func(tx localplatform.ControlTx, version uint64) error {
			return tx.PutAction(&localplatform.Action{ID: "a-1", Kind: wire.ActionBlockIP, Target: "203.0.113.7", Version: version})
		})
		begin := time.Now()
		if err := d.Wait(t.Context(), 0); err != nil || time.Since(begin) > time.Minute {
			t.Errorf("found after %s, %v", time.Since(begin), err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestEndedActionsAreForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		d.put(localplatform.Action{ID: "a-1"})
		d.put(localplatform.Action{ID: "a-2"})
		d.put(localplatform.Action{ID: "a-1", Revoked: time.Now()})
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		d.want("v3 -a-1", "shop", "prod", 2)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		d.want("v3 full +a-2", "shop", "prod", 2)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkInstructions(b *testing.B) {
	dir := b.TempDir()
	store, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	if err := store.Update(b.Context(), func(tx localplatform.ControlTx) error {
		for n := range 10_000 {
			version, err := tx.BumpConfig()
			if err != nil {
				return err
			}
			a := localplatform.Action{Kind: wire.ActionBlockIP, Target: fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255), Version: version}
			if err := tx.PutAction(&a); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	s, err := policy.New(b.Context(), store, policy.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if i := s.Instructions("shop", "prod", s.Version()-1); len(i.Actions) != 1 {
			b.Fatal(len(i.Actions))
		}
	}
}
