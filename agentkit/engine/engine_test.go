package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/scrub"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// fixture is an engine with a clock of its own that keeps what it emits.
type fixture struct {
	*engine.Engine
	t *testing.T

	mu      sync.Mutex
	now     time.Time
	signals []wire.Signal
}

func newFixture(t *testing.T, c engine.Config) *fixture {
	t.Helper()
	f := &fixture{t: t, now: time.Date(2026, 11, 20, 12, 0, 30, 0, time.UTC)}
	c.Now = func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.now
	}
	c.Emit = func(s *wire.Signal) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.signals = append(f.signals, *s)
	}
	f.Engine = engine.New(c)
	t.Cleanup(f.Close)
	return f
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) sent() []wire.Signal {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.signals)
}

func (f *fixture) mode(protection, mode string) {
	f.t.Helper()
	for _, err := range f.Apply(wire.Instructions{Version: f.Version() + 1, Full: true, Policy: wire.Policy{Modes: map[string]string{protection: mode}}}) {
		f.t.Error(err)
	}
}

func (f *fixture) begin() *engine.Request {
	return f.Begin(httptest.NewRequest(http.MethodGet, "/a/b?q=v", nil), netip.MustParseAddr("203.0.113.7"))
}

func sum(list []wire.Counter, name, key string) (n float64) {
	for _, c := range list {
		if c.Name == name && c.Key == key {
			n += c.Value
		}
	}
	return n
}

func found(*rasp.Inputs) *wire.Attack { return &wire.Attack{Kind: wire.AttackSQLi, Rule: "r"} }

func nothing(*rasp.Inputs) *wire.Attack { return nil }

func TestEveryMethodWorksOnNil(t *testing.T) {
	var q *engine.Request
	if q.Mode(wire.ProtectionSQLi) != wire.ModeOff || q.Inputs() != nil || q.Check(wire.ProtectionSQLi, found) != nil ||
		q.Identify(map[string]string{"id": "1"}) != nil || q.Blocked() != nil || q.ClientIP().IsValid() || q.Passlisted() {
		t.Error("nil is not harmless")
	}
	q.AddInput("a", "b")
	q.Use("sql")
	q.Login(true, nil)
	q.Signup(nil)
	q.Track(engine.Event{Name: "x"})
	q.Exception("x")
	q.InspectRest()
	q.End(200, "")
	if b := q.WrapBody(http.NoBody, nil, 0); b != http.NoBody {
		t.Error("the body is wrapped")
	}
	if _, ok := q.Answer(); ok {
		t.Error("there is an answer")
	}
	ctx := t.Context()
	if engine.NewContext(ctx, nil) != ctx || engine.FromContext(ctx) != nil {
		t.Error("a context carries nil")
	}
}

func TestModes(t *testing.T) {
	f := newFixture(t, engine.Config{Defaults: map[string]string{wire.ProtectionShell: wire.ModeBlock}})
	q := f.begin()
	for protection, want := range map[string]string{
		wire.ProtectionSQLi: wire.ModeMonitor, wire.ProtectionShell: wire.ModeBlock, wire.ProtectionCSP: wire.ModeOff, "made.up": wire.ModeOff,
	} {
		if got := q.Mode(protection); got != want {
			t.Errorf("mode of %s = %q, want %q", protection, got, want)
		}
	}
	errs := f.Apply(wire.Instructions{Policy: wire.Policy{KillSwitch: true, Modes: map[string]string{wire.ProtectionSQLi: "explode", wire.ProtectionLFI: wire.ModeOff}}})
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "explode") {
		t.Errorf("errors %v", errs)
	}
	for protection, want := range map[string]string{
		wire.ProtectionSQLi: wire.ModeMonitor, wire.ProtectionShell: wire.ModeMonitor, wire.ProtectionLFI: wire.ModeOff,
	} {
		if got := q.Mode(protection); got != want {
			t.Errorf("with the kill switch, mode of %s = %q, want %q", protection, got, want)
		}
	}
}

