package queries_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/queries"
)

// The table says what queries mean, one line a rule: the record that matches and the one that does not.
func TestMatch(t *testing.T) {
	at := func(s string) []any {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return []any{v}
	}
	tests := []struct {
		rule, text string
		yes, no    record
	}{
		{"text is equal whatever the case", "app:Shop", record{"app": {"sHOP"}}, record{"app": {"shops"}}},
		{"only ASCII letters have case", "app:É", record{"app": {"É"}}, record{"app": {"é"}}},
		{"a star is any text, none included", "path:/a*z", record{"path": {"/az"}}, record{"path": {"/a"}}},
		{"parts of a pattern do not overlap", "path:ab*ba", record{"path": {"abba"}}, record{"path": {"aba"}}},
		{"parts of a pattern are in order", "path:*b*a*", record{"path": {"xbxax"}}, record{"path": {"xaxbx"}}},
		{"percent and underscore mean themselves", "path:a%_*", record{"path": {"A%_z"}}, record{"path": {"axxz"}}},
		{"a quoted star is a star", `path:"a*"`, record{"path": {"a*"}}, record{"path": {"ab"}}},
		{"an escaped star is a star", `path:a\*b*`, record{"path": {"a*bc"}}, record{"path": {"axbc"}}},
		{"a star alone is any value", "app:*", record{"app": {"x"}}, record{"app": {""}}},
		{"empty quotes are no value", `app:""`, record{}, record{"app": {"x"}}},
		{"an empty text is no value", `app:""`, record{"app": {""}}, record{"app": {" "}}},
		{"a negation holds for absent values", "-env:prod", record{}, record{"env": {"prod"}}},
		{"a negated comparison holds for absent values", "-count:>10", record{}, record{"count": {int64(11)}}},
		{"a comparison does not", "count:<=10", record{"count": {int64(10)}}, record{}},
		{"a list holds for one of its values", "env:(prod,staging)", record{"env": {"staging"}}, record{"env": {"dev"}}},
		{"a negated list holds for none", "env!=(prod,staging)", record{"env": {"dev"}}, record{"env": {"prod"}}},
		{"one of many values is enough", "package:(a,b)", record{"package": {"x", "b"}}, record{"package": {"x"}}},
		{"a negation is about all of many values", "-package:a", record{"package": {"x", "y"}}, record{"package": {"x", "a"}}},
		{"AND binds tighter than OR", "app:a app:b OR env:c", record{"env": {"c"}}, record{"app": {"a"}}},
		{"NOT binds tighter than AND", "NOT app:a env:b", record{"env": {"b"}}, record{"app": {"a"}}},
		{"choices are equal whatever the case", "risk:HIGH", record{"risk": {"High"}}, record{"risk": {"low"}}},
		{"choices are in order", "risk:>=medium", record{"risk": {"high"}}, record{"risk": {"low"}}},
		{"an unforeseen choice is in no range", "risk:*", record{"risk": {"extreme"}}, record{}},
		{"ranges include their ends", "status:400..499", record{"status": {int64(499)}}, record{"status": {int64(500)}}},
		{"decimals compare with integers", "count:>1.5", record{"count": {int64(2)}}, record{"count": {int64(1)}}},
		{"large integers compare exactly", "count:>9007199254740992", record{"count": {int64(9007199254740993)}}, record{"count": {float64(9007199254740992)}}},
		{"zero is a value", "count:*", record{"count": {int64(0)}}, record{"count": {}}},
		{"NaN is not", "-count:*", record{"count": {nan()}}, record{"count": {1.5}}},
		{"a date is a day in the zone of now", "at:2026-11-01", record{"at": at("2026-10-31T23:00:00Z")}, record{"at": at("2026-11-01T23:00:00Z")}},
		{"a date as upper end includes its day", "at:..2026-11-07", record{"at": at("2026-11-07T22:59:59.999999Z")}, record{"at": at("2026-11-07T23:00:00Z")}},
		{"after a date is after its day", "at:>2026-11-01", record{"at": at("2026-11-01T23:00:00Z")}, record{"at": at("2026-11-01T22:59:59Z")}},
		{"before a date is before its day", "at:<2026-11-01", record{"at": at("2026-10-31T22:59:59Z")}, record{"at": at("2026-10-31T23:00:00Z")}},
		{"an offset is respected", "at:2026-11-01T10:00:00Z", record{"at": at("2026-11-01T11:00:00.5+01:00")}, record{"at": at("2026-11-01T10:00:00+01:00")}},
		{"since counts back from now", "since:24h", record{"at": {testNow.Add(-24 * time.Hour)}}, record{"at": {testNow.Add(-24*time.Hour - time.Microsecond)}}},
		{"until counts back from now", "until:1h", record{"at": {testNow.Add(-time.Hour)}}, record{"at": {testNow}}},
		{"times are kept to the microsecond", "at:<=now", record{"at": {testNow.Add(999)}}, record{"at": {testNow.Add(1000)}}},
		{"a zero time is no time", "-at:*", record{"at": {time.Time{}}}, record{"at": {testNow}}},
		{"durations have units", "duration:>500ms", record{"duration": {501 * time.Millisecond}}, record{"duration": {500 * time.Millisecond}}},
		{"durations add up", "duration:1h30m", record{"duration": {90 * time.Minute}}, record{"duration": {time.Hour}}},
		{"false is a value", "blocked:false", record{"blocked": {false}}, record{}},
		{"prefixes contain addresses", "ip:10.0.0.0/8", record{"ip": {addr("10.255.255.255")}}, record{"ip": {addr("11.0.0.0")}}},
		{"mapped addresses are IPv4", "ip:10.0.0.1", record{"ip": {addr("::ffff:10.0.0.1")}}, record{"ip": {addr("::10.0.0.1")}}},
		{"zones do not matter", "ip:fe80::/10", record{"ip": {addr("fe80::1%eth0")}}, record{"ip": {addr("fc00::1")}}},
		{"no prefix of IPv6 holds IPv4", "ip:::/0", record{"ip": {addr("::1")}}, record{"ip": {addr("127.0.0.1")}}},
		{"all of IPv4 is no IPv6", "ip:0.0.0.0/0", record{"ip": {addr("127.0.0.1")}}, record{"ip": {addr("::1")}}},
		{"private is both families", "ip:private", record{"ip": {addr("fd00::1")}}, record{"ip": {addr("9.9.9.9")}}},
		{"a word is anywhere in free text", "ADMIN", record{"path": {"/x/admin.php"}}, record{"app": {"admin"}}},
		{"a phrase keeps its spaces", `"union select"`, record{"title": {"a UNION SELECT b"}}, record{"title": {"union all select"}}},
		{"all words must be found", "union select", record{"title": {"select"}, "path": {"union"}}, record{"title": {"union"}}},
		{"a word that is an address finds it", "10.0.0.1", record{"ip": {addr("10.0.0.1")}}, record{"ip": {addr("10.0.0.10")}}},
		{"and the text", "10.0.0.1", record{"title": {"from 10.0.0.1"}}, record{"title": {"from 10"}}},
		{"dynamic numbers compare", "prop.x:>9", record{"prop.x": {int64(10)}}, record{"prop.x": {"10"}}},
		{"dynamic numbers are equal to numbers and text", "prop.x:10", record{"prop.x": {"10"}}, record{"prop.x": {int64(100)}}},
		{"dynamic decimals are equal to what they are", "prop.x:10.50", record{"prop.x": {10.5}}, record{"prop.x": {"10.5"}}},
		{"dynamic booleans are words", "prop.x:TRUE", record{"prop.x": {true}}, record{"prop.x": {false}}},
		{"dynamic keys have case", "prop.X:1", record{"prop.X": {int64(1)}}, record{"prop.x": {int64(1)}}},
		{"dynamic false is a value", "prop.x:*", record{"prop.x": {false}}, record{"prop.x": {nil}}},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			f := compile(t, tt.text)
			if !f.Match(tt.yes) {
				t.Errorf("%s does not match %v", tt.text, tt.yes)
			}
			if f.Match(tt.no) {
				t.Errorf("%s matches %v", tt.text, tt.no)
			}
		})
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

