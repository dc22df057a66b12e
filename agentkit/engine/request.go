package engine

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/waf"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Request is the security state of one HTTP request. It lives as long as
// anybody holds a context that carries it, also after the answer was sent. All
// methods work on nil and may be called from several goroutines.
type Request struct {
	engine *Engine

	// What came in, copied at Begin and never changed.
	ip                                  netip.Addr
	start                               time.Time
	method, scheme, host, path, escaped string
	query, remote                       string
	fields                              []field // headers
	fieldSpace                          [16]field
	detached                            bool // a unit of work that is no HTTP request

	headMatches []waf.Match // written by headTask only

	passlisted bool        // no protection looks at it
	inspected  atomic.Bool // a protection looked at it
	spent      atomic.Int64
	blocked    atomic.Pointer[block]
	user       atomic.Pointer[map[string]string]
	inputs     atomic.Pointer[rasp.Inputs]
	body       atomic.Pointer[bodyTap]
	ctx        requestContext

	mu       sync.Mutex
	moreCtx  []*requestContext
	pending  []pendingSignal
	timer    *time.Timer
	ended    bool
	status   int
	route    string
	took     time.Duration
	id       string
	identify string  // identifiers of the last Identify that was recorded
	extra    []field // what AddInput added
}

// field is one value of a header.
type field struct{ name, value string }

// block is the decision not to let a request go on.
type block struct {
	err    *BlockedError
	answer Answer
}

// Error makes a block the cause of the cancelled context.
func (b *block) Error() string { return b.err.Error() }

// Unwrap gives the *BlockedError.
func (b *block) Unwrap() error { return b.err }

// Begin starts a request that came from clientIP, which may be invalid when it
// is not known. It copies what checks need from r and does not keep it. It looks
// at the passlists, at the actions against the address and at the WAF's rules;
// ask Answer for the verdict before calling the handler.
func (e *Engine) Begin(r *http.Request, clientIP netip.Addr) *Request {
	q := &Request{engine: e, ip: clientIP.Unmap(), start: e.cfg.Now()}
	defer e.Contain("engine.begin")
	q.copyFrom(r)
	if e.policy.Load().disabled {
		return q
	}
	if e.cfg.Actors.PathPasslisted(q.path) || q.ip.IsValid() && e.cfg.Actors.IPPasslisted(q.ip) {
		q.passlisted = true
		return q
	}
	if q.ip.IsValid() {
		if a, ok := e.cfg.Actors.LookupIP(q.ip, q.start); ok {
			_ = q.act(a)
		}
	}
	if q.blocked.Load() == nil {
		q.inspectHead()
	}
	return q
}

// BeginWork starts a unit of work that is no HTTP request, such as a job from
// a queue, so that SDK events and hooks in it have somewhere to report to. What
// came in with it is added by AddInput. End it as a request.
func (e *Engine) BeginWork() *Request {
	return &Request{engine: e, start: e.cfg.Now(), detached: true}
}

// copyFrom takes what later checks need. Strings cannot change, so this costs
// no more than their headers.
func (q *Request) copyFrom(r *http.Request) {
	q.method, q.host, q.remote = r.Method, r.Host, r.RemoteAddr
	q.scheme = "http"
	if r.TLS != nil {
		q.scheme = "https"
	}
	if r.URL != nil {
		q.path, q.query = r.URL.Path, r.URL.RawQuery
		q.escaped = cmp.Or(r.URL.RawPath, r.URL.Path)
	}
	q.fields = q.fieldSpace[:0]
	for name, values := range r.Header {
		for _, v := range values {
			q.fields = append(q.fields, field{name, v})
		}
	}
}

// header returns the first value of a header by its canonical name.
func (q *Request) header(name string) string {
	for i := range q.fields {
		if q.fields[i].name == name {
			return q.fields[i].value
		}
	}
	return ""
}

// Passlisted reports whether no protection looks at the request.
func (q *Request) Passlisted() bool { return q != nil && q.passlisted }

// ClientIP returns the address that the request came from; it is invalid when
// that is not known.
func (q *Request) ClientIP() netip.Addr {
	if q == nil {
		return netip.Addr{}
	}
	return q.ip
}

