package rasp_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/rasp"
)

var dialectNames = []string{"sqlite", "postgresql", "mysql", "mssql", "oracle", "other"}

// same checks SQL against SlowSQL.
func same(t *testing.T, in *rasp.Inputs, dialect, statement string) {
	t.Helper()
	got, want := rasp.SQL(in, dialect, statement), rasp.SlowSQL(in, dialect, statement)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s %q:\nfast %+v\nslow %+v", dialect, statement, got, want)
	}
	if got == nil {
		return
	}
	k := got.Sink
	if k.Start < 0 || k.End < k.Start || k.End > len(k.Statement) {
		t.Fatalf("marked part %d..%d of %d bytes", k.Start, k.End, len(k.Statement))
	}
	if utf8.ValidString(statement) && !utf8.ValidString(k.Statement) {
		t.Fatalf("statement was cut within a character: %q", k.Statement)
	}
}

func FuzzSQL(f *testing.F) {
	for _, tt := range attacks {
		f.Add(fill(tt.template, tt.input), tt.input, "name")
	}
	for _, p := range harmless {
		f.Add(p.statement, p.input, "x' or")
	}
	f.Fuzz(func(t *testing.T, statement, a, b string) {
		for _, d := range dialectNames {
			in := rasp.NewInputs()
			in.Add("query.a", a)
			in.Add("header.Authorization", b)
			in.Add("query.b", b)
			same(t, in, d, statement)
		}
	})
}

// TestFastPathAgreesOnPieces puts random pieces of SQL around and into inputs,
// which finds more than random bytes do.
func TestFastPathAgreesOnPieces(t *testing.T) {
	pieces := []string{
		"SELECT ", "id", "name", " FROM ", "t", " WHERE ", "=", "'", "''", "\"", "`", "\\", "(", ")", ",", " ", "--", "/*", "*/", "#", ";", "1", "0x1F", "1e5",
		" OR ", " AND ", "LIKE ", "IN (", "VALUES (", "NULL", "ORDER BY ", " LIMIT ", "$$", "[", "]", "\n", "é", "\x00", "@@v", "?", "E'", "q'[", "BETWEEN ",
	}
	r := rand.New(rand.NewPCG(3, 4))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 10_000 {
		input := text(1 + r.IntN(5))
		statement := text(r.IntN(8)) + input + text(r.IntN(8))
		in := rasp.NewInputs()
		in.Add("query.a", input)
		in.Add("query.b", text(1+r.IntN(3)))
		same(t, in, dialectNames[r.IntN(len(dialectNames))], statement)
	}
}

// FuzzEscapedIsHarmless holds for any text at all: an app that doubles
// quotes, or in MySQL escapes with a backslash, cannot be injected.
func FuzzEscapedIsHarmless(f *testing.F) {
	for _, tt := range attacks {
		f.Add(tt.input)
	}
	for _, p := range harmless {
		f.Add(p.input)
	}
	double := strings.NewReplacer("'", "''")
	slash := strings.NewReplacer(`\`, `\\`, "'", `\'`, `"`, `\"`, "\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`)
	f.Fuzz(func(t *testing.T, input string) {
		if !utf8.ValidString(input) {
			return
		}
		for _, template := range []string{"SELECT a FROM t WHERE b = '{}' AND c = 'd'", "SELECT a FROM t WHERE (b LIKE '%{}%') LIMIT 3", "INSERT INTO t VALUES (1, '{}', 'x')"} {
			for _, p := range []pair{
				{"postgresql", fill(template, double.Replace(input)), input},
				{"mssql", fill(template, double.Replace(input)), input},
				{"mysql", fill(template, slash.Replace(input)), input},
				{"mysql", fill(template, strings.ReplaceAll(double.Replace(input), `\`, `\\`)), input},
			} {
				if check(p) && !strings.Contains(template, strings.TrimSpace(input)) && !coincides(template, input) {
					t.Fatalf("%s: %q in %q", p.dialect, p.input, p.statement)
				}
			}
		}
	})
}

// coincides reports whether a part of the input may be found in the template's
// own text.
func coincides(template, input string) bool {
	for part := range strings.SplitSeq(strings.ToLower(input), ",") {
		if part = strings.TrimSpace(part); part != "" && strings.Contains(strings.ToLower(template), part) {
			return true
		}
	}
	return false
}
