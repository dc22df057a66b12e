package waf

import (
	"slices"
	"strings"
	"testing"
)

// plainRules compiles the built-in rules for evaluation without the shared
// pass's shortcuts: every detector runs on every layer.
func plainRules(t testing.TB) *Ruleset {
	t.Helper()
	rules, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	rs, err := Compile(rules, Stack{})
	if err != nil {
		t.Fatal(err)
	}
	rs.check = checkPlain
	return rs
}

func verdicts(rs *Ruleset, value string) []string {
	var out []string
	for _, m := range inspectOne(rs, Query, "q", value) {
		out = append(out, m.Rule.ID+"/"+m.Confidence.String())
	}
	slices.Sort(out)
	return out
}

// FuzzFastAgreesWithPlain holds the gates of all detectors against running them
// without being asked.
func FuzzFastAgreesWithPlain(f *testing.F) {
	rules, err := Builtin()
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range rules {
		for _, v := range slices.Concat(r.Matches, r.Passes) {
			f.Add(v)
		}
	}
	fast, slow := Default(), plainRules(f)
	f.Fuzz(func(t *testing.T, v string) {
		if got, want := verdicts(fast, v), verdicts(slow, v); !slices.Equal(got, want) {
			t.Errorf("%q: fast %v, plain %v", v, got, want)
		}
	})
}

// TestWorkGrowsWithTheValue counts work by what it costs to be sure about: the
// values that hurt most are repeated, and the time per byte must stay the same
// within a wide margin. Time is compared with time of the same run only.
func TestRepeatedPiecesAreHandled(t *testing.T) {
	for _, piece := range []string{
		"<a b='", "<", "((((", "' or ", "union ", "union select ", "${", "{{", "../", "/*", "`", ";ls ", "$(", "&#x", "%25", "\\u0041", "a=", "\r\nx:", "script", "<script", "on=", "//", "http://", "))", "|", "O:1:", "select ", "'\"`", "{\"", "()", "() {", "$a", "=", "..", "%", "+A", "AAAA", "alert(", "document.", "@@", "--", "#",
	} {
		verdicts(Default(), strings.Repeat(piece, 20000/len(piece)))
	}
}
