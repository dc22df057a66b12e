//go:build go1.25

package heartbeat_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqreen/sqreen/agentkit/agenttest"
	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/internal/heartbeat"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// agent is a client on a platform in memory, inside a synctest bubble.
type agent struct {
	*heartbeat.Client
	t        *testing.T
	platform *agenttest.Platform
	engine   *engine.Engine
}

// run runs body in a bubble, where time passes only while everybody waits, and
// which fails when a goroutine is left behind.
func run(t *testing.T, body func(t *testing.T, a *agent)) {
	synctest.Test(t, func(t *testing.T) {
		p := agenttest.NewPlatform()
		e := engine.New(engine.Config{})
		c, err := heartbeat.New(heartbeat.Config{
			URL: "http://platform", Token: agenttest.Token, Engine: e, Transport: p.RoundTripper(),
			Stack: wire.Stack{Technology: "Go"},
		})
		if err != nil {
			t.Fatal(err)
		}
		body(t, &agent{c, t, p, e})
		p.Fail(nil)
		_ = c.Close(t.Context())
		e.Close()
	})
}

func (a *agent) emit(names ...string) {
	for _, n := range names {
		a.Emit(&wire.Signal{Kind: wire.KindEvent, Name: n, Time: time.Now().UTC()})
	}
}

func (a *agent) stored() string {
	var out []string
	for _, s := range a.platform.Signals() {
		out = append(out, s.Name)
	}
	return strings.Join(out, " ")
}

// after lets time pass, and everything happen that happens until then.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestHeartbeatEvery20Seconds(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		synctest.Wait()
		if got := len(a.platform.Logins()); got != 1 {
			t.Fatalf("%d logins, want one at once", got)
		}
		if s := a.platform.Logins()[0].Stack; s.Technology != "Go" {
			t.Errorf("stack = %+v", s)
		}
		first := len(a.platform.Batches())
		a.emit("a", "b")
		after(17 * time.Second)
		if got := len(a.platform.Batches()); got != first {
			t.Errorf("a heartbeat came early")
		}
		after(6 * time.Second)
		if got := a.stored(); got != "a b" {
			t.Errorf("stored %q, want a b", got)
		}
		after(10 * time.Minute)
		if got := len(a.platform.Batches()) - first; got < 27 || got > 34 {
			t.Errorf("%d heartbeats in ten minutes, want about 30", got)
		}
		for i, b := range a.platform.Batches() {
			if b.Seq != uint64(i+1) || b.Applied != 1 || b.Instance != a.Instance() {
				t.Fatalf("batch %d = %+v", i, b)
			}
		}
		if st := a.Status(); !st.Connected || st.App != "shop" || st.Waiting != 0 {
			t.Errorf("status = %+v", st)
		}
	})
}

func TestABlockedAttackTravelsAtOnceAndTogether(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Second)
		before := len(a.platform.Batches())
		for range 50 {
			a.Emit(&wire.Signal{Kind: wire.KindAttack, Name: wire.NameAttack, Attack: &wire.Attack{Blocked: true}})
		}
		after(100 * time.Millisecond)
		if got := len(a.platform.Signals()); got != 50 {
			t.Errorf("%d attacks arrived within 100 ms, want 50", got)
		}
		if got := len(a.platform.Batches()) - before; got != 1 {
			t.Errorf("they took %d heartbeats, want 1", got)
		}
		before = len(a.platform.Batches())
		for range 1000 { // ten seconds of blocked attacks
			a.Emit(&wire.Signal{Kind: wire.KindAttack, Name: wire.NameAttack, Attack: &wire.Attack{Blocked: true}})
			after(10 * time.Millisecond)
		}
		if got := len(a.platform.Batches()) - before; got > 45 {
			t.Errorf("%d heartbeats in ten seconds, want at most four in a second", got)
		}
	})
}

func TestALostAnswerStoresNothingTwice(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Second)
		a.emit("a", "b")
		a.engine.Count(wire.CounterLoginFailure, "", 7)
		var tries atomic.Int32
		a.platform.Fail(func(r *http.Request) *agenttest.Failure {
			if r.URL.Path == wire.PathHeartbeat && tries.Add(1) <= 3 {
				return &agenttest.Failure{After: true} // stored, and the connection breaks
			}
			return nil
		})
		from := len(a.platform.Bodies())
		after(2 * time.Minute)
		if got := a.stored(); got != "a b" {
			t.Errorf("stored %q", got)
		}
		if got := a.platform.Counter(wire.CounterLoginFailure, ""); got != 7 {
			t.Errorf("counted %v, want 7", got)
		}
		bodies := a.platform.Bodies()[from:]
		for i := 1; i < 4; i++ {
			if !bytes.Equal(bodies[i], bodies[0]) {
				t.Errorf("try %d differs from the first:\n%s\n%s", i+1, bodies[i], bodies[0])
			}
		}
	})
}

