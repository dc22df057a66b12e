package sqlhook_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"testing"

	"github.com/sqreen/sqreen/agentkit/sqlhook"
)

// connector opens fake connections, with or without io.Closer.
type connector struct{ d *fakeDriver }

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.d.Open("x") }
func (c connector) Driver() driver.Driver                        { return c.d }

// useEverything calls what database/sql offers, and notes the answers.
func useEverything(ctx context.Context, db *sql.DB, j *journal) {
	db.SetMaxOpenConns(1)
	note := func(what string, err error) { j.add("%s: %v", what, err) }
	note("ping", db.PingContext(ctx))
	for _, query := range []string{"insert", "insert skip"} {
		for _, args := range [][]any{nil, {1}, {shape{3}}, {shape{0}}, {sql.Named("n", 1)}} {
			r, err := db.ExecContext(ctx, query, args...)
			j.add("exec: %v %v", r != nil, err)
			rows, err := db.QueryContext(ctx, query, args...)
			note("query", err)
			useRows(rows, err, j)
		}
	}
	useStatement(ctx, db, j)
	useTransactions(ctx, db, j)
	conn, err := db.Conn(ctx)
	note("conn", err)
	note("raw", conn.Raw(func(c any) error {
		j.add("raw %T", sqlhook.Unwrap(c))
		return nil
	}))
	note("close conn", conn.Close())
	note("close", db.Close())
}

func useStatement(ctx context.Context, db *sql.DB, j *journal) {
	s, err := db.PrepareContext(ctx, "select")
	j.add("prepare: %v", err)
	if err != nil {
		return
	}
	defer func() { j.add("close statement: %v", s.Close()) }()
	for _, args := range [][]any{nil, {shape{4}}, {shape{0}}, {sql.Named("n", 1)}} {
		_, err = s.ExecContext(ctx, args...)
		j.add("exec: %v", err)
		rows, err := s.QueryContext(ctx, args...)
		j.add("query: %v", err)
		useRows(rows, err, j)
	}
}

// useRows reads rows to their end, unless there was an error.
func useRows(rows *sql.Rows, err error, j *journal) {
	if err != nil {
		return
	}
	defer func() { j.add("close rows: %v", rows.Close()) }()
	types, err := rows.ColumnTypes()
	j.add("types: %s %v %v", types[0].DatabaseTypeName(), err, rows.NextResultSet())
	j.add("rows: %v", rows.Err())
}

func useTransactions(ctx context.Context, db *sql.DB, j *journal) {
	for _, o := range []*sql.TxOptions{nil, {ReadOnly: true}, {Isolation: sql.LevelSerializable}} {
		tx, err := db.BeginTx(ctx, o)
		j.add("begin: %v", err)
		if err != nil {
			continue
		}
		_, err = tx.ExecContext(ctx, "update")
		j.add("exec: %v", err)
		j.add("rollback: %v", tx.Rollback())
	}
}

// play runs useEverything on a fake, wrapped or not, and returns the journal.
func play(open func(*fakeConn) driver.Conn, wrap bool) []string {
	j := &journal{}
	var c driver.Connector = connector{&fakeDriver{j, open}}
	if wrap {
		c = sqlhook.WrapConnector(c)
	}
	useEverything(context.Background(), sql.OpenDB(c), j)
	return j.all()
}

func TestEveryConnectionWorksAsWithoutTheHook(t *testing.T) {
	for _, kind := range connKinds {
		t.Run(kind.name, func(t *testing.T) { compare(t, kind.open) })
	}
}

func TestEveryStatementWorksAsWithoutTheHook(t *testing.T) {
	for _, kind := range stmtKinds {
		t.Run(kind.name, func(t *testing.T) {
			compare(t, func(c *fakeConn) driver.Conn {
				c.stmt = kind.open
				return c
			})
		})
	}
}

func compare(t *testing.T, open func(*fakeConn) driver.Conn) {
	t.Helper()
	want, got := play(open, false), play(open, true)
	if len(want) < 40 {
		t.Fatalf("the fake saw only %d calls", len(want))
	}
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		g, w := at(got, i), at(want, i)
		if g != w {
			t.Fatalf("call %d:\n got %s\nwant %s", i, g, w)
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

// TestOptionalInterfacesAreNeitherLostNorAdded looks at the interfaces that
// database/sql would find, for those that it cannot do without noticing.
func TestOptionalInterfacesAreNeitherLostNorAdded(t *testing.T) {
	has := func(c driver.Conn) string {
		_, exec := c.(driver.ExecerContext)
		_, query := c.(driver.QueryerContext)
		_, checker := c.(driver.NamedValueChecker)
		if _, ok := c.(driver.Execer); ok { //nolint:staticcheck // that is the question
			exec = true
		}
		if _, ok := c.(driver.Queryer); ok { //nolint:staticcheck // that is the question
			query = true
		}
		return fmt.Sprint(exec, query, checker)
	}
	for _, kind := range connKinds {
		d := &fakeDriver{&journal{}, kind.open}
		plain, _ := d.Open("x")
		wrapped, err := sqlhook.WrapDriver(d, sqlhook.Options{}).Open("x")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := has(wrapped), has(plain); got != want {
			t.Errorf("%s: exec, query, checker = %s, want %s", kind.name, got, want)
		}
	}
}

func TestStatementsKeepTheirInterfaces(t *testing.T) {
	has := func(s driver.Stmt) string {
		_, exec := s.(driver.StmtExecContext)
		_, query := s.(driver.StmtQueryContext)
		_, checker := s.(driver.NamedValueChecker)
		_, convert := s.(driver.ColumnConverter) //nolint:staticcheck // that is the question
		return fmt.Sprint(exec, query, checker, convert)
	}
	for _, kind := range stmtKinds {
		d := &fakeDriver{&journal{}, func(c *fakeConn) driver.Conn { c.stmt = kind.open; return c }}
		plain := kind.open(&fakeStmt{journal: d.journal})
		c, err := sqlhook.WrapDriver(d, sqlhook.Options{}).Open("x")
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := c.(driver.ConnPrepareContext).PrepareContext(t.Context(), "select")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := has(wrapped), has(plain); got != want {
			t.Errorf("%s: exec, query, checker, converter = %s, want %s", kind.name, got, want)
		}
	}
}
