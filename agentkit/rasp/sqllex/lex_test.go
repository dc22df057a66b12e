package sqllex_test

import (
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/rasp/sqllex"
)

// render writes the tokens of s one after the other, white space left out:
// "word:SELECT number:1 string:'a'". A token that was never closed ends in "…".
func render(d sqllex.Dialect, s string) string {
	var b strings.Builder
	for _, t := range sqllex.Append(nil, d, s) {
		if t.Kind == sqllex.Space {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Kind.String() + ":" + t.Text(s))
		if t.Open {
			b.WriteString("…")
		}
	}
	return b.String()
}

func TestTokensByDialect(t *testing.T) {
	const (
		g  = sqllex.Generic
		li = sqllex.SQLite
		pg = sqllex.PostgreSQL
		my = sqllex.MySQL
		ms = sqllex.MSSQL
		or = sqllex.Oracle
	)
	tests := []struct {
		d       sqllex.Dialect
		s, want string
	}{
		// Strings.
		{li, `'a''b'`, `string:'a''b'`},
		{li, `'a\'z'`, `string:'a\' word:z string:'…`},
		{pg, `'a\'z'`, `string:'a\' word:z string:'…`},
		{my, `'a\'b'`, `string:'a\'b'`},
		{my, `'a\\'z'`, `string:'a\\' word:z string:'…`},
		{my, `"a\"b"`, `string:"a\"b"`},
		{my, "'\xbf\\' or 1", "string:'\xbf\\' word:or number:1"},
		{my, "'é\\' or 1", "string:'é\\' or 1…"},
		{pg, `E'a\'b'`, `string:E'a\'b'`},
		{pg, `e'a''b'c`, `string:e'a''b' word:c`},
		{pg, `U&'d\0061' U&"x"`, `string:U&'d\0061' quoted:U&"x"`},
		{pg, `N'x' B'01' X'1f'`, `string:N'x' string:B'01' string:X'1f'`},
		{or, `q'[it's]' x`, `string:q'[it's]' word:x`},
		{or, `Nq'!it's!' x`, `string:Nq'!it's!' word:x`},
		{or, `q'(a)`, `string:q'(a)…`},
		{ms, `N'a''b'`, `string:N'a''b'`},
		{li, `'a' 'b'`, `string:'a' string:'b'`},
		{li, `'abc`, `string:'abc…`},
		{my, `'abc\`, `string:'abc\…`},
		{li, "'a\x00b' x", "string:'a… other:\x00b' x"},
		{pg, `$$it's$$ $a$x$$y$a$ $1`, `string:$$it's$$ string:$a$x$$y$a$ param:$1`},
		{pg, `$tag$open`, `string:$tag$open…`},
		{pg, `a$b$c`, `word:a$b$c`},
		// Quoted identifiers.
		{g, `"a""b" x`, `quoted:"a""b" word:x`},
		{my, `"a"`, `string:"a"`},
		{my, "`a``b`", "quoted:`a``b`"},
		{li, "[a b]]", "quoted:[a b] punct:]"},
		{ms, "[a]]b]", "quoted:[a]]b]"},
		{pg, "a[1]", "word:a punct:[ number:1 punct:]"},
		// Comments.
		{li, "1 -- x\n2", "number:1 comment:-- x number:2"},
		{my, "1--1", "number:1 operator:- operator:- number:1"},
		{my, "1-- 1", "number:1 comment:-- 1"},
		{my, "1--", "number:1 comment:--"},
		{my, "1#x\n2", "number:1 comment:#x number:2"},
		{pg, "1#2", "number:1 operator:# number:2"},
		{pg, "--a\rb", "comment:--a word:b"},
		{li, "--a\rb", "comment:--a\rb"},
		{pg, "/*a/*b*/c*/d", "comment:/*a/*b*/c*/ word:d"},
		{my, "/*a/*b*/c", "comment:/*a/*b*/ word:c"},
		{pg, "/*a/*b*/c", "comment:/*a/*b*/c…"},
		{my, "1/*!50000union*/2", "number:1 mark:/*!50000 word:union mark:*/ number:2"},
		{my, "/*M!100100 x*/", "mark:/*M!100100 word:x mark:*/"},
		{li, "/*!1*/2", "comment:/*!1*/ number:2"},
		{li, "a/*", "word:a comment:/*…"},
		// Numbers.
		{li, "1e1union", "number:1e1 word:union"},
		{li, "1.union", "number:1. word:union"},
		{my, "2fa_tokens", "word:2fa_tokens"},
		{li, "0x1F+.5e-3", "number:0x1F operator:+ number:.5e-3"},
		{li, "1_000", "number:1_000"},
		{or, "1.5f 2d 3dx", "number:1.5f number:2d number:3 word:dx"},
		{pg, "1..2", "number:1 dot:. number:.2"},
		{li, "1.2.3", "number:1.2 number:.3"},
		// Parameters.
		{li, "? ?12 :a @b $c", "param:? param:?12 param::a param:@b param:$c"},
		{pg, "$12 a::int b?c", "param:$12 word:a operator::: word:int word:b operator:? word:c"},
		{my, "@@version @x ?", "system:@@version param:@x param:?"},
		{ms, "@@ROWCOUNT @p1 #tmp", "system:@@ROWCOUNT param:@p1 word:#tmp"},
		{or, ":1 :name", "param::1 param::name"},
		// Operators and the rest.
		{li, "a<>b||c", "word:a operator:<> word:b operator:|| word:c"},
		{pg, "a@>b=-1", "word:a operator:@> word:b operator:= operator:- number:1"},
		{pg, "a->>'k'", "word:a operator:->> string:'k'"},
		{li, "a;b,c.d(e)", "word:a semicolon:; word:b comma:, word:c dot:. word:d open:( word:e close:)"},
		// White space that only some see.
		{ms, "a\u00a0b\x01c", "word:a word:b word:c"},
		{pg, "a\u00a0b", "word:a\u00a0b"},
		{li, "\ufeffa", "word:a"},
	}
	for _, tt := range tests {
		if got := render(tt.d, tt.s); got != tt.want {
			t.Errorf("%v %q:\n got %s\nwant %s", tt.d, tt.s, got, tt.want)
		}
	}
}

var dialects = []sqllex.Dialect{
	sqllex.Generic, sqllex.SQLite, sqllex.PostgreSQL, sqllex.MySQL, sqllex.MSSQL, sqllex.Oracle,
}

func TestParseDialect(t *testing.T) {
	for _, d := range dialects {
		if got := sqllex.ParseDialect(d.String()); got != d {
			t.Errorf("ParseDialect(%q) = %v, want %v", d.String(), got, d)
		}
	}
	if got := sqllex.ParseDialect("MariaDB"); got != sqllex.MySQL {
		t.Errorf("ParseDialect(MariaDB) = %v, want mysql", got)
	}
}

func FuzzTokensTile(f *testing.F) {
	for _, s := range []string{
		"SELECT 'a''b' -- c", `E'\'' $a$ $a$`, "q'[x]' /*/**/*/", "/*!50000 1e1union*/ `a``", "'\xbf\\' [a]]", "0x 1_ 1e+ @@ $ ?",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range dialects {
			tokens := sqllex.Append(nil, d, s)
			var pos int32
			for i, tok := range tokens {
				if tok.Start != pos || tok.End <= tok.Start {
					t.Fatalf("%v %q: token %d spans %d..%d, want a start of %d", d, s, i, tok.Start, tok.End, pos)
				}
				if tok.Body < tok.Start || tok.BodyEnd < tok.Body || tok.BodyEnd > tok.End {
					t.Fatalf("%v %q: token %d spans %d..%d and its body %d..%d", d, s, i, tok.Start, tok.End, tok.Body, tok.BodyEnd)
				}
				pos = tok.End
			}
			if int(pos) != len(s) {
				t.Fatalf("%v %q: tokens end at %d of %d", d, s, pos, len(s))
			}
		}
	})
}

