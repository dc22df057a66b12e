package sqlhook_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/sqlhook"
	"github.com/sqreen/sqreen/agentkit/wire"
)

const injected = "SELECT * FROM t WHERE a = '' OR 1=1 --'"

// request returns a context of a request whose parameter q is value, while SQL
// injection is in the given mode.
func request(t *testing.T, mode, value string) context.Context {
	t.Helper()
	e := engine.New(engine.Config{})
	for _, err := range e.Apply(wire.Instructions{Version: 1, Full: true, Policy: wire.Policy{
		Modes: map[string]string{wire.ProtectionSQLi: mode, wire.ProtectionWAF: wire.ModeOff},
	}}) {
		t.Fatal(err)
	}
	q := e.Begin(httptest.NewRequest(http.MethodGet, "/", nil), netip.MustParseAddr("192.0.2.1"))
	q.AddInput("query.q", value)
	t.Cleanup(func() { q.End(200, "/") })
	return engine.NewContext(t.Context(), q)
}

// modern is a connection with everything that drivers have today.
func modern(c *fakeConn) driver.Conn {
	c.stmt = func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtQuery
		}{s, stmtExec{s}, stmtQuery{s}}
	}
	return struct {
		*fakeConn
		connExecContext
		connQueryContext
		connPrepare
		connBegin
	}{c, connExecContext{c}, connQueryContext{c}, connPrepare{c}, connBegin{c}}
}

func openFake(t *testing.T, open func(*fakeConn) driver.Conn) (*sql.DB, *journal) {
	t.Helper()
	j := &journal{}
	db := sql.OpenDB(sqlhook.WrapDialect(connector{&fakeDriver{j, open}}, sqlhook.Options{Dialect: "sqlite"}))
	t.Cleanup(func() { db.Close() })
	return db, j
}

// ways are the ways to send a statement to a database.
var ways = map[string]func(ctx context.Context, db *sql.DB, query string) error{
	"exec": func(ctx context.Context, db *sql.DB, query string) error {
		_, err := db.ExecContext(ctx, query)
		return err
	},
	"query": func(ctx context.Context, db *sql.DB, query string) error {
		rows, err := db.QueryContext(ctx, query)
		if err == nil {
			err = rows.Close()
		}
		return err
	},
	"query row": func(ctx context.Context, db *sql.DB, query string) error {
		var a string
		if err := db.QueryRowContext(ctx, query).Scan(&a); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return nil
	},
	"prepare": func(ctx context.Context, db *sql.DB, query string) error {
		s, err := db.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		_, err = s.ExecContext(ctx)
		return errors.Join(err, s.Close())
	},
	"prepare without the context": func(ctx context.Context, db *sql.DB, query string) error {
		s, err := db.Prepare(query)
		if err != nil {
			return err
		}
		rows, err := s.QueryContext(ctx)
		if err == nil {
			err = rows.Close()
		}
		return errors.Join(err, s.Close())
	},
	"transaction": func(ctx context.Context, db *sql.DB, query string) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, query)
		if err != nil {
			_ = tx.Rollback() // the block cancelled the context, which rolls back as well
			return err
		}
		return tx.Commit()
	},
	"connection": func(ctx context.Context, db *sql.DB, query string) error {
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		_, err = c.ExecContext(ctx, query)
		return errors.Join(err, c.Close())
	},
	"goroutine": func(ctx context.Context, db *sql.DB, query string) error {
		var err error
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err = db.ExecContext(ctx, query)
		}()
		wg.Wait()
		return err
	},
}

func TestInjectedStatementNeverRuns(t *testing.T) {
	kinds := map[string]func(*fakeConn) driver.Conn{"modern": modern, "bare": func(c *fakeConn) driver.Conn { return c }}
	for kind, open := range kinds {
		for name, way := range ways {
			if kind == "bare" && name == "prepare without the context" {
				continue // such a driver never sees the context
			}
			t.Run(kind+" "+name, func(t *testing.T) {
				db, j := openFake(t, open)
				err := way(request(t, wire.ModeBlock, "' OR 1=1 --"), db, injected)
				var blocked *engine.BlockedError
				if !errors.As(err, &blocked) {
					t.Fatalf("error %v, want a BlockedError", err)
				}
				if blocked.Attack.Param != "query.q" || blocked.Attack.Sink.Statement != injected {
					t.Errorf("blocked %+v", blocked.Attack)
				}
				for _, line := range j.all() {
					if strings.Contains(line, "OR 1=1") && !strings.HasPrefix(line, "prepare context") {
						t.Errorf("the driver was asked to %s", line)
					}
				}
			})
		}
	}
}

