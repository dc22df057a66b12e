package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/user"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
	"github.com/sqreen/sqreen/localplatform/server"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// script is one run of the contract on one implementation. Everything it gets
// is noted, so that runs can be compared word by word.
type script struct {
	t    *testing.T
	p    localplatform.Platform
	ctx  context.Context //nolint:containedctx // of one test
	note []string
}

// result is what a call returned.
type result[T any] struct {
	v   T
	err error
}

func of[T any](v T, err error) result[T] { return result[T]{v, err} }

// good notes what came of a question that must succeed.
func (r result[T]) good(s *script, what string) T {
	s.t.Helper()
	if r.err != nil {
		s.t.Fatalf("%s: %v", what, r.err)
	}
	text, err := json.MarshalIndent(r.v, "", " ")
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
	s.note = append(s.note, what, string(text))
	return r.v
}

// bad notes the error of what must fail with a code.
func (s *script) bad(what string, code localplatform.Code, err error) {
	s.t.Helper()
	if got := localplatform.ErrorCode(err); got != code {
		s.t.Errorf("%s: got %q (%v), want %q", what, got, err, code)
	}
	s.note = append(s.note, what, errorText(err))
}

func errorText(err error) string {
	e, ok := errors.AsType[*localplatform.Error](err)
	if !ok {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%s|%s|%s|%s|%d|%d", e.Code, e.Message, e.Hint, e.Query, e.Column, e.End)
}

func drop[T any](_ T, err error) error { return err }

// implementations are the ways to a platform. Each starts one with the same
// data and returns how to ask it as an admin.
func implementations() map[string]func(t *testing.T, r *running) (localplatform.Platform, context.Context) {
	return map[string]func(t *testing.T, r *running) (localplatform.Platform, context.Context){
		"in process": func(t *testing.T, r *running) (localplatform.Platform, context.Context) {
			return r.Platform(), localplatform.WithCaller(t.Context(), r.admin)
		},
		"over HTTP": func(t *testing.T, r *running) (localplatform.Platform, context.Context) {
			return r.connect(r.operator(localplatform.RoleAdmin)), t.Context()
		},
		"over the socket": func(t *testing.T, r *running) (localplatform.Platform, context.Context) {
			p, err := server.Connect(t.Context(), server.ConnectOptions{Data: r.Info().Data, Now: atNoon})
			if err != nil {
				t.Fatal(err)
			}
			return p, t.Context()
		},
		"without a server": func(t *testing.T, r *running) (localplatform.Platform, context.Context) {
			if err := r.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			p, err := server.Connect(t.Context(), server.ConnectOptions{Data: r.Info().Data, Now: atNoon})
			if err != nil {
				t.Fatal(err)
			}
			return p, t.Context()
		},
	}
}

// operator makes an operator's token.
func (r *running) operator(role localplatform.Role) string {
	r.t.Helper()
	tok, err := r.Platform().CreateToken(localplatform.WithCaller(r.t.Context(), r.admin), localplatform.Token{Kind: localplatform.TokenOperator, Name: "ada", Role: role})
	if err != nil {
		r.t.Fatal(err)
	}
	return tok.Secret
}

// connect makes a client that is closed with the test.
func (r *running) connect(token string) localplatform.Platform {
	r.t.Helper()
	p, err := client.New(r.url, client.Options{Token: token})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = p.Close() })
	return p
}

