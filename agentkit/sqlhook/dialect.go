package sqlhook

import (
	"database/sql/driver"
	"reflect"
	"strings"
)

// dialects tells the language of a database from the import path of its driver.
// The first prefix that fits decides.
var dialects = [...]struct{ path, dialect string }{
	{"modernc.org/sqlite", "sqlite"},
	{"github.com/mattn/go-sqlite3", "sqlite"},
	{"github.com/ncruces/go-sqlite3", "sqlite"},
	{"github.com/glebarez/", "sqlite"},
	{"github.com/tursodatabase/", "sqlite"},
	{"github.com/libsql/", "sqlite"},
	{"crawshaw.io/sqlite", "sqlite"},
	{"zombiezen.com/go/sqlite", "sqlite"},
	{"github.com/jackc/pgx", "postgresql"},
	{"github.com/lib/pq", "postgresql"},
	{"github.com/uptrace/bun/driver/pgdriver", "postgresql"},
	{"gitee.com/opengauss/", "postgresql"},
	{"github.com/marcboeker/go-duckdb", "postgresql"},
	{"github.com/duckdb/duckdb-go", "postgresql"},
	{"github.com/go-sql-driver/mysql", "mysql"},
	{"github.com/go-mysql-org/", "mysql"},
	{"github.com/ziutek/mymysql", "mysql"},
	{"github.com/ClickHouse/", "mysql"},
	{"github.com/denisenkom/go-mssqldb", "mssql"},
	{"github.com/microsoft/go-mssqldb", "mssql"},
	{"github.com/godror/godror", "oracle"},
	{"github.com/sijms/go-ora", "oracle"},
	{"github.com/mattn/go-oci8", "oracle"},
	{"gopkg.in/rana/ora", "oracle"},
}

// maxWraps bounds how many wrappers around a driver are looked through.
const maxWraps = 5

// dialectOf returns the dialect of d, or "" when it is not known. Wrappers of
// other tools (tracing, retrying) are looked through when a field holds the
// driver within.
func dialectOf(d driver.Driver) string {
	if d == nil {
		return ""
	}
	return dialectOfValue(reflect.ValueOf(d), maxWraps)
}

func dialectOfValue(v reflect.Value, depth int) string {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	if dialect := dialectOfPath(v.Type().PkgPath()); dialect != "" {
		return dialect
	}
	if v.Kind() != reflect.Struct || depth == 0 {
		return ""
	}
	for i := range v.NumField() {
		if f := v.Field(i); mayHoldDriver(f) {
			if dialect := dialectOfValue(f, depth-1); dialect != "" {
				return dialect
			}
		}
	}
	return ""
}

// mayHoldDriver reports whether a field of a wrapper is the wrapped driver, or a
// struct that has it.
func mayHoldDriver(f reflect.Value) bool {
	switch f.Kind() {
	case reflect.Interface, reflect.Pointer:
		t := reflect.TypeFor[driver.Driver]()
		c := reflect.TypeFor[driver.Connector]()
		return f.Type().Implements(t) || f.Type().Implements(c)
	case reflect.Struct:
		return true
	default:
		return false
	}
}

// dialectOfPath looks an import path up. Vendored copies keep their path behind
// "/vendor/".
func dialectOfPath(path string) string {
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
		path = path[i+len("/vendor/"):]
	}
	for _, d := range dialects {
		if strings.HasPrefix(path, d.path) {
			return d.dialect
		}
	}
	return ""
}