func TestAPanicInACheckIsReportedAndTheRequestGoesOn(t *testing.T) {
	f := newFixture(t, engine.Config{})
	f.mode(wire.ProtectionSQLi, wire.ModeBlock)
	var calls int
	for range 10 {
		q := f.begin()
		err := q.Check(wire.ProtectionSQLi, func(*rasp.Inputs) *wire.Attack {
			calls++
			panic("secret of a user")
		})
		if err != nil {
			t.Fatalf("err = %v", err)
		}
		q.End(200, "")
	}
	if calls != 5 {
		t.Errorf("the check ran %d times, want it off after 5", calls)
	}
	faults := f.Faults()
	if len(faults) != 1 || faults[0].Count != 5 || !faults[0].Disabled || faults[0].Check != wire.ProtectionSQLi {
		t.Fatalf("faults = %+v", faults)
	}
	if m := faults[0].Message; strings.Contains(m, "secret") || !strings.Contains(m, "TestAPanicInACheck") {
		t.Errorf("message %q", m)
	}
	if got := sum(f.Counters(), wire.CounterSkipped, "fault"); got != 5 {
		t.Errorf("%v checks counted as skipped", got)
	}
	if q := f.begin(); q.Mode(wire.ProtectionSQLi) != wire.ModeOff || q.Mode(wire.ProtectionLFI) == wire.ModeOff {
		t.Error("want this protection off and the others on")
	}
	f.pass(11 * time.Minute)
	if f.begin().Mode(wire.ProtectionSQLi) != wire.ModeBlock {
		t.Error("it does not come back after a while")
	}
	_ = f.begin().Check(wire.ProtectionSQLi, func(*rasp.Inputs) *wire.Attack { panic("again") })
	if f.begin().Mode(wire.ProtectionSQLi) != wire.ModeOff {
		t.Error("a fault on probation does not switch it off")
	}
	f.mode(wire.ProtectionSQLi, wire.ModeMonitor)
	if f.begin().Mode(wire.ProtectionSQLi) != wire.ModeMonitor {
		t.Error("the platform cannot switch it on")
	}
}

func TestAnEndlessCheckDoesNotHoldTheRequest(t *testing.T) {
	f := newFixture(t, engine.Config{CheckLimit: 20 * time.Millisecond})
	var stop atomic.Bool
	defer stop.Store(true)
	endless := func(*rasp.Inputs) *wire.Attack {
		for !stop.Load() {
		}
		return nil
	}
	for range 2 {
		if err := f.begin().Check(wire.ProtectionSQLi, endless); err != nil {
			t.Fatal(err)
		}
	}
	if f.begin().Mode(wire.ProtectionSQLi) != wire.ModeOff {
		t.Error("two endless checks did not switch it off")
	}
	if faults := f.Faults(); len(faults) != 1 || faults[0].Count != 2 || !faults[0].Disabled {
		t.Errorf("faults = %+v", faults)
	}
	if err := f.begin().Check(wire.ProtectionLFI, nothing); err != nil {
		t.Errorf("other checks: %v", err)
	}
}

func TestTheBudgetOfARequest(t *testing.T) {
	f := newFixture(t, engine.Config{BudgetMicro: 1000})
	q := f.begin()
	ran := 0
	slow := func(*rasp.Inputs) *wire.Attack {
		ran++
		f.pass(400 * time.Microsecond)
		return nil
	}
	for range 10 {
		_ = q.Check(wire.ProtectionSQLi, slow)
	}
	if ran != 3 {
		t.Errorf("%d checks ran, want 3: the budget is reached in the third", ran)
	}
	if got := sum(f.Counters(), wire.CounterSkipped, "budget"); got != 7 {
		t.Errorf("%v counted as skipped, want 7", got)
	}
	other := f.begin()
	_ = other.Check(wire.ProtectionSQLi, slow)
	if ran != 4 {
		t.Error("another request has no budget of its own")
	}
	f.Apply(wire.Instructions{Policy: wire.Policy{BudgetMicro: 1_000_000}})
	_ = q.Check(wire.ProtectionSQLi, slow)
	if ran != 5 {
		t.Error("a larger budget does not count for a request under way")
	}
}

