package flatyaml

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestParse(t *testing.T) {
	got, err := Parse(`---
# where the platform is
url: https://sqreen.example.com:7777/x#y   # not z
token: "a\"b # c"
app: 'it''s'
empty:
nothing: ~
trusted_proxies: [10.0.0.0/8, "loopback", 'a, b' ]  # comment
none: []
list:
- one
-   two   # x
modes:
    rasp.sqli: block
    waf: off
flow: {a: b, c: "d, e"}
`)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range got {
		v.Line, v.kind = 0, isText
		got[name] = v
	}
	want := map[string]Value{
		"url": {Text: "https://sqreen.example.com:7777/x#y"}, "token": {Text: `a"b # c`}, "app": {Text: "it's"}, "empty": {}, "nothing": {},
		"trusted_proxies": {List: []string{"10.0.0.0/8", "loopback", "a, b"}}, "none": {}, "list": {List: []string{"one", "two"}},
		"modes": {Map: map[string]string{"rasp.sqli": "block", "waf": "off"}}, "flow": {Map: map[string]string{"a": "b", "c": "d, e"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWhatIsNotReadNamesItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"a: b\nc":                "line 2: want name: value",
		"a: b\na: c":             "set twice",
		"a:\n\tb: c":             "a tab",
		"a: &x b":                "in quotes",
		"a: |\n  text":           "in quotes",
		"a: [b":                  "want ] at the end",
		"a: 'b":                  "not closed",
		"a: b: c":                "in quotes",
		"  a: b":                 "belongs to nothing",
		"a:\n  - b\n  c: d":      "does not fit",
		"a:\n  b: c\n   d: e":    "does not fit",
		"a: b\n---\nc: d":        "more than one document",
		"a: \"\\x41\"":           "behind a backslash",
		"a: {b: c, b: d}":        "set twice",
		"a: [{b: c}]":            "empty item",
		"a:\n-\n":                "empty item",
		"a: \xff":                "UTF-8",
		"a b: c":                 "not a name",
		"https://example.com: x": "want name: value",
		"a: 'b' c":               "too much",
		"a:\n  b:\n    c: d":     "empty item",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want %q", text, err, want)
		}
	}
}

// FuzzParse compares with a complete YAML library: what is read here means the
// same there.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a: b\nc: [d, 'e', \"f\"]\ng:\n  h: i\nj:\n- k\n", "a: 'x''y' # z", "a: {b: c}", "---\na: ~", "a: b#c\n\nd:   e  # f", "a:\n# x\n  - b\n", "a: \"\\n\"", "a: -b", "a: ?", "a: b\r\nc: d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		var want map[string]yaml.Node
		if err := yaml.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%q is read as %+v, but is not YAML: %v", text, got, err)
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d settings, want %d", text, len(got), len(want))
		}
		for name, node := range want {
			v := got[name]
			var s string
			var l []string
			var m map[string]string
			switch node.Kind {
			case yaml.ScalarNode:
				_ = node.Decode(&s)
			case yaml.SequenceNode:
				_ = node.Decode(&l)
			case yaml.MappingNode:
				_ = node.Decode(&m)
			}
			if v.Text != s || strings.Join(v.List, "\x00") != strings.Join(l, "\x00") || len(v.List) != len(l) || len(v.Map) != len(m) {
				t.Fatalf("%q: %s = %+v, want %q %q %q", text, name, v, s, l, m)
			}
			for k := range m {
				if v.Map[k] != m[k] {
					t.Fatalf("%q: %s.%s = %q, want %q", text, name, k, v.Map[k], m[k])
				}
			}
		}
	})
}
