package queries

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape reads the escape sequence at byte at, the same in words and in quotes: \n, \r, \t, \u{hex},
// and a backslash before anything that is no letter or digit for that character itself. Other sequences are kept free.
func (l *lexer) escape(at int) (text string, size int, err *fault) {
	r, n := utf8.DecodeRuneInString(l.src[at+1:])
	switch {
	case r == 'n':
		return "\n", 2, nil
	case r == 'r':
		return "\r", 2, nil
	case r == 't':
		return "\t", 2, nil
	case r == 'u':
		return l.escapedRune(at)
	case n > 0 && !unicode.IsLetter(r) && !unicode.IsDigit(r):
		return l.src[at+1 : at+1+n], 1 + n, nil
	}
	return "", 0, &fault{
		start: at, end: at + 1 + n, expected: `one of \\ \" \' \* \n \r \t \u{...}`,
		message: "unknown escape " + l.src[at:at+1+n],
		hint:    `write \\ for a backslash`,
	}
}

func (l *lexer) escapedRune(at int) (string, int, *fault) {
	rest := l.src[at+2:]
	if closing := strings.IndexByte(rest, '}'); closing > 1 && rest[0] == '{' {
		code, err := strconv.ParseUint(rest[1:closing], 16, 32)
		if err == nil && code > 0 && code <= utf8.MaxRune && utf8.ValidRune(rune(code)) {
			return string(rune(code)), 2 + closing + 1, nil
		}
	}
	return "", 0, &fault{
		start: at, end: at + 2, expected: `a character's number, as in \u{1f600}`,
		message: `\u wants a character's number in braces`,
		hint:    `for example \u{e9} for é, or \\u for a backslash and a u`,
	}
}

// Quote returns value written so that it means itself, whatever it contains, behind "field:" or as a
// free text phrase. It adds quotes only when needed.
func Quote(value string) string {
	if isPlain(value) {
		return value
	}
	return inQuotes(value)
}

// inQuotes writes value with quotes around it.
func inQuotes(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		writeRune(&b, r)
	}
	b.WriteByte('"')
	return b.String()
}

// isPlain reports whether a word means itself without quotes, behind a field as well as alone.
func isPlain(s string) bool {
	if s == "" || s[0] == '-' || isKeyword(s) || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		plain := r < utf8.RuneSelf && (lower(byte(r)) >= 'a' && lower(byte(r)) <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./@%+~", r))
		if !plain && (r < utf8.RuneSelf || !unicode.IsLetter(r)) {
			return false
		}
	}
	return true
}

// writeRune writes one rune so that a line of text stays a line of text.
func writeRune(b *strings.Builder, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r != ' ' && !unicode.IsPrint(r):
		b.WriteString(`\u{` + strconv.FormatInt(int64(r), 16) + "}")
	default:
		b.WriteRune(r)
	}
}

// writePattern writes text with wildcards so that it reads back the same.
func writePattern(b *strings.Builder, parts []string) {
	start := b.Len()
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('*')
		}
		for _, r := range part {
			if first := i == 0 && b.Len() == start; first && r == '-' || r < utf8.RuneSelf && unicode.IsPrint(r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./@%", r) {
				b.WriteByte('\\')
			}
			writeRune(b, r)
		}
	}
}
