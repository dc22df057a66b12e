package demo

import (
	"slices"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/demo/traffic"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

func TestDemo(t *testing.T) {
	data := t.TempDir()
	st := stageFor(t, Options{Keep: data, Seed: 1, Rate: 300, rounds: 3})
	playOut(t, st)
	ctx := asAdmin(t.Context())

	t.Run("attacks become incidents of several kinds in both environments", func(t *testing.T) {
		for _, env := range []string{"prod", "staging"} {
			kinds := kindsOf(t, st.platform, env)
			for _, want := range []string{wire.AttackSQLi, localplatform.IncidentScan, localplatform.IncidentCredentialStuffing} {
				if !slices.Contains(kinds, want) {
					t.Errorf("%s: no incident of kind %s, only %v", env, want, kinds)
				}
			}
		}
	})
	t.Run("customers are never taken for attackers", func(t *testing.T) {
		for _, s := range st.stands {
			r := s.crowd.Report().Roles[traffic.Customer]
			if r.Sent < 200 || r.Refused > 0 || r.Errors > 0 || r.Failed > 0 {
				t.Errorf("%s: customers %+v", s.env, r)
			}
		}
		for _, prefix := range []string{traffic.CustomersV4.String(), traffic.CustomersV6.String()} {
			page, err := st.platform.Events(ctx, localplatform.EventQuery{Query: "attack:* ip:" + prefix})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Events {
				t.Errorf("%s: %s %s: %s", e.Env, e.Method, e.Path, e.Message)
			}
			incidents, err := st.platform.Incidents(ctx, localplatform.IncidentQuery{Query: "ip:" + prefix})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range incidents.Incidents {
				t.Errorf("%s: incident %s names a customer's address", i.Env, i.Title)
			}
			seen, err := st.platform.CountEvents(ctx, "ip:"+prefix)
			if err != nil || seen == 0 {
				t.Errorf("nothing at all is known of customers in %s (%v)", prefix, err)
			}
		}
	})
	t.Run("nothing is injected into production and everything into staging", func(t *testing.T) {
		for _, s := range st.stands {
			for _, try := range s.crowd.Report().Techniques {
				if try.Role == traffic.Injector && try.Worked > 0 && s.mode == wire.ModeBlock {
					t.Errorf("prod: %s worked %d of %d times", try.Name, try.Worked, try.Tried)
				}
			}
		}
		if rows := st.stands[1].crowd.Report().Loot.Rows; rows < 50 {
			t.Errorf("staging, which only monitors, leaked %d rows", rows)
		}
	})
	t.Run("the picture and the report hold it all", func(t *testing.T) { checkBoard(t, st) })
	t.Run("the kept data opens afterwards", func(t *testing.T) {
		if err := st.strike(t.Context()); err != nil {
			t.Fatal(err)
		}
		p, err := server.Connect(t.Context(), server.ConnectOptions{Data: data})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		apps, err := p.Apps(ctx, "env:prod risk:high")
		if err != nil || len(apps) != 1 || apps[0].Incidents < 3 {
			t.Errorf("apps in production at high risk: %+v, %v", apps, err)
		}
	})
}

func kindsOf(t *testing.T, p localplatform.Platform, env string) []string {
	t.Helper()
	page, err := p.Incidents(asAdmin(t.Context()), localplatform.IncidentQuery{Query: "env:" + env})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, i := range page.Incidents {
		kinds = append(kinds, i.Kind)
	}
	return kinds
}

func checkBoard(t *testing.T, st *stage) {
	t.Helper()
	p := newBoard(st).look(t.Context())
	if p.Trouble != "" || len(p.Stands) != 2 || p.Total < 6 || len(p.Incidents) == 0 {
		t.Errorf("picture: trouble %q, %d shops, %d incidents", p.Trouble, len(p.Stands), p.Total)
	}
	for name, counts := range map[string][]int64{"requests": p.Requests, "attacks": p.Attacks, "blocked": p.Blocked} {
		if len(counts) != chartSeconds || slices.Max(counts) == 0 {
			t.Errorf("%s: %v", name, counts)
		}
	}
	if err := newBoard(st).report(t.Context()); err != nil {
		t.Error(err)
	}
}
