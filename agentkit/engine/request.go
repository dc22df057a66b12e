package engine

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"

	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Request is the security state of one HTTP request. It lives as long as
// anybody holds a context that carries it, also after the answer was sent. All
// methods work on nil and may be called from several goroutines.
type Request struct {
	engine *Engine
	ip     netip.Addr

	mu     sync.Mutex
	inputs *rasp.Inputs
}

// Begin starts a request that came from clientIP. It copies what checks need
// from r and does not keep it.
func (e *Engine) Begin(r *http.Request, clientIP netip.Addr) *Request {
	return &Request{engine: e, ip: clientIP}
}

type requestKey struct{}

// NewContext returns a context that carries q to the hooks.
func NewContext(ctx context.Context, q *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, q)
}

// FromContext returns the request that ctx belongs to, or nil.
func FromContext(ctx context.Context) *Request {
	q, _ := ctx.Value(requestKey{}).(*Request)
	return q
}

// Mode returns what a protection does for this request: wire.ModeOff,
// wire.ModeMonitor or wire.ModeBlock. It is off when q is nil, when the request
// is passlisted, and when the check was switched off after faults.
func (q *Request) Mode(protection string) string {
	if q == nil {
		return wire.ModeOff
	}
	return q.engine.policy.Load().mode(protection)
}

// Inputs returns what the request brought in so far. It is built at the first
// call and never nil for a non-nil q.
func (q *Request) Inputs() *rasp.Inputs {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.inputs == nil {
		q.inputs = rasp.NewInputs()
	}
	return q.inputs
}

// AddInput records a value that the request brought in and that only the
// application knows how to find: a route parameter, a field of a parsed body.
// Addresses look like "route.id" or "json.items[0].id".
func (q *Request) AddInput(address, value string) {
	if q != nil {
		q.Inputs().Add(address, value)
	}
}

// Use records that something was used while the request ran; see MarkUsed.
func (q *Request) Use(what string) { MarkUsed(what) }

// Check runs fn unless the protection is off, and records the attack it
// returns. In block mode it then marks the request as blocked, cancels its
// context and returns a *BlockedError, which the hook hands to its caller in
// place of doing its work. Otherwise it returns nil.
func (q *Request) Check(protection string, fn func(in *rasp.Inputs) *wire.Attack) (err error) {
	mode := q.Mode(protection)
	if mode == wire.ModeOff {
		return nil
	}
	attack := fn(q.Inputs())
	if attack == nil {
		return nil
	}
	attack.Blocked = mode == wire.ModeBlock
	if attack.Blocked {
		return &BlockedError{Attack: *attack}
	}
	return nil
}

// BlockedError is what a hook returns when it refused to do its work. The
// answer to the client is already decided: a handler that meets it just returns.
type BlockedError struct {
	Attack wire.Attack // what was found; empty when an action blocks the actor
	Action wire.Action // the action in force; empty when an attack was found
}

// Error says what was blocked, and nothing of the payload.
func (b *BlockedError) Error() string {
	if b.Attack.Kind == "" {
		return "sqreen: blocked by action " + b.Action.ID
	}
	return "sqreen: blocked " + b.Attack.Kind + " in " + b.Attack.Param + " (rule " + b.Attack.Rule + ")"
}

// Blocked reports whether err says that a protection refused something.
func Blocked(err error) bool {
	var b *BlockedError
	return errors.As(err, &b)
}