func TestAnOutageKeepsOrderAndBoundsMemory(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Second)
		a.platform.Fail(func(*http.Request) *agenttest.Failure { return &agenttest.Failure{Status: http.StatusBadGateway} })
		const sent = 30_000
		for i := range sent {
			a.emit(fmt.Sprint(i))
			if i%100 == 0 {
				a.engine.Count(wire.CounterLoginFailure, "", 1)
				after(time.Minute) // five hours
			}
		}
		if st := a.Status(); st.Connected || st.Err == nil || st.Waiting > 20_000 || st.Dropped < sent-20_000-500 {
			t.Errorf("status during the outage = %+v", st)
		}
		a.platform.Fail(nil)
		after(2 * time.Minute)
		var numbers []int
		for _, s := range a.platform.Signals() {
			var n int
			_, _ = fmt.Sscan(s.Name, &n)
			numbers = append(numbers, n)
		}
		if !slices.IsSorted(numbers) || numbers[len(numbers)-1] != sent-1 {
			t.Errorf("%d signals out of order, or the newest is lost", len(numbers))
		}
		after(2 * time.Minute) // the count of what was lost follows
		lost := a.platform.Counter(wire.CounterDropped, "buffer_full")
		if len(numbers)+int(lost) != sent {
			t.Errorf("%d stored + %v counted as lost, want %d", len(numbers), lost, sent)
		}
		if got := a.platform.Counter(wire.CounterLoginFailure, ""); got != sent/100 {
			t.Errorf("counter = %v, want %d", got, sent/100)
		}
	})
}

func TestBackoffGrowsAndHonoursRetryAfter(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		var mu sync.Mutex
		var tries []time.Time
		wait := time.Duration(0)
		a.platform.Fail(func(r *http.Request) *agenttest.Failure {
			mu.Lock()
			defer mu.Unlock()
			if r.URL.Path == wire.PathLogin {
				tries = append(tries, time.Now())
			}
			return &agenttest.Failure{Status: http.StatusServiceUnavailable, RetryAfter: wait}
		})
		seen := func() []time.Time {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(tries)
		}
		a.Start()
		after(10 * time.Minute)
		at := seen()
		if n := len(at); n < 10 || n > 30 {
			t.Errorf("%d tries in ten minutes", n)
		}
		if d := at[1].Sub(at[0]); d > time.Second {
			t.Errorf("the second try came after %v", d)
		}
		last := at[len(at)-1].Sub(at[len(at)-2])
		if last < 30*time.Second || last > time.Minute {
			t.Errorf("the last two tries are %v apart", last)
		}
		mu.Lock()
		wait = 5 * time.Minute
		mu.Unlock()
		after(2 * time.Minute)
		n := len(seen())
		after(170 * time.Second)
		if len(seen()) != n {
			t.Error("it came back before Retry-After had passed")
		}
		after(4 * time.Minute)
		if len(seen()) == n {
			t.Error("it never came back")
		}
	})
}

func TestItLogsInAgainWhenThePlatformForgotIt(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Second)
		a.platform.Forget()
		a.emit("a")
		after(time.Minute)
		if got := len(a.platform.Logins()); got != 2 {
			t.Errorf("%d logins, want 2", got)
		}
		if got := a.stored(); got != "a" {
			t.Errorf("stored %q", got)
		}
	})
}

func TestALoginTellsThatTheBatchHadArrived(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Second)
		a.emit("a")
		var n atomic.Int32
		a.platform.Fail(func(r *http.Request) *agenttest.Failure {
			if r.URL.Path != wire.PathHeartbeat {
				return nil
			}
			switch n.Add(1) {
			case 1:
				return &agenttest.Failure{After: true} // stored
			case 2:
				return &agenttest.Failure{Status: http.StatusUnauthorized}
			}
			return nil
		})
		after(time.Minute)
		a.emit("b")
		after(time.Minute)
		if got := a.stored(); got != "a b" {
			t.Errorf("stored %q", got)
		}
		for _, b := range a.platform.Batches() {
			if len(b.Signals) > 1 {
				t.Errorf("batch %d holds %d signals: the acknowledged one was sent again", b.Seq, len(b.Signals))
			}
		}
	})
}

func TestAPoisonedSignalCostsOnlyItself(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		for _, status := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
			poison := []byte(fmt.Sprint("poison", status))
			a.platform.Fail(func(r *http.Request) *agenttest.Failure {
				if bodies := a.platform.Bodies(); r.URL.Path == wire.PathHeartbeat && bytes.Contains(bodies[len(bodies)-1], poison) {
					return &agenttest.Failure{Status: status}
				}
				return nil
			})
			for i := range 100 {
				a.emit(fmt.Sprint(i))
			}
			a.emit(string(poison))
			for i := range 100 {
				a.emit(fmt.Sprint(100 + i))
			}
			if status == http.StatusBadRequest {
				a.Start()
			}
			after(2 * time.Minute)
		}
		var want []string
		for range 2 {
			for i := range 200 {
				want = append(want, fmt.Sprint(i))
			}
		}
		if got := a.stored(); got != strings.Join(want, " ") {
			t.Errorf("stored %s", got)
		}
		if got := a.platform.Counter(wire.CounterDropped, "refused"); got != 2 {
			t.Errorf("%v signals counted as refused, want 2", got)
		}
	})
}

