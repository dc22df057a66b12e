// Package api is localplatform.Platform on a store in this process: it checks
// who may do what, notes every change in the audit log, and derives what people
// see (the inventory, activity, completion) from what is stored.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// Options are what a Platform needs besides a store.
type Options struct {
	// Caller is who asks when the context does not say. The zero Caller may do
	// nothing, which is right for everything that comes over a network.
	Caller localplatform.Caller
	// Changed is called after a change of policies, actions or groups is durable.
	Changed func(ctx context.Context)
	// TokensChanged is called after a token was made or revoked.
	TokensChanged func()
	// Status fills in what the process knows of itself. May be nil.
	Status func(s *localplatform.Status)
	Now    func() time.Time // nil is time.Now
	Logger *slog.Logger     // nil is silence
}

// Platform implements localplatform.Platform. It is safe for concurrent use.
// Close leaves the store open: whoever opened it closes it.
type Platform struct {
	store   localplatform.Store
	opt     Options
	targets targets
}

var _ localplatform.Platform = (*Platform)(nil)

// New returns a Platform on a store.
func New(store localplatform.Store, o Options) *Platform {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func(context.Context) {}
	}
	if o.TokensChanged == nil {
		o.TokensChanged = func() {}
	}
	if o.Status == nil {
		o.Status = func(*localplatform.Status) {}
	}
	return &Platform{store: store, opt: o}
}

// Close does nothing.
func (p *Platform) Close() error { return nil }

// now is the time to be stored: in UTC, without the monotonic clock, in
// microseconds, so that it reads back as it was written.
func (p *Platform) now() time.Time { return p.opt.Now().UTC().Round(0).Truncate(time.Microsecond) }

// need checks that the caller has a role, and says who it is.
func (p *Platform) need(ctx context.Context, role localplatform.Role) (localplatform.Caller, error) {
	c := localplatform.CallerFrom(ctx)
	if c == (localplatform.Caller{}) {
		c = p.opt.Caller
	}
	switch {
	case c.Role.Allows(role):
		return c, nil
	case c.Role == "":
		return c, localplatform.Errorf(localplatform.CodeUnauthorized, "nobody is logged in").WithHint("give an operator token")
	}
	return c, localplatform.Errorf(localplatform.CodeForbidden, "this needs the role %s; %s is a %s", role, c.Name, c.Role).
		WithHint("use a token with the role %s: sqreen tokens create --operator NAME --role %s", role, role)
}

// compile reads a filter. Nil selects everything.
func (p *Platform) compile(text string, s *queries.Schema) (*queries.Filter, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // a nil Filter selects all, as stores document
	}
	f, err := queries.Compile(text, s, p.opt.Now())
	if err != nil {
		return nil, queryError(err)
	}
	return f, nil
}

// queryError makes an error of the query language one that crosses HTTP.
func queryError(err error) error {
	q, ok := errors.AsType[*queries.Error](err)
	if !ok {
		return err
	}
	message := q.Message
	if q.Expected != "" {
		message = fmt.Sprintf("%s; expected %s", message, q.Expected)
	}
	return &localplatform.Error{
		Code: localplatform.CodeInvalidQuery, Message: message, Hint: q.Hint,
		Query: q.Query, Column: q.Column, End: q.End,
	}
}

// must compiles a filter that this package wrote itself.
func must(text string, s *queries.Schema, now time.Time) *queries.Filter {
	f, err := queries.Compile(text, s, now)
	if err != nil {
		panic(fmt.Sprintf("api: own query %q: %v", text, err))
	}
	return f
}

// view reads a snapshot of the control data.
func (p *Platform) view(ctx context.Context, fn func(tx localplatform.ControlTx) error) error {
	return p.store.View(ctx, fn)
}

// configure makes one change of what is in force: fn gets the version it is
// made at. Agents are told when it is durable.
func (p *Platform) configure(ctx context.Context, fn func(tx localplatform.ControlTx, version uint64) error) error {
	err := p.store.Update(ctx, func(tx localplatform.ControlTx) error {
		version, err := tx.BumpConfig()
		if err != nil {
			return err
		}
		return fn(tx, version)
	})
	if err == nil {
		p.opt.Changed(context.WithoutCancel(ctx))
	}
	return err
}

// audit notes a change in the log, in the transaction that makes it.
func (p *Platform) audit(tx localplatform.ControlTx, by localplatform.Caller, what, on, text string) error {
	return tx.AddAudit(localplatform.AuditEntry{At: p.now(), By: by.Name, What: what, On: on, Text: text})
}

// Audit lists the latest changes, newest first.
func (p *Platform) Audit(ctx context.Context, limit int) ([]localplatform.AuditEntry, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	limit, err := pageSize(limit)
	if err != nil {
		return nil, err
	}
	out := []localplatform.AuditEntry{}
	err = p.view(ctx, func(tx localplatform.ControlTx) error {
		list, err := tx.Audit(limit)
		out = append(out, list...)
		return err
	})
	return out, err
}

// pageSize checks how many items are asked for.
func pageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return localplatform.DefaultPage, nil
	case limit < 0 || limit > localplatform.MaxPage:
		return 0, localplatform.Errorf(localplatform.CodeInvalid, "limit %d is not between 1 and %d", limit, localplatform.MaxPage)
	}
	return limit, nil
}
