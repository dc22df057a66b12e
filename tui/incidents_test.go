package tui

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// deeds notes what the explorer changes.
type deeds struct {
	changes []localplatform.IncidentChange
	ids     []int64
	actions []localplatform.Action
}

func (d *deeds) platform() *fake {
	p := samplePlatform(100)
	p.change = func(id int64, c localplatform.IncidentChange) (localplatform.Incident, error) {
		d.ids, d.changes = append(d.ids, id), append(d.changes, c)
		in, err := sampleIncident(id)
		if c.State != "" {
			in.State = c.State
		}
		return in, err
	}
	p.add = func(a localplatform.Action) (localplatform.Action, error) {
		d.actions = append(d.actions, a)
		return a, nil
	}
	return p
}

func TestIncidentChanges(t *testing.T) {
	who, nobody := "alice", ""
	for name, c := range map[string]struct {
		do   func(s *screen)
		want localplatform.IncidentChange
		sees string
	}{
		"acknowledge": {func(s *screen) { s.press("a") }, localplatform.IncidentChange{State: localplatform.StateAcknowledged}, "sqreen incidents ack 2"},
		"reopen":      {func(s *screen) { s.press("o") }, localplatform.IncidentChange{State: localplatform.StateOpen}, "sqreen incidents reopen 2"},
		"resolve":     {func(s *screen) { s.press("x", "y") }, localplatform.IncidentChange{State: localplatform.StateResolved}, "sqreen incidents resolve 2"},
		"ignore":      {func(s *screen) { s.press("I", "enter") }, localplatform.IncidentChange{State: localplatform.StateIgnored}, "sqreen incidents ignore 2"},
		"snooze": {
			func(s *screen) { s.press("z", "j", "enter") },
			localplatform.IncidentChange{State: localplatform.StateSnoozed, SnoozedUntil: noon().Add(24 * time.Hour)},
			"snooze 2 --for 24h",
		},
		"assign":   {func(s *screen) { s.press("u"); s.typed("alice"); s.press("enter") }, localplatform.IncidentChange{Assignee: &who}, "assign 2 --to 'alice'"},
		"unassign": {func(s *screen) { s.press("u", "enter") }, localplatform.IncidentChange{Assignee: &nobody}, "--to 'nobody'"},
		"note":     {func(s *screen) { s.press("m"); s.typed("seen"); s.press("enter") }, localplatform.IncidentChange{Note: "seen"}, "noted on incident 2"},
	} {
		t.Run(name, func(t *testing.T) {
			var d deeds
			onScreen(t, d.platform(), 100, 30, Options{Page: PageIncidents}, func(s *screen) {
				s.press("j")
				c.do(s)
				s.sees(c.sees)
				if diff := cmp.Diff([]localplatform.IncidentChange{c.want}, d.changes); diff != "" {
					t.Error(diff)
				}
				if err := c.want.Validate(); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff([]int64{2}, d.ids); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestDialogsThatAreLeftChangeNothing(t *testing.T) {
	var d deeds
	onScreen(t, d.platform(), 80, 24, Options{Page: PageIncidents}, func(s *screen) {
		for _, keys := range [][]string{{"x", "n"}, {"I", "esc"}, {"z", "esc"}, {"b", "q"}, {"u", "esc"}, {"m", "esc"}, {"m", "enter"}} {
			s.press(keys...)
		}
		s.sees("1 of 120")
		if len(d.changes)+len(d.actions) > 0 {
			t.Fatalf("changed %v %v", d.changes, d.actions)
		}
	})
}

func TestBlocksAnActor(t *testing.T) {
	var d deeds
	onScreen(t, d.platform(), 100, 30, Options{Page: PageIncidents}, func(s *screen) {
		s.press("enter", "b")
		s.sees("Block an actor of incident 1", "$ sqreen actions block 203.0.113.7 --for 24h --incident 1")
		s.press("j", "enter")
		s.sees("203.0.113.7 is blocked for 7d")
		s.press("esc", "j", "b", "tab", "k", "k", "enter")
		s.sees("it's bob is blocked until it is revoked")
		want := []localplatform.Action{
			{Kind: wire.ActionBlockIP, Target: "203.0.113.7", Reason: "incident 1: SQL injection by 203.0.113.1 got through", Incident: 1, Expires: noon().Add(7 * 24 * time.Hour)},
			{Kind: wire.ActionBlockUser, Target: "it's bob", Reason: "incident 2: SQL injection by 203.0.113.2 got through", Incident: 2},
		}
		if diff := cmp.Diff(want, d.actions); diff != "" {
			t.Error(diff)
		}
		for _, a := range d.actions {
			if err := a.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestPrivateAddressIsDoubted(t *testing.T) {
	p := samplePlatform(10)
	p.incidents = func(localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
		in, err := sampleIncident(1)
		in.Actors[0].Value = "10.0.0.1"
		return localplatform.IncidentPage{Incidents: []localplatform.Incident{in}, Total: 1}, err
	}
	onScreen(t, p, 80, 24, Options{Page: PageIncidents}, func(s *screen) {
		s.press("b")
		s.sees("perhaps a proxy of yours")
	})
}

func TestRefusedChangeIsTold(t *testing.T) {
	p := samplePlatform(10)
	p.change = func(int64, localplatform.IncidentChange) (localplatform.Incident, error) {
		return localplatform.Incident{}, localplatform.Errorf(localplatform.CodeForbidden, "a viewer may not do this").WithHint("ask an admin")
	}
	onScreen(t, p, 80, 24, Options{Page: PageIncidents}, func(s *screen) {
		s.press("a")
		s.sees("a viewer may not do this — ask an admin")
	})
}

func TestIncidentsListSortsAndFilters(t *testing.T) {
	p := samplePlatform(100)
	var last localplatform.IncidentQuery
	p.incidents = func(q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
		last = q
		return sampleIncidents(q)
	}
	onScreen(t, p, 80, 24, Options{Page: PageIncidents}, func(s *screen) {
		if last.Query != "state:(open,acknowledged,snoozed)" || last.Sort != "last" {
			t.Fatalf("asked %+v", last)
		}
		s.press("s")
		s.sees("by severity", "--sort severity")
		s.press("S", "S")
		if last.Sort != "id" {
			t.Fatalf("sorted by %s", last.Sort)
		}
		s.press("t")
		s.sees("all, by id", "--all")
		s.press("t", "/")
		s.typed("severity:high")
		s.press("enter")
		if last.Query != "(state:open) (severity:high)" {
			t.Fatalf("asked %q", last.Query)
		}
		s.sees("$ sqreen incidents list 'severity:high' --state open --sort id")
		s.press("esc", "G")
		s.sees("120 of 120")
	})
}

func TestIncidentLeadsToItsEventsAndBack(t *testing.T) {
	onScreen(t, samplePlatform(100), 80, 24, Options{Page: PageIncidents}, func(s *screen) {
		s.press("enter")
		s.sees("Evidence", "»x' OR '1'='1«")
		s.press("G")
		s.sees("Timeline", "looking into it")
		s.press("enter")
		s.sees("Events › incident 1", "attack:sqli ip:203.0.113.7")
		s.press("esc")
		s.sees("incident 1", "Timeline")
		s.press("esc")
		s.sees("Incidents › live", "1 of 120")
	})
}

func TestListRefreshesOnTheSameIncident(t *testing.T) {
	p := samplePlatform(10)
	fresh := false
	p.incidents = func(q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
		page, err := sampleIncidents(q)
		if fresh {
			in, _ := sampleIncident(500)
			page.Incidents = append([]localplatform.Incident{in}, page.Incidents...)
			page.Total++
		}
		return page, err
	}
	onScreen(t, p, 80, 24, Options{Page: PageIncidents}, func(s *screen) {
		s.press("j", "j")
		fresh = true
		s.pass(6 * time.Second)
		in, ok := s.m.cases.selected()
		if !ok || in.ID != 3 {
			t.Fatalf("selected %d", in.ID)
		}
		s.sees("4 of 121", "500")
	})
}
