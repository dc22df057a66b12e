package queries_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sqreen/sqreen/queries"
)

// seeds are valid and invalid queries of every kind.
func seeds() []string {
	return []string{
		"", "*", "env:prod risk:high -orm:*", "a OR (b AND NOT c)", `"a \" b" 'c'`, "env:(prod,staging)", "env!=(a OR b)",
		"count:>10 count>=1.5k count:..7 count:5..", "risk:>=medium risk:low..high kind:x*", "at:2026-11-01..2026-11-07",
		"at:today since:24h until:-1h30m at:10:30", "duration:>500ms", `path:/admin* path:\*\"x title:*é*`, "ip:10.0.0.0/8 ip:2001:db8::/32 ip:v6",
		`url:http://x/y user:alice@example.com app:""`, "prop.x:>5 prop.y:1..2 prop.z:a*", "2001:db8::1", `\u{e9}\n`,
		"rsik:high", "status:abc", "(", ")", "-", "env:", "env:(", "env:(a,", `"`, `app:"x`, "a AND", "OR a", "count > 5", "at:..", "count:9..1",
		"ip:10.*", "env:a,b", `app:"2".."3"`, `at:"2026-11-01 10:00"..now`, "\xff", "a\x00b", "-(-(-a))", "((((a))))", "count:1e999", "duration:99999999999w",
	}
}

// fuzzRecords are some records that queries in the corpus find.
func fuzzRecords() []record {
	return []record{
		{},
		{
			"app": {"shop"}, "env": {"prod"}, "path": {"/admin/é"}, "title": {"a b"}, "risk": {"high"}, "count": {int64(12)}, "status": {404.5},
			"at": {testNow}, "duration": {time.Second}, "blocked": {true}, "ip": {addr("10.1.2.3")}, "package": {"a", "b"}, "orm": {"gorm"},
			"prop.x": {int64(7)}, "prop.y": {"a"}, "prop.z": {true},
		},
		{"env": {"staging"}, "ip": {addr("2001:db8::1")}, "path": {""}, "at": {time.Time{}}, "prop.x": {"7"}},
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	schema, records := testSchema(), fuzzRecords()
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := queries.Compile(text, schema, testNow)
		if err != nil {
			checkError(t, text, err)
			return
		}
		again, err := queries.Compile(filter.Text(), schema, testNow)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, filter.Text(), err)
		}
		if again.Text() != filter.Text() {
			t.Fatalf("%q became %q became %q", text, filter.Text(), again.Text())
		}
		for _, r := range records {
			if filter.Match(r) != again.Match(r) {
				t.Fatalf("%q and %q disagree on %v", text, filter.Text(), r)
			}
		}
		checkSQL(t, filter)
	})
}

// checkError holds errors to what the front ends rely on.
func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var e *queries.Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: error of type %T", text, err)
	}
	if last := utf8.RuneCountInString(text) + 1; e.Column < 1 || e.Column > last || e.End < e.Column || e.End > last {
		t.Fatalf("%q: columns %d to %d of %d", text, e.Column, e.End, last)
	}
	if e.Message == "" || e.Query != text || strings.ContainsAny(e.Error(), "\n\r\x00\x1b") {
		t.Fatalf("%q: error %q about %q", text, e.Error(), e.Query)
	}
	if len(e.Error()) > 3000 {
		t.Fatalf("%q: an error of %d bytes", text, len(e.Error()))
	}
	lines := strings.Split(e.Render(), "\n")
	if len(lines) < 3 || len(lines) > 4 || strings.Trim(lines[1], " ^") != "" || !strings.Contains(lines[1], "^") {
		t.Fatalf("%q is drawn as %q", text, lines)
	}
}

// checkSQL counts placeholders; the words of the query must not be in the SQL.
func checkSQL(t *testing.T, f *queries.Filter) {
	t.Helper()
	where, args, err := f.SQL(queries.SQLite)
	if err != nil {
		if !errors.Is(err, queries.ErrNotSQL) {
			t.Fatalf("%q: %v", f.Text(), err)
		}
		return
	}
	if got := strings.Count(where, "?"); got != len(args) {
		t.Fatalf("%q: %d placeholders in %s for %d arguments", f.Text(), got, where, len(args))
	}
	if rest := strings.Trim(where, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.,()?<>=' \\01"); rest != "" {
		t.Fatalf("%q: %s has something unforeseen from %q on", f.Text(), where, rest)
	}
	pg, pgArgs, err := f.SQLAfter(queries.Postgres, 3)
	if err != nil || len(pgArgs) != len(args) || strings.Count(pg, "$") != len(args) || strings.Contains(pg, "$3 ") {
		t.Fatalf("%q: %s, %d arguments, %v", f.Text(), pg, len(pgArgs), err)
	}
}

func FuzzComplete(f *testing.F) {
	for i, s := range seeds() {
		f.Add(s, i)
		f.Add(s, len(s))
	}
	schema := testSchema()
	f.Fuzz(func(t *testing.T, text string, cursor int) {
		runes := utf8.RuneCountInString(text)
		for _, s := range queries.Complete(text, cursor, schema, knownValues) {
			if s.Start < 0 || s.Start > s.End || s.End > runes || s.Text == "" || s.Kind == "" {
				t.Fatalf("%q at %d of %d: %+v", text, cursor, runes, s)
			}
			if at := min(max(cursor, 0), runes); s.Start > at || s.End < at {
				t.Fatalf("%q: %+v does not touch the cursor at %d", text, s, at)
			}
		}
	})
}
