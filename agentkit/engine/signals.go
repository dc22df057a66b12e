package engine

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/internal/stack"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Bounds of what one request reports.
const (
	maxPending    = 32                     // different signals
	flushAfter    = 500 * time.Millisecond // a request that takes longer reports before its end
	maxText       = 4 << 10                // one string of a signal
	maxHeader     = 1 << 10                // one header value
	maxParams     = 100                    // parameters beside an attack
	maxParamBytes = 16 << 10               // all of them together
)

// pendingSignal waits for the end of its request, when the answer and the
// route are known.
type pendingSignal struct {
	sig     wire.Signal
	trace   stack.Trace
	sampled bool
	// params asks for the request's parameters and headers beside the signal
	params bool
}

// recordAttack keeps an attack for the report. The same one again in the same
// request adds to the first one's weight.
func (q *Request) recordAttack(a wire.Attack, trace stack.Trace) {
	q.record(pendingSignal{
		sig:    wire.Signal{Kind: wire.KindAttack, Name: wire.NameAttack, Time: stamp(q.engine.cfg.Now()), Attack: &a},
		trace:  trace,
		params: true,
	})
}

// sampled records a signal of which there may be many from one address.
func (q *Request) sampled(sig wire.Signal) {
	now := q.engine.cfg.Now()
	weight, counted := q.engine.sampler.admit(sig.Name, q.ip, now)
	if weight == 0 {
		if !counted {
			q.engine.counters.add(now, wire.CounterDropped, "sampled", 1)
		}
		return
	}
	if weight > 1 {
		sig.Weight = weight
	}
	q.record(pendingSignal{sig: sig, sampled: true})
}

// record keeps a signal until the request ends, or for a moment when it takes
// long.
func (q *Request) record(p pendingSignal) {
	q.mu.Lock()
	if q.ended { // raised by a goroutine that outlives the request
		q.mu.Unlock()
		q.send(&p)
		return
	}
	defer q.mu.Unlock()
	for i := range q.pending {
		if q.pending[i].repeats(&p) {
			w := &q.pending[i].sig.Weight
			*w = max(*w, 1) + 1
			return
		}
	}
	if len(q.pending) == maxPending {
		q.engine.Count(wire.CounterDropped, "request_limit", 1)
		return
	}
	q.pending = append(q.pending, p)
	if q.timer == nil {
		q.timer = time.AfterFunc(flushAfter, q.flush)
	}
}

// repeats reports whether p is about the same attack as old.
func (old *pendingSignal) repeats(p *pendingSignal) bool {
	a, b := old.sig.Attack, p.sig.Attack
	if a == nil || b == nil || a.Rule != b.Rule || a.Param != b.Param || a.Blocked != b.Blocked || a.Payload != b.Payload {
		return false
	}
	return a.Sink == nil && b.Sink == nil || a.Sink != nil && b.Sink != nil && a.Sink.Statement == b.Sink.Statement
}

// flush sends what is pending. It runs at the end of the request, or on a timer
// while the handler is still at work, so it must touch nothing of the handler's.
func (q *Request) flush() {
	defer q.engine.Contain("engine.flush")
	q.mu.Lock()
	pending := q.pending
	q.pending, q.timer = nil, nil
	q.mu.Unlock()
	for i := range pending {
		q.send(&pending[i])
	}
}

// send completes a signal with what is known of the request and emits it.
func (q *Request) send(p *pendingSignal) {
	sig := &p.sig
	if q.ip.IsValid() {
		sig.IP = q.ip.String()
	}
	if u := q.user.Load(); sig.User == nil && u != nil {
		sig.User = *u
	}
	if p.trace != nil {
		sig.Stack = p.trace.Frames()
	}
	if !q.detached {
		sig.Request = q.describe(p.params)
	}
	if a := sig.Attack; a != nil {
		q.clipAttack(a)
		if sig.Request != nil {
			a.Param = routeParam(a.Param, sig.Request.Route)
		}
	}
	if !q.engine.scrub(sig) {
		return
	}
	if p.sampled {
		q.engine.sampler.sent(q.ip, *sig)
	}
	q.engine.emitScrubbed(sig)
}

