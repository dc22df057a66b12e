package params

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the part of an address that tells where a value stands.
// Values that are deeper are passed on all the same.
const maxDepth = 64

// maxKey and maxAddress bound an address, so that a long name above many
// values does not cost its length again for each of them.
const (
	maxKey     = 64
	maxAddress = 256
)

// JSON passes on the scalars of a JSON text under addresses such as "json.name"
// and "json.items[0].id". What is not JSON is skipped, and a text that ends too
// early gives what was there.
func JSON(text string, yield func(address, value string) bool) {
	var s JSONScanner
	s.Scan(text, true, yield)
}

// JSONScanner does the same for a text that is still coming in.
type JSONScanner struct {
	text   string
	i      int
	levels []jsonLevel
	deeper int  // levels open beyond maxDepth
	key    bool // the next string is a name
	addr   []byte
}

// Scan goes on where the last call stopped. Text is everything from the
// beginning, and final says that no more will come: before, a scalar at its very
// end may not be complete and waits.
func (s *JSONScanner) Scan(text string, final bool, yield func(address, value string) bool) {
	s.text = text
	for s.i < len(s.text) {
		start := s.i
		var v string
		switch c := s.text[s.i]; c {
		case '{', '[':
			s.open(c == '[')
		case '}', ']':
			s.close()
		case ',':
			s.next()
		case ':':
			s.key = false
		case '"', '\'':
			var closed bool
			if v, closed = s.quoted(c); !closed && !final {
				s.i = start
				return
			}
			if !s.value(v, yield) {
				return
			}
			continue
		case ' ', '\t', '\r', '\n':
		default:
			v = s.bare()
			if s.i == len(s.text) && !final {
				s.i = start
				return
			}
			if !s.value(v, yield) {
				return
			}
			continue
		}
		s.i++
	}
}

// jsonLevel is an object or array that is open.
type jsonLevel struct {
	array bool
	index int
	key   string
}

func (s *JSONScanner) open(array bool) {
	s.key = !array
	if len(s.levels) == maxDepth {
		s.deeper++
		return
	}
	s.levels = append(s.levels, jsonLevel{array: array})
}

func (s *JSONScanner) close() {
	if s.deeper > 0 {
		s.deeper--
	} else if len(s.levels) > 0 {
		s.levels = s.levels[:len(s.levels)-1]
	}
	s.key = false
}

func (s *JSONScanner) next() {
	if len(s.levels) == 0 || s.deeper > 0 {
		return
	}
	top := &s.levels[len(s.levels)-1]
	top.index++
	s.key = !top.array
}

// value takes a scalar or a name.
func (s *JSONScanner) value(v string, yield func(address, value string) bool) bool {
	if s.key && len(s.levels) > 0 && s.deeper == 0 {
		s.key = false
		s.levels[len(s.levels)-1].key = v
		return plainName(v) || yield(s.address(), v)
	}
	return yield(s.address(), v)
}

func (s *JSONScanner) address() string {
	s.addr = append(s.addr[:0], "json"...)
	for _, l := range s.levels {
		if len(s.addr) > maxAddress {
			s.addr = append(s.addr, "..."...)
			break
		}
		if l.array {
			s.addr = append(s.addr, '[')
			s.addr = strconv.AppendInt(s.addr, int64(l.index), 10)
			s.addr = append(s.addr, ']')
			continue
		}
		s.addr = append(s.addr, '.')
		s.addr = append(s.addr, l.key[:min(len(l.key), maxKey)]...)
	}
	return string(s.addr)
}

// bare reads a number, a word, or garbage.
func (s *JSONScanner) bare() string {
	start := s.i
	for s.i < len(s.text) && !strings.ContainsRune("{}[],:\"' \t\r\n", rune(s.text[s.i])) {
		s.i++
	}
	return s.text[start:s.i]
}

// quoted reads a string, and reports whether its end was there. It is a part of
// the text unless there is an escape in it.
func (s *JSONScanner) quoted(quote byte) (v string, closed bool) {
	s.i++
	start := s.i
	for s.i < len(s.text) {
		switch s.text[s.i] {
		case quote:
			s.i++
			return s.text[start : s.i-1], true
		case '\\':
			return s.escaped(start, quote)
		}
		s.i++
	}
	return s.text[start:], false
}

// escaped reads the rest of a string that began at start and has an escape at
// s.i.
func (s *JSONScanner) escaped(start int, quote byte) (v string, closed bool) {
	out := make([]byte, 0, max(2*(s.i-start), 64))
	out = append(out, s.text[start:s.i]...)
	for s.i < len(s.text) {
		c := s.text[s.i]
		s.i++
		if c == quote {
			return string(out), true
		}
		if c != '\\' || s.i == len(s.text) {
			out = append(out, c)
			continue
		}
		e := s.text[s.i]
		s.i++
		switch e {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			out = utf8.AppendRune(out, s.unicode())
		default: // an escaped quote or slash, or an escape that is none
			out = append(out, e)
		}
	}
	return string(out), false
}

// unicode reads the digits after \u, and the second half of a surrogate pair.
func (s *JSONScanner) unicode() rune {
	r, ok := s.hex4(s.i)
	if !ok {
		return utf8.RuneError
	}
	s.i += 4
	if !utf16.IsSurrogate(r) {
		return r
	}
	if s.i+1 < len(s.text) && s.text[s.i] == '\\' && s.text[s.i+1] == 'u' {
		if low, ok := s.hex4(s.i + 2); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				s.i += 6
				return pair
			}
		}
	}
	return utf8.RuneError
}

func (s *JSONScanner) hex4(at int) (r rune, ok bool) {
	if at+4 > len(s.text) {
		return 0, false
	}
	for _, c := range []byte(s.text[at : at+4]) {
		d := hex(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