// seed gives a platform two apps with events, counters and incidents.
func (r *running) seed() {
	r.t.Helper()
	ctx := localplatform.WithCaller(r.t.Context(), r.admin)
	if _, err := r.Platform().CreateToken(ctx, localplatform.Token{Kind: localplatform.TokenAgent, App: "blog", Env: "dev"}); err != nil {
		r.t.Fatal(err)
	}
	r.login("i-1")
	var signals []json.RawMessage
	for n := range 5 {
		signals = append(signals, attackSignal(noon.Add(-time.Duration(n)*time.Minute), n))
	}
	for n := range 30 {
		signals = append(signals, json.RawMessage(fmt.Sprintf(`{"kind":"user","name":"app.sqreen.users.login.failure","time":%q,"ip":"198.51.100.9",
			"user":{"id":"u%d"},"request":{"id":"l-%d","method":"POST","path":"/login","status":401,"user_agent":"curl/8"}}`,
			noon.Add(-time.Duration(n)*time.Second).Format(time.RFC3339Nano), n, n)))
	}
	signals = append(signals, json.RawMessage(fmt.Sprintf(`{"kind":"event","name":"order.placed","time":%q,"event":{"properties":{"amount":3}}}`, noon.Format(time.RFC3339))))
	r.beat("i-1", 1, signals,
		wire.Counter{Name: wire.CounterRequests, Minute: noon, Value: 1000}, wire.Counter{Name: wire.CounterBlocked, Minute: noon, Value: 5},
		wire.Counter{Name: wire.CounterRequestTime, Minute: noon, Value: 1e6}, wire.Counter{Name: wire.CounterCheckTime, Minute: noon, Value: 1e4})
	r.detected(int64(len(signals)))
}

func (r *running) login(instance string) {
	r.t.Helper()
	var reply wire.LoginReply
	stack := wire.Stack{
		Agent: wire.Component{Name: "agentkit-go", Version: "0.1.0"}, Technology: "Go", Runtime: wire.Component{Name: "go", Version: "go1.26.8"},
		Frameworks: []wire.Component{{Name: "net/http"}}, Drivers: []wire.Component{{Name: "modernc.org/sqlite", Version: "v1.60.1"}}, Uses: []string{"sql"},
	}
	if got := r.post(wire.PathLogin, wire.Login{Version: wire.Version, Instance: instance, Stack: stack, Started: noon}, &reply); got != http.StatusOK {
		r.t.Fatalf("login: %d", got)
	}
}

func (r *running) beat(instance string, seq uint64, signals []json.RawMessage, counters ...wire.Counter) wire.HeartbeatReply {
	r.t.Helper()
	var reply wire.HeartbeatReply
	h := wire.Heartbeat{Version: wire.Version, Instance: instance, Seq: seq, Signals: signals, Counters: counters}
	if got := r.post(wire.PathHeartbeat, h, &reply); got != http.StatusOK {
		r.t.Fatalf("heartbeat: %d", got)
	}
	return reply
}

// detected waits until detectors have handled events up to a place.
func (r *running) detected(pos int64) {
	r.t.Helper()
	for {
		st, err := r.Platform().Status(localplatform.WithCaller(r.t.Context(), r.admin))
		if err != nil {
			r.t.Fatal(err)
		}
		if st.Detected >= pos {
			return
		}
	}
}

// TestPlatformContract plays the same script on every implementation. Each run
// must hold by itself, and all must tell the same, word by word.
func TestPlatformContract(t *testing.T) {
	notes := map[string][]string{}
	for name, reach := range implementations() {
		t.Run(name, func(t *testing.T) {
			r := start(t, server.Options{Now: atNoon, Version: "1.2.3"})
			r.seed()
			p, ctx := reach(t, r)
			defer func() {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}()
			s := &script{t: t, p: p, ctx: ctx}
			s.status()
			s.inventory()
			s.events()
			s.activity()
			s.incidents()
			s.actions()
			s.policies()
			s.tokens()
			s.completion()
			s.log()
			notes[name] = s.note
		})
	}
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	plain := func(lines []string) string {
		return strings.ReplaceAll(strings.Join(lines, "\n"), `"`+u.Username+`"`, `"ada"`)
	}
	for name, lines := range notes {
		if diff := cmp.Diff(strings.Split(plain(notes["in process"]), "\n"), strings.Split(plain(lines), "\n")); diff != "" {
			t.Errorf("%s differs from in process (-, +):\n%s", name, diff)
		}
	}
}