// scrub removes secrets. A signal that cannot be scrubbed is not sent.
func (e *Engine) scrub(sig *wire.Signal) (ok bool) {
	defer func() {
		if !ok {
			e.Count(wire.CounterDropped, "fault", 1)
		}
	}()
	defer e.Contain("scrub")
	e.policy.Load().scrubber.Signal(sig)
	return true
}

func (e *Engine) emitScrubbed(sig *wire.Signal) {
	if e.cfg.Emit != nil {
		e.cfg.Emit(sig)
	}
}

// describe returns the request as signals carry it.
func (q *Request) describe(params bool) *wire.Request {
	q.mu.Lock()
	if q.id == "" {
		q.id = rand.Text()
	}
	r := &wire.Request{
		ID: q.id, Status: q.status, Route: q.route, Micros: q.took.Microseconds(),
		Method: q.method, Scheme: q.scheme, Path: q.clip(q.path, maxText), Query: q.clip(q.query, maxText),
		Remote: q.remote, UserAgent: q.clip(q.header("User-Agent"), maxHeader), Referer: q.clip(q.header("Referer"), maxHeader),
		Blocked: q.blocked.Load() != nil,
	}
	q.mu.Unlock()
	r.Host, r.Port = hostPort(q.host)
	if params {
		r.Headers = q.tellingHeaders()
		r.Params = q.params()
	}
	return r
}

// tellingHeaders returns the headers that help to understand an attack. The
// others may hold anything and stay here.
func (q *Request) tellingHeaders() map[string][]string {
	out := make(map[string][]string)
	for _, f := range q.fields {
		switch f.name {
		case "Accept", "Accept-Encoding", "Accept-Language", "Content-Length", "Content-Type", "Cookie", "Forwarded", "Origin",
			"Referer", "User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip",
			"X-Request-Id", "X-Requested-With", "Authorization":
			out[f.name] = append(out[f.name], q.clip(f.value, maxHeader))
		}
	}
	return out
}

// params returns the parameters by address, as far as there is room.
func (q *Request) params() map[string][]string {
	out := make(map[string][]string)
	room, left := maxParamBytes, 0
	for address, value := range q.all() {
		if strings.HasPrefix(address, "header.") || strings.HasPrefix(address, "path.") || address == "query" {
			continue
		}
		size := len(address) + min(len(value), maxText)
		if len(out) >= maxParams || size > room {
			left++
			continue
		}
		room -= size
		out[address] = append(out[address], q.clip(value, maxText))
	}
	if left > 0 {
		q.engine.Count(wire.CounterTruncated, "params", float64(left))
	}
	return out
}

// clipAttack keeps an attack within the wire's limits.
func (q *Request) clipAttack(a *wire.Attack) {
	for _, s := range []*string{&a.Payload, &a.Match, &a.Message, &a.Param, &a.Rule} {
		*s = q.clip(*s, maxText)
	}
	if a.Sink == nil || len(a.Sink.Statement) <= maxText {
		return
	}
	// A long statement keeps the part around the input, which is the evidence.
	sink := *a.Sink
	from := max(0, min(sink.Start-maxText/2, len(sink.Statement)-maxText))
	sink.Statement = strings.ToValidUTF8(sink.Statement[from:from+maxText], "")
	sink.Start, sink.End = max(0, sink.Start-from), min(max(0, sink.End-from), len(sink.Statement))
	a.Sink = &sink
	q.engine.Count(wire.CounterTruncated, "statement", 1)
}

// clip cuts s to at most limit bytes, at the beginning of a character, and
// counts that it did.
func (q *Request) clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	q.engine.Count(wire.CounterTruncated, "text", 1)
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// routeParam names a path segment as the route does: "path.1" of the pattern
// "GET /users/{id}" is "route.id".
func routeParam(param, route string) string {
	number, ok := strings.CutPrefix(param, "path.")
	if !ok || route == "" {
		return param
	}
	slash := strings.IndexByte(route, '/')
	if slash < 0 {
		return param
	}
	n := 0
	for _, c := range []byte(number) {
		if c < '0' || c > '9' || n > 1000 {
			return param
		}
		n = n*10 + int(c-'0')
	}
	segments := strings.Split(route[slash+1:], "/")
	if n >= len(segments) {
		return param
	}
	name := segments[n]
	if !strings.HasPrefix(name, "{") || !strings.HasSuffix(name, "}") {
		return param
	}
	return "route." + strings.TrimSuffix(name[1:len(name)-1], "...")
}
