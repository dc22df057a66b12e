package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// clean makes text from outside safe to show on one line: control characters,
// among them the escape that begins a terminal sequence, become visible
// pictures, and so do characters that reorder or hide text.
func clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !validAt(s, i):
			b.WriteRune('\uFFFD')
		case r == '\n':
			b.WriteRune('\u23CE')
		case r == '\t':
			b.WriteString("  ")
		case r < ' ':
			b.WriteRune('\u2400' + r)
		case r == 0x7f:
			b.WriteRune('\u2421')
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\u200B' || r == '\uFEFF':
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func validAt(s string, i int) bool {
	_, size := utf8.DecodeRuneInString(s[i:])
	return size > 1
}

// isPlain is the fast path: printable ASCII needs no cleaning.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// fit cuts or pads text to exactly w cells. What is cut ends in an ellipsis.
func fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if isPlain(s) {
		if len(s) == w {
			return s
		}
		if len(s) < w {
			return s + spaces(w-len(s))
		}
		return s[:w-1] + "\u2026"
	}
	if ansi.StringWidth(s) > w {
		s = ansi.Truncate(s, w, "\u2026")
	}
	return s + spaces(w-ansi.StringWidth(s))
}

const blank = "                                                                                                                                                                                                                                                                                                            "

func spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blank) {
		return blank[:n]
	}
	return strings.Repeat(" ", n)
}

// appendFit is fit on a buffer, and cleans. Plain text costs no allocation.
func appendFit(dst []byte, s string, w int) []byte {
	if w <= 0 {
		return dst
	}
	if !isPlain(s) {
		return append(dst, fit(clean(head(s, 8*w)), w)...)
	}
	if len(s) <= w {
		return append(append(dst, s...), spaces(w-len(s))...)
	}
	return append(append(dst, s[:w-1]...), "\u2026"...)
}

// head is the beginning of a long text, cut between characters: no more of it
// is looked at than can be shown.
func head(s string, n int) string {
	n = max(n, 64)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// shell quotes text for a command line that is shown to be copied.
func shell(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
