package sqlhook

import (
	"context"
	"database/sql/driver"
	"errors"
)

// Unwrap returns the inner driver's connection or statement when v is one that
// this package wrapped, and v itself otherwise. It is meant for Conn.Raw:
//
//	err := conn.Raw(func(c any) error {
//		pg := sqlhook.Unwrap(c).(*stdlib.Conn)
//		...
//	})
func Unwrap(v any) any {
	if w, ok := v.(interface{ unwrap() any }); ok {
		return w.unwrap()
	}
	return v
}

// conn is a connection with the interfaces that every wrapped one has. A
// connection is used by one goroutine at a time, so last needs no lock.
type conn struct {
	inner driver.Conn
	guard *guard
	last  seen
}

func (c *conn) unwrap() any { return c.inner }

// wrapConn adds to c those of the interfaces that change how database/sql works
// and that the inner connection has. The interfaces that conn itself always has
// are those whose absence can be imitated.
func wrapConn(inner driver.Conn, g *guard) driver.Conn {
	if _, ok := inner.(interface{ unwrap() any }); ok {
		return inner
	}
	c := &conn{inner: inner, guard: g}
	exec, query := newExecer(c), newQueryer(c)
	checker, _ := inner.(driver.NamedValueChecker)
	switch {
	case exec != nil && query != nil && checker != nil:
		return struct {
			*conn
			driver.ExecerContext
			driver.QueryerContext
			driver.NamedValueChecker
		}{c, exec, query, checker}
	case exec != nil && query != nil:
		return struct {
			*conn
			driver.ExecerContext
			driver.QueryerContext
		}{c, exec, query}
	case exec != nil && checker != nil:
		return struct {
			*conn
			driver.ExecerContext
			driver.NamedValueChecker
		}{c, exec, checker}
	case query != nil && checker != nil:
		return struct {
			*conn
			driver.QueryerContext
			driver.NamedValueChecker
		}{c, query, checker}
	case exec != nil:
		return struct {
			*conn
			driver.ExecerContext
		}{c, exec}
	case query != nil:
		return struct {
			*conn
			driver.QueryerContext
		}{c, query}
	case checker != nil:
		return struct {
			*conn
			driver.NamedValueChecker
		}{c, checker}
	default:
		return c
	}
}

// Prepare is called for a connection that cannot prepare with a context. It
// cannot be reached through database/sql, because PrepareContext is there.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	s, err := c.inner.Prepare(query)
	if err != nil {
		return nil, err
	}
	return wrapStmt(s, c, query), nil
}

// PrepareContext checks the statement and prepares it.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.guard.check(ctx, query, &c.last); err != nil {
		return nil, err
	}
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return wrapStmt(s, c, query), nil
}

func (c *conn) prepare(ctx context.Context, query string) (driver.Stmt, error) {
	if p, ok := c.inner.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(ctx, query)
	}
	s, err := c.inner.Prepare(query)
	if err == nil && ctx.Err() != nil {
		_ = s.Close() // the context's error is the one to tell
		return nil, ctx.Err()
	}
	return s, err
}

// Close closes the connection.
func (c *conn) Close() error { return c.inner.Close() }

// Begin begins a transaction without a context.
func (c *conn) Begin() (driver.Tx, error) {
	return c.inner.Begin() //nolint:staticcheck // the interface asks for it
}

// BeginTx begins a transaction. Without BeginTx in the inner connection it does
// what database/sql does then.
func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if b, ok := c.inner.(driver.ConnBeginTx); ok {
		return b.BeginTx(ctx, o)
	}
	if o.Isolation != 0 {
		return nil, errors.New("sql: driver does not support non-default isolation level")
	}
	if o.ReadOnly {
		return nil, errors.New("sql: driver does not support read-only transactions")
	}
	tx, err := c.inner.Begin() //nolint:staticcheck // all there is
	if err == nil && ctx.Err() != nil {
		_ = tx.Rollback() // the context's error is the one to tell
		return nil, ctx.Err()
	}
	return tx, err
}

// Ping checks the connection when the inner one can.
func (c *conn) Ping(ctx context.Context) error {
	if p, ok := c.inner.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

// ResetSession prepares the connection for its next user when the inner one does so.
func (c *conn) ResetSession(ctx context.Context) error {
	c.last = seen{}
	if r, ok := c.inner.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

// IsValid reports whether the connection may be used again.
func (c *conn) IsValid() bool {
	c.last = seen{} // keeps no request alive in the pool
	if v, ok := c.inner.(driver.Validator); ok {
		return v.IsValid()
	}
	return true
}

// execer runs statements directly, on a connection that can.
type execer struct {
	c   *conn
	run func(context.Context, string, []driver.NamedValue) (driver.Result, error)
}

func newExecer(c *conn) driver.ExecerContext {
	switch inner := c.inner.(type) {
	case driver.ExecerContext:
		return &execer{c, inner.ExecContext}
	case driver.Execer: //nolint:staticcheck // old drivers have only this
		return &execer{c, func(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
			values, err := unnamed(ctx, args)
			if err != nil {
				return nil, err
			}
			return inner.Exec(query, values)
		}}
	default:
		return nil
	}
}

// ExecContext checks and runs a statement.
func (e *execer) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := e.c.guard.check(ctx, query, &e.c.last); err != nil {
		return nil, err
	}
	r, err := e.run(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) { // else it is prepared, and counted then
		count(ctx)
	}
	return r, err
}

// queryer runs queries directly, on a connection that can.
type queryer struct {
	c   *conn
	run func(context.Context, string, []driver.NamedValue) (driver.Rows, error)
}

func newQueryer(c *conn) driver.QueryerContext {
	switch inner := c.inner.(type) {
	case driver.QueryerContext:
		return &queryer{c, inner.QueryContext}
	case driver.Queryer: //nolint:staticcheck // old drivers have only this
		return &queryer{c, func(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
			values, err := unnamed(ctx, args)
			if err != nil {
				return nil, err
			}
			return inner.Query(query, values)
		}}
	default:
		return nil
	}
}

// QueryContext checks and runs a query.
func (q *queryer) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := q.c.guard.check(ctx, query, &q.c.last); err != nil {
		return nil, err
	}
	r, err := q.run(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) {
		count(ctx)
	}
	return r, err
}

// unnamed turns arguments into what the old interfaces take, with the errors
// that database/sql has for it.
func unnamed(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	values := make([]driver.Value, len(args))
	for i, a := range args {
		if a.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		values[i] = a.Value
	}
	return values, ctx.Err()
}
