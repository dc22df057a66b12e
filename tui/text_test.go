package tui

import (
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain text":          "plain text",
		"\x1b[2Jgone":         "\u241b[2Jgone",
		"two\nlines\ta\x00":   "two\u23celines  a\u2400",
		"Z\u00fcrich \u6771":  "Z\u00fcrich \u6771",
		"bad \xff byte":       "bad \uFFFD byte",
		"\u202egnp.exe":       "\uFFFDgnp.exe",
		"del\x7f csi\u009b1m": "del\u2421 csi\uFFFD1m",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;title\a\u202e\xff", 10)
	f.Fuzz(func(t *testing.T, s string, w int) {
		out := clean(s)
		for _, r := range out {
			if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("clean(%q) left %U", s, r)
			}
		}
		if w %= 200; w < 0 {
			w = -w
		}
		if got := ansi.StringWidth(fit(out, w)); got != w {
			t.Fatalf("fit(%q, %d) is %d cells wide", out, w, got)
		}
	})
}