func TestCountersThatThePlatformDoesNotTakeDoNotStopTheRest(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.platform.Fail(func(r *http.Request) *agenttest.Failure {
			if bodies := a.platform.Bodies(); r.URL.Path == wire.PathHeartbeat && bytes.Contains(bodies[len(bodies)-1], []byte("odd_counter")) {
				return &agenttest.Failure{Status: http.StatusBadRequest}
			}
			return nil
		})
		a.engine.Count("odd_counter", "", 1)
		a.emit("a")
		a.Start()
		after(time.Minute)
		a.emit("b")
		after(time.Minute)
		if got := a.stored(); !strings.HasSuffix(got, "b") {
			t.Errorf("stored %q", got)
		}
	})
}

func TestRefusedSignalsAreCounted(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.platform.Refuse(func(raw json.RawMessage) string {
			if bytes.Contains(raw, []byte(`"bad"`)) {
				return "bad"
			}
			return ""
		})
		a.emit("a", "bad", "b")
		a.Start()
		after(2 * time.Minute)
		if got := a.stored(); got != "a b" {
			t.Errorf("stored %q", got)
		}
		if got := a.platform.Counter(wire.CounterDropped, "refused"); got != 1 {
			t.Errorf("counted %v", got)
		}
	})
}

func TestInstructionsAreInForceAtOnce(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Minute)
		a.platform.Instruct(wire.Instructions{Policy: wire.Policy{Modes: map[string]string{wire.ProtectionSQLi: wire.ModeBlock}}, Heartbeat: 5})
		synctest.Wait() // no time passes
		if v := a.engine.Version(); v != 2 {
			t.Fatalf("version %d in force, want 2", v)
		}
		if polls := a.platform.Polls(); polls[len(polls)-1] != 2 {
			t.Errorf("the platform was not told: polls %v", polls)
		}
		after(20 * time.Second) // the old interval may have begun
		n := len(a.platform.Batches())
		after(time.Minute)
		if got := len(a.platform.Batches()) - n; got < 10 {
			t.Errorf("%d heartbeats in a minute, want one every 5 seconds", got)
		}
	})
}

func TestInstructionsComeWithHeartbeatsWhenListeningFails(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.platform.Fail(func(r *http.Request) *agenttest.Failure {
			if r.URL.Path == wire.PathInstructions {
				return &agenttest.Failure{Status: http.StatusBadGateway}
			}
			return nil
		})
		a.Start()
		after(time.Minute)
		a.platform.Instruct(wire.Instructions{})
		after(23 * time.Second)
		if v := a.engine.Version(); v != 2 {
			t.Errorf("version %d in force, want 2", v)
		}
	})
}

func TestCloseSendsWhatIsLeft(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Second)
		for i := range 1200 {
			a.emit(fmt.Sprint(i))
		}
		start := time.Now()
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("Close took %v", took)
		}
		if got := len(a.platform.Signals()); got != 1200 {
			t.Errorf("%d signals stored, want 1200", got)
		}
	})
}

func TestCloseOfAnAgentThatIsCutOffSaysWhatIsLost(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.platform.Fail(func(*http.Request) *agenttest.Failure { return &agenttest.Failure{} })
		a.Start()
		a.emit("a", "b", "c")
		after(time.Minute)
		start := time.Now()
		err := a.Close(t.Context())
		if err == nil || !strings.Contains(err.Error(), "3 signals") {
			t.Errorf("err = %v", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("Close took %v", took)
		}
	})
}

func TestCloseEndsWithItsContext(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Second)
		block := make(chan struct{})
		defer close(block)
		a.platform.Fail(func(r *http.Request) *agenttest.Failure {
			select {
			case <-block:
			case <-r.Context().Done():
			}
			return nil
		})
		a.emit("a")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := a.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("Close took %v", took)
		}
	})
}

func TestAStackThatChangedTravelsOnce(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		a.Start()
		after(time.Minute)
		n := len(a.platform.Batches())
		use := rand.Text() // what a process uses outlives a test
		engine.MarkUsed(use)
		after(2 * time.Minute)
		with := 0
		for _, b := range a.platform.Batches()[n:] {
			if b.Stack != nil {
				with++
				if !slices.Contains(b.Stack.Uses, use) {
					t.Errorf("uses = %v", b.Stack.Uses)
				}
			}
		}
		if with != 1 {
			t.Errorf("%d heartbeats carried the stack, want 1", with)
		}
	})
}

func TestALargeSignalLosesWhatIsBesideTheEvidence(t *testing.T) {
	run(t, func(t *testing.T, a *agent) {
		big := strings.Repeat("x", 15_000)
		a.Emit(&wire.Signal{
			Kind: wire.KindAttack, Name: wire.NameAttack, Attack: &wire.Attack{Payload: "evidence"},
			Request: &wire.Request{Params: map[string][]string{"a": {big, big, big, big, big}}},
		})
		a.Start()
		after(time.Minute)
		got := a.platform.Signals()
		if len(got) != 1 || got[0].Attack.Payload != "evidence" || got[0].Request.Params != nil {
			t.Errorf("stored %.300v", got)
		}
	})
}