func (s *script) status() {
	st, err := s.p.Status(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if st.Version != "1.2.3" && st.Mode == "server" || st.Events != 36 || st.LastPos != 36 || st.Detected != 36 || st.Apps != 2 || st.Instances != 1 || st.Open < 2 || !st.Now.Equal(noon) {
		s.t.Errorf("status %+v", st)
	}
}

func (s *script) inventory() {
	apps := of(s.p.Apps(s.ctx, "")).good(s, "apps")
	if len(apps) != 2 || apps[0].Name != "blog" || apps[0].Status != "waiting" || apps[1].Status != "connected" {
		s.t.Fatalf("apps %+v", apps)
	}
	shop := apps[1]
	if shop.Attacks24h != 5 || shop.Requests24h != 1000 || shop.Blocked24h != 5 || shop.Overhead != 1 || shop.Incidents < 2 || shop.RiskScore == 0 ||
		shop.Risk == inventory.RiskLow || shop.RASP != wire.ModeBlock && shop.RASP != "mixed" || shop.WAF != wire.ModeMonitor || !shop.Enabled || shop.Runtime != "go1.26.8" {
		s.t.Errorf("shop %+v", shop)
	}
	if got := of(s.p.Apps(s.ctx, "env:prod uses:sql -orm:*")).good(s, "apps without ORM"); len(got) != 1 {
		s.t.Errorf("%d apps query a database without an ORM", len(got))
	}
	s.bad("bad filter", localplatform.CodeInvalidQuery, drop(s.p.Apps(s.ctx, "env:prod riks:high")))
	s.bad("empty filter", localplatform.CodeInvalidQuery, drop(s.p.Apps(s.ctx, "env:")))

	d := of(s.p.App(s.ctx, "SHOP", "")).good(s, "app")
	if d.Name != "shop" || len(d.Instances) != 1 || d.Instances[0].ID != "i-1" || d.App.Instances != 1 || d.Policy.Modes[wire.ProtectionWAF] != wire.ModeMonitor {
		s.t.Errorf("app %+v", d)
	}
	s.bad("misspelt app", localplatform.CodeNotFound, drop(s.p.App(s.ctx, "shopp", "")))
	s.bad("strange app", localplatform.CodeNotFound, drop(s.p.App(s.ctx, "a/b c?d#e%2F", "")))
	s.bad("no such environment", localplatform.CodeNotFound, drop(s.p.App(s.ctx, "shop", "qa")))
	if got := of(s.p.Instances(s.ctx, "shop", "prod")).good(s, "instances"); len(got) != 1 {
		s.t.Errorf("%d instances", len(got))
	}
	if got := of(s.p.Instances(s.ctx, "blog", "")).good(s, "no instances"); len(got) != 0 {
		s.t.Errorf("%d instances", len(got))
	}
	if err := s.p.SetGroup(s.ctx, "shop", "", "payments"); err != nil {
		s.t.Fatal(err)
	}
	if got := of(s.p.Apps(s.ctx, "group:payments")).good(s, "apps of a group"); len(got) != 1 {
		s.t.Errorf("%d apps in the group", len(got))
	}
	s.bad("group of nobody", localplatform.CodeNotFound, s.p.SetGroup(s.ctx, "nope", "", "x"))
	s.bad("bad group", localplatform.CodeInvalid, s.p.SetGroup(s.ctx, "shop", "", "a/b"))
}

func (s *script) events() {
	first := of(s.p.Events(s.ctx, localplatform.EventQuery{Limit: 10})).good(s, "events")
	if len(first.Events) != 10 || !first.More || first.Events[0].Pos != 36 || first.Next != 27 {
		s.t.Errorf("first page: %d events, more %v, next %d", len(first.Events), first.More, first.Next)
	}
	second := of(s.p.Events(s.ctx, localplatform.EventQuery{Limit: 10, Before: first.Next, Detail: true})).good(s, "older events")
	if second.Events[0].Pos != 26 || len(second.Events[0].Detail) == 0 {
		s.t.Errorf("second page begins with %+v", second.Events[0])
	}
	tail := of(s.p.Events(s.ctx, localplatform.EventQuery{After: 30})).good(s, "tail")
	if len(tail.Events) != 6 || tail.Events[0].Pos != 31 || tail.Next != 36 {
		s.t.Errorf("tail: %d events, next %d", len(tail.Events), tail.Next)
	}
	all := of(s.p.Events(s.ctx, localplatform.EventQuery{After: -1, Limit: 3})).good(s, "from the beginning")
	if len(all.Events) != 3 || all.Events[0].Pos != 1 || all.Events[2].Pos != 3 || !all.More || all.Next != 3 {
		s.t.Errorf("from the beginning: %+v", all)
	}
	nothing := of(s.p.Events(s.ctx, localplatform.EventQuery{After: 30, Query: "app:nobody", Wait: time.Millisecond})).good(s, "tail of nothing")
	if len(nothing.Events) != 0 || nothing.Next != 36 {
		s.t.Errorf("tail of nothing: %+v", nothing)
	}
	s.bad("bad event filter", localplatform.CodeInvalidQuery, drop(s.p.Events(s.ctx, localplatform.EventQuery{Query: "kind:nonsense"})))
	s.bad("huge page", localplatform.CodeInvalid, drop(s.p.Events(s.ctx, localplatform.EventQuery{Limit: 100_000})))
	s.bad("both ways", localplatform.CodeInvalid, drop(s.p.Events(s.ctx, localplatform.EventQuery{Before: 1, After: 1})))
	s.bad("long wait", localplatform.CodeInvalid, drop(s.p.Events(s.ctx, localplatform.EventQuery{After: 1, Wait: time.Hour})))

	if e := of(s.p.Event(s.ctx, 1)).good(s, "event"); e.Attack != "sqli" || len(e.Detail) == 0 {
		s.t.Errorf("event %+v", e)
	}
	s.bad("no event", localplatform.CodeNotFound, drop(s.p.Event(s.ctx, 999)))
	if n := of(s.p.CountEvents(s.ctx, "kind:user ip:198.51.100.0/24")).good(s, "count"); n != 30 {
		s.t.Errorf("counted %d", n)
	}
	h := of(s.p.Histogram(s.ctx, localplatform.HistogramQuery{From: noon.Add(-time.Hour), To: noon.Add(time.Minute), Buckets: 10, By: "kind"})).good(s, "histogram")
	if h.Total != 36 || len(h.Buckets) == 0 {
		s.t.Errorf("histogram %+v", h)
	}
	s.bad("bad split", localplatform.CodeInvalid, drop(s.p.Histogram(s.ctx, localplatform.HistogramQuery{By: "path"})))
	s.bad("bad range", localplatform.CodeInvalid, drop(s.p.Histogram(s.ctx, localplatform.HistogramQuery{From: noon, To: noon.Add(-time.Hour)})))
	f := of(s.p.Facets(s.ctx, localplatform.FacetQuery{Fields: []string{"kind", "ip", "rule"}, Limit: 1})).good(s, "facets")
	if len(f) != 3 || f[0].Values[0] != (localplatform.FacetValue{Value: "user", Count: 30}) || f[2].Absent != 31 {
		s.t.Errorf("facets %+v", f)
	}
	s.bad("facet of nothing", localplatform.CodeInvalid, drop(s.p.Facets(s.ctx, localplatform.FacetQuery{Fields: []string{"colour"}})))
	c := of(s.p.Counters(s.ctx, localplatform.CounterQuery{App: "shop", Names: []string{wire.CounterRequests}, From: noon.Add(-time.Hour), To: noon.Add(time.Hour)})).good(s, "counters")
	if len(c) != 1 || c[0].Value != 1000 {
		s.t.Errorf("counters %+v", c)
	}
	s.bad("short step", localplatform.CodeInvalid, drop(s.p.Counters(s.ctx, localplatform.CounterQuery{Step: time.Second})))
}

func (s *script) activity() {
	var seen []string
	q := localplatform.EventQuery{Limit: 7}
	for {
		page := of(s.p.Activity(s.ctx, q)).good(s, "activity")
		for _, a := range page.Activities {
			seen = append(seen, a.Request)
			if a.Request != "" && a.Incident == 0 {
				s.t.Errorf("request %s has no incident", a.Request)
			}
		}
		if !page.More {
			break
		}
		q.Before = page.Next
	}
	if len(seen) != 36 || seen[0] != "" || seen[1] != "l-29" || seen[35] != "r-0" {
		s.t.Errorf("%d requests: %v", len(seen), seen)
	}
	if a := of(s.p.Request(s.ctx, "r-3")).good(s, "request"); len(a.Events) != 1 || !a.Blocked || a.Tags[0] != "sqli" || a.Status != 403 {
		s.t.Errorf("request %+v", a)
	}
	s.bad("no request", localplatform.CodeNotFound, drop(s.p.Request(s.ctx, `"r-3`)))
	s.bad("request without id", localplatform.CodeNotFound, drop(s.p.Request(s.ctx, "")))
}

func (s *script) incidents() {
	page := of(s.p.Incidents(s.ctx, localplatform.IncidentQuery{Sort: "id"})).good(s, "incidents")
	if page.Total < 2 {
		s.t.Fatalf("incidents %+v", page)
	}
	sqli := of(s.p.Incidents(s.ctx, localplatform.IncidentQuery{Query: "kind:sqli state:open", Limit: 1})).good(s, "sqli")
	if sqli.Total != 1 || sqli.Incidents[0].Severity != localplatform.SeverityHigh && sqli.Incidents[0].Severity != localplatform.SeverityMedium {
		s.t.Fatalf("sqli %+v", sqli)
	}
	id := sqli.Incidents[0].ID
	s.bad("bad sort", localplatform.CodeInvalid, drop(s.p.Incidents(s.ctx, localplatform.IncidentQuery{Sort: "colour"})))
	s.bad("no incident", localplatform.CodeNotFound, drop(s.p.Incident(s.ctx, 999)))
	if i := of(s.p.Incident(s.ctx, id)).good(s, "incident"); len(i.Timeline) == 0 || i.Events != 5 {
		s.t.Errorf("incident %+v", i)
	}
	ada := "ada"
	changed := of(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{State: localplatform.StateAcknowledged, Assignee: &ada, Note: "looking"})).good(s, "acknowledge")
	if changed.State != localplatform.StateAcknowledged || changed.Assignee != "ada" || len(changed.Timeline) < 4 {
		s.t.Errorf("changed %+v", changed)
	}
	again := of(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{State: localplatform.StateAcknowledged})).good(s, "acknowledge again")
	if len(again.Timeline) != len(changed.Timeline) {
		s.t.Errorf("saying the same twice made a step: %+v", again.Timeline)
	}
	until := noon.Add(4 * time.Hour)
	if i := of(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{State: localplatform.StateSnoozed, SnoozedUntil: until})).good(s, "snooze"); !i.SnoozedUntil.Equal(until) {
		s.t.Errorf("snoozed %+v", i)
	}
	for _, state := range []localplatform.IncidentState{localplatform.StateResolved, localplatform.StateOpen, localplatform.StateIgnored, localplatform.StateOpen} {
		if i := of(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{State: state})).good(s, "to "+string(state)); i.State != state || !i.SnoozedUntil.IsZero() {
			s.t.Errorf("to %s: %+v", state, i)
		}
	}
	s.bad("snooze without time", localplatform.CodeInvalid, drop(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{State: localplatform.StateSnoozed})))
	s.bad("snooze into the past", localplatform.CodeInvalid, drop(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{State: localplatform.StateSnoozed, SnoozedUntil: noon})))
	s.bad("unknown state", localplatform.CodeInvalid, drop(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{State: "gone"})))
	s.bad("long note", localplatform.CodeTooLarge, drop(s.p.ChangeIncident(s.ctx, id, localplatform.IncidentChange{Note: strings.Repeat("x", 5000)})))
	s.bad("change of nothing", localplatform.CodeNotFound, drop(s.p.ChangeIncident(s.ctx, 999, localplatform.IncidentChange{Note: "x"})))
}

