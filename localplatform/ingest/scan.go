package ingest

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Classes of refusal, which metrics count by.
const (
	classSyntax = "syntax" // not JSON
	classSize   = "size"   // too many bytes, items or levels
	classField  = "field"  // a field has the wrong type or a value that makes no sense
	className   = "name"   // a kind or name that may not be used
)

// refusal says why a signal is not stored. Its text never quotes the signal,
// which may hold anything.
type refusal struct {
	class string
	text  string
}

func (r *refusal) Error() string { return r.text }

func refuse(class, format string, args ...any) error {
	return &refusal{class: class, text: fmt.Sprintf(format, args...)}
}

// scanner walks over JSON, checking as it goes: the grammar, the depth and the
// length of strings. It accepts exactly what encoding/json calls valid, within
// those limits.
type scanner struct {
	data  []byte
	pos   int
	depth int
}

// space steps over white space.
func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\n', '\t', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte that is not white space, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

func (s *scanner) syntax() error {
	return refuse(classSyntax, "not valid JSON at byte %d", s.pos)
}

// open enters an object or array.
func (s *scanner) open(bracket byte) error {
	if s.peek() != bracket {
		return s.syntax()
	}
	s.pos++
	s.depth++
	if s.depth > wire.MaxDepth {
		return refuse(classSize, "nested deeper than %d levels", wire.MaxDepth)
	}
	return nil
}

// next reports whether another member follows in the object or array that was
// opened; count is how many there were. It consumes the comma or the bracket.
func (s *scanner) next(count int, bracket byte) (bool, error) {
	switch c := s.peek(); {
	case c == bracket:
		s.pos++
		s.depth--
		return false, nil
	case count == 0:
		return true, nil
	case c == ',':
		s.pos++
		return true, nil
	}
	return false, s.syntax()
}

// key reads a member's name and the colon behind it. The result is unescaped
// only when it needs to be.
func (s *scanner) key() ([]byte, error) {
	start, end, escaped, err := s.text()
	if err != nil {
		return nil, err
	}
	if s.peek() != ':' {
		return nil, s.syntax()
	}
	s.pos++
	if escaped {
		return unescape(s.data[start:end]), nil
	}
	return s.data[start:end], nil
}

// text reads a string and returns where its inside stands.
func (s *scanner) text() (start, end int, escaped bool, err error) {
	if s.peek() != '"' {
		return 0, 0, false, s.syntax()
	}
	s.pos++
	start = s.pos
	for {
		s.plain()
		if s.pos == len(s.data) {
			return 0, 0, false, s.syntax()
		}
		switch s.data[s.pos] {
		case '"':
			end = s.pos
			s.pos++
			return start, end, escaped, s.checkLength(start, end, escaped)
		case '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return 0, 0, false, err
			}
		default: // a control character
			return 0, 0, false, s.syntax()
		}
	}
}

