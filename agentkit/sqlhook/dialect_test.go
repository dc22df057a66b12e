package sqlhook

import (
	"database/sql/driver"
	"testing"
)

func TestDialectOfPath(t *testing.T) {
	tests := []struct{ path, want string }{
		{"modernc.org/sqlite", "sqlite"},
		{"github.com/jackc/pgx/v5/stdlib", "postgresql"},
		{"github.com/lib/pq", "postgresql"},
		{"github.com/go-sql-driver/mysql", "mysql"},
		{"example.com/app/vendor/github.com/microsoft/go-mssqldb", "mssql"},
		{"github.com/sijms/go-ora/v2", "oracle"},
		{"example.com/own/driver", ""},
	}
	for _, tt := range tests {
		if got := dialectOfPath(tt.path); got != tt.want {
			t.Errorf("dialectOfPath(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
}

type tracing struct {
	name  string
	inner driver.Driver
}

func (tracing) Open(string) (driver.Conn, error) { return nil, driver.ErrBadConn }

func TestDialectOfDriverThatIsNotKnown(t *testing.T) {
	var none *tracing
	loop := &tracing{name: "a"}
	loop.inner = loop
	for _, d := range []driver.Driver{nil, none, tracing{}, &tracing{inner: tracing{}}, loop} {
		if got := dialectOf(d); got != "" {
			t.Errorf("dialectOf(%T) = %q, want none", d, got)
		}
	}
}