func TestTheCPUShareOfTheProcess(t *testing.T) {
	f := newFixture(t, engine.Config{BudgetMicro: 60_000_000})
	f.Apply(wire.Instructions{Policy: wire.Policy{CPUShare: 0.1}})
	ran := 0
	share := time.Duration(runtime.GOMAXPROCS(0)) * 100 * time.Millisecond
	slow := func(*rasp.Inputs) *wire.Attack {
		ran++
		f.pass(share / 4)
		return nil
	}
	for range 10 {
		_ = f.begin().Check(wire.ProtectionSQLi, slow)
	}
	if ran < 4 || ran > 6 {
		t.Errorf("%d checks ran in this second", ran)
	}
	f.pass(time.Second)
	before := ran
	_ = f.begin().Check(wire.ProtectionSQLi, slow)
	if ran != before+1 {
		t.Error("the next second has no share of its own")
	}
	if got := sum(f.Counters(), wire.CounterSkipped, "cpu"); got != float64(10-before) {
		t.Errorf("%v counted, want %d", got, 10-before)
	}
}

func TestTheSameAttackAgainIsWeight(t *testing.T) {
	f := newFixture(t, engine.Config{})
	q := f.begin()
	for i := range 100 {
		_ = q.Check(wire.ProtectionSQLi, func(*rasp.Inputs) *wire.Attack {
			return &wire.Attack{Kind: wire.AttackSQLi, Rule: "same", Sink: &wire.Sink{Statement: "s"}}
		})
		_ = q.Check(wire.ProtectionSQLi, func(*rasp.Inputs) *wire.Attack {
			return &wire.Attack{Kind: wire.AttackSQLi, Rule: fmt.Sprint(i)}
		})
	}
	q.End(200, "")
	weights := 0
	for _, s := range f.sent() {
		weights += max(1, s.Weight)
	}
	lost := sum(f.Counters(), wire.CounterDropped, "request_limit")
	if n := len(f.sent()); n != 32 || weights+int(lost) != 200 {
		t.Errorf("%d signals of weight %d, %v lost; want all 200 accounted for", n, weights, lost)
	}
}

func TestARequestThatTakesLongReportsBeforeItsEnd(t *testing.T) {
	got := make(chan wire.Signal, 1)
	e := engine.New(engine.Config{Emit: func(s *wire.Signal) { got <- *s }})
	defer e.Close()
	q := e.Begin(httptest.NewRequest(http.MethodGet, "/", nil), netip.Addr{})
	_ = q.Check(wire.ProtectionSQLi, found)
	if s := <-got; s.Attack.Kind != wire.AttackSQLi || s.Request.Status != 0 {
		t.Errorf("signal = %+v", s)
	}
	q.End(200, "")
	_ = q.Check(wire.ProtectionLFI, found) // in a goroutine that the handler left behind
	if s := <-got; s.Request.Status != 200 {
		t.Errorf("signal after the end = %+v", s)
	}
}

func TestFloodsAreSampledAndCountedExactly(t *testing.T) {
	f := newFixture(t, engine.Config{})
	answer := func(ip string, status, times int) {
		for range times {
			q := f.Begin(httptest.NewRequest(http.MethodGet, "/guess", nil), netip.MustParseAddr(ip))
			q.End(status, "")
		}
	}
	answer("203.0.113.7", 404, 1000)
	answer("198.51.100.1", 404, 3)
	answer("198.51.100.1", 502, 2)
	answer("198.51.100.1", 200, 50)
	if n := len(f.sent()); n > 40 {
		t.Errorf("%d signals for one flood", n)
	}
	f.pass(10 * time.Second)
	answer("203.0.113.7", 404, 1)
	answer("203.0.113.7", 404, 99)
	f.Flush()
	f.Flush()
	weight := make(map[string]int)
	for _, s := range f.sent() {
		weight[s.Name+" "+s.IP] += max(1, s.Weight)
		if s.Request == nil || s.Kind != wire.KindHTTPError {
			t.Errorf("signal %+v", s)
		}
	}
	for key, want := range map[string]int{
		wire.NameNotFound + " 203.0.113.7": 1100, wire.NameNotFound + " 198.51.100.1": 3, wire.NameServerError + " 198.51.100.1": 2,
	} {
		if weight[key] != want {
			t.Errorf("%s has weight %d, want %d", key, weight[key], want)
		}
	}
	if got := sum(f.Counters(), wire.CounterStatus, "404"); got != 1103 {
		t.Errorf("counted %v", got)
	}
}

