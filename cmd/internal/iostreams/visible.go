package iostreams

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Visible returns text that shows what s contains and does nothing else: control
// characters, escape sequences, invalid UTF-8 and characters that reorder or
// hide their neighbours become escapes such as \x1b, \n or \u202e. Tabs and line
// breaks are escaped too, so that a value stays in its cell.
func Visible(s string) string {
	if !hasActive(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		writeVisible(&b, s[i:i+n], r)
		i += n
	}
	return b.String()
}

// VisibleLines is Visible for a text of several lines: line breaks and tabs stay.
func VisibleLines(s string) string {
	if !hasActive(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == '\n' || r == '\t' {
			b.WriteByte(s[i])
		} else {
			writeVisible(&b, s[i:i+n], r)
		}
		i += n
	}
	return b.String()
}

func hasActive(s string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if active(r, n) {
			return true
		}
		i += n
	}
	return false
}

// active reports whether a terminal might act on a rune, or it cannot be shown.
func active(r rune, size int) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r == utf8.RuneError && size <= 1:
		return true
	}
	return Hidden(r)
}

// Hidden reports whether a character is invisible and changes how its neighbours
// read: marks of direction, zero-width characters, tags and line separators.
func Hidden(r rune) bool {
	switch {
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r == 0x00ad, r == 0x061c, r == 0x180e, r == 0xfeff, r >= 0xfff9 && r <= 0xfffb:
		return true
	}
	return r >= 0xe0000 && r <= 0xe007f
}

func writeVisible(b *strings.Builder, raw string, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case !active(r, len(raw)):
		b.WriteString(raw)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
