package agenttest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Recorder is an agent that keeps what it would send. Everything about a
// request is recorded when its handler has returned.
type Recorder struct {
	t     testing.TB
	agent *agentkit.Agent

	mu      sync.Mutex
	signals []wire.Signal
	version uint64
	policy  wire.Instructions
}

// NewRecorder returns a Recorder whose protections detect and do not block. It
// ends with the test.
func NewRecorder(t testing.TB) *Recorder {
	t.Helper()
	return NewRecorderConfig(t, agentkit.Config{})
}

// NewRecorderConfig returns a Recorder for an agent with the given
// configuration; its Sink, Token and File are not used.
func NewRecorderConfig(t testing.TB, c agentkit.Config) *Recorder {
	t.Helper()
	rec := &Recorder{t: t}
	c.Sink = rec.take
	c.Token = "recorder"
	rec.agent = agentkit.New(c)
	if err := rec.agent.Err(); err != nil {
		t.Fatalf("agenttest: %v", err)
	}
	t.Cleanup(func() {
		if err := rec.agent.Close(context.Background()); err != nil {
			t.Errorf("agenttest: close the agent: %v", err)
		}
	})
	return rec
}

func (rec *Recorder) take(sig *wire.Signal) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.signals = append(rec.signals, *sig)
}

// Agent returns the agent, to hand it to the code under test.
func (rec *Recorder) Agent() *agentkit.Agent { return rec.agent }

// Middleware protects next with the recorder's agent.
func (rec *Recorder) Middleware(next http.Handler) http.Handler { return rec.agent.Middleware(next) }

// Instruct puts a policy, actions and passlists in force, as the platform would.
// The version is set when it is 0, and the list of actions is complete.
func (rec *Recorder) Instruct(in wire.Instructions) {
	rec.t.Helper()
	rec.mu.Lock()
	rec.version++
	if in.Version == 0 {
		in.Version = rec.version
	}
	in.Full = true
	rec.policy = in
	rec.mu.Unlock()
	for _, err := range rec.agent.Engine().Apply(in) {
		rec.t.Errorf("agenttest: instructions: %v", err)
	}
}

// Block lets a protection block; see the wire.Protection constants.
func (rec *Recorder) Block(protection string) {
	rec.t.Helper()
	rec.mu.Lock()
	in := rec.policy
	rec.mu.Unlock()
	in.Version = 0
	in.Policy.Modes = maps.Clone(in.Policy.Modes)
	if in.Policy.Modes == nil {
		in.Policy.Modes = make(map[string]string)
	}
	in.Policy.Modes[protection] = wire.ModeBlock
	rec.Instruct(in)
}

// Signals returns what was recorded so far, in order.
func (rec *Recorder) Signals() []wire.Signal {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return slices.Clone(rec.signals)
}

// Named returns the recorded signals of one name: a wire.Name constant, or the
// name of an event.
func (rec *Recorder) Named(name string) []wire.Signal {
	return slices.DeleteFunc(rec.Signals(), func(s wire.Signal) bool { return s.Name != name })
}

// Attacks returns the recorded attacks.
func (rec *Recorder) Attacks() (out []wire.Attack) {
	for _, s := range rec.Signals() {
		if s.Attack != nil {
			out = append(out, *s.Attack)
		}
	}
	return out
}

// Reset forgets what was recorded.
func (rec *Recorder) Reset() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.signals = nil
}

// WantEvent fails the test unless an event of the given name was recorded, and
// returns the first one's properties.
func (rec *Recorder) WantEvent(name string) map[string]any {
	rec.t.Helper()
	found := rec.Named(name)
	if len(found) == 0 {
		rec.t.Errorf("no event %q was recorded; there were %s", name, rec.summary())
		return nil
	}
	if found[0].Event == nil {
		return nil
	}
	return found[0].Event.Properties
}

// WantUser fails the test unless a signal of the given name about the given
// user was recorded, such as wire.NameLoginFailure.
func (rec *Recorder) WantUser(name string, ids map[string]string) {
	rec.t.Helper()
	for _, s := range rec.Named(name) {
		if maps.Equal(s.User, ids) {
			return
		}
	}
	rec.t.Errorf("no %q of user %v was recorded; there were %s", name, ids, rec.summary())
}

// WantAttack fails the test unless an attack of the given kind, such as
// wire.AttackSQLi, was recorded, and returns the first one.
func (rec *Recorder) WantAttack(kind string) wire.Attack {
	rec.t.Helper()
	for _, a := range rec.Attacks() {
		if a.Kind == kind {
			return a
		}
	}
	rec.t.Errorf("no attack of kind %q was recorded; there were %s", kind, rec.summary())
	return wire.Attack{}
}

// WantNone fails the test if anything was recorded.
func (rec *Recorder) WantNone() {
	rec.t.Helper()
	if len(rec.Signals()) > 0 {
		rec.t.Errorf("want nothing recorded, there were %s", rec.summary())
	}
}

// summary lists what was recorded, for messages.
func (rec *Recorder) summary() string {
	var out []string
	for _, s := range rec.Signals() {
		text := s.Name
		if s.Attack != nil {
			text += "(" + s.Attack.Kind + ")"
		}
		if s.User != nil {
			text += fmt.Sprint(s.User)
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "none at all"
	}
	return strings.Join(out, ", ")
}