func (s *script) actions() {
	a := of(s.p.AddAction(s.ctx, localplatform.Action{Kind: wire.ActionBlockIP, Target: "::ffff:203.0.113.7", Expires: noon.Add(time.Hour), Reason: "noisy", Incident: 1})).good(s, "block")
	if a.Target != "203.0.113.7" || a.ID == "" || a.Version == 0 || !a.Created.Equal(noon) {
		s.t.Errorf("action %+v", a)
	}
	longer := of(s.p.AddAction(s.ctx, localplatform.Action{Kind: wire.ActionBlockIP, Target: "203.0.113.7"})).good(s, "block longer")
	if longer.ID != a.ID || !longer.Expires.IsZero() || longer.Version <= a.Version || longer.Reason != "noisy" {
		s.t.Errorf("extended %+v", longer)
	}
	shorter := of(s.p.AddAction(s.ctx, localplatform.Action{Kind: wire.ActionBlockIP, Target: "203.0.113.7", Expires: noon.Add(time.Minute)})).good(s, "block shorter")
	if !shorter.Expires.IsZero() {
		s.t.Errorf("shortened %+v", shorter)
	}
	u := of(s.p.AddAction(s.ctx, localplatform.Action{Kind: wire.ActionRedirectUser, Target: "42", URL: "/sorry", App: "SHOP", Env: "PROD"})).good(s, "redirect a user")
	if u.App != "shop" || u.Env != "prod" {
		s.t.Errorf("action %+v", u)
	}
	if list := of(s.p.Actions(s.ctx, "")).good(s, "actions"); len(list) != 2 {
		s.t.Errorf("%d actions", len(list))
	}
	if list := of(s.p.Actions(s.ctx, "ip:203.0.113.0/24")).good(s, "one action"); len(list) != 1 || list[0].ID != a.ID {
		s.t.Errorf("actions %+v", list)
	}
	for what, c := range map[string]struct {
		code localplatform.Code
		a    localplatform.Action
	}{
		"everybody":         {localplatform.CodeInvalid, localplatform.Action{Kind: wire.ActionBlockIP, Target: "0.0.0.0/0"}},
		"no address":        {localplatform.CodeInvalid, localplatform.Action{Kind: wire.ActionBlockIP, Target: "nobody"}},
		"no kind":           {localplatform.CodeInvalid, localplatform.Action{Target: "203.0.113.7"}},
		"over already":      {localplatform.CodeInvalid, localplatform.Action{Kind: wire.ActionBlockUser, Target: "1", Expires: noon}},
		"redirect nowhere":  {localplatform.CodeInvalid, localplatform.Action{Kind: wire.ActionRedirectIP, Target: "203.0.113.7"}},
		"unknown app":       {localplatform.CodeNotFound, localplatform.Action{Kind: wire.ActionBlockUser, Target: "1", App: "shpo"}},
		"unknown incident":  {localplatform.CodeNotFound, localplatform.Action{Kind: wire.ActionBlockUser, Target: "1", Incident: 999}},
		"long-winded cause": {localplatform.CodeTooLarge, localplatform.Action{Kind: wire.ActionBlockUser, Target: "1", Reason: strings.Repeat("x", 2000)}},
	} {
		if _, err := s.p.AddAction(s.ctx, c.a); localplatform.ErrorCode(err) != c.code {
			s.t.Errorf("%s: %v", what, err)
		}
	}
	if r := of(s.p.RevokeAction(s.ctx, u.ID)).good(s, "revoke"); r.State(noon) != "revoked" {
		s.t.Errorf("revoked %+v", r)
	}
	back := of(s.p.AddAction(s.ctx, localplatform.Action{Kind: wire.ActionRedirectUser, Target: "42", URL: "/sorry", App: "shop", Env: "prod"})).good(s, "redirect again")
	if back.ID == u.ID {
		s.t.Errorf("a revoked action was extended: %+v", back)
	}
	of(s.p.RevokeAction(s.ctx, back.ID)).good(s, "revoke that, too")
	s.bad("revoke again", localplatform.CodeConflict, drop(s.p.RevokeAction(s.ctx, u.ID)))
	s.bad("revoke nothing", localplatform.CodeNotFound, drop(s.p.RevokeAction(s.ctx, "a-999")))
	if list := of(s.p.Actions(s.ctx, "state:(active,revoked,expired)")).good(s, "all actions"); len(list) != 3 {
		s.t.Errorf("%d actions", len(list))
	}
	if i := of(s.p.Incident(s.ctx, 1)).good(s, "incident with action"); !strings.Contains(fmt.Sprint(i.Timeline), "block address 203.0.113.7") {
		s.t.Errorf("timeline %+v", i.Timeline)
	}
	d := of(s.p.App(s.ctx, "shop", "prod")).good(s, "app with actions")
	if d.BlockedActors != 1 {
		s.t.Errorf("%d blocked actors", d.BlockedActors)
	}
}

