// Package decode undoes the encodings behind which attacks hide, one layer at a
// time. Every function appends to a buffer that the caller owns, never makes
// its output longer than a small multiple of its input, and leaves what is not
// a valid escape as it stands, as browsers and servers do.
package decode

import (
	"strings"
	"unicode/utf8"
)

// Steps is a set of decoding steps.
type Steps uint16

// Decoding steps.
const (
	Percent   Steps = 1 << iota // %41
	PercentU                    // %u0041
	Entity                      // &lt; &#60; &#x3c;
	Escape                      // \u0041 \x41 \u{41} \101
	Null                        // NUL bytes removed
	Overlong                    // overlong UTF-8 and bytes smuggled in wider characters
	Fullwidth                   // full-width, circled and mathematical letters
	Plus                        // + for a space
	Base64                      // standard and URL alphabet, with or without padding
	UTF7                        // +ADw-
	Hex                         // 0x41
	Tags                        // tags removed, as filters do that believe to make text safe
)

var stepNames = []string{
	"percent", "percent-u", "html-entity", "escape", "null", "overlong-utf8", "fullwidth", "plus", "base64", "utf7", "hex", "tags-removed",
}

// Names lists the steps of the set in the order they are declared.
func (s Steps) Names() []string {
	var out []string
	for i, n := range stepNames {
		if s&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// Layer undoes one layer of percent encoding, HTML entities, JavaScript and JSON
// escapes, NUL bytes, overlong UTF-8 and look-alike letters, all of them in one
// pass. It returns the extended buffer and the steps that changed something;
// when none did, the buffer is as it was.
func Layer(dst []byte, s string) ([]byte, Steps) {
	start := len(dst)
	var steps Steps
	last := 0 // s[last:i] is still to be copied
	for i := 0; i < len(s); {
		if !special[s[i]] {
			i++
			continue
		}
		n, r, step := unit(s[i:])
		if step == 0 {
			i += max(n, 1)
			continue
		}
		dst = append(dst, s[last:i]...)
		switch {
		case step == Null:
		case step == Percent || r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		default:
			dst = utf8.AppendRune(dst, r)
		}
		i += n
		last = i
		steps |= step
	}
	if steps == 0 {
		return dst[:start], 0
	}
	return append(dst, s[last:]...), steps
}

var special = func() (t [256]bool) {
	t[0], t['%'], t['&'], t['\\'] = true, true, true, true
	for i := 0x80; i < 0x100; i++ {
		t[i] = true
	}
	return t
}()

// unit decodes the escape at the beginning of s: its length, what it stands
// for, and the step, which is 0 when s does not begin with one.
func unit(s string) (n int, r rune, step Steps) {
	switch s[0] {
	case '%':
		return percent(s)
	case '&':
		return entity(s)
	case '\\':
		return escape(s)
	case 0:
		return 1, 0, Null
	default:
		return foldRune(s)
	}
}

func percent(s string) (int, rune, Steps) {
	if len(s) >= 6 && (s[1] == 'u' || s[1] == 'U') {
		if r, ok := hex(s[2:6]); ok {
			return 6, r, PercentU
		}
	}
	if len(s) >= 3 {
		if r, ok := hex(s[1:3]); ok {
			return 3, r, Percent
		}
	}
	return 1, 0, 0
}

func hex(s string) (rune, bool) {
	var r rune
	for i := range len(s) {
		d := digit(s[i])
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, len(s) > 0
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// entities are the named references that matter in attacks. Names are compared
// without case, and only with their semicolon, or else "&lt=5" in a query string
// would be one.
var entities = map[string]rune{
	"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\'', "nbsp": ' ', "tab": '\t', "newline": '\n', "colon": ':',
	"semi": ';', "lpar": '(', "rpar": ')', "equals": '=', "sol": '/', "bsol": '\\', "excl": '!', "num": '#', "dollar": '$',
	"percnt": '%', "ast": '*', "plus": '+', "comma": ',', "period": '.', "lsqb": '[', "rsqb": ']', "lbrack": '[', "rbrack": ']',
	"lcub": '{', "rcub": '}', "lbrace": '{', "rbrace": '}', "vert": '|', "verbar": '|', "grave": '`', "lowbar": '_', "quest": '?', "commat": '@', "hat": '^',
}

const longestEntity = 10

func entity(s string) (int, rune, Steps) {
	if len(s) > 2 && s[1] == '#' {
		return numeric(s)
	}
	var name [longestEntity]byte
	for i := 1; i < len(s) && i <= longestEntity; i++ {
		c := s[i]
		if c == ';' {
			if r, ok := entities[string(name[:i-1])]; ok {
				return i + 1, r, Entity
			}
			return 1, 0, 0
		}
		if c |= 0x20; c < 'a' || c > 'z' {
			return 1, 0, 0
		}
		name[i-1] = c
	}
	return 1, 0, 0
}

// numeric decodes &#60; and &#x3c;, also without the semicolon and with any
// number of leading zeros, as browsers do.
func numeric(s string) (int, rune, Steps) {
	i, base := 2, rune(10)
	if i < len(s) && s[i]|0x20 == 'x' {
		i, base = 3, 16
	}
	var r rune
	first := i
	for ; i < len(s); i++ {
		d := rune(digit(s[i]))
		if d < 0 || d >= base {
			break
		}
		if r = r*base + d; r > utf8.MaxRune {
			return i, 0, 0
		}
	}
	if i == first {
		return 1, 0, 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	if r == 0 {
		return i, 0, Null
	}
	return i, r, Entity
}

func escape(s string) (int, rune, Steps) {
	if len(s) < 2 {
		return 1, 0, 0
	}
	switch s[1] {
	case 'u', 'U':
		if len(s) >= 6 {
			if r, ok := hex(s[2:6]); ok {
				return 6, r, Escape
			}
		}
		if len(s) > 3 && s[2] == '{' {
			return bracedEscape(s)
		}
	case 'x', 'X':
		if len(s) >= 4 {
			if r, ok := hex(s[2:4]); ok {
				return 4, r, Escape
			}
		}
	case '/':
		return 2, '/', Escape
	case '0':
		if len(s) == 2 || digit(s[2]) < 0 || digit(s[2]) > 7 {
			return 2, 0, Null
		}
		return octal(s)
	case '1':
		return octal(s)
	}
	return 1, 0, 0
}

func octal(s string) (int, rune, Steps) {
	var r rune
	i := 1
	for ; i < len(s) && i < 4 && s[i] >= '0' && s[i] <= '7'; i++ {
		r = r<<3 | rune(s[i]-'0')
	}
	if i < 3 || r < ' ' || r > '~' {
		return 1, 0, 0
	}
	return i, r, Escape
}

func bracedEscape(s string) (int, rune, Steps) {
	end := strings.IndexByte(s[:min(len(s), 16)], '}')
	if end < 4 {
		return 1, 0, 0
	}
	r, ok := hex(strings.TrimLeft(s[3:end-1], "0") + s[end-1:end])
	if !ok || r > utf8.MaxRune || r < 0 {
		return 1, 0, 0
	}
	return end + 1, r, Escape
}

// foldRune maps bytes above 0x7f that some decoders take for ASCII.
func foldRune(s string) (int, rune, Steps) {
	r, n := utf8.DecodeRuneInString(s)
	if r != utf8.RuneError || n > 1 {
		if f := lookalike(r); f != 0 {
			step := Fullwidth
			if f == '\n' || f == '\r' || r < 0x6000 && r >= 0x5600 {
				step = Overlong
			}
			return n, f, step
		}
		return n, 0, 0
	}
	switch c := s[0]; {
	case (c == 0xC0 || c == 0xC1) && len(s) > 1 && s[1]&0xC0 == 0x80:
		return 2, rune(c&0x1F)<<6 | rune(s[1]&0x3F), Overlong
	case c == 0xE0 && len(s) > 2 && s[1] < 0xA0 && s[1]&0xC0 == 0x80 && s[2]&0xC0 == 0x80:
		if r := rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F); r < utf8.RuneSelf {
			return 3, r, Overlong
		}
		return 3, 0, 0
	}
	return 1, 0, 0
}

// lookalike returns the ASCII character that normalisation (NFKC), best-fit
// mapping or truncation to a byte makes of r, or 0.
func lookalike(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E: // full width
		return r - 0xFEE0
	case r >= 0x2460 && r <= 0x2468: // circled digits
		return r - 0x2460 + '1'
	case r >= 0x24B6 && r <= 0x24CF: // circled capitals
		return r - 0x24B6 + 'A'
	case r >= 0x24D0 && r <= 0x24E9: // circled small letters
		return r - 0x24D0 + 'a'
	case r >= 0x1D400 && r <= 0x1D6A3: // mathematical letters
		if i := (r - 0x1D400) % 52; i < 26 {
			return 'A' + i
		} else {
			return 'a' + i - 26
		}
	}
	switch r {
	case 0x560A: // truncated to its low byte by some servers
		return '\n'
	case 0x560D:
		return '\r'
	case 0x563C, 0xFE64, 0x2039:
		return '<'
	case 0x563E, 0xFE65, 0x203A:
		return '>'
	case 0x02B9, 0x02BC, 0x2032:
		return '\''
	case 0x3000, 0x2003, 0xFEFF, 0x200B:
		return ' '
	case 0x24EA:
		return '0'
	case 0x2215, 0x2044:
		return '/'
	case 0x2216, 0xFE68:
		return '\\'
	case 0x3002:
		return '.'
	case 0xFE5B:
		return '{'
	case 0xFE5C:
		return '}'
	}
	return 0
}

// Pluses appends s with every '+' as a space.
func Pluses(dst []byte, s string) []byte {
	start := len(dst)
	dst = append(dst, s...)
	for i := start; i < len(dst); i++ {
		if dst[i] == '+' {
			dst[i] = ' '
		}
	}
	return dst
}

// longestTag bounds the tags that StripTags removes.
const longestTag = 60

// StripTags appends s without its tags and reports whether it had any.
func StripTags(dst []byte, s string) ([]byte, bool) {
	start, last := len(dst), 0
	for i := 0; i < len(s); {
		at := strings.IndexByte(s[i:], '<')
		if at < 0 {
			break
		}
		i += at
		end := strings.IndexByte(s[i:min(len(s), i+longestTag)], '>')
		if end < 2 || s[i+1] <= ' ' {
			i++
			continue
		}
		dst = append(dst, s[last:i]...)
		i += end + 1
		last = i
	}
	if last == 0 {
		return dst[:start], false
	}
	return append(dst, s[last:]...), true
}

// HexText appends what a hexadecimal number of bytes stands for, "0x414243",
// provided that it is text.
func HexText(dst []byte, s string) ([]byte, bool) {
	if len(s) < 10 || len(s)%2 != 0 || s[0] != '0' || s[1] != 'x' {
		return dst, false
	}
	start := len(dst)
	for i := 2; i < len(s); i += 2 {
		r, ok := hex(s[i : i+2])
		if !ok || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r > '~' {
			return dst[:start], false
		}
		dst = append(dst, byte(r))
	}
	return dst, true
}
