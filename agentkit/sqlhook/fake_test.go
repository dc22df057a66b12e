package sqlhook_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// journal is what a fake driver was asked to do. database/sql rolls back from a
// goroutine of its own when a context is cancelled.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

// fakeDriver opens connections of one kind.
type fakeDriver struct {
	journal *journal
	open    func(*fakeConn) driver.Conn
}

func (d *fakeDriver) Open(name string) (driver.Conn, error) {
	d.journal.add("open %s", name)
	return d.open(&fakeConn{journal: d.journal}), nil
}

// fakeConn is a connection with what each must have. The types below add the rest.
type fakeConn struct {
	journal *journal
	stmt    func(*fakeStmt) driver.Stmt
}

func (c *fakeConn) Prepare(query string) (driver.Stmt, error) {
	c.journal.add("prepare %s", query)
	return c.newStmt(query), nil
}

func (c *fakeConn) newStmt(query string) driver.Stmt {
	s := &fakeStmt{journal: c.journal, query: query}
	if c.stmt != nil {
		return c.stmt(s)
	}
	return s
}

func (c *fakeConn) Close() error {
	c.journal.add("close connection")
	return nil
}

func (c *fakeConn) Begin() (driver.Tx, error) {
	c.journal.add("begin")
	return fakeTx{c.journal}, nil
}

type fakeTx struct{ journal *journal }

func (t fakeTx) Commit() error   { t.journal.add("commit"); return nil }
func (t fakeTx) Rollback() error { t.journal.add("rollback"); return nil }

type (
	connExecContext  struct{ c *fakeConn }
	connExec         struct{ c *fakeConn }
	connQueryContext struct{ c *fakeConn }
	connQuery        struct{ c *fakeConn }
	connPrepare      struct{ c *fakeConn }
	connBegin        struct{ c *fakeConn }
	connChecker      struct{ c *fakeConn }
	connPing         struct{ c *fakeConn }
	connReset        struct{ c *fakeConn }
	connValid        struct{ c *fakeConn }
)

// skipped makes the statements with "skip" go through Prepare.
func skipped(query string) error {
	if strings.Contains(query, "skip") {
		return driver.ErrSkip
	}
	return nil
}

func (x connExecContext) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	x.c.journal.add("conn exec context %s %v", query, args)
	return driver.RowsAffected(1), skipped(query)
}

func (x connExec) Exec(query string, args []driver.Value) (driver.Result, error) {
	x.c.journal.add("conn exec %s %v", query, args)
	return driver.RowsAffected(1), skipped(query)
}

func (x connQueryContext) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	x.c.journal.add("conn query context %s %v", query, args)
	return fakeRows{}, skipped(query)
}

func (x connQuery) Query(query string, args []driver.Value) (driver.Rows, error) {
	x.c.journal.add("conn query %s %v", query, args)
	return fakeRows{}, skipped(query)
}

func (x connPrepare) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	x.c.journal.add("prepare context %s", query)
	return x.c.newStmt(query), nil
}

func (x connBegin) BeginTx(_ context.Context, o driver.TxOptions) (driver.Tx, error) {
	x.c.journal.add("begin tx %v", o)
	return fakeTx{x.c.journal}, nil
}

func (x connChecker) CheckNamedValue(v *driver.NamedValue) error {
	x.c.journal.add("conn check %v", v.Value)
	return checkShape(v)
}

func (x connPing) Ping(context.Context) error { x.c.journal.add("ping"); return nil }

func (x connReset) ResetSession(context.Context) error { x.c.journal.add("reset"); return nil }

func (x connValid) IsValid() bool { x.c.journal.add("valid"); return true }

// shape is a type that only the checkers and converters of the fake accept.
type shape struct{ sides int }

var errSkipped = errors.New("shape has no sides")

func checkShape(v *driver.NamedValue) error {
	s, ok := v.Value.(shape)
	switch {
	case !ok:
		return driver.ErrSkip
	case s.sides == 0:
		return errSkipped
	}
	v.Value = int64(s.sides)
	return nil
}

// fakeStmt is a statement with what each must have.
type fakeStmt struct {
	journal *journal
	query   string
}

func (s *fakeStmt) Close() error  { s.journal.add("close statement"); return nil }
func (s *fakeStmt) NumInput() int { return -1 }

func (s *fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	s.journal.add("stmt exec %s %v", s.query, args)
	return driver.RowsAffected(1), nil
}

func (s *fakeStmt) Query(args []driver.Value) (driver.Rows, error) {
	s.journal.add("stmt query %s %v", s.query, args)
	return fakeRows{}, nil
}

type (
	stmtExec    struct{ s *fakeStmt }
	stmtQuery   struct{ s *fakeStmt }
	stmtChecker struct{ s *fakeStmt }
	stmtConvert struct{ s *fakeStmt }
)

func (x stmtExec) ExecContext(_ context.Context, args []driver.NamedValue) (driver.Result, error) {
	x.s.journal.add("stmt exec context %s %v", x.s.query, args)
	return driver.RowsAffected(1), nil
}

func (x stmtQuery) QueryContext(_ context.Context, args []driver.NamedValue) (driver.Rows, error) {
	x.s.journal.add("stmt query context %s %v", x.s.query, args)
	return fakeRows{}, nil
}

func (x stmtChecker) CheckNamedValue(v *driver.NamedValue) error {
	x.s.journal.add("stmt check %v", v.Value)
	return checkShape(v)
}

func (x stmtConvert) ColumnConverter(i int) driver.ValueConverter {
	x.s.journal.add("column %d", i)
	return shapeConverter{}
}

type shapeConverter struct{}

func (shapeConverter) ConvertValue(v any) (driver.Value, error) {
	if s, ok := v.(shape); ok {
		return int64(100 + s.sides), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// fakeRows has one row, and optional interfaces that must stay reachable.
type fakeRows struct{}

func (fakeRows) Columns() []string                     { return []string{"a"} }
func (fakeRows) Close() error                          { return nil }
func (fakeRows) Next([]driver.Value) error             { return io.EOF }
func (fakeRows) HasNextResultSet() bool                { return false }
func (fakeRows) NextResultSet() error                  { return io.EOF }
func (fakeRows) ColumnTypeDatabaseTypeName(int) string { return "SHAPE" }