// plain steps over bytes that mean themselves, eight at a time: a word is
// passed when no byte in it is a quote, a backslash or below 0x20.
func (s *scanner) plain() {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for len(s.data)-s.pos >= 8 {
		w := binary.LittleEndian.Uint64(s.data[s.pos:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		if ((w-ones*0x20)&^w|(quote-ones)&^quote|(slash-ones)&^slash)&highs != 0 {
			break
		}
		s.pos += 8
	}
	for s.pos < len(s.data) {
		if c := s.data[s.pos]; c == '"' || c == '\\' || c < 0x20 {
			return
		}
		s.pos++
	}
}

// escape steps over a backslash and what it escapes.
func (s *scanner) escape() error {
	if len(s.data)-s.pos < 2 {
		return s.syntax()
	}
	switch s.data[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		if len(s.data)-s.pos < 6 {
			return s.syntax()
		}
		if _, ok := hex4(s.data[s.pos+2:]); ok {
			s.pos += 6
			return nil
		}
	}
	return s.syntax()
}

func (s *scanner) checkLength(start, end int, escaped bool) error {
	if end-start <= wire.MaxStringBytes {
		return nil
	}
	if escaped && len(unescape(s.data[start:end])) <= wire.MaxStringBytes {
		return nil
	}
	return refuse(classSize, "a string is longer than %d bytes", wire.MaxStringBytes)
}

// number reads a number and returns its text.
func (s *scanner) number() ([]byte, error) {
	s.space()
	start := s.pos
	if s.at('-') {
		s.pos++
	}
	switch {
	case s.at('0'):
		s.pos++
	case s.digits() == 0:
		return nil, s.syntax()
	}
	if s.at('.') {
		s.pos++
		if s.digits() == 0 {
			return nil, s.syntax()
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if s.digits() == 0 {
			return nil, s.syntax()
		}
	}
	return s.data[start:s.pos], nil
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}

// literal reads true, false or null.
func (s *scanner) literal(word string) error {
	s.space()
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.syntax()
	}
	s.pos += len(word)
	return nil
}

// null steps over null and reports whether it was there.
func (s *scanner) null() bool {
	return s.peek() == 'n' && s.literal("null") == nil
}

// skip checks any value and steps over it.
func (s *scanner) skip() error {
	switch s.peek() {
	case '{':
		return s.skipObject()
	case '[':
		return s.skipArray()
	case '"':
		_, _, _, err := s.text()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	_, err := s.number()
	return err
}

func (s *scanner) skipObject() error {
	if err := s.open('{'); err != nil {
		return err
	}
	for n := 0; ; n++ {
		more, err := s.next(n, '}')
		if !more {
			return err
		}
		if _, err := s.key(); err != nil {
			return err
		}
		if err := s.skip(); err != nil {
			return err
		}
	}
}

func (s *scanner) skipArray() error {
	if err := s.open('['); err != nil {
		return err
	}
	for n := 0; ; n++ {
		more, err := s.next(n, ']')
		if !more {
			return err
		}
		if err := s.skip(); err != nil {
			return err
		}
	}
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.space(); s.pos != len(s.data) {
		return s.syntax()
	}
	return nil
}

// span steps over one value of any kind looking only at brackets and strings,
// and returns its bytes. What is wrong inside is found by whoever decodes them.
func (s *scanner) span() ([]byte, error) {
	s.space()
	start, depth := s.pos, 0
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case '"':
			if err := s.spanText(); err != nil {
				return nil, err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				s.pos++
				return s.data[start:s.pos], nil
			}
			if depth < 0 { // the end of what surrounds it
				return s.spanned(start)
			}
		case ',':
			if depth == 0 {
				return s.spanned(start)
			}
		}
		s.pos++
	}
	return nil, s.syntax()
}

func (s *scanner) spanned(start int) ([]byte, error) {
	if s.pos == start {
		return nil, s.syntax()
	}
	return s.data[start:s.pos], nil
}

// spanText steps over a string without checking its escapes.
func (s *scanner) spanText() error {
	s.pos++
	for {
		s.plain()
		if s.pos == len(s.data) {
			return s.syntax()
		}
		switch s.data[s.pos] {
		case '"':
			s.pos++
			return nil
		case '\\':
			s.pos++
		}
		s.pos = min(s.pos+1, len(s.data))
	}
}

func hex4(b []byte) (rune, bool) {
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape returns what the inside of a checked string means. Half of a
// surrogate pair becomes U+FFFD, as in encoding/json.
func unescape(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); {
		if in[i] != '\\' {
			out = append(out, in[i])
			i++
			continue
		}
		if in[i+1] != 'u' {
			out = append(out, escaped(in[i+1]))
			i += 2
			continue
		}
		r, n := unescapeRune(in[i:])
		out = utf8.AppendRune(out, r)
		i += n
	}
	return out
}

func unescapeRune(in []byte) (r rune, n int) {
	r, _ = hex4(in[2:])
	if r < 0xD800 || r > 0xDFFF {
		return r, 6
	}
	if r < 0xDC00 && len(in) >= 12 && in[6] == '\\' && in[7] == 'u' {
		if low, ok := hex4(in[8:]); ok && 0xDC00 <= low && low <= 0xDFFF {
			return (r-0xD800)<<10 + (low - 0xDC00) + 0x10000, 12
		}
	}
	return utf8.RuneError, 6
}

func escaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