func (s *script) policies() {
	yes, status := true, 418
	set := of(s.p.SetPolicy(s.ctx, localplatform.Policy{
		Scope: localplatform.PolicyScope{App: "Shop"}, Modes: map[string]string{"rasp": wire.ModeMonitor, wire.ProtectionWAF: wire.ModeBlock}, BlockStatus: &status, IPPasslist: []string{"10.0.0.0/8"},
	})).good(s, "set policy")
	if set.Scope.App != "shop" || set.Modes[wire.ProtectionSQLi] != wire.ModeMonitor || !set.Updated.Equal(noon) {
		s.t.Errorf("policy %+v", set)
	}
	of(s.p.SetPolicy(s.ctx, localplatform.Policy{KillSwitch: &yes})).good(s, "set policy for all")
	e := of(s.p.EffectivePolicy(s.ctx, "shop", "")).good(s, "effective")
	if e.KillSwitch == nil || !*e.KillSwitch || *e.BlockStatus != 418 || e.Modes[wire.ProtectionWAF] != wire.ModeBlock {
		s.t.Errorf("effective %+v", e)
	}
	d := of(s.p.App(s.ctx, "shop", "")).good(s, "app under the kill switch")
	if d.WAF != wire.ModeMonitor || d.RASP != wire.ModeMonitor {
		s.t.Errorf("modes %+v", d.Modes)
	}
	if list := of(s.p.Policies(s.ctx)).good(s, "policies"); len(list) != 2 || list[0].Scope.String() != "all" {
		s.t.Errorf("policies %+v", list)
	}
	of(s.p.SetPolicy(s.ctx, localplatform.Policy{})).good(s, "remove policy")
	of(s.p.SetPolicy(s.ctx, localplatform.Policy{})).good(s, "remove it again")
	if list := of(s.p.Policies(s.ctx)).good(s, "policies left"); len(list) != 1 {
		s.t.Errorf("policies %+v", list)
	}
	s.bad("unknown protection", localplatform.CodeInvalid, drop(s.p.SetPolicy(s.ctx, localplatform.Policy{Modes: map[string]string{"magic": wire.ModeBlock}})))
	s.bad("bad pattern", localplatform.CodeInvalid, drop(s.p.SetPolicy(s.ctx, localplatform.Policy{ScrubValues: []string{"("}})))
	s.bad("policy of nobody", localplatform.CodeNotFound, drop(s.p.SetPolicy(s.ctx, localplatform.Policy{Scope: localplatform.PolicyScope{App: "nope"}, KillSwitch: &yes})))
	s.bad("environment without app", localplatform.CodeInvalid, drop(s.p.SetPolicy(s.ctx, localplatform.Policy{Scope: localplatform.PolicyScope{Env: "prod"}, KillSwitch: &yes})))
	s.bad("effective of nobody", localplatform.CodeNotFound, drop(s.p.EffectivePolicy(s.ctx, "nope", "")))
}

