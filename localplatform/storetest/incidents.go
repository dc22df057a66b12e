package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

func compileOver(t testing.TB, text string, schema *queries.Schema) *queries.Filter {
	t.Helper()
	f, err := queries.Compile(text, schema, Start)
	if err != nil {
		t.Fatalf("query %q: %v", text, err)
	}
	return f
}

func incident(g *Generator) localplatform.Incident {
	i := localplatform.Incident{
		App: pick(g, "shop", "Shop", "blog"), Env: pick(g, "prod", "staging"), Kind: pick(g, "sqli", "http_scan"), Title: "SQL injection on /search",
		Severity: pick(g, localplatform.SeverityLow, localplatform.SeverityMedium, localplatform.SeverityHigh), State: pick(g, localplatform.StateOpen, localplatform.StateAcknowledged, localplatform.StateSnoozed,
			localplatform.StateResolved, localplatform.StateIgnored),
		Assignee: pick(g, "", "ann"), Created: Start, Updated: Start.Add(time.Second), Events: int64(g.rand.IntN(100)), Blocked: int64(g.rand.IntN(5)),
		Reached: int64(g.rand.IntN(5)), Exploited: int64(g.rand.IntN(3)), Query: "kind:attack", MITRE: []string{"T1190"}, CWE: []string{"CWE-89"}, Advice: []string{"bind values"},
		FirstSeen: Start.Add(time.Duration(g.rand.IntN(1000)) * time.Second), Accounts: []localplatform.Count{{Value: "ann", Count: 3}},
		Evidence: []localplatform.Evidence{{Pos: 7, At: Start, Summary: "altered", Payload: "' OR 1=1", Statement: "SELECT", Blocked: true}},
	}
	i.LastSeen = i.FirstSeen.Add(time.Duration(g.rand.IntN(1000)) * time.Second)
	if i.State == localplatform.StateSnoozed {
		i.SnoozedUntil = Start.Add(time.Hour)
	}
	if !g.chance(4) {
		i.Actors = []localplatform.IncidentActor{
			{Kind: "user", Value: "ann", Events: 50},
			{Kind: "ip", Value: "198.51.100.1", Events: 1},
			{Kind: "ip", Value: fmt.Sprintf("203.0.%d.%d", g.rand.IntN(2), g.rand.IntN(9)), Events: 9, First: i.FirstSeen, Last: i.LastSeen},
		}
	}
	return i
}

func testIncidents(t *testing.T, s localplatform.Store) {
	g := NewGenerator(30)
	a, b := incident(g), incident(g)
	a.State, b.State = localplatform.StateOpen, localplatform.StateResolved
	update(t, s, func(tx localplatform.ControlTx) error { return errors.Join(tx.PutIncident(&a), tx.PutIncident(&b)) })
	if a.ID == 0 || b.ID <= a.ID {
		t.Fatalf("ids %d and %d", a.ID, b.ID)
	}
	late := localplatform.TimelineEntry{At: Start.Add(time.Hour), By: "ann", What: "note", Text: "looked"}
	early := localplatform.TimelineEntry{At: Start, By: "detector", What: "opened", Text: ""}
	also := localplatform.TimelineEntry{At: Start, By: "detector", What: "severity", Text: "high"}
	update(t, s, func(tx localplatform.ControlTx) error {
		wantCode(t, "timeline of an unknown incident", tx.AddTimeline(999, early), localplatform.CodeNotFound)
		return errors.Join(tx.AddTimeline(a.ID, late), tx.AddTimeline(a.ID, early), tx.AddTimeline(a.ID, also), tx.AddTimeline(b.ID, late))
	})
	a.Events, a.Assignee = 1000, "bob"
	a.Timeline = []localplatform.TimelineEntry{late} // is not stored with the incident
	update(t, s, func(tx localplatform.ControlTx) error { return tx.PutIncident(&a) })
	a.Timeline = nil
	view(t, s, func(tx localplatform.ControlTx) error {
		got, err := tx.Incident(a.ID)
		same(t, "Incident", a, got)
		_, missing := tx.Incident(999)
		wantCode(t, "unknown incident", missing, localplatform.CodeNotFound)
		_, missing = tx.Timeline(999)
		wantCode(t, "timeline of an unknown incident", missing, localplatform.CodeNotFound)
		line, err2 := tx.Timeline(a.ID)
		same(t, "Timeline", []localplatform.TimelineEntry{early, also, late}, line)
		live, err3 := tx.LiveIncidents()
		same(t, "LiveIncidents", []localplatform.Incident{a}, live)
		return errors.Join(err, err2, err3)
	})
	for _, state := range localplatform.IncidentStates() {
		b.State = localplatform.IncidentState(state)
		update(t, s, func(tx localplatform.ControlTx) error { return tx.PutIncident(&b) })
		view(t, s, func(tx localplatform.ControlTx) error {
			live, err := tx.LiveIncidents()
			if joins := b.State != localplatform.StateResolved; joins != (len(live) == 2) {
				t.Errorf("%s: %d live incidents", state, len(live))
			}
			return err
		})
	}
}