func TestAFloodFromManyAddressesIsBounded(t *testing.T) {
	f := newFixture(t, engine.Config{})
	const n = 10_000
	for i := range n {
		ip := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		f.Begin(httptest.NewRequest(http.MethodGet, "/", nil), ip).End(404, "")
	}
	f.Flush()
	weight := 0
	for _, s := range f.sent() {
		weight += max(1, s.Weight)
	}
	if lost := sum(f.Counters(), wire.CounterDropped, "sampled"); weight+int(lost) != n || len(f.sent()) > 500 {
		t.Errorf("%d signals of weight %d, %v counted as left out; want %d in all", len(f.sent()), weight, lost, n)
	}
}

func TestCountersByMinuteAreNeitherLostNorDoubled(t *testing.T) {
	f := newFixture(t, engine.Config{})
	var total atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	got := 0.0
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			got += sum(f.Counters(), wire.CounterRequests, "")
			f.pass(7 * time.Second)
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	var work sync.WaitGroup
	for range 4 {
		work.Add(1)
		go func() {
			defer work.Done()
			for range 3000 {
				f.begin().End(200, "")
				total.Add(1)
			}
		}()
	}
	work.Wait()
	close(stop)
	wg.Wait()
	got += sum(f.Counters(), wire.CounterRequests, "")
	if got != float64(total.Load()) {
		t.Errorf("counted %v of %d requests", got, total.Load())
	}
}

func TestCountersStayBoundedWhileThePlatformIsAway(t *testing.T) {
	f := newFixture(t, engine.Config{})
	const minutes = 5 * 24 * 60
	for i := range minutes {
		f.begin().End(200+i%20, "")
		f.Count(wire.CounterActionHits, fmt.Sprint("action", i%50), 1)
		f.pass(time.Minute)
	}
	list := f.Counters()
	if got := sum(list, wire.CounterRequests, ""); got != minutes {
		t.Errorf("counted %v requests, want %d", got, minutes)
	}
	hits := 0.0
	for _, c := range list {
		if c.Name == wire.CounterActionHits {
			hits += c.Value
		}
	}
	if hits != minutes || len(list) > 8000 {
		t.Errorf("%v hits in %d counters, want %d in a bounded number", hits, len(list), minutes)
	}
}

func TestContextsOfARequest(t *testing.T) {
	f := newFixture(t, engine.Config{})
	f.mode(wire.ProtectionSQLi, wire.ModeBlock)
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	q := f.begin()
	first, second := engine.NewContext(parent, q), engine.NewContext(parent, q)
	waited, release := context.WithCancel(first)
	defer release()
	for name, ctx := range map[string]context.Context{"first": first, "second": second, "child": waited} {
		if engine.FromContext(ctx) != q || ctx.Value(key{}) != "value" || ctx.Err() != nil {
			t.Errorf("%s context is not the parent with a request", name)
		}
	}
	if err := q.Check(wire.ProtectionSQLi, found); !engine.Blocked(err) {
		t.Fatal(err)
	}
	late := engine.NewContext(parent, q)
	for name, ctx := range map[string]context.Context{"first": first, "second": second, "child": waited, "late": late} {
		<-ctx.Done()
		if ctx.Err() != context.Canceled || !engine.Blocked(context.Cause(ctx)) {
			t.Errorf("%s: %v, cause %v", name, ctx.Err(), context.Cause(ctx))
		}
	}
	if parent.Err() != nil {
		t.Error("the parent was cancelled")
	}
	cancel()
	q = f.begin()
	deadline, stop := context.WithTimeout(t.Context(), time.Hour)
	ctx := engine.NewContext(deadline, q)
	want, _ := deadline.Deadline()
	if got, ok := ctx.Deadline(); !ok || !got.Equal(want) {
		t.Errorf("deadline %v", got)
	}
	stop()
	if ctx.Err() == nil {
		t.Error("the parent's end is not seen")
	}
	<-ctx.Done()
}