func (s *script) tokens() {
	n, err := s.p.CreateToken(s.ctx, localplatform.Token{Kind: localplatform.TokenAgent, App: "SHOP", Env: "staging"})
	if err != nil || !strings.HasPrefix(n.Secret, "sqa_") || n.App != "shop" || n.Hash != nil {
		s.t.Fatalf("token %+v, %v", n, err)
	}
	list, err := s.p.Tokens(s.ctx)
	if err != nil || len(list) < 4 {
		s.t.Fatalf("tokens %+v, %v", list, err)
	}
	for _, tok := range list {
		if tok.Hash != nil {
			s.t.Errorf("token %s shows its hash", tok.ID)
		}
	}
	s.bad("app in two environments", localplatform.CodeConflict, drop(s.p.App(s.ctx, "shop", "")))
	if err := s.p.RevokeToken(s.ctx, n.ID); err != nil {
		s.t.Fatal(err)
	}
	if code := localplatform.ErrorCode(s.p.RevokeToken(s.ctx, n.ID)); code != localplatform.CodeConflict {
		s.t.Errorf("revoked twice: %q", code)
	}
	s.bad("revoke no token", localplatform.CodeNotFound, s.p.RevokeToken(s.ctx, "t-nope"))
	s.bad("token for nothing", localplatform.CodeInvalid, drop(s.p.CreateToken(s.ctx, localplatform.Token{Kind: localplatform.TokenAgent})))
	s.bad("token with a slash", localplatform.CodeInvalid, drop(s.p.CreateToken(s.ctx, localplatform.Token{Kind: localplatform.TokenAgent, App: "a/b", Env: "c"})))
	s.bad("operator without role", localplatform.CodeInvalid, drop(s.p.CreateToken(s.ctx, localplatform.Token{Kind: localplatform.TokenOperator, Name: "x"})))
	s.bad("operator without name", localplatform.CodeInvalid, drop(s.p.CreateToken(s.ctx, localplatform.Token{Kind: localplatform.TokenOperator, Role: localplatform.RoleViewer})))
}