// incidentRecord is an incident as its schema describes it.
type incidentRecord struct{ i *localplatform.Incident }

func (r incidentRecord) Values(field string) []any {
	text := func(s string) []any {
		if s == "" {
			return nil
		}
		return []any{s}
	}
	switch field {
	case "id":
		return []any{r.i.ID}
	case "app":
		return text(r.i.App)
	case "env":
		return text(r.i.Env)
	case "kind":
		return text(r.i.Kind)
	case "title":
		return text(r.i.Title)
	case "severity":
		return text(string(r.i.Severity))
	case "state":
		return text(string(r.i.State))
	case "assignee":
		return text(r.i.Assignee)
	case "first_seen":
		return []any{r.i.FirstSeen}
	case "last_seen":
		return []any{r.i.LastSeen}
	case "events":
		return []any{r.i.Events}
	case "blocked":
		return []any{r.i.Blocked}
	case "reached":
		return []any{r.i.Reached}
	case "exploited":
		return []any{r.i.Exploited}
	case "ip":
		var best *localplatform.IncidentActor
		for k := range r.i.Actors {
			if a := &r.i.Actors[k]; a.Kind == "ip" && (best == nil || a.Events > best.Events) {
				best = a
			}
		}
		if best != nil {
			return []any{netip.MustParseAddr(best.Value)}
		}
	}
	return nil
}

func testIncidentQueries(t *testing.T, s localplatform.Store) {
	g := NewGenerator(31)
	all := make([]localplatform.Incident, 120)
	update(t, s, func(tx localplatform.ControlTx) error {
		for i := range all {
			all[i] = incident(g)
			if err := tx.PutIncident(&all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	orders := map[string]func(a, b localplatform.Incident) int{
		"":         func(a, b localplatform.Incident) int { return b.LastSeen.Compare(a.LastSeen) },
		"last":     func(a, b localplatform.Incident) int { return b.LastSeen.Compare(a.LastSeen) },
		"first":    func(a, b localplatform.Incident) int { return b.FirstSeen.Compare(a.FirstSeen) },
		"events":   func(a, b localplatform.Incident) int { return cmp.Compare(b.Events, a.Events) },
		"id":       func(a, b localplatform.Incident) int { return cmp.Compare(b.ID, a.ID) },
		"severity": func(a, b localplatform.Incident) int { return cmp.Compare(b.Severity.Rank(), a.Severity.Rank()) },
	}
	for _, text := range []string{
		"", "state:open", "severity:>=medium", "app:shop env:prod", "kind:sqli events:>50", "ip:203.0.1.0/24", "-ip:*", "assignee:*",
		"last_seen:>2026-11-20T12:10:00Z", "injection", "exploited:>0 -state:(resolved,ignored)", "id:5..9", "app:none",
	} {
		f := compileOver(t, text, localplatform.IncidentSchema())
		want := slices.DeleteFunc(slices.Clone(all), func(i localplatform.Incident) bool { return !f.Match(incidentRecord{&i}) })
		for sort, order := range orders {
			t.Run(fmt.Sprintf("%q by %s", text, sort), func(t *testing.T) {
				view(t, s, func(tx localplatform.ControlTx) error {
					got, total, err := tx.Incidents(f, localplatform.IncidentQuery{Sort: sort, Limit: 1000})
					if total != len(want) {
						t.Errorf("total %d, want %d", total, len(want))
					}
					if !slices.IsSortedFunc(got, order) {
						t.Error("not in order")
					}
					byID := func(a, b localplatform.Incident) int { return cmp.Compare(a.ID, b.ID) }
					same(t, "incidents", want, slices.SortedFunc(slices.Values(got), byID))
					page, total, err2 := tx.Incidents(f, localplatform.IncidentQuery{Sort: sort, Limit: 7, Offset: 5})
					same(t, "page", got[min(5, len(got)):min(12, len(got))], page)
					if total != len(want) {
						t.Errorf("total beside a page %d, want %d", total, len(want))
					}
					return errors.Join(err, err2)
				})
			})
		}
	}
	view(t, s, func(tx localplatform.ControlTx) error {
		_, _, err := tx.Incidents(nil, localplatform.IncidentQuery{Sort: "colour"})
		wantCode(t, "an unknown order", err, localplatform.CodeInvalid)
		return nil
	})
}
