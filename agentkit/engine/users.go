package engine

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/internal/stack"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Event is what an application tells about: a name of its own, properties, and
// whom it is about.
type Event struct {
	Name       string
	Properties map[string]any
	User       map[string]string // nil means the request's user
	Time       time.Time         // zero means now
}

// Identify says that the request belongs to a user. When that user is blocked
// or redirected it condemns the request and returns a *BlockedError.
func (q *Request) Identify(ids map[string]string) error {
	if q == nil {
		return nil
	}
	defer q.engine.Contain("sdk")
	ids = q.setUser(ids)
	if ids == nil || q.passlisted {
		return nil
	}
	if key := idKey(ids); q.firstOf(key) {
		q.userSignal(wire.NameIdentify, ids)
	}
	if a, ok := q.engine.cfg.Actors.LookupUser(ids, q.engine.cfg.Now()); ok {
		if err := q.act(a); err != nil {
			return err
		}
	}
	return nil
}

// firstOf reports whether an Identify with these identifiers is the first one.
func (q *Request) firstOf(key string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.identify == key {
		return false
	}
	q.identify = key
	return true
}

// idKey writes identifiers in a form that differs when they do.
func idKey(ids map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(ids)) {
		b.WriteString(k + "\x00" + ids[k] + "\x00")
	}
	return b.String()
}

// Login reports the outcome of a login. After a successful one the request
// belongs to the user.
func (q *Request) Login(success bool, ids map[string]string) {
	if q == nil {
		return
	}
	defer q.engine.Contain("sdk")
	name, counter := wire.NameLoginFailure, wire.CounterLoginFailure
	if success {
		name, counter = wire.NameLoginSuccess, wire.CounterLoginSuccess
		ids = q.setUser(ids)
	}
	if q.Mode(wire.ProtectionUsers) != wire.ModeOff {
		q.engine.Count(counter, "", 1)
	}
	q.userSignal(name, ids)
}

// Signup reports a new account.
func (q *Request) Signup(ids map[string]string) {
	if q == nil {
		return
	}
	defer q.engine.Contain("sdk")
	q.userSignal(wire.NameSignup, ids)
}

// userSignal records a signal about a user unless user monitoring is off.
func (q *Request) userSignal(name string, ids map[string]string) {
	if ids = q.cleanUser(ids); ids == nil || q.Mode(wire.ProtectionUsers) == wire.ModeOff {
		return
	}
	q.record(pendingSignal{sig: wire.Signal{Kind: wire.KindUser, Name: name, Time: stamp(q.engine.cfg.Now()), User: ids}})
}

// Track records an event of the application. Names that begin with
// wire.ReservedPrefix, or that are empty or too long, are refused: that is
// logged and counted.
func (q *Request) Track(ev Event) {
	if q == nil {
		return
	}
	defer q.engine.Contain("sdk")
	if q.passlisted || q.engine.policy.Load().disabled {
		return
	}
	if reason := refuseName(ev.Name); reason != "" {
		q.engine.Count(wire.CounterDropped, "bad_name", 1)
		q.engine.cfg.Logger.Warn("sqreen: event not recorded", "name", q.clip(ev.Name, wire.MaxNameBytes), "reason", reason)
		return
	}
	at := q.engine.cfg.Now()
	if !ev.Time.IsZero() {
		at = ev.Time
	}
	sig := wire.Signal{Kind: wire.KindEvent, Name: ev.Name, Time: stamp(at), User: q.cleanUser(ev.User)}
	if props := q.cleanProperties(ev.Properties); props != nil {
		sig.Event = &wire.Event{Properties: props}
	}
	q.record(pendingSignal{sig: sig})
}

func refuseName(name string) string {
	switch {
	case name == "":
		return "the name is empty"
	case len(name) > wire.MaxNameBytes:
		return "the name is too long"
	case strings.HasPrefix(strings.ToLower(name), wire.ReservedPrefix):
		return "names beginning with " + wire.ReservedPrefix + " are reserved"
	}
	return ""
}

// setUser makes ids the request's user.
func (q *Request) setUser(ids map[string]string) map[string]string {
	if ids = q.cleanUser(ids); ids != nil {
		q.user.Store(&ids)
	}
	return ids
}

// cleanUser returns a copy of ids within the wire's limits, or nil.
func (q *Request) cleanUser(ids map[string]string) map[string]string {
	if len(ids) == 0 {
		return nil
	}
	out := make(map[string]string, len(ids))
	for _, k := range slices.Sorted(maps.Keys(ids)) {
		if len(out) == wire.MaxUserIdentifiers {
			q.engine.Count(wire.CounterTruncated, "user", float64(len(ids)-len(out)))
			break
		}
		out[q.clip(k, wire.MaxNameBytes)] = q.clip(ids[k], maxHeader)
	}
	return out
}

// cleanProperties returns a copy of properties that the application cannot
// change any more, made of plain JSON values within the wire's limits.
func (q *Request) cleanProperties(props map[string]any) map[string]any {
	if len(props) == 0 {
		return nil
	}
	c := copier{q: q, room: wire.MaxSignalBytes / 2}
	out, _ := c.copy(reflect.ValueOf(props), 0).(map[string]any)
	if c.cut > 0 {
		q.engine.Count(wire.CounterTruncated, "properties", float64(c.cut))
	}
	return out
}

// Exception records that the handler panicked with v. Call it from the deferred
// function that recovered; v is not kept.
func (q *Request) Exception(v any) {
	if q == nil {
		return
	}
	defer q.engine.Contain("engine.exception")
	if q.passlisted || q.engine.policy.Load().disabled {
		return
	}
	kind, message := describePanic(v)
	q.record(pendingSignal{
		sig: wire.Signal{
			Kind: wire.KindException, Name: wire.NameException, Time: stamp(q.engine.cfg.Now()),
			Event: &wire.Event{Properties: map[string]any{"type": kind, "message": q.clip(message, maxHeader)}},
		},
		trace: stack.Capture(0),
	})
}
