package waf

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
)

func TestParseRulesSaysWhereAndWhat(t *testing.T) {
	for text, want := range map[string]string{
		"kind sqli":               "f:1: \"kind\" stands before the first rule",
		"rule a\nsevrity high":    "f:2: rule a: unknown setting \"sevrity\"; known are kind",
		"rule a\n\nseverity huge": "f:3: rule a: unknown level \"huge\"; known are low, medium, high",
		"rule a\ncontains x":      "texts are written in double quotes",
		"rule a\ncontains":        "a text in double quotes is missing",
	} {
		if _, err := ParseRules("f", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestCompileNamesEveryWrongRule(t *testing.T) {
	ok := []Test{{Op: Contains, Args: []string{"text"}}}
	_, err := Compile([]Rule{
		{ID: "one", Tests: []Test{{Op: Detect, Args: []string{"sql.onion"}}}},
		{ID: "two"},
		{ID: "three", In: "querry", Tests: ok},
		{ID: "four", Tests: []Test{{Op: "like"}}},
		{ID: "five", Tests: ok},
		{ID: "five", Tests: ok},
	}, Stack{})
	if err == nil {
		t.Fatal("wrong rules compiled")
	}
	for _, want := range []string{`"one": unknown class of finding "sql.onion"`, `"two": it tests nothing`, `"three": unknown source "querry"`, `"four": unknown operator`, `"five": there are two`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestOperators(t *testing.T) {
	for _, c := range []struct {
		op    Op
		text  string
		value string
		want  bool
	}{
		{Contains, "needle", "a NEEDLE b", true},
		{Contains, "nee", "xneey", true},
		{Word, "needle", "a needle.", true},
		{Word, "needle", "needles", false},
		{Word, "id", "an id here", true},
		{Word, "id", "video", false},
		{Prefix, "needle", "needle b", true},
		{Prefix, "needle", "a needle", false},
		{Suffix, "needle", "a needle", true},
		{Suffix, ".sh", "a.sh", true},
		{Suffix, ".sh", "a.sha", false},
		{Equals, "needle", "Needle", true},
		{Equals, "needle", "needle ", false},
		{Segment, "needle", "a/needle/b", true},
		{Segment, "needle", "a/needles", false},
	} {
		rs, err := Compile([]Rule{{ID: "r", Tests: []Test{{Op: c.op, Args: []string{c.text}}}}}, Stack{})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(inspectOne(rs, Query, "q", c.value)) > 0; got != c.want {
			t.Errorf("%s %q in %q: got %v", c.op, c.text, c.value, got)
		}
	}
}

func TestRulesLookAtTheirSourcesOnly(t *testing.T) {
	rs, err := Compile([]Rule{{ID: "r", In: "cookie header.X-Token", Tests: []Test{{Op: Contains, Args: []string{"needle"}}}}}, Stack{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		src  Source
		key  string
		want bool
	}{{Cookie, "a", true}, {Header, "x-token", true}, {Header, "X-Other", false}, {Query, "q", false}} {
		if got := len(inspectOne(rs, c.src, c.key, "a needle")) > 0; got != c.want {
			t.Errorf("%s.%s: got %v, want %v", c.src, c.key, got, c.want)
		}
	}
}

func TestStackLeavesRulesOfOtherStacksOut(t *testing.T) {
	rules := []Rule{
		{ID: "php", Stack: []string{"php"}, Tests: []Test{{Op: Contains, Args: []string{"needle"}}}},
		{ID: "all", Tests: []Test{{Op: Contains, Args: []string{"needle"}}}},
	}
	rs, err := Compile(rules, Stack{Has: []string{"go", "sql"}})
	if err != nil {
		t.Fatal(err)
	}
	if m := inspectOne(rs, Query, "q", "needle"); len(m) != 1 || m[0].Rule.ID != "all" {
		t.Errorf("got %s, want the rule for every stack alone", list(m))
	}
}

func TestMatchTellsWhy(t *testing.T) {
	m := matchOf(inspectOne(Default(), Query, "q", "%3Cscript%3Ealert(1)"), "xss-script")
	if m == nil {
		t.Fatal("no match")
	}
	if m.Address != "query.q" || !slices.Equal(m.Steps, []string{"percent"}) || m.Operator != "detect html.script" || !strings.HasPrefix(m.Matched, "<script>") {
		t.Errorf("got %+v", m)
	}
	for _, want := range []string{"query.q", "percent", "detect html.script", "CWE-79"} {
		if !strings.Contains(m.Explain(), want) {
			t.Errorf("the explanation lacks %q:\n%s", want, m.Explain())
		}
	}
	a := m.Attack()
	if a.Kind != wire.AttackXSS || a.Protection != wire.ProtectionWAF || a.Rule != "xss-script" || a.Param != "query.q" || a.Confidence != "high" {
		t.Errorf("got %+v", a)
	}
}

func TestMatchesOutliveTheInspection(t *testing.T) {
	rs := Default()
	buf := []byte("%3Cscript%3Ealert(1)")
	x := rs.Begin()
	x.Value(Query, "q", view(buf))
	m := x.Matches()
	x.End()
	copy(buf, "overwritten overwritten")
	inspectOne(rs, Query, "other", "%41%42%43 something else with escapes")
	if got := m[0]; got.Value != "%3Cscript%3Ealert(1)" || !strings.HasPrefix(got.Matched, "<script>") {
		t.Errorf("the match changed: %+v", got)
	}
}

func TestManyGoroutinesShareARuleset(t *testing.T) {
	rs := Default()
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 200 {
				if !Blocked(rs.Inspect(&Request{RawQuery: "q=%253Cscript%253Ealert(1)&x=y"})) {
					t.Error("an attack was missed")
				}
				if m := rs.Inspect(benignGet()); m != nil {
					t.Errorf("a benign request matched: %s", list(m))
				}
			}
		}()
	}
	wg.Wait()
}

func TestStatsCountWhatIsLeftOut(t *testing.T) {
	rules, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	rs, err := Compile(rules, Stack{})
	if err != nil {
		t.Fatal(err)
	}
	x := rs.Begin()
	for range MaxMatches + 5 {
		x.Value(Query, strings.Repeat("k", len(x.Matches())+1), "<script>alert(1)</script>")
	}
	x.Value(Query, "deep", strings.Repeat("%25", 1)+strings.Repeat("25", MaxLayers+2)+"41")
	x.End()
	s := rs.Stats()
	if s.LeftOut.Load() == 0 || s.TooDeep.Load() == 0 || s.Values.Load() == 0 || s.Decoded.Load() == 0 {
		t.Errorf("left out %d, too deep %d, values %d, decoded %d: want all counted", s.LeftOut.Load(), s.TooDeep.Load(), s.Values.Load(), s.Decoded.Load())
	}
}

func TestEvaluateCounts(t *testing.T) {
	list := `{"v":"' or 1=1--","attack":true,"kind":"sqli"}

{"v":"O'Brien","attack":false,"kind":"text"}
{"v":"nothing","attack":true,"kind":"sqli"}
{"v":"<script>alert(1)</script>","attack":false,"kind":"text"}`
	var misses []string
	r, err := Default().Evaluate(ReadValues(strings.NewReader(list)), func(m Miss) { misses = append(misses, m.Value) })
	if err != nil {
		t.Fatal(err)
	}
	if want := (Count{Attacks: 2, Detected: 1, Legitimate: 2, Flagged: 1}); r.Count != want || *r.ByKind["sqli"] != (Count{Attacks: 2, Detected: 1}) {
		t.Errorf("got %+v", r)
	}
	if want := []string{"nothing", "<script>alert(1)</script>"}; !slices.Equal(misses, want) {
		t.Errorf("misses %q, want %q", misses, want)
	}
}

func TestReadValuesNamesTheWrongLine(t *testing.T) {
	next := ReadValues(strings.NewReader("{\"v\":\"a\"}\nnot json\n"))
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	if _, err := next(); err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v, want an error that names line 2", err)
	}
}
