package rasp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/rasp"
)

// pair is a statement, the one input of its request, and what SQL should say.
type pair struct {
	dialect, statement, input string
}

// fill puts input into the place of "{}" in template.
func fill(template, input string) string { return strings.Replace(template, "{}", input, 1) }

func check(p pair) bool {
	in := rasp.NewInputs()
	in.Add("query.q", p.input)
	return rasp.SQL(in, p.dialect, p.statement) != nil
}

var attacks = []struct{ dialect, template, input string }{
	{"sqlite", "SELECT * FROM p WHERE name = '{}' AND live = 1", "' OR '1'='1"},
	{"sqlite", "SELECT * FROM p WHERE name = '{}' AND live = 1", "' OR 1=1 --"},
	{"sqlite", "SELECT * FROM p WHERE name = '{}' AND live = 1", "'"},
	{"sqlite", "SELECT * FROM p WHERE name = '{}' AND live = 1", "x'--"},
	{"sqlite", "SELECT * FROM p WHERE name = '{}' AND live = 1", "'||'"},
	{"sqlite", "SELECT * FROM p WHERE name = '{}' AND live = 1", `\' OR 1=1 --`},
	{"sqlite", "SELECT * FROM p WHERE name LIKE '%{}%'", "%' UNION SELECT name, sql FROM sqlite_master --"},
	{"sqlite", "SELECT * FROM p WHERE (name LIKE '%{}%' OR tag = 'a')", "') OR ('1'='1"},
	{"sqlite", "SELECT * FROM p WHERE (name LIKE '%{}%' OR tag = 'a')", "')"},
	{"sqlite", "SELECT * FROM p WHERE id = {}", "1 OR 1=1"},
	{"sqlite", "SELECT * FROM p WHERE id = {}", "1/**/OR/**/1=1"},
	{"sqlite", "SELECT * FROM p WHERE id = {}", "id"},
	{"sqlite", "SELECT * FROM p WHERE id = {} AND owner = 3", "1--"},
	{"sqlite", "SELECT * FROM p WHERE id = {} AND owner = 3", "1;"},
	{"sqlite", "SELECT * FROM p WHERE id = {} AND owner = 3", "1/*"},
	{"sqlite", "SELECT * FROM p WHERE id = {}", "2-1"},
	{"sqlite", "SELECT * FROM p WHERE id = {}", "(SELECT 1)"},
	{"sqlite", "SELECT * FROM p WHERE id = {}", "1e1union select 1,2"},
	{"sqlite", "SELECT * FROM p WHERE id IN ({})", "1) OR (1=1"},
	{"sqlite", "SELECT * FROM p WHERE id IN ({})", "select id from p"},
	{"sqlite", "SELECT * FROM p ORDER BY {}", "(CASE WHEN 1=1 THEN name ELSE id END)"},
	{"sqlite", "SELECT * FROM p ORDER BY {}", "name LIMIT 1"},
	{"sqlite", "SELECT * FROM p ORDER BY {}", "random()"},
	{"sqlite", "SELECT * FROM p ORDER BY name {}", "DESC, (SELECT password FROM users)"},
	{"sqlite", "SELECT * FROM p LIMIT {}", "1 UNION SELECT 1"},
	{"sqlite", "SELECT * FROM p LIMIT {} OFFSET 3", "1--"},
	{"sqlite", `SELECT "{}" FROM p`, `id" FROM users --`},
	{"sqlite", "SELECT * FROM {} WHERE id = 1", "users --"},
	{"sqlite", "INSERT INTO c (a, b) VALUES ('{}', 0)", "x', 1)--"},
	{"sqlite", "INSERT INTO c (a, b) VALUES ({}, 0)", "(select password from users)"},
	{"sqlite", "UPDATE c SET a = '{}' WHERE id = 1", "x', admin = '1"},
	{"sqlite", "SELECT /* {} */ * FROM p", "*/ password, /*"},
	{"sqlite", "SELECT * FROM p -- {}\nWHERE id = 1", "x\n; DROP TABLE p; --"},
	{"sqlite", "SELECT * FROM p WHERE price-{} > 0 AND id = 5", "-5"},
	{"sqlite", "SELECT * FROM p WHERE id = {} AND owner = 3", "1\x00"},
	{"postgresql", "SELECT * FROM p WHERE name = '{}'", "'; SELECT pg_sleep(5)--"},
	{"postgresql", "SELECT * FROM p WHERE name = $${}$$ AND x", "$$; drop table p; --"},
	{"postgresql", "SELECT * FROM p WHERE name = E'{}' AND b = 'c'", `\`},
	{"postgresql", "SELECT * FROM p WHERE name = '{}' AND b = 'c'", `\' or 1=1 --`},
	{"postgresql", "SELECT * FROM p /* {} */ WHERE id = 1", "/*"},
	{"mysql", "SELECT * FROM p WHERE name = '{}' AND pass = 'x'", `admin\`},
	{"mysql", "SELECT * FROM p WHERE name = \"{}\" AND pass = 'x'", `" or ""="`},
	{"mysql", "SELECT * FROM p WHERE id = {} AND live", "1#"},
	{"mysql", "SELECT * FROM p WHERE id = {} AND live", "1/*!50000union*/select 1"},
	{"mysql", "SELECT * FROM p WHERE id = {}", "@@version"},
	{"mysql", "SELECT `{}` FROM p", "id` from users#"},
	{"mssql", "SELECT * FROM p WHERE name = '{}'", "'; WAITFOR DELAY '0:0:5'--"},
	{"mssql", "SELECT * FROM p WHERE id = {}", "1 EXEC xp_cmdshell 'dir'"},
	{"mssql", "SELECT [{}] FROM p", "id] from users--"},
	{"oracle", "SELECT * FROM p WHERE name = '{}'", "'||UTL_INADDR.get_host_address('x')||'"},
	{"oracle", "SELECT * FROM p WHERE name = q'[{}]'", "]' or 1=1--"},
	{"", "SELECT * FROM p WHERE name = '{}' AND x = 'y'", "' or 1=1 -- "},
	{"", "SELECT * FROM p WHERE id = {}", "1 or 1=1"},
	{"", "SELECT * FROM p WHERE name = \"{}\"", `" or ""="`},
}

func TestAttacksAreFound(t *testing.T) {
	for _, tt := range attacks {
		p := pair{tt.dialect, fill(tt.template, tt.input), tt.input}
		if !check(p) {
			t.Errorf("%s: %q\n in %q: not found", p.dialect, p.input, p.statement)
		}
	}
}

// harmless inputs, as the app put them into the statement.
var harmless = []pair{
	{"sqlite", "SELECT * FROM p WHERE name = 'O''Brien'", "O'Brien"},
	{"sqlite", "SELECT * FROM p WHERE name LIKE '%O''%'", "O'"},
	{"sqlite", "SELECT * FROM p WHERE name = ''''", "'"},
	{"sqlite", "SELECT * FROM p WHERE name = '''''' AND a = ''", "''"},
	{"sqlite", "SELECT * FROM p WHERE name = '' AND a = ''", "''"},
	{"sqlite", "SELECT * FROM p WHERE name = 'it''s' AND b IN ('a','b')", "it's"},
	{"sqlite", `SELECT * FROM p WHERE name = 'C:\'`, `C:\`},
	{"mysql", `SELECT * FROM p WHERE name = 'C:\\' AND b = 'c'`, `C:\`},
	{"mysql", `SELECT * FROM p WHERE name = 'O\'Brien' AND b = 'c'`, `O'Brien`},
	{"mysql", `SELECT * FROM p WHERE name = 'say \"hi\"' AND b = 'c'`, `say "hi"`},
	{"mysql", `SELECT * FROM p WHERE name = "O'Brien"`, `O'Brien`},
	{"sqlite", "SELECT * FROM p WHERE name = 'SELECT * FROM users WHERE id = 1 OR 1=1 --'", "SELECT * FROM users WHERE id = 1 OR 1=1 --"},
	{"sqlite", "SELECT * FROM p WHERE name LIKE '%select a table from the catalogue%'", "select a table from the catalogue"},
	{"sqlite", "SELECT id, name FROM products WHERE name LIKE '%name from products%'", "name from products"},
	{"sqlite", "SELECT id, name FROM products WHERE name = ?", "id, name"},
	{"sqlite", "SELECT id, name FROM products WHERE name = ?", "name from products"},
	{"sqlite", "SELECT count(*) FROM products WHERE name = ?", "count(*)"},
	{"sqlite", "SELECT id, name FROM products ORDER BY name LIMIT 10", "order by"},
	{"sqlite", "SELECT id, name FROM products ORDER BY name LIMIT 10", "limit 10"},
	{"sqlite", "SELECT id FROM products WHERE deleted_at IS NULL", "is null"},
	{"sqlite", "SELECT id FROM products WHERE id = 5", "5"},
	{"sqlite", "SELECT id FROM products WHERE id = -5", "-5"},
	{"sqlite", "SELECT id FROM products WHERE price < 12.50", "12.50"},
	{"sqlite", "SELECT id FROM products WHERE price < 1e3", "1e3"},
	{"sqlite", "SELECT id FROM products WHERE id = 0x1F", "0x1F"},
	{"sqlite", "SELECT id FROM products WHERE live = true", "true"},
	{"sqlite", "SELECT id FROM products WHERE parent IS NULL AND x = NULL", "null"},
	{"sqlite", "UPDATE products SET parent = null WHERE id = 3", "null"},
	{"sqlite", "SELECT id FROM products WHERE id IN (1,2,3)", "1,2,3"},
	{"sqlite", "SELECT id FROM products ORDER BY name", "name"},
	{"sqlite", "SELECT id FROM products ORDER BY name desc", "name desc"},
	{"sqlite", "SELECT id FROM products ORDER BY created_at DESC, id", "created_at DESC, id"},
	{"sqlite", "SELECT id FROM products ORDER BY name DESC", "DESC"},
	{"sqlite", "SELECT id FROM products ORDER BY -price", "-price"},
	{"sqlite", "SELECT id, t.name, price FROM products t", "id, t.name"},
	{"sqlite", "SELECT * FROM products", "*"},
	{"sqlite", "SELECT * FROM public.products WHERE id = 1", "public.products"},
	{"sqlite", "SELECT a.id FROM a JOIN b ON a.id = b.a_id WHERE b.x = 'b.a_id'", "b.a_id"},
	{"sqlite", "SELECT a.id FROM a JOIN b ON id = a_id", "a_id"},
	{"sqlite", "UPDATE items SET views = views + 1 WHERE id = 4", "views"},
	{"sqlite", "SELECT x FROM t WHERE a = 'or' OR b = 'and'", "or"},
	{"sqlite", "SELECT x FROM t WHERE a - b > 3", "-"},
	{"sqlite", "SELECT x FROM t WHERE a = '--' -- trailing", "--"},
	{"sqlite", "-- name: GetUser :one\nSELECT x FROM t WHERE a = ?", "--"},
	{"sqlite", "SELECT x FROM t WHERE a = ?1 AND b = ?2", "?1"},
	{"sqlite", "SELECT x FROM t WHERE a IN ('a','b')", "','"[:1]},
	{"sqlite", "SELECT x FROM t WHERE a = ');' AND (b = '')", ");"},
	{"sqlite", "select x from t where y = 1", "select x from t where y = 1"},
	{"sqlite", "select x from t where y = 1 LIMIT 100", "select x from t where y = 1"},
	{"sqlite", "SELECT x FROM t WHERE id=5", "id=5"},
	{"sqlite", "UPDATE cart SET qty=3 WHERE id=5", "qty=3"},
	{"sqlite", "UPDATE cart SET a=1, qty=3 WHERE id=5", "qty=3"},
	{"sqlite", "SELECT x FROM t WHERE user_id = 5 AND b = 1", "id = 5"},
	{"sqlite", "SELECT x FROM t WHERE 1=1 AND name = '1=1'", "1=1"},
	{"sqlite", "SELECT x FROM t WHERE d = '2026-01-01'", "2026-01-01"},
	{"sqlite", "INSERT INTO log (path) VALUES ('/a?b=c''d--e')", "/a?b=c'd--e"},
	{"sqlite", "INSERT INTO c (body) VALUES ('" + strings.Repeat("long text ", 20) + "it''s; DROP TABLE x --')", strings.Repeat("long text ", 20) + "it's; DROP TABLE x --"},
	{"postgresql", "SELECT * FROM p WHERE name = $$it's; -- x$$", "it's; -- x"},
	{"postgresql", `SELECT * FROM p WHERE name = E'O\'Brien' AND b = 'c'`, "O'Brien"},
	{"postgresql", `SELECT data->>'k' FROM p WHERE id = $1`, "$1"},
	{"mssql", "SELECT [order] FROM p WHERE name = N'O''Brien'", "O'Brien"},
	{"oracle", "SELECT * FROM p WHERE name = q'[it's]'", "it's"},
	{"", `SELECT * FROM p WHERE name = 'C:\' AND b = 'c'`, `C:\`},
	{"", `SELECT * FROM p WHERE name = 'O\'Brien' AND b = 'c'`, `O'Brien`},
	{"", `SELECT * FROM p WHERE name = 'O''Brien' AND b = 'c'`, `O'Brien`},
	{"sqlite", "SELECT /* route: /items/{id} */ * FROM p WHERE id = 1", "/items/{id}"},
}

func TestHarmlessInputsAreNot(t *testing.T) {
	for _, p := range harmless {
		in := rasp.NewInputs()
		in.Add("query.q", p.input)
		if a := rasp.SQL(in, p.dialect, p.statement); a != nil {
			t.Errorf("%s: %q\n in %q: %s", p.dialect, p.input, p.statement, a.Rule)
		}
	}
}

// TestEscapingForAnotherDatabaseIsNotEnough holds attacks on apps that escape,
// but by the rules of another dialect, or not the escape character itself.
func TestEscapingForAnotherDatabaseIsNotEnough(t *testing.T) {
	double := strings.NewReplacer("'", "''")
	quoteOnly := strings.NewReplacer("'", `\'`)
	slash := strings.NewReplacer(`\`, `\\`, "'", `\'`, `"`, `\"`)
	const template = "SELECT a FROM t WHERE b = '{}' AND c = 'd'"
	tests := []struct {
		dialect string
		escape  *strings.Replacer
		input   string
	}{
		{"mysql", double, `\' or 1=1 #`},
		{"mysql", double, `\`},
		{"mysql", quoteOnly, `\' or 1=1 #`},
		{"sqlite", slash, "' or 1=1 --"},
		{"postgresql", slash, "x' union select 'a' --"},
		{"mssql", quoteOnly, "' or 'a'='a"},
		{"mysql", slash, "\xbf' or 1=1 #"},
	}
	for _, tt := range tests {
		p := pair{tt.dialect, fill(template, tt.escape.Replace(tt.input)), tt.input}
		if !check(p) {
			t.Errorf("%s: %q\n in %q: not found", p.dialect, p.input, p.statement)
		}
	}
}

func TestInputsAreFoundThroughEncodings(t *testing.T) {
	const statement = "SELECT * FROM p WHERE name = '' OR 1=1 --'"
	tests := []struct{ address, value string }{
		{"query.q", "' OR 1=1 --"},
		{"query.q", "  ' OR 1=1 --\n"},
		{"query.q", "' or\t1=1  --"},
		{"cookie.q", "%27%20OR%201%3D1%20--"},
		{"cookie.q", "'+OR+1=1+--"},
		{"cookie.q", "JyBPUiAxPTEgLS0="},
		{"cookie.q", "JTI3JTIwT1IlMjAxJTNEMSUyMC0t"}, // percent-encoded within base64
		{"form.q", "&#39; OR 1=1 --"},
		{"form.filter", `{"a":[{"name":"' OR 1=1 --"}]}`},
		{"form.filter", `\u0027 OR 1=1 --`},
		{"header.Authorization", "Basic JyBPUiAxPTEgLS06eA=="},
		{"header.Authorization", "Bearer ' OR 1=1 --"},
		{"header.Authorization", "Bearer eyJhIjoxfQ.eyJzdWIiOiInIE9SIDE9MSAtLSJ9.c2ln"},
		{"header.X-Forwarded-For", "1.2.3.4, ' OR 1=1 --"},
		{"header.Referer", "https://a.example/?x=1&q=%27+OR+1%3D1+--"},
	}
	for _, tt := range tests {
		in := rasp.NewInputs()
		in.Add(tt.address, tt.value)
		a := rasp.SQL(in, "sqlite", statement)
		if a == nil {
			t.Errorf("%s %q: not found", tt.address, tt.value)
			continue
		}
		if a.Param != tt.address || a.Payload != tt.value {
			t.Errorf("attack names %s %q, want %s %q", a.Param, a.Payload, tt.address, tt.value)
		}
	}
}

func TestNamesOfInputsAreInputs(t *testing.T) {
	for _, address := range []string{"json.id = 1 OR 1", "json.filter.id = 1 OR 1", "query.id = 1 OR 1"} {
		in := rasp.NewInputs()
		in.Add(address, "3")
		if a := rasp.SQL(in, "sqlite", "SELECT a FROM t WHERE id = 1 OR 1 = 3"); a == nil || a.Param != address {
			t.Errorf("%s: %+v", address, a)
		}
		in = rasp.NewInputs()
		in.Add("json.filter.price", "3")
		if a := rasp.SQL(in, "sqlite", "SELECT a FROM t WHERE price = 3"); a != nil {
			t.Errorf("an ordinary name: %+v", a)
		}
	}
}

func TestAttackTellsWhereAndWhy(t *testing.T) {
	in := rasp.NewInputs()
	in.Add("query.page", "2")
	in.Add("query.q", "x' OR 1=1 --")
	a := rasp.SQL(in, "sqlite3", "SELECT * FROM shop.products WHERE name = 'x' OR 1=1 --'")
	if a == nil {
		t.Fatal("not found")
	}
	got := fmt.Sprint(a.Kind, " ", a.Rule, " ", a.Severity, " ", a.Confidence, " ", a.Param, " ", a.Reached, " ",
		a.Sink.Type, " ", a.Sink.Dialect, " ", a.Sink.Target, " ", a.Sink.Statement[a.Sink.Start:a.Sink.End])
	want := "sqli sqli.breakout high high query.q true sql sqlite shop.products x' OR 1=1 --"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !strings.Contains(a.Message, "query.q") || !strings.Contains(a.Message, "OR 1=1") {
		t.Errorf("message %q names neither the input nor what it did", a.Message)
	}
}
