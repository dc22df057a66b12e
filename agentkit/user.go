package agentkit

import (
	"context"
	"time"

	"github.com/sqreen/sqreen/agentkit/engine"
)

// BlockedError is the error of whatever the agent refused to let happen: a
// statement, a command, a blocked user's request. The client gets the blocking
// page whatever the handler writes, so a handler that meets it just returns.
// Use errors.As, or Blocked, to tell it from errors worth a retry.
type BlockedError = engine.BlockedError

// Blocked reports whether err says that the agent refused something.
func Blocked(err error) bool { return engine.Blocked(err) }

// Context is the place to tell the agent about the users and events of one
// request. Without an agent all of its methods do nothing.
type Context struct{ q *engine.Request }

// FromContext returns the place that belongs to a request's context. It always
// works; outside a request that passed through the middleware, what is told is
// forgotten. See Agent.Work for jobs.
func FromContext(ctx context.Context) Context {
	return Context{engine.FromContext(ctx)}
}

// Identify says which user the request belongs to, by identifiers such as
// {"id": "42"}. Use the same ones as in TrackLoginSuccess, and no personal data
// that you would not want to see on the platform.
//
// When this user is blocked or redirected, the error is a *BlockedError: the
// handler returns, and the client gets the blocking page.
func (c Context) Identify(ids map[string]string) error { return c.q.Identify(ids) }

// TrackSignup says that an account was created for a user.
func (c Context) TrackSignup(ids map[string]string) { c.q.Signup(ids) }

// TrackLoginSuccess says that a user has logged in. The request belongs to that
// user from then on.
func (c Context) TrackLoginSuccess(ids map[string]string) { c.q.Login(true, ids) }

// TrackLoginFailure says that somebody failed to log in as a user. Pass only
// identifiers, not the reason and not the password, or the platform cannot tell
// that two attempts were on the same account.
func (c Context) TrackLoginFailure(ids map[string]string) { c.q.Login(false, ids) }

// Track records an event of the application's own, such as "invoice.paid".
// Names that begin with "app.sqreen." are taken; using one is logged and counted.
// The event is recorded with whatever options are given, none being fine.
func (c Context) Track(name string, options ...EventOption) {
	if c.q == nil {
		return
	}
	ev := engine.Event{Name: name}
	for _, o := range options {
		o(&ev)
	}
	c.q.Track(ev)
}

// EventOption adds something to an event.
type EventOption func(*engine.Event)

// WithProperties adds properties: plain values, lists, maps and structs, which
// are copied. At most 64 are kept.
func WithProperties(properties map[string]any) EventOption {
	return func(ev *engine.Event) { ev.Properties = properties }
}

// WithUser says whom an event is about when it is not the request's user.
func WithUser(ids map[string]string) EventOption {
	return func(ev *engine.Event) { ev.User = ids }
}

// WithTime says when an event happened when it was not now.
func WithTime(t time.Time) EventOption {
	return func(ev *engine.Event) { ev.Time = t }
}
