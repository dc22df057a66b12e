package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/sqlhook"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// fileConnector opens an SQLite file, for sql.OpenDB.
type fileConnector struct{ file string }

func (c fileConnector) Connect(context.Context) (driver.Conn, error) {
	return c.Driver().Open(c.file)
}

func (c fileConnector) Driver() driver.Driver { return &sqlite.Driver{} }

// databases opens the same kind of file in every way that sqlhook offers.
func databases(t *testing.T) map[string]*sql.DB {
	t.Helper()
	name, err := sqlhook.Register("sqlite")
	if err != nil {
		t.Fatal(err)
	}
	file := func(s string) string { return filepath.Join(t.TempDir(), s) }
	open, err := sql.Open(name, file("open"))
	if err != nil {
		t.Fatal(err)
	}
	direct, err := sqlhook.Open("sqlite", file("direct"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*sql.DB{
		"sql.Open": open, "sqlhook.Open": direct,
		"sql.OpenDB": sql.OpenDB(sqlhook.WrapConnector(fileConnector{file("connector")})),
	}
	for _, db := range all {
		t.Cleanup(func() { db.Close() })
		if _, err := db.ExecContext(t.Context(), schema+"INSERT INTO users (email, name, password) VALUES ('a@a.example', 'ann', 'hidden');"); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// users is what a careless handler does with the parameter q.
type users func(ctx context.Context, db *sql.DB, q string) (string, error)

var handlers = map[string]users{
	"query": func(ctx context.Context, db *sql.DB, q string) (string, error) {
		return collect(db.QueryContext(ctx, "SELECT password FROM users WHERE name = '"+q+"' AND id < 0"))
	},
	"prepare": func(ctx context.Context, db *sql.DB, q string) (string, error) {
		s, err := db.PrepareContext(ctx, "SELECT password FROM users WHERE name = '"+q+"' AND id < ?")
		if err != nil {
			return "", err
		}
		defer s.Close()
		return collect(s.QueryContext(ctx, 0))
	},
	"transaction": func(ctx context.Context, db *sql.DB, q string) (string, error) {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return "", err
		}
		defer func() { _ = tx.Rollback() }() // done already after a commit
		out, err := collect(tx.QueryContext(ctx, "SELECT password FROM users WHERE name = '"+q+"' AND id < 0"))
		return out, errors.Join(err, tx.Commit())
	},
	"goroutines": func(ctx context.Context, db *sql.DB, q string) (string, error) {
		var wg sync.WaitGroup
		outs, errs := make([]string, 4), make([]error, 4)
		for i := range outs {
			wg.Add(1)
			go func() {
				defer wg.Done()
				outs[i], errs[i] = collect(db.QueryContext(ctx, "SELECT password FROM users WHERE name = '"+q+"' AND id < 0"))
			}()
		}
		wg.Wait()
		return strings.Join(outs, ""), errors.Join(errs...)
	},
}

func collect(rows *sql.Rows, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return "", err
		}
		out.WriteString(s)
	}
	return out.String(), rows.Err()
}

// serve runs a handler within a request for /?q=..., as the middleware does.
func serve(t *testing.T, mode, q string, run func(context.Context, string) (string, error)) (string, error) {
	t.Helper()
	e := engine.New(engine.Config{})
	e.Apply(wire.Instructions{Version: 1, Full: true, Policy: wire.Policy{Modes: map[string]string{
		wire.ProtectionSQLi: mode, wire.ProtectionWAF: wire.ModeOff,
	}}})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.RawQuery = "q=" + strings.NewReplacer(" ", "+", "'", "%27", "=", "%3D").Replace(q)
	request := e.Begin(r, netip.MustParseAddr("192.0.2.1"))
	defer request.End(http.StatusOK, "/")
	return run(engine.NewContext(t.Context(), request), r.URL.Query().Get("q"))
}

func TestHookOnSQLite(t *testing.T) {
	const attack = "' OR 1=1 --"
	for way, db := range databases(t) {
		for name, handler := range handlers {
			t.Run(way+" "+name, func(t *testing.T) {
				run := func(ctx context.Context, q string) (string, error) { return handler(ctx, db, q) }
				if out, err := serve(t, wire.ModeOff, attack, run); err != nil || !strings.Contains(out, "hidden") {
					t.Fatalf("unprotected: %q, %v; the attack does not work", out, err)
				}
				out, err := serve(t, wire.ModeBlock, attack, run)
				var blocked *engine.BlockedError
				if !errors.As(err, &blocked) || strings.Contains(out, "hidden") {
					t.Fatalf("protected: %q, %v", out, err)
				}
				if a := blocked.Attack; a.Param != "query.q" || a.Sink.Dialect != "sqlite" || a.Sink.Target != "users" {
					t.Errorf("attack %+v, sink %+v", a, a.Sink)
				}
				for _, q := range []string{"ann", "O''Brien", "select a table from the catalogue"} {
					if _, err := serve(t, wire.ModeBlock, q, run); err != nil {
						t.Errorf("%q: %v", q, err)
					}
				}
			})
		}
	}
}