type key struct{}

// A request ends with its handler, as net/http's own contexts do.
func TestContextsAreReleasedAtTheEnd(t *testing.T) {
	f := newFixture(t, engine.Config{})
	parent, cancel := context.WithCancel(t.Context())
	defer cancel()
	q := f.begin()
	ctx := engine.NewContext(parent, q)
	done := ctx.Done()
	q.End(200, "")
	<-done
	if parent.Err() != nil {
		t.Error("the parent ended too")
	}
}

func TestSDKSignals(t *testing.T) {
	f := newFixture(t, engine.Config{Scrub: scrub.Config{Keys: []string{"iban"}}})
	q := f.begin()
	ids := map[string]string{"id": "42", "email": "a@example.com"}
	q.Login(false, map[string]string{"id": "41"})
	q.Login(true, ids)
	ids["id"] = "changed later"
	for range 3 {
		_ = q.Identify(map[string]string{"id": "42"})
	}
	q.Signup(map[string]string{"id": "43"})
	props := map[string]any{
		"amount": 12.5, "iban": "DE00 1234", "when": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "list": []int{1, 2},
		"nested": map[string]any{"password": "hunter2"}, "nan": zero / zero, "func": func() {}, "err": fmt.Errorf("e"),
		"struct": struct {
			A string `json:"a"`
			b int
		}{"x", 1}, "long": strings.Repeat("é", 10_000), "nil": nil,
	}
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	q.Track(engine.Event{Name: "invoice.paid", Properties: props, User: map[string]string{"id": "44"}, Time: at})
	props["amount"] = "changed later"
	q.Track(engine.Event{Name: "bare"})
	q.Track(engine.Event{Name: "app.sqreen.fake"})
	q.Track(engine.Event{Name: "App.Sqreen.Fake"})
	q.Track(engine.Event{})
	q.End(200, "GET /a/b")
	var names []string
	for _, s := range f.sent() {
		names = append(names, s.Name+" "+s.User["id"])
	}
	want := []string{
		wire.NameLoginFailure + " 41", wire.NameLoginSuccess + " 42", wire.NameIdentify + " 42",
		wire.NameSignup + " 43", "invoice.paid 44", "bare 42",
	}
	if !slices.Equal(names, want) {
		t.Fatalf("signals %q, want %q", names, want)
	}
	ev := f.sent()[4]
	if !ev.Time.Equal(at) || ev.Request.Route != "GET /a/b" {
		t.Errorf("event = %+v", ev)
	}
	raw, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	for text, there := range map[string]bool{
		`"amount":12.5`: true, "hunter2": false, "DE00": false, `"list":[1,2]`: true, `"2026-01-02T03:04:05Z"`: true,
		`"NaN"`: true, `"err":"e"`: true, `"struct":{"a":"x"}`: true, `"nil":null`: true, `"b":1`: false,
	} {
		if strings.Contains(string(raw), text) != there {
			t.Errorf("%s in the event: want %v; it is %.2000s", text, there, raw)
		}
	}
	c := f.Counters()
	if sum(c, wire.CounterDropped, "bad_name") != 3 || sum(c, wire.CounterLoginFailure, "") != 1 || sum(c, wire.CounterLoginSuccess, "") != 1 {
		t.Errorf("counters %+v", c)
	}
}

var zero float64

