package incidents_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/detect/incidents"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/queries"
)

var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// bench is a real store with a detector on it and a clock.
type bench struct {
	*testing.T
	store localplatform.Store
	det   *incidents.Detector
	clock atomic.Int64 // the store reads it while tests set it
	seq   uint64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t}
	b.set(start.Add(24 * time.Hour))
	store, err := sqlite.Open(t.TempDir(), sqlite.Options{Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b.store = store
	b.restart()
	return b
}

func (b *bench) now() time.Time    { return time.UnixMicro(b.clock.Load()).UTC() }
func (b *bench) set(now time.Time) { b.clock.Store(now.UnixMicro()) }

func (b *bench) restart() { b.det = incidents.New(b.store, incidents.Options{Now: b.now}) }

// add stores events and lets the detector handle them.
func (b *bench) add(events ...localplatform.Event) {
	b.Helper()
	b.put(events...)
	if err := b.det.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) put(events ...localplatform.Event) {
	b.Helper()
	b.seq++
	_, err := b.store.Append(b.Context(), localplatform.Batch{App: "shop", Env: events[0].Env, Instance: "i1", Seq: b.seq, Received: b.now(), Events: events})
	if err != nil {
		b.Fatal(err)
	}
}

// all returns the incidents, oldest first, with their timelines.
func (b *bench) all() []localplatform.Incident {
	b.Helper()
	var out []localplatform.Incident
	err := b.store.View(b.Context(), func(tx localplatform.ControlTx) error {
		page, _, err := tx.Incidents(nil, localplatform.IncidentQuery{Limit: 10_000})
		for i := range page {
			var terr error
			page[i].Timeline, terr = tx.Timeline(page[i].ID)
			err = errors.Join(err, terr)
		}
		out = page
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	slices.SortFunc(out, func(a, c localplatform.Incident) int { return int(a.ID - c.ID) })
	return out
}

func (b *bench) only() localplatform.Incident {
	b.Helper()
	list := b.all()
	if len(list) != 1 {
		b.Fatalf("got %d incidents, want 1: %s", len(list), titles(list))
	}
	return list[0]
}

func (b *bench) change(id int64, change func(i *localplatform.Incident)) {
	b.Helper()
	err := b.store.Update(b.Context(), func(tx localplatform.ControlTx) error {
		i, err := tx.Incident(id)
		if err != nil {
			return err
		}
		change(&i)
		return tx.PutIncident(&i)
	})
	if err != nil {
		b.Fatal(err)
	}
}

func titles(list []localplatform.Incident) string {
	var lines []string
	for _, i := range list {
		lines = append(lines, fmt.Sprintf("%s/%s %s %s %d events: %s", i.App, i.Env, i.Severity, i.Kind, i.Events, i.Title))
	}
	return strings.Join(lines, "\n")
}

// attack is a SQL injection that reached the database and was blocked there.
func attack(at time.Duration, ip string, change ...func(e *localplatform.Event)) localplatform.Event {
	e := localplatform.Event{
		At: start.Add(at), App: "shop", Env: "prod", Instance: "i1", Kind: wire.KindAttack, Name: wire.NameAttack, Attack: wire.AttackSQLi,
		Protection: "rasp", Rule: "sqli", Blocked: true, Reached: true, IP: netip.MustParseAddr(ip), Method: "GET", Path: "/search",
		Param: "query.q", Weight: 1, Severity: localplatform.SeverityHigh, Request: fmt.Sprintf("r-%s-%d", ip, at),
	}
	for _, c := range change {
		c(&e)
	}
	e.Detail, _ = json.Marshal(wire.Signal{
		Kind: e.Kind, Name: e.Name, Time: e.At, IP: ip,
		Attack: &wire.Attack{Kind: e.Attack, Payload: "' OR 1=1 --", Sink: &wire.Sink{Type: "sql", Statement: "SELECT 1"}},
		Stack:  []wire.Frame{{Function: "net/http.serve"}, {Function: "main.search", File: "shop.go", Line: 12, InApp: true}},
	})
	return e
}

func wafOnly(e *localplatform.Event)   { e.Protection, e.Reached, e.Blocked = "waf", false, false }
func unblocked(e *localplatform.Event) { e.Blocked = false }
func staging(e *localplatform.Event)   { e.Env = "staging" }

func login(at time.Duration, ip, user string, ok bool) localplatform.Event {
	name := wire.NameLoginFailure
	if ok {
		name = wire.NameLoginSuccess
	}
	return localplatform.Event{
		At: start.Add(at), App: "shop", Env: "prod", Instance: "i1", Kind: wire.KindUser, Name: name,
		IP: netip.MustParseAddr(ip), User: user, Method: "POST", Path: "/login", Weight: 1, Detail: []byte("{}"),
	}
}

func notFound(at time.Duration, ip, path string) localplatform.Event {
	return localplatform.Event{
		At: start.Add(at), App: "shop", Env: "prod", Instance: "i1", Kind: wire.KindHTTPError, Name: wire.NameNotFound,
		IP: netip.MustParseAddr(ip), Method: "GET", Path: path, Status: 404, Weight: 1, Detail: []byte("{}"),
	}
}

func TestAttacksOfOneActorAreOneIncident(t *testing.T) {
	b := newBench(t)
	b.add(attack(0, "203.0.113.7"), attack(time.Minute, "203.0.113.7"))
	b.add(attack(50*time.Minute, "203.0.113.7"))
	i := b.only()
	if i.Events != 3 || i.Blocked != 3 || i.Reached != 3 || i.Exploited != 0 || i.State != localplatform.StateOpen {
		t.Errorf("counts are wrong: %+v", i)
	}
	if i.Severity != localplatform.SeverityHigh || !strings.Contains(i.Title, "203.0.113.7") || len(i.Advice) == 0 || !slices.Contains(i.CWE, "CWE-89") {
		t.Errorf("words are wrong: %+v", i)
	}
	if last := i.Advice[len(i.Advice)-1]; !strings.Contains(last, "app:shop env:prod attack:sqli ip:203.0.113.7") {
		t.Errorf("advice does not lead to the events: %q", last)
	}
	if len(i.Evidence) == 0 || i.Evidence[0].Frame != "main.search (shop.go:12)" || i.Evidence[0].Payload == "" || i.Evidence[0].Statement == "" {
		t.Errorf("evidence is wrong: %+v", i.Evidence)
	}
	if len(i.Timeline) != 1 || i.Timeline[0].What != "opened" {
		t.Errorf("timeline is wrong: %+v", i.Timeline)
	}
}

func TestOtherActorsKindsAppsAndTimesAreOtherIncidents(t *testing.T) {
	b := newBench(t)
	b.add(attack(0, "203.0.113.7"))
	b.add(attack(0, "203.0.113.8"))
	b.add(attack(0, "203.0.113.7", func(e *localplatform.Event) { e.Attack = wire.AttackLFI }))
	b.add(attack(0, "203.0.113.7", staging))
	b.add(attack(2*time.Hour, "203.0.113.7"))
	if list := b.all(); len(list) != 5 {
		t.Errorf("got %d incidents, want 5:\n%s", len(list), titles(list))
	}
}

func TestSeverity(t *testing.T) {
	for name, test := range map[string]struct {
		changes []func(*localplatform.Event)
		want    localplatform.Severity
	}{
		"a WAF match alone is low":                  {[]func(*localplatform.Event){wafOnly}, localplatform.SeverityLow},
		"a sink reached in production is high":      {nil, localplatform.SeverityHigh},
		"a sink reached in staging is medium":       {[]func(*localplatform.Event){staging}, localplatform.SeverityMedium},
		"what got through is high, also in staging": {[]func(*localplatform.Event){staging, unblocked}, localplatform.SeverityHigh},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.add(attack(0, "203.0.113.7", test.changes...))
			if i := b.only(); i.Severity != test.want {
				t.Errorf("severity is %s, want %s: %s", i.Severity, test.want, i.Title)
			}
		})
	}
}

func TestSeverityRisesAndIsNoted(t *testing.T) {
	b := newBench(t)
	b.add(attack(0, "203.0.113.7", wafOnly))
	b.add(attack(time.Second, "203.0.113.7", unblocked))
	i := b.only()
	var what []string
	for _, e := range i.Timeline {
		what = append(what, e.What)
	}
	if i.Severity != localplatform.SeverityHigh || !slices.Equal(what, []string{"opened", "severity", "exploited"}) {
		t.Errorf("severity %s, timeline %v", i.Severity, what)
	}
}

func TestLoginFailures(t *testing.T) {
	user := func(n int) string { return fmt.Sprintf("user%d@example.com", n) }
	t.Run("many accounts from one address are stuffing, whatever their order", func(t *testing.T) {
		b := newBench(t)
		for n := range 12 {
			b.add(login(time.Duration(n*7%12)*time.Second, "198.51.100.9", user(n), false))
		}
		i := b.only()
		if i.Kind != localplatform.IncidentCredentialStuffing || i.Events != 12 || len(i.Accounts) != 12 {
			t.Errorf("got %s", titles(b.all()))
		}
	})
	t.Run("one account from one address is brute force", func(t *testing.T) {
		b := newBench(t)
		for n := range 11 {
			b.add(login(time.Duration(n)*time.Second, "198.51.100.9", user(1), false))
		}
		for _, i := range b.all() {
			if i.Kind != localplatform.IncidentBruteForce {
				t.Errorf("got %s", titles(b.all()))
			}
		}
	})
	t.Run("few failures are people", func(t *testing.T) {
		b := newBench(t)
		for n := range 9 {
			b.add(login(time.Duration(n)*time.Second, "198.51.100.9", user(n), false))
		}
		for n := range 40 { // never ten within ten minutes
			b.add(login(time.Duration(n)*5*time.Minute, "198.51.100.10", user(n), false))
		}
		if list := b.all(); len(list) != 0 {
			t.Errorf("got %s", titles(list))
		}
	})
	t.Run("a success amid failures is a compromise", func(t *testing.T) {
		b := newBench(t)
		for n := range 8 {
			b.add(login(time.Duration(n)*time.Second, "198.51.100.9", user(n), false))
		}
		b.add(login(8*time.Second, "198.51.100.9", "victim@example.com", true))
		b.add(login(9*time.Second, "198.51.100.9", user(9), false), login(10*time.Second, "198.51.100.9", user(10), false))
		b.add(login(11*time.Second, "198.51.100.9", "other@example.com", true))
		i := b.only()
		if !slices.Equal(i.Compromised, []string{"victim@example.com", "other@example.com"}) || i.Severity != localplatform.SeverityHigh {
			t.Errorf("compromised %v at %s", i.Compromised, i.Severity)
		}
		if !strings.Contains(strings.Join(i.Advice, "\n"), "sqreen actions block --user victim@example.com") {
			t.Errorf("no advice to block the account: %q", i.Advice)
		}
	})
	t.Run("many addresses on many accounts are one attack", func(t *testing.T) {
		b := newBench(t)
		for n := range 90 {
			b.add(login(time.Duration(n)*time.Second, fmt.Sprintf("198.51.100.%d", n%30+1), user(n%45), false))
		}
		i := b.only()
		if i.Kind != localplatform.IncidentCredentialStuffing || !i.Shared || i.Events != 90 {
			t.Errorf("got %s", titles(b.all()))
		}
	})
}

func TestScan(t *testing.T) {
	b := newBench(t)
	for n := range 30 {
		b.add(notFound(time.Duration(n)*time.Second, "203.0.113.99", fmt.Sprintf("/guess%d", n)))
		b.add(notFound(time.Duration(n)*time.Second, "203.0.113.5", "/favicon.ico")) // a broken link is no scan
	}
	i := b.only()
	if i.Kind != localplatform.IncidentScan || i.Events != 30 {
		t.Errorf("got %s", titles(b.all()))
	}
}

func TestStates(t *testing.T) {
	attackAt := func(minute int) localplatform.Event { return attack(time.Duration(minute)*time.Minute, "203.0.113.7") }
	t.Run("a resolved incident stays closed", func(t *testing.T) {
		b := newBench(t)
		b.add(attackAt(0))
		b.change(b.only().ID, func(i *localplatform.Incident) { i.State = localplatform.StateResolved })
		b.add(attackAt(1))
		if list := b.all(); len(list) != 2 || list[0].Events != 1 || list[1].Events != 1 {
			t.Errorf("got\n%s", titles(list))
		}
	})
	t.Run("a reopened incident goes on", func(t *testing.T) {
		b := newBench(t)
		b.add(attackAt(0))
		id := b.only().ID
		b.change(id, func(i *localplatform.Incident) { i.State = localplatform.StateResolved })
		b.restart()
		b.add(notFound(0, "203.0.113.7", "/"))
		b.change(id, func(i *localplatform.Incident) { i.State = localplatform.StateOpen })
		b.add(attackAt(2))
		if i := b.only(); i.Events != 2 {
			t.Errorf("got %s", titles(b.all()))
		}
	})
	t.Run("an ignored incident swallows later attacks", func(t *testing.T) {
		b := newBench(t)
		b.add(attackAt(0))
		b.change(b.only().ID, func(i *localplatform.Incident) { i.State = localplatform.StateIgnored })
		b.add(attackAt(60 * 24))
		if i := b.only(); i.Events != 2 || i.State != localplatform.StateIgnored {
			t.Errorf("got %s", titles(b.all()))
		}
	})
	t.Run("a snoozed incident opens when its time is up", func(t *testing.T) {
		b := newBench(t)
		b.add(attackAt(0))
		until := b.now().Add(time.Hour)
		b.change(b.only().ID, func(i *localplatform.Incident) {
			i.State, i.SnoozedUntil = localplatform.StateSnoozed, until
		})
		b.add(attackAt(1))
		if i := b.only(); i.State != localplatform.StateSnoozed || i.Events != 2 {
			t.Errorf("too early: %s", titles(b.all()))
		}
		b.set(until)
		if err := b.det.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i := b.only(); i.State != localplatform.StateOpen {
			t.Errorf("still %s", i.State)
		}
	})
	t.Run("a resolved burst of failures is not counted again", func(t *testing.T) {
		b := newBench(t)
		for n := range 12 {
			b.add(login(time.Duration(n)*time.Second, "198.51.100.9", fmt.Sprint(n), false))
		}
		b.change(b.only().ID, func(i *localplatform.Incident) { i.State = localplatform.StateResolved })
		b.restart()
		b.add(login(13*time.Second, "198.51.100.9", "x", false))
		var sum int64
		for _, i := range b.all() {
			sum += i.Events
		}
		if sum > 13 {
			t.Errorf("%d events counted of 13:\n%s", sum, titles(b.all()))
		}
	})
}

func TestManyActorsShareOneIncident(t *testing.T) {
	b := newBench(t)
	for n := range 200 {
		b.add(attack(time.Duration(n)*time.Second, fmt.Sprintf("203.0.%d.%d", n/100, n%100)))
	}
	list := b.all()
	if len(list) > 30 {
		t.Fatalf("%d incidents for one attack", len(list))
	}
	var sum int64
	for _, i := range list {
		sum += i.Events
	}
	if last := list[len(list)-1]; sum != 200 || !last.Shared || len(last.Actors) > 101 {
		t.Errorf("%d events in %d incidents, the last %+v", sum, len(list), last)
	}
	// Later, when all is quiet, an actor has an incident of its own again.
	b.add(attack(5*time.Hour, "192.0.2.1"))
	if list := b.all(); list[len(list)-1].Shared {
		t.Error("a lone attack much later still shares an incident")
	}
}

func TestQueryListsTheEventsOfTheIncident(t *testing.T) {
	b := newBench(t)
	for n := range 12 {
		b.add(login(time.Duration(n)*time.Second, "198.51.100.9", fmt.Sprint(n), false), attack(time.Duration(n)*time.Second, "203.0.113.7"),
			notFound(time.Duration(n)*time.Second, "203.0.113.9", fmt.Sprint("/", n)), notFound(time.Duration(n)*time.Second, "203.0.113.9", fmt.Sprint("/x", n)))
	}
	if len(b.all()) != 3 {
		t.Fatalf("got\n%s", titles(b.all()))
	}
	for _, i := range b.all() {
		f, err := queries.Compile(i.Query, localplatform.EventSchema(), b.now())
		if err != nil {
			t.Fatalf("%s: %v", i.Query, err)
		}
		n, err := b.store.CountEvents(t.Context(), f)
		if err != nil || n != i.Events {
			t.Errorf("%q lists %d events (%v), the incident has %d", i.Query, n, err, i.Events)
		}
	}
}

// flaky fails some updates after their work is done, as a full disk would.
type flaky struct {
	localplatform.Store
	fail func() bool
}

var errDisk = errors.New("disk full")

func (s *flaky) Update(ctx context.Context, fn func(localplatform.ControlTx) error) error {
	return s.Store.Update(ctx, func(tx localplatform.ControlTx) error {
		if err := fn(tx); err != nil || !s.fail() {
			return err
		}
		return errDisk
	})
}

// TestRestartsAndFailuresChangeNothing runs the same random log straight
// through, and with restarts and failing transactions in between.
func TestRestartsAndFailuresChangeNothing(t *testing.T) {
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		log := randomLog(rnd)
		straight, broken := newBench(t), newBench(t)
		broken.store = &flaky{Store: broken.store, fail: func() bool { return rnd.IntN(3) == 0 }}
		broken.restart()
		for len(log) > 0 {
			n := min(len(log), 1+rnd.IntN(40))
			straight.add(slices.Clone(log[:n])...)
			broken.put(slices.Clone(log[:n])...)
			if rnd.IntN(3) == 0 {
				broken.restart()
			}
			for err := broken.det.CatchUp(t.Context()); err != nil; err = broken.det.CatchUp(t.Context()) {
				if !errors.Is(err, errDisk) {
					t.Fatal(err)
				}
			}
			log = log[n:]
		}
		if diff := cmp.Diff(straight.all(), broken.all(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Fatalf("seed %d: restarts changed incidents (-straight +broken):\n%s", seed, diff)
		}
	}
}

func randomLog(rnd *rand.Rand) []localplatform.Event {
	var log []localplatform.Event
	for at := time.Duration(0); len(log) < 600; at += time.Duration(rnd.IntN(40)) * time.Second {
		late := at - time.Duration(rnd.IntN(60))*time.Second
		ip := fmt.Sprintf("203.0.113.%d", rnd.IntN(4))
		switch rnd.IntN(5) {
		case 0:
			log = append(log, attack(late, ip, func(e *localplatform.Event) { e.Blocked = rnd.IntN(2) == 0 }))
		case 1, 2:
			log = append(log, login(late, ip, fmt.Sprint(rnd.IntN(20)), false))
		case 3:
			log = append(log, login(late, ip, fmt.Sprint(rnd.IntN(20)), rnd.IntN(4) == 0))
		default:
			log = append(log, notFound(late, ip, fmt.Sprint("/", rnd.IntN(60))))
		}
	}
	return log
}

func TestRunHandlesWhatArrivesAndStops(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.det.Run(ctx) }()
	b.put(attack(0, "203.0.113.7"))
	for len(b.all()) == 0 {
		if ctx.Err() != nil {
			t.Fatal("stopped early")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCatalogueKnowsEveryAttackKind(t *testing.T) {
	for _, kind := range []string{
		wire.AttackSQLi, wire.AttackNoSQLi, wire.AttackLDAPi, wire.AttackXPathi, wire.AttackShell, wire.AttackCode, wire.AttackTemplate,
		wire.AttackSSI, wire.AttackMail, wire.AttackCRLF, wire.AttackXSS, wire.AttackXXE, wire.AttackLFI, wire.AttackRFI, wire.AttackSSRF,
		wire.AttackDeserial, wire.AttackLog4Shell, wire.AttackProtocol, wire.AttackUpload, wire.AttackLeak, wire.AttackOpenRedirect,
		wire.AttackShellshock, wire.AttackCSP, wire.AttackCustom,
	} {
		b := newBench(t)
		b.add(attack(0, "203.0.113.7", func(e *localplatform.Event) { e.Attack = kind }))
		i := b.only()
		if strings.Contains(i.Title, kind+" attack") || len(i.Advice) < 2 || (len(i.MITRE) == 0 && kind != wire.AttackCustom) {
			t.Errorf("no words for %s: %+v", kind, i)
		}
	}
}

func TestTooManyWindowsAreCounted(t *testing.T) {
	b := newBench(t)
	b.det = incidents.New(b.store, incidents.Options{Limits: incidents.Limits{Window: time.Minute, ScannedPaths: 3, Keys: 4}})
	for n := range 10 {
		b.add(notFound(time.Duration(n)*time.Second, fmt.Sprintf("203.0.113.%d", n), "/"))
	}
	if got := b.det.Evicted(); got != 6 {
		t.Errorf("%d windows evicted, want 6", got)
	}
}

func BenchmarkDetector(b *testing.B) {
	store, err := sqlite.Open(b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	det := incidents.New(store, incidents.Options{})
	var batch []localplatform.Event
	for n := range 1000 {
		batch = append(batch, attack(time.Duration(n)*time.Millisecond, fmt.Sprintf("203.0.113.%d", n%8)))
	}
	n := uint64(0)
	for b.Loop() {
		n++
		b.StopTimer()
		if _, err := store.Append(b.Context(), localplatform.Batch{App: "shop", Env: "prod", Instance: "i", Seq: n, Received: start, Events: batch}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := det.CatchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(batch))*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