// Mode returns what a protection does for this request: wire.ModeOff,
// wire.ModeMonitor or wire.ModeBlock. It is off when q is nil, when the request
// is passlisted, and when the check was switched off after faults.
func (q *Request) Mode(protection string) string {
	if q == nil || q.passlisted {
		return wire.ModeOff
	}
	mode := q.engine.policy.Load().mode(protection)
	if mode != wire.ModeOff && q.engine.faults.off(protection) {
		return wire.ModeOff
	}
	return mode
}

// Use records that something was used while the request ran; see MarkUsed. A
// statement sent to a database is "sql", and counted.
func (q *Request) Use(what string) {
	MarkUsed(what)
	if q != nil && what == "sql" {
		q.engine.counters.statements(q.engine.cfg.Now())
	}
}

// Blocked returns the error that condemned the request, or nil.
func (q *Request) Blocked() *BlockedError {
	if q == nil {
		return nil
	}
	if b := q.blocked.Load(); b != nil {
		return b.err
	}
	return nil
}

// condemn marks the request as blocked and cancels its contexts. The first
// decision stands. It returns the error for the caller of the hook.
func (q *Request) condemn(err *BlockedError, answer Answer) *BlockedError {
	b := &block{err, answer}
	if !q.blocked.CompareAndSwap(nil, b) {
		return err
	}
	first, more := q.contexts()
	if first != nil {
		first.cancel(b)
	}
	for _, c := range more {
		c.cancel(b)
	}
	return err
}

// End finishes the request: status is that of the answer, 0 when the connection
// was taken over, and route the pattern that served it. It sends the signals
// that were raised. Hooks that run later, in goroutines that the handler left
// behind, still work.
func (q *Request) End(status int, route string) {
	if q == nil {
		return
	}
	defer q.engine.Contain("engine.end")
	q.InspectRest()
	now := q.engine.cfg.Now()
	q.mu.Lock()
	if q.ended {
		q.mu.Unlock()
		return
	}
	q.ended, q.status, q.route, q.took = true, status, route, now.Sub(q.start)
	if q.timer != nil {
		q.timer.Stop()
	}
	q.mu.Unlock()
	if !q.detached && !q.engine.policy.Load().disabled {
		q.engine.counters.answered(now, q, status, q.took)
		q.watchStatus(status, now)
	}
	q.flush()
	q.releaseBody()
	first, more := q.contexts()
	if first != nil {
		first.end()
	}
	for _, c := range more {
		c.end()
	}
}

// watchStatus raises a signal for the answers that tell of guessing and of
// breakage.
func (q *Request) watchStatus(status int, now time.Time) {
	var name string
	switch {
	case q.passlisted || q.blocked.Load() != nil:
		return
	case status == http.StatusNotFound:
		name = wire.NameNotFound
	case status >= http.StatusInternalServerError:
		name = wire.NameServerError
	default:
		return
	}
	q.sampled(wire.Signal{Kind: wire.KindHTTPError, Name: name, Time: stamp(now)})
}

// act does what an action against the request's actor says. In monitor mode it
// only reports.
func (q *Request) act(a wire.Action) *BlockedError {
	mode := q.Mode(wire.ProtectionActors)
	if mode == wire.ModeOff {
		return nil
	}
	names := map[string]string{
		wire.ActionBlockIP: wire.NameBlockIP, wire.ActionBlockUser: wire.NameBlockUser,
		wire.ActionRedirectIP: wire.NameRedirectIP, wire.ActionRedirectUser: wire.NameRedirectUser,
	}
	name, ok := names[a.Kind]
	if !ok {
		return nil
	}
	now := q.engine.cfg.Now()
	q.engine.counters.add(now, wire.CounterActionHits, a.ID, 1)
	var err *BlockedError
	if mode == wire.ModeBlock {
		answer := q.engine.blockPage(q)
		if a.Kind == wire.ActionRedirectIP || a.Kind == wire.ActionRedirectUser {
			answer = redirectTo(a.URL)
		}
		err = q.condemn(&BlockedError{Action: a}, answer)
	}
	q.sampled(wire.Signal{Kind: wire.KindAction, Name: name, Time: stamp(now), Action: &wire.ActionHit{ID: a.ID, URL: a.URL}})
	return err
}

// contexts returns the contexts made for q so far.
func (q *Request) contexts() (first *requestContext, more []*requestContext) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ctx.Context == nil {
		return nil, nil
	}
	return &q.ctx, q.moreCtx
}

// hostPort splits the Host header.
func hostPort(host string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	return host, ""
}

var _ context.Context = (*requestContext)(nil)
