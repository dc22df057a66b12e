package queries_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"
	"pgregory.net/rapid"

	"github.com/sqreen/sqreen/queries"
)

// openDB returns an empty database with the table that testSchema describes.
func openDB(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // every connection would have a memory of its own
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err = db.ExecContext(t.Context(), `CREATE TABLE records (
		id INTEGER PRIMARY KEY,
		app TEXT COLLATE NOCASE, env TEXT COLLATE NOCASE, path TEXT COLLATE NOCASE, title TEXT COLLATE NOCASE,
		user_name TEXT COLLATE NOCASE, risk TEXT COLLATE NOCASE, kind TEXT COLLATE NOCASE, zone TEXT COLLATE NOCASE,
		count_ INTEGER, status INTEGER, overhead NUMERIC, at INTEGER, last_seen INTEGER, duration INTEGER,
		blocked INTEGER, ip BLOB, packages TEXT, props TEXT);
		CREATE INDEX by_app ON records (app); CREATE INDEX by_path ON records (path);
		CREATE INDEX by_risk ON records (risk); CREATE INDEX by_at ON records (at); CREATE INDEX by_ip ON records (ip)`)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// row is a record as a store would keep it, column by column.
func row(t tester, r record) map[string]any {
	columns := map[string]any{}
	names := map[string]string{"user": "user_name", "count": "count_"}
	props := map[string]any{}
	for field, values := range r {
		name, dynamic := strings.CutPrefix(field, "prop.")
		switch {
		case dynamic:
			props[name] = values[0]
		case field == "package":
			columns["packages"] = mustJSON(t, values)
		case field == "orm":
		default:
			if names[field] != "" {
				field = names[field]
			}
			columns[field] = stored(values[0])
		}
	}
	columns["props"] = mustJSON(t, props)
	if columns["packages"] == nil {
		columns["packages"] = "[]"
	}
	return columns
}

// tester is what both *testing.T and *rapid.T are.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func mustJSON(t tester, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// stored follows the conventions of the package comment.
func stored(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UnixMicro()
	case time.Duration:
		return v.Microseconds()
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case netip.Addr:
		b := v.As16()
		return b[:]
	}
	return v
}

func insert(t tester, db *sql.DB, id int, r record) {
	t.Helper()
	names, marks, args := []string{"id"}, []string{"?"}, []any{id}
	for name, v := range row(t, r) {
		names, marks, args = append(names, name), append(marks, "?"), append(args, v)
	}
	stmt := fmt.Sprintf("INSERT INTO records (%s) VALUES (%s)", strings.Join(names, ", "), strings.Join(marks, ", "))
	if _, err := db.Exec(stmt, args...); err != nil {
		t.Fatalf("insert %v: %v", r, err)
	}
}