// Values of named types and of other sizes are understood.
func TestMatchKindsOfValues(t *testing.T) {
	type severity string
	type count uint16
	for text, r := range map[string]record{
		"risk:high": {"risk": {severity("high")}},
		"count:7":   {"count": {count(7)}},
		"count:8":   {"count": {8}},
		"count:9.5": {"count": {float32(9.5)}},
		"count:-1":  {"count": {int8(-1)}},
		"count:>9G": {"count": {^uint64(0)}},
	} {
		if !compile(t, text).Match(r) {
			t.Errorf("%s does not match %v", text, r)
		}
		if other := strings.Replace(text, ":", "!=", 1); !strings.Contains(text, ">") && compile(t, other).Match(r) {
			t.Errorf("%s matches %v", other, r)
		}
	}
}

// Values of a type that the field does not have are absent.
func TestMatchIgnoresValuesOfAnotherType(t *testing.T) {
	for field, v := range map[string]any{
		"app": int64(1), "count": "1", "at": int64(5), "duration": int64(5), "blocked": int64(1), "ip": "10.0.0.1",
		"status": time.Second, "risk": true, "overhead": nil,
	} {
		if compile(t, field+":*").Match(record{field: {v}}) {
			t.Errorf("%s has a value in %T", field, v)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	r := benchRecord()
	for _, text := range benchQueries() {
		f := compile(t, text)
		if n := testing.AllocsPerRun(100, func() { f.Match(r) }); n != 0 {
			t.Errorf("%s allocates %v times", text, n)
		}
	}
}

// What a query may cost is limited, and errors name the limits.
func TestLimits(t *testing.T) {
	for name, tt := range map[string]struct{ text, message string }{
		"length":           {strings.Repeat("a", queries.MaxLength+1), "has 10001 bytes"},
		"length in runes":  {strings.Repeat("é", queries.MaxLength/2) + "é", "has 10002 bytes"},
		"depth of groups":  {strings.Repeat("(", queries.MaxDepth+1) + "a" + strings.Repeat(")", queries.MaxDepth+1), "100 levels deep"},
		"depth of not":     {strings.Repeat("NOT ", queries.MaxDepth+1) + "a", "100 levels deep"},
		"depth of minus":   {strings.Repeat("-", queries.MaxDepth+1) + "a", "100 levels deep"},
		"terms":            {strings.Repeat("a ", queries.MaxTerms+1), "more than 500 values"},
		"values of a list": {"app:(" + strings.Repeat("a,", queries.MaxTerms) + "a)", "more than 500 values"},
		"wildcards":        {"path:" + strings.Repeat("a*", queries.MaxWildcards+1), "at most 16 wildcards"},
		"wildcards alone":  {strings.Repeat("a*", queries.MaxWildcards+1), "at most 16 wildcards"},
		"canonical length": {"app:\"" + strings.Repeat("\x01", queries.MaxLength-10) + "\"", "once its values are written out"},
		"zero byte":        {"a \x00", "zero byte"},
		"broken text":      {"a \xff", "not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := queries.Compile(tt.text, testSchema(), testNow)
			if err == nil || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("got %v, want %q", err, tt.message)
			}
		})
	}
	for name, text := range map[string]string{
		"length": strings.Repeat("a", queries.MaxLength),
		"depth":  strings.Repeat("(", queries.MaxDepth) + "a" + strings.Repeat(")", queries.MaxDepth),
		"terms":  strings.Repeat("a ", queries.MaxTerms),
	} {
		if _, err := queries.Compile(text, testSchema(), testNow); err != nil {
			t.Errorf("the largest %s is refused: %v", name, err)
		}
	}
}

// A schema without free text or a time field says so instead of finding nothing.
func TestSmallSchema(t *testing.T) {
	s := &queries.Schema{Name: "things", Fields: []queries.Field{{Name: "name"}, {Name: "since"}}}
	for text, want := range map[string]string{
		"word":    `"word" needs a field to look at`,
		"until:1": `things have no field "until"`,
	} {
		if _, err := queries.Compile(text, s, testNow); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	if _, err := queries.Compile("since:24h", s, testNow); err != nil {
		t.Errorf("a field of its own called since: %v", err)
	}
}
