package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

type requestKey struct{}

// NewContext returns a context that carries q to the hooks, and that is
// cancelled when q is blocked. A nil q gives ctx back.
func NewContext(ctx context.Context, q *Request) context.Context {
	if q == nil {
		return ctx
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ctx.Context == nil { // nearly every request has one context
		q.ctx.Context, q.ctx.q = ctx, q
		return &q.ctx
	}
	c := &requestContext{Context: ctx, q: q}
	q.moreCtx = append(q.moreCtx, c)
	return c
}

// FromContext returns the request that ctx belongs to, or nil.
func FromContext(ctx context.Context) *Request {
	if ctx == nil {
		return nil
	}
	q, _ := ctx.Value(requestKey{}).(*Request)
	return q
}

// requestContext is a context that can be cancelled, but costs nothing before
// somebody asks when: most handlers never do.
type requestContext struct {
	context.Context // the parent
	q               *Request

	mu    sync.Mutex
	inner atomic.Pointer[cancelable]
}

type cancelable struct {
	context.Context
	cancel context.CancelCauseFunc
}

// Done returns a channel that is closed when the parent ends or the request is
// blocked.
func (c *requestContext) Done() <-chan struct{} { return c.waitable().Done() }

// Err says whether, and how, the context ended.
func (c *requestContext) Err() error {
	if inner := c.inner.Load(); inner != nil {
		return inner.Err()
	}
	if c.q.blocked.Load() != nil {
		return context.Canceled
	}
	return c.Context.Err()
}

// Value returns the request for its own key. Through the cancelable context,
// the standard library finds out that children can be attached to it directly,
// and context.Cause finds the *BlockedError.
func (c *requestContext) Value(key any) any {
	if _, ok := key.(requestKey); ok {
		return c.q
	}
	if c.q.blocked.Load() != nil {
		return c.waitable().Value(key)
	}
	if inner := c.inner.Load(); inner != nil {
		return inner.Value(key)
	}
	return c.Context.Value(key)
}

// Deadline returns the parent's.
func (c *requestContext) Deadline() (time.Time, bool) { return c.Context.Deadline() }

// waitable returns the part that can be waited for, making it at the first call.
func (c *requestContext) waitable() *cancelable {
	if inner := c.inner.Load(); inner != nil {
		return inner
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if inner := c.inner.Load(); inner != nil {
		return inner
	}
	ctx, cancel := context.WithCancelCause(c.Context)
	inner := &cancelable{ctx, cancel}
	c.inner.Store(inner)
	if b := c.q.blocked.Load(); b != nil {
		cancel(b)
	}
	return inner
}

// cancel ends the context because the request was blocked, which q.blocked
// says already. A part that nobody waits for yet is cancelled when it is made.
func (c *requestContext) cancel(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if inner := c.inner.Load(); inner != nil {
		inner.cancel(cause)
	}
}

// end releases what the parent holds. net/http promises handlers that their
// context ends when they return, so nobody can rely on more.
func (c *requestContext) end() {
	if inner := c.inner.Load(); inner != nil && c.Context.Done() != nil {
		inner.cancel(context.Canceled)
	}
}