func (s *script) completion() {
	for _, c := range []struct{ schema, field, prefix, want string }{
		{"events", "path", "/se", "[/search]"},
		{"events", "kind", "a", "[attack action]"},
		{"events", "blocked", "", "[true false]"},
		{"events", "at", "", "[]"},
		{"events", "ip", "203", "[203.0.113.7]"},
		{"apps", "name", "", "[blog shop]"},
		{"apps", "driver", "SQ", "[sqlite]"},
		{"incidents", "kind", "sq", "[sqli]"},
		{"incidents", "state", "o", "[open]"},
		{"actions", "target", "4", "[42]"},
	} {
		got := of(s.p.Values(s.ctx, c.schema, c.field, c.prefix)).good(s, "values")
		if fmt.Sprint(got) != c.want {
			s.t.Errorf("%s %s %q: got %v, want %s", c.schema, c.field, c.prefix, got, c.want)
		}
	}
	s.bad("no schema", localplatform.CodeInvalid, drop(s.p.Values(s.ctx, "planets", "name", "")))
	s.bad("no field", localplatform.CodeInvalid, drop(s.p.Values(s.ctx, "apps", "colour", "")))
}

func (s *script) log() {
	entries, err := s.p.Audit(s.ctx, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	done := map[string]int{}
	for _, e := range entries {
		done[e.What]++
		if e.By == "" || !e.At.Equal(noon) {
			s.t.Errorf("entry %+v", e)
		}
	}
	for _, what := range []string{
		"token.create", "token.revoke", "policy.set", "policy.remove", "action.create", "action.extend", "action.revoke", "app.group",
		"incident.ack", "incident.assign", "incident.note", "incident.snooze", "incident.resolve", "incident.ignore", "incident.reopen",
	} {
		if done[what] == 0 {
			s.t.Errorf("the log says nothing of %s: %v", what, done)
		}
	}
	if got, err := s.p.Audit(s.ctx, 1); err != nil || len(got) != 1 || got[0].What != "token.revoke" {
		s.t.Errorf("last entry %+v, %v", got, err)
	}
	s.bad("log of everything", localplatform.CodeInvalid, drop(s.p.Audit(s.ctx, 1_000_000)))
}
