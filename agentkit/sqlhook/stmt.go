package sqlhook

import (
	"context"
	"database/sql/driver"
)

// stmt is a prepared statement with the methods that every one has. Its text is
// checked again when it runs, because it may have been prepared without the
// context of the request whose input is in it.
type stmt struct {
	driver.Stmt
	conn  *conn
	query string
	last  seen // until the first run; a statement must not keep a request alive
}

// check checks the statement unless that was done while it was prepared.
func (s *stmt) check(ctx context.Context) error {
	last := s.last
	s.last = seen{}
	return s.conn.guard.check(ctx, s.query, &last)
}

func (s *stmt) unwrap() any { return s.Stmt }

// Exec runs the statement for a driver that takes no context with it.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	count(context.Background())
	return s.Stmt.Exec(args) //nolint:staticcheck // the interface asks for it
}

// Query runs the statement for a driver that takes no context with it.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	count(context.Background())
	return s.Stmt.Query(args) //nolint:staticcheck // the interface asks for it
}

// wrapStmt offers those optional interfaces that the inner statement has.
func wrapStmt(inner driver.Stmt, c *conn, query string) driver.Stmt {
	s := &stmt{Stmt: inner, conn: c, query: query, last: c.last}
	run := stmtRunner{s}
	_, exec := inner.(driver.StmtExecContext)
	_, rows := inner.(driver.StmtQueryContext)
	checker, named := inner.(driver.NamedValueChecker)
	converter, columns := inner.(driver.ColumnConverter) //nolint:staticcheck // old drivers have only this
	return composeStmt(s, run, checker, converter, exec, rows, named, columns)
}

// stmtRunner runs a statement with a context, on a driver that can.
type stmtRunner struct{ *stmt }

func (r stmtRunner) exec(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := r.check(ctx); err != nil {
		return nil, err
	}
	count(ctx)
	return r.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (r stmtRunner) rows(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := r.check(ctx); err != nil {
		return nil, err
	}
	count(ctx)
	return r.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

type stmtExec struct{ r stmtRunner }

// ExecContext checks and runs the statement.
func (s stmtExec) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.r.exec(ctx, args)
}

type stmtQuery struct{ r stmtRunner }

// QueryContext checks and runs the statement.
func (s stmtQuery) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.r.rows(ctx, args)
}

// stmtColumns has the inner statement's converters. An embedded
// driver.ColumnConverter would not do: its name hides its method's.
type stmtColumns struct {
	inner driver.ColumnConverter //nolint:staticcheck // old drivers have only this
}

// ColumnConverter returns the converter of a column.
func (s stmtColumns) ColumnConverter(i int) driver.ValueConverter { return s.inner.ColumnConverter(i) }
