package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

func update(t testing.TB, s localplatform.Store, fn func(tx localplatform.ControlTx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t testing.TB, s localplatform.Store, fn func(tx localplatform.ControlTx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// same compares what was read with what was written; nil and empty are one.
func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantCode(t testing.TB, what string, err error, want localplatform.Code) {
	t.Helper()
	if localplatform.ErrorCode(err) != want {
		t.Errorf("%s: %v, want code %q", what, err, want)
	}
}

func testApps(t *testing.T, s localplatform.Store) {
	stack := wire.Stack{
		Agent: wire.Component{Name: "agentkit-go", Version: "0.1.0"}, Technology: "Go", OS: "linux/amd64", PID: 4,
		Packages: []wire.Component{{Name: "example.com/a", Version: "v1.2.3"}}, Uses: []string{"sql"},
	}
	shop := localplatform.AppRecord{Name: "shop", Env: "prod", Group: "pci", FirstSeen: Start, LastSeen: Start.Add(time.Minute), Stack: stack}
	blog := localplatform.AppRecord{Name: "blog", Env: "prod"}
	staging := localplatform.AppRecord{Name: "shop", Env: "staging"}
	staging.Stack.Packages = []wire.Component{{Name: "example.com/b"}, {Name: "odd\tname\n", Version: "\x00"}}
	one := localplatform.Instance{
		ID: "i-1", App: "shop", Env: "prod", Stack: stack, Started: Start, FirstSeen: Start, LastSeen: Start.Add(time.Hour),
		Sent: 3, Applied: 2, Faults: []wire.Fault{{Check: "waf", Message: "slow", Count: 2, At: Start}},
	}
	two := localplatform.Instance{ID: "i-2", App: "shop", Env: "prod", LastSeen: Start}
	three := localplatform.Instance{ID: "i-1", App: "blog", Env: "prod", LastSeen: Start.Add(2 * time.Hour)}
	update(t, s, func(tx localplatform.ControlTx) error {
		return errors.Join(tx.PutApp(shop), tx.PutApp(staging), tx.PutApp(blog), tx.PutApp(blog),
			tx.PutInstance(two), tx.PutInstance(one), tx.PutInstance(three), tx.PutInstance(one))
	})
	view(t, s, func(tx localplatform.ControlTx) error {
		apps, err := tx.Apps()
		same(t, "Apps", []localplatform.AppRecord{blog, shop, staging}, apps)
		a, err2 := tx.App("shop", "prod")
		same(t, "App", shop, a)
		_, err3 := tx.App("shop", "dev")
		wantCode(t, "App of an unknown environment", err3, localplatform.CodeNotFound)
		return errors.Join(err, err2)
	})
	view(t, s, func(tx localplatform.ControlTx) error {
		all, err := tx.Instances("", "")
		same(t, "all instances", []localplatform.Instance{three, one, two}, all)
		some, err2 := tx.Instances("shop", "prod")
		same(t, "instances of shop", []localplatform.Instance{one, two}, some)
		i, err3 := tx.Instance("blog", "prod", "i-1")
		same(t, "Instance", three, i)
		_, missing := tx.Instance("blog", "prod", "i-2")
		wantCode(t, "unknown instance", missing, localplatform.CodeNotFound)
		return errors.Join(err, err2, err3)
	})
	update(t, s, func(tx localplatform.ControlTx) error {
		n, err := tx.DeleteInstances(Start.Add(time.Hour))
		if n != 1 {
			t.Errorf("DeleteInstances = %d, want 1", n)
		}
		left, err2 := tx.Instances("", "")
		same(t, "instances left", []localplatform.Instance{three, one}, left)
		return errors.Join(err, err2)
	})
}

func testActions(t *testing.T, s localplatform.Store) {
	block := localplatform.Action{Kind: wire.ActionBlockIP, Target: "203.0.113.7", Reason: "probing", Incident: 4, By: "ann", Created: Start, Expires: Start.Add(time.Hour), Version: 2}
	user := localplatform.Action{Kind: wire.ActionRedirectUser, Target: "42", URL: "/sorry", App: "shop", Env: "prod", By: "bob", Created: Start, Version: 3}
	update(t, s, func(tx localplatform.ControlTx) error { return errors.Join(tx.PutAction(&block), tx.PutAction(&user)) })
	if block.ID == "" || block.ID == user.ID {
		t.Fatalf("ids %q and %q", block.ID, user.ID)
	}
	update(t, s, func(tx localplatform.ControlTx) error {
		err := errors.Join(tx.AddActionHits(block.ID, 5), tx.AddActionHits(block.ID, 2))
		wantCode(t, "hits of an unknown action", tx.AddActionHits("a-none", 1), localplatform.CodeNotFound)
		return err
	})
	block.Hits = 7
	user.Revoked, user.Version = Start.Add(time.Minute), 5
	update(t, s, func(tx localplatform.ControlTx) error { return tx.PutAction(&user) })
	view(t, s, func(tx localplatform.ControlTx) error {
		all, err := tx.Actions(nil, Start)
		same(t, "Actions", []localplatform.Action{user, block}, all)
		a, err2 := tx.Action(block.ID)
		same(t, "Action", block, a)
		_, missing := tx.Action("a-none")
		wantCode(t, "unknown action", missing, localplatform.CodeNotFound)
		for v, want := range map[uint64][]localplatform.Action{0: {block, user}, 2: {user}, 5: nil} {
			changed, err := tx.ActionsChanged(v)
			same(t, fmt.Sprintf("ActionsChanged(%d)", v), want, changed)
			if err != nil {
				return err
			}
		}
		return errors.Join(err, err2)
	})
	for text, want := range map[string][]localplatform.Action{
		"state:active": {block}, "state:revoked": {user}, "ip:203.0.113.0/24": {block}, "app:shop": {user}, "hits:>6": {block}, "by:nobody": nil,
	} {
		f := compileOver(t, text, localplatform.ActionSchema())
		view(t, s, func(tx localplatform.ControlTx) error {
			got, err := tx.Actions(f, Start.Add(time.Minute))
			same(t, text, want, got)
			return err
		})
	}
	f := compileOver(t, "state:expired", localplatform.ActionSchema())
	view(t, s, func(tx localplatform.ControlTx) error {
		got, err := tx.Actions(f, Start.Add(time.Hour))
		same(t, "state:expired an hour later", []localplatform.Action{block}, got)
		return err
	})
}

func testPolicies(t *testing.T, s localplatform.Store) {
	on, status := true, 451
	all := localplatform.Policy{Modes: map[string]string{"waf": "block"}, Updated: Start, By: "ann"}
	app := localplatform.Policy{Scope: localplatform.PolicyScope{App: "shop", Env: "prod"}, KillSwitch: &on, BlockStatus: &status, IPPasslist: []string{"10.0.0.0/8"}}
	group := localplatform.Policy{Scope: localplatform.PolicyScope{Group: "pci"}, Modes: map[string]string{"csp": "monitor"}}
	update(t, s, func(tx localplatform.ControlTx) error {
		v, err := tx.ConfigVersion()
		if v != 0 {
			t.Errorf("ConfigVersion of an empty store = %d", v)
		}
		for want := uint64(1); want <= 3; want++ {
			got, err := tx.BumpConfig()
			if err != nil || got != want {
				t.Errorf("BumpConfig = %d, %v, want %d", got, err, want)
			}
		}
		return errors.Join(err, tx.PutPolicy(app), tx.PutPolicy(all), tx.PutPolicy(group))
	})
	app.KillSwitch = nil
	update(t, s, func(tx localplatform.ControlTx) error {
		return errors.Join(tx.PutPolicy(app), tx.DeletePolicy(group.Scope), tx.DeletePolicy(localplatform.PolicyScope{App: "gone"}))
	})
	view(t, s, func(tx localplatform.ControlTx) error {
		got, err := tx.Policies()
		same(t, "Policies", []localplatform.Policy{all, app}, got)
		v, err2 := tx.ConfigVersion()
		if v != 3 {
			t.Errorf("ConfigVersion = %d, want 3", v)
		}
		return errors.Join(err, err2)
	})
}

func testTokens(t *testing.T, s localplatform.Store) {
	agent := localplatform.Token{ID: "t1", Kind: localplatform.TokenAgent, App: "shop", Env: "prod", Hash: []byte{1, 2, 0, 255}, Created: Start, By: "ann"}
	admin := localplatform.Token{ID: "t2", Kind: localplatform.TokenOperator, Name: "root", Role: localplatform.RoleAdmin, Hash: []byte{9}, Created: Start.Add(time.Second), Expires: Start.Add(time.Hour)}
	update(t, s, func(tx localplatform.ControlTx) error { return errors.Join(tx.PutToken(agent), tx.PutToken(admin)) })
	agent.LastUsed, agent.Revoked = Start.Add(time.Minute), Start.Add(2*time.Minute)
	update(t, s, func(tx localplatform.ControlTx) error { return tx.PutToken(agent) })
	view(t, s, func(tx localplatform.ControlTx) error {
		got, err := tx.Tokens()
		same(t, "Tokens", []localplatform.Token{agent, admin}, got)
		one, err2 := tx.TokenByHash([]byte{1, 2, 0, 255})
		same(t, "TokenByHash", agent, one)
		for _, hash := range [][]byte{nil, {1, 2}, {1, 2, 0, 255, 0}} {
			_, missing := tx.TokenByHash(hash)
			wantCode(t, "unknown hash", missing, localplatform.CodeNotFound)
		}
		return errors.Join(err, err2)
	})
	err := s.Update(t.Context(), func(tx localplatform.ControlTx) error {
		return tx.PutToken(localplatform.Token{ID: "t3", Kind: localplatform.TokenAgent, Hash: []byte{9}})
	})
	wantCode(t, "a hash that another token has", err, localplatform.CodeConflict)
}

func testAudit(t *testing.T, s localplatform.Store) {
	var want []localplatform.AuditEntry
	for i := range 5 {
		e := localplatform.AuditEntry{At: Start.Add(time.Duration(i) * time.Second), By: "ann", What: "action.create", On: fmt.Sprint(i), Text: "because"}
		update(t, s, func(tx localplatform.ControlTx) error { return tx.AddAudit(e) })
		e.ID = int64(i + 1)
		want = append([]localplatform.AuditEntry{e}, want...)
	}
	view(t, s, func(tx localplatform.ControlTx) error {
		got, err := tx.Audit(3)
		same(t, "Audit", want[:3], got)
		all, err2 := tx.Audit(0)
		same(t, "whole Audit", want, all)
		v, err3 := tx.Value("cursor")
		if v != nil {
			t.Errorf("a value never put = %q", v)
		}
		return errors.Join(err, err2, err3)
	})
	update(t, s, func(tx localplatform.ControlTx) error {
		return errors.Join(tx.PutValue("cursor", []byte{0, 1}), tx.PutValue("cursor", []byte{7, 0}), tx.PutValue("empty", nil))
	})
	view(t, s, func(tx localplatform.ControlTx) error {
		v, err := tx.Value("cursor")
		same(t, "Value", []byte{7, 0}, v)
		empty, err2 := tx.Value("empty")
		if len(empty) != 0 {
			t.Errorf("an empty value = %q", empty)
		}
		return errors.Join(err, err2)
	})
}

func testRollback(t *testing.T, s localplatform.Store) {
	boom := errors.New("boom")
	err := s.Update(t.Context(), func(tx localplatform.ControlTx) error {
		i := localplatform.Incident{App: "shop", Kind: "sqli", State: localplatform.StateOpen}
		if err := errors.Join(tx.PutIncident(&i), tx.PutValue("v", []byte("x")), tx.AddTimeline(i.ID, localplatform.TimelineEntry{At: Start})); err != nil {
			return err
		}
		if _, err := tx.BumpConfig(); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("Update: %v, want the function's own error", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic in Update was swallowed")
			}
		}()
		_ = s.Update(t.Context(), func(tx localplatform.ControlTx) error {
			if err := tx.PutValue("v", []byte("y")); err != nil {
				return err
			}
			panic("boom")
		})
	}()
	view(t, s, func(tx localplatform.ControlTx) error {
		live, err := tx.LiveIncidents()
		v, err2 := tx.Value("v")
		version, err3 := tx.ConfigVersion()
		if len(live) != 0 || v != nil || version != 0 {
			t.Errorf("after failures: %d incidents, value %q, version %d", len(live), v, version)
		}
		return errors.Join(err, err2, err3)
	})
	update(t, s, func(tx localplatform.ControlTx) error { return tx.PutValue("v", []byte("z")) })
}

func testViews(t *testing.T, s localplatform.Store) {
	update(t, s, func(tx localplatform.ControlTx) error { return tx.PutValue("v", []byte("old")) })
	view(t, s, func(tx localplatform.ControlTx) error {
		before, err := tx.Value("v")
		if err != nil {
			return err
		}
		update(t, s, func(tx localplatform.ControlTx) error { return tx.PutValue("v", []byte("new")) })
		after, err := tx.Value("v")
		if string(before) != "old" || string(after) != "old" {
			t.Errorf("a view saw %q and then %q", before, after)
		}
		return err
	})
	view(t, s, func(tx localplatform.ControlTx) error {
		if err := tx.PutValue("v", []byte("view")); err == nil {
			t.Error("a view could write")
		}
		if _, err := tx.BumpConfig(); err == nil {
			t.Error("a view could raise the configuration version")
		}
		v, err := tx.Value("v")
		if string(v) != "new" {
			t.Errorf("value = %q, want new", v)
		}
		return err
	})
}

func testConcurrentUpdates(t *testing.T, s localplatform.Store) {
	const callers, rounds = 8, 20
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range rounds {
				err := s.Update(t.Context(), func(tx localplatform.ControlTx) error {
					v, err := tx.Value("n")
					if err != nil {
						return err
					}
					if _, err := tx.BumpConfig(); err != nil {
						return err
					}
					var n int
					_, _ = fmt.Sscan(string(v), &n) // the first time there is nothing to read
					return tx.PutValue("n", fmt.Append(nil, n+1))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
				err = s.View(t.Context(), func(tx localplatform.ControlTx) error {
					v, err := tx.Value("n")
					version, err2 := tx.ConfigVersion()
					if fmt.Sprint(version) != string(v) {
						t.Errorf("a view saw value %s beside version %d", v, version)
					}
					return errors.Join(err, err2)
				})
				if err != nil {
					t.Errorf("View: %v", err)
				}
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx localplatform.ControlTx) error {
		v, err := tx.Value("n")
		if string(v) != fmt.Sprint(callers*rounds) {
			t.Errorf("counted to %s, want %d", v, callers*rounds)
		}
		return err
	})
}