func TestHostileProperties(t *testing.T) {
	f := newFixture(t, engine.Config{})
	cycle := map[string]any{}
	cycle["self"] = cycle
	type node struct{ Next *node }
	ring := &node{}
	ring.Next = ring
	many := make(map[string]any)
	for i := range 5000 {
		many[fmt.Sprint("key", i)] = strings.Repeat("x", 100)
	}
	deep := any("bottom")
	for range 1000 {
		deep = []any{deep}
	}
	for name, props := range map[string]map[string]any{
		"cycle": cycle, "ring": {"r": ring}, "many": many, "deep": {"d": deep}, "huge": {"h": strings.Repeat("y", 10<<20)},
		"panics": {"p": panics{}}, "binary": {"b": []byte{0xff, 0, 1}, "\xff": "\xfe"}, "wide": {"w": make([]int, 1<<20)},
	} {
		q := f.begin()
		q.Track(engine.Event{Name: name, Properties: props})
		q.End(200, "")
	}
	for _, s := range f.sent() {
		raw, err := json.Marshal(s)
		if err != nil || len(raw) > wire.MaxSignalBytes {
			t.Errorf("%s: %d bytes, %v", s.Name, len(raw), err)
		}
		if s.Event != nil && len(s.Event.Properties) > wire.MaxProperties {
			t.Errorf("%s: %d properties", s.Name, len(s.Event.Properties))
		}
		var back any
		if json.Unmarshal(raw, &back) != nil || depth(back) > wire.MaxDepth {
			t.Errorf("%s is too deep", s.Name)
		}
	}
	if n := len(f.sent()); n != 7 {
		t.Errorf("%d events, want all but the one that panics", n)
	}
	if faults := f.Faults(); len(faults) != 1 || faults[0].Check != "sdk" {
		t.Errorf("faults = %+v", faults)
	}
}

type panics struct{}

func (panics) Error() string { panic("in the host's code") }

func depth(v any) (n int) {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			n = max(n, depth(e))
		}
		return n + 1
	case []any:
		for _, e := range x {
			n = max(n, depth(e))
		}
		return n + 1
	}
	return 0
}

func TestUserMonitoringCanBeOff(t *testing.T) {
	f := newFixture(t, engine.Config{})
	f.mode(wire.ProtectionUsers, wire.ModeOff)
	q := f.begin()
	q.Login(true, map[string]string{"id": "1"})
	q.Signup(map[string]string{"id": "1"})
	_ = q.Identify(map[string]string{"id": "1"})
	q.Track(engine.Event{Name: "custom"})
	q.End(200, "")
	if got := f.sent(); len(got) != 1 || got[0].Name != "custom" {
		t.Errorf("signals %+v", got)
	}
}

func TestABlockedUserIsBlockedAtIdentify(t *testing.T) {
	f := newFixture(t, engine.Config{})
	f.Apply(wire.Instructions{Full: true, Actions: []wire.Action{{ID: "a", Kind: wire.ActionBlockUser, User: "42"}}})
	q := f.begin()
	err := q.Identify(map[string]string{"id": "42"})
	a, ok := q.Answer()
	if !engine.Blocked(err) || !strings.Contains(err.Error(), "action a") || !ok || a.Status != 403 {
		t.Errorf("err = %v, answer %+v", err, a)
	}
}

func TestOnlyJSONIsAnsweredInJSON(t *testing.T) {
	f := newFixture(t, engine.Config{})
	f.Apply(wire.Instructions{Full: true, Actions: []wire.Action{{ID: "a", Kind: wire.ActionBlockIP, CIDR: "203.0.113.7"}}})
	for accept, want := range map[string]string{
		"": "text/html", "*/*": "text/html", "application/json": "application/json", "application/json, text/plain;q=0.5": "text/html",
		"Application/JSON; charset=utf-8": "application/json", "application/problem+json, application/json": "application/json",
		"application/xml": "text/html", "application/*": "text/html", ",": "text/html",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		a, _ := f.Begin(r, netip.MustParseAddr("203.0.113.7")).Answer()
		if got, _, _ := strings.Cut(a.ContentType, ";"); got != want {
			t.Errorf("Accept %q: answer of type %q, want %q", accept, got, want)
		}
	}
}