// selectIDs asks the database.
func selectIDs(t tester, db *sql.DB, where string, args []any) (ids []int) {
	t.Helper()
	stmt := "SELECT id FROM records"
	if where != "" {
		stmt += " WHERE " + where
	}
	rows, err := db.Query(stmt+" ORDER BY id", args...)
	if err != nil {
		t.Fatalf("%s %v: %v", stmt, args, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s %v: %v", stmt, args, err)
	}
	return ids
}

// matchIDs asks Match.
func matchIDs(f *queries.Filter, records []record) (ids []int) {
	for id, r := range records {
		if f.Match(r) {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestMatchAgreesWithSQLite is the promise of the package: the same query gives the same answer in memory
// and in the database, whatever is stored.
func TestMatchAgreesWithSQLite(t *testing.T) {
	db := openDB(t)
	var matched, missed int
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := db.Exec("DELETE FROM records"); err != nil {
			rt.Fatal(err)
		}
		records := rapid.SliceOfN(rapid.Custom(genRecord), 1, 12).Draw(rt, "records")
		for id, r := range records {
			insert(rt, db, id, r)
		}
		for _, text := range rapid.SliceOfN(rapid.Custom(genSQLQuery), 1, 12).Draw(rt, "queries") {
			f, err := queries.Compile(text, testSchema(), testNow)
			if err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
			where, args, err := f.SQL(queries.SQLite)
			if err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
			got, want := matchIDs(f, records), selectIDs(rt, db, where, args)
			if !slices.Equal(got, want) {
				rt.Fatalf("%s\n%s %v\nMatch finds %v, SQLite finds %v", text, where, args, got, want)
			}
			matched, missed = matched+len(got), missed+len(records)-len(got)
		}
	})
	if all := matched + missed; matched < all/10 || missed < all/10 {
		t.Errorf("of %d comparisons %d matched: the generators are too one-sided to prove much", all, matched)
	}
}

// Prefilter finds all that Match does, whether or not every field has a column.
func TestPrefilterNeverLosesARecord(t *testing.T) {
	db := openDB(t)
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := db.Exec("DELETE FROM records"); err != nil {
			rt.Fatal(err)
		}
		records := rapid.SliceOfN(rapid.Custom(genRecord), 1, 12).Draw(rt, "records")
		for id, r := range records {
			insert(rt, db, id, r)
		}
		for _, text := range rapid.SliceOfN(rapid.Custom(genQuery), 1, 12).Draw(rt, "queries") {
			f, err := queries.Compile(text, testSchema(), testNow)
			if err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
			where, args, exact := f.Prefilter(queries.SQLite, 0)
			got, want := selectIDs(rt, db, where, args), matchIDs(f, records)
			for _, id := range want {
				if !slices.Contains(got, id) {
					rt.Fatalf("%s\n%s %v loses record %d", text, where, args, id)
				}
			}
			if exact && !slices.Equal(got, want) {
				rt.Fatalf("%s\n%s %v says it is exact, finds %v, Match %v", text, where, args, got, want)
			}
		}
	})
}

// Queries that people write often are answered from an index.
func TestSQLiteUsesIndexes(t *testing.T) {
	db := openDB(t)
	for text, index := range map[string]string{
		"app:shop":                     "by_app",
		"app:(shop,blog)":              "by_app",
		"risk:>=medium":                "by_risk",
		"since:24h":                    "by_at",
		"at:2026-11-01..2026-11-07":    "by_at",
		"ip:10.0.0.0/8":                "by_ip",
		"ip:203.0.113.7":               "by_ip",
		"app:shop -env:prod":           "by_app",
		"status:>400 ip:2001:db8::/32": "by_ip",
	} {
		where, args, err := compile(t, text).SQL(queries.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		if plan := explain(t, db, where, args); !strings.Contains(plan, "SEARCH records USING") || !strings.Contains(plan, index) {
			t.Errorf("%s: WHERE %s is answered by\n%swant a search in %s", text, where, plan, index)
		}
	}
}

// explain returns how the database would find the records.
func explain(t *testing.T, db *sql.DB, where string, args []any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN SELECT id FROM records WHERE "+where, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var a, b, c int
		var detail string
		if err := rows.Scan(&a, &b, &c, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// The largest query that compiles is still one that SQLite accepts.
func TestSQLiteAcceptsTheLargestQueries(t *testing.T) {
	db := openDB(t)
	for name, text := range map[string]string{
		"words":      strings.TrimSpace(strings.Repeat("a ", queries.MaxTerms)),
		"either":     strings.TrimSuffix(strings.Repeat("a OR ", queries.MaxTerms), " OR "),
		"list":       "app:(" + strings.TrimSuffix(strings.Repeat("a,", queries.MaxTerms), ",") + ")",
		"patterns":   "app:(" + strings.TrimSuffix(strings.Repeat("a*,", queries.MaxTerms), ",") + ")",
		"negations":  strings.Repeat("-(b ", queries.MaxDepth/2) + "a" + strings.Repeat(")", queries.MaxDepth/2),
		"everything": strings.Repeat("-(b ", queries.MaxDepth/2) + strings.Repeat("a ", queries.MaxTerms-queries.MaxDepth/2) + strings.Repeat(")", queries.MaxDepth/2),
	} {
		t.Run(name, func(t *testing.T) {
			where, args, err := compile(t, text).SQL(queries.SQLite)
			if err != nil {
				t.Fatal(err)
			}
			selectIDs(t, db, where, args)
		})
	}
}
