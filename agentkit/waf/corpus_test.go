package waf

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// sections reads a list of values with "[kind]" lines between them.
func sections(t testing.TB, file string) []Labelled {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []Labelled
	kind := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") && !strings.ContainsAny(line, " ,()+="):
			kind = strings.Trim(line, "[]")
		default:
			if v, err := strconv.Unquote(line); err == nil && line[0] == '"' {
				line = v
			}
			out = append(out, Labelled{Value: line, Kind: kind})
		}
	}
	return out
}

// knownMisses is how many of our own attacks are let through at most; the number
// may only go down.
const knownMisses = 7

func TestOwnAttacksAreBlocked(t *testing.T) {
	missed := 0
	for _, v := range sections(t, "testdata/attacks.txt") {
		if m := Default().Inspect(ordinaryGet(v.Value)); !Blocked(m) {
			missed++
			t.Logf("%s: %q is not blocked: %s", v.Kind, v.Value, list(m))
		}
	}
	if missed > knownMisses {
		t.Errorf("%d attacks are let through, want at most %d", missed, knownMisses)
	}
}

func TestHarmlessValuesPass(t *testing.T) {
	for _, v := range sections(t, "testdata/harmless.txt") {
		for _, m := range Default().Inspect(ordinaryGet(v.Value)) {
			if m.Blocks() {
				t.Errorf("%q is blocked:\n%s", v.Value, m.Explain())
			}
		}
	}
}