func TestARedirectNeverRunsCode(t *testing.T) {
	f := newFixture(t, engine.Config{})
	for target, want := range map[string]string{
		"https://example.com/x": "https://example.com/x", "/help": "/help", "javascript:alert(1)": "/", "data:text/html,x": "/", "ht!tp://\x7f": "/",
	} {
		f.Apply(wire.Instructions{Full: true, Actions: []wire.Action{{ID: "a", Kind: wire.ActionRedirectIP, CIDR: "203.0.113.7", URL: target}}})
		if a, ok := f.begin().Answer(); ok && a.Location != want {
			t.Errorf("redirect to %q leads to %q, want %q", target, a.Location, want)
		}
	}
}

func TestExceptionsAreReportedWithTheirPlace(t *testing.T) {
	f := newFixture(t, engine.Config{})
	q := f.begin()
	func() {
		defer func() { q.Exception(recover()) }()
		crash()
	}()
	q.End(500, "")
	var s wire.Signal
	for _, s = range f.sent() {
		if s.Kind == wire.KindException {
			break
		}
	}
	if s.Name != wire.NameException || s.Event.Properties["type"] != "runtime.boundsError" {
		t.Fatalf("signal %+v", s)
	}
	if len(s.Stack) == 0 || !strings.HasSuffix(s.Stack[0].Function, ".crash") {
		t.Errorf("stack %+v", s.Stack)
	}
}

//go:noinline
func crash() { fmt.Print([]int{}[len(os.Args)]) }

func TestPlatformScrubbingRules(t *testing.T) {
	f := newFixture(t, engine.Config{})
	errs := f.Apply(wire.Instructions{Policy: wire.Policy{ScrubKeys: []string{"ssn", "--"}, ScrubValues: []string{`AB\d+`, "("}}})
	if len(errs) != 2 {
		t.Errorf("errors %v, want one for each bad rule", errs)
	}
	q := f.begin()
	q.Track(engine.Event{Name: "x", Properties: map[string]any{"ssn": "123", "note": "see AB42."}})
	q.End(200, "")
	p := f.sent()[0].Event.Properties
	if p["ssn"] != wire.Redacted || p["note"] != "see "+wire.Redacted+"." {
		t.Errorf("properties %v", p)
	}
}

func TestConcurrentUse(t *testing.T) {
	f := newFixture(t, engine.Config{})
	f.mode(wire.ProtectionSQLi, wire.ModeBlock)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 100 {
				q := f.begin()
				ctx := engine.NewContext(t.Context(), q)
				var inner sync.WaitGroup
				for range 3 {
					inner.Add(1)
					go func() {
						defer inner.Done()
						q := engine.FromContext(ctx)
						q.AddInput("route.x", fmt.Sprint(i))
						_ = q.Check(wire.ProtectionSQLi, func(in *rasp.Inputs) *wire.Attack {
							if in.Len() == 0 {
								t.Error("no inputs")
							}
							return found(in)
						})
						_ = q.Identify(map[string]string{"id": fmt.Sprint(i)})
						q.Track(engine.Event{Name: "e"})
						<-ctx.Done()
					}()
				}
				inner.Wait()
				q.End(403, "")
				if g == 0 && i%10 == 0 {
					f.Apply(wire.Instructions{Policy: wire.Policy{Modes: map[string]string{
						wire.ProtectionSQLi: wire.ModeBlock, wire.ProtectionLFI: []string{wire.ModeOff, wire.ModeBlock}[i/10%2],
					}}})
					f.Flush()
					f.Counters()
				}
			}
		}()
	}
	wg.Wait()
	if n := len(f.sent()); n == 0 {
		t.Error("nothing was sent")
	}
}

func TestCallsWithoutARequestAreCounted(t *testing.T) {
	f := newFixture(t, engine.Config{})
	f.Flush() // what other tests left behind
	f.Counters()
	engine.MarkUnchecked("sql")
	engine.MarkUnchecked("sql")
	engine.MarkUnchecked("shell")
	f.Flush()
	got := map[string]float64{}
	for _, c := range f.Counters() {
		got[c.Name+" "+c.Key] += c.Value
	}
	if got["skipped no_request_sql"] != 2 || got["skipped no_request_shell"] != 1 {
		t.Errorf("counted %v", got)
	}
}