func TestOrdinaryStatementsRun(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			db, j := openFake(t, modern)
			for _, mode := range []string{wire.ModeBlock, wire.ModeMonitor, wire.ModeOff} {
				query := "SELECT * FROM t WHERE a = 'blue'"
				if mode != wire.ModeBlock {
					query = injected
				}
				if err := way(request(t, mode, "' OR 1=1 --"), db, query); err != nil {
					t.Errorf("mode %s: %v", mode, err)
				}
				if !slices.ContainsFunc(j.all(), func(l string) bool { return strings.Contains(l, query) }) {
					t.Errorf("mode %s: the driver never saw the statement", mode)
				}
			}
		})
	}
}

func TestStatementsWithoutARequestAreCounted(t *testing.T) {
	db, _ := openFake(t, modern)
	before := sqlhook.Unchecked()
	if _, err := db.Exec(injected); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(request(t, wire.ModeBlock, "x"), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if got := sqlhook.Unchecked() - before; got != 1 {
		t.Errorf("%d statements unchecked, want 1", got)
	}
}

func TestArgumentsAreNotPartOfTheStatement(t *testing.T) {
	db, _ := openFake(t, modern)
	ctx := request(t, wire.ModeBlock, "' OR 1=1 --")
	if _, err := db.ExecContext(ctx, "SELECT * FROM t WHERE a = ?", "' OR 1=1 --"); err != nil {
		t.Errorf("a bound argument was blocked: %v", err)
	}
}

func TestRegister(t *testing.T) {
	if _, err := sqlhook.Register("no-such-driver"); err == nil || !strings.Contains(err.Error(), "no-such-driver") {
		t.Errorf("error %v does not name the driver", err)
	}
	j := &journal{}
	sql.Register("sqlhook-fake", &fakeDriver{j, modern})
	for range 2 {
		name, err := sqlhook.Register("sqlhook-fake")
		if err != nil || name != "sqlhook-fake+sqreen" {
			t.Fatalf("Register = %q, %v", name, err)
		}
	}
	db, err := sql.Open("sqlhook-fake+sqreen", "file")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(request(t, wire.ModeBlock, "' OR 1=1 --"), injected); !engine.Blocked(err) {
		t.Errorf("error %v, want a block", err)
	}
	if _, ok := db.Driver().(*fakeDriver); !ok {
		t.Errorf("Driver() = %T, want the inner one", db.Driver())
	}
	if !slices.Contains(j.all(), "open file") {
		t.Errorf("the driver was not opened with its name: %q", j.all())
	}
	direct, err := sqlhook.Open("sqlhook-fake", "file")
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	if _, err := direct.ExecContext(request(t, wire.ModeBlock, "' OR 1=1 --"), injected); !engine.Blocked(err) {
		t.Errorf("error %v, want a block", err)
	}
}

func TestWrappingTwiceIsWrappingOnce(t *testing.T) {
	d := sqlhook.WrapDriver(&fakeDriver{&journal{}, modern}, sqlhook.Options{})
	if sqlhook.WrapDriver(d, sqlhook.Options{}) != d {
		t.Error("a wrapped driver was wrapped again")
	}
	c := sqlhook.WrapConnector(connector{&fakeDriver{&journal{}, modern}})
	if sqlhook.WrapConnector(c) != c {
		t.Error("a wrapped connector was wrapped again")
	}
}

// benchmarkExec measures one statement through database/sql and the fake.
func benchmarkExec(b *testing.B, ctx context.Context, wrap bool) {
	var c driver.Connector = connector{&fakeDriver{&journal{}, func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			quietExec
		}{c, quietExec{}}
	}}}
	if wrap {
		c = sqlhook.WrapConnector(c)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.ExecContext(ctx, "SELECT id, name, price FROM products WHERE id = ? AND live = 1", 3); err != nil {
			b.Fatal(err)
		}
	}
}

type quietExec struct{}

func (quietExec) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

func BenchmarkExec(b *testing.B) {
	e := engine.New(engine.Config{})
	q := e.Begin(httptest.NewRequest(http.MethodGet, "/?a=blue+mug&b=2", nil), netip.MustParseAddr("192.0.2.1"))
	defer q.End(200, "/")
	q.AddInput("query.a", "blue mug")
	ctx := engine.NewContext(b.Context(), q)
	b.Run("plain", func(b *testing.B) { benchmarkExec(b, ctx, false) })
	b.Run("wrapped", func(b *testing.B) { benchmarkExec(b, ctx, true) })
	b.Run("wrapped without a request", func(b *testing.B) { benchmarkExec(b, b.Context(), true) })
}