// FuzzResume checks what the injection check relies on: cutting a text at the
// start of any token and lexing the rest gives the rest of the tokens, except
// inside MySQL's executable comments, whose end depends on their beginning.
func FuzzResume(f *testing.F) {
	f.Add("SELECT 'a''b', \"c\" /* d */ -- e\n, 1e5 FROM t", uint(3))
	f.Fuzz(func(t *testing.T, s string, at uint) {
		for _, d := range dialects {
			tokens := sqllex.Append(nil, d, s)
			if len(tokens) == 0 || (d == sqllex.MySQL && strings.Contains(s, "!")) {
				continue
			}
			i := int(at % uint(len(tokens)))
			rest := sqllex.Append(nil, d, s[tokens[i].Start:])
			if len(rest) != len(tokens)-i {
				t.Fatalf("%v %q: %d tokens from token %d on, want %d", d, s, len(rest), i, len(tokens)-i)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	const s = "SELECT id, name, price FROM products WHERE name LIKE '%mug%' AND price < 20 ORDER BY name LIMIT 10"
	for _, d := range dialects {
		b.Run(d.String(), func(b *testing.B) {
			tokens := sqllex.Append(nil, d, s)
			b.ReportAllocs()
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				tokens = sqllex.Append(tokens[:0], d, s)
			}
		})
	}
}
