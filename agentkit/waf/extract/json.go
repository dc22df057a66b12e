package extract

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Walker holds the memory that walks use again.
type Walker struct {
	path Path
	buf  []byte
	open []byte // one byte for each open bracket
}

// JSON visits the names and string scalars of a document. Numbers, true, false
// and null are passed over. Brackets that do not match and commas that are
// missing are ignored; what is no JSON at all is visited as Rest, and the result
// says whether there was any.
func (w *Walker) JSON(body string, v Visitor) (clean bool) {
	w.path.depth, w.open = 0, w.open[:0]
	clean = true
	for i := 0; i < len(body); {
		switch c := body[i]; {
		case c == '{' || c == '[':
			w.open = append(w.open, c)
			w.path.push(step{list: c == '['})
			i++
		case c == '}' || c == ']':
			if n := len(w.open); n > 0 {
				w.open = w.open[:n-1]
				w.path.pop()
			}
			i++
		case c == ',':
			if s := w.path.top(); s != nil && s.list {
				s.index++
			}
			i++
		case c == '"':
			i = w.text(body, i, v)
		case c <= ' ' || c == ':' || c == '-' || c >= '0' && c <= '9' || c == '.' || c == '+' || c == 'e' || c == 'E':
			i++
		case strings.HasPrefix(body[i:], "true") || strings.HasPrefix(body[i:], "null"):
			i += 4
		case strings.HasPrefix(body[i:], "false"):
			i += 5
		default:
			end := i + 1
			for end < len(body) && strings.IndexByte(",]}\"", body[end]) < 0 {
				end++
			}
			v.Visit(Rest, &w.path, body[i:end])
			clean = false
			i = end
		}
	}
	return clean
}

// text visits the string that begins at i and returns where it ends.
func (w *Walker) text(body string, i int, v Visitor) int {
	end, escaped := i+1, false
	for end < len(body) && body[end] != '"' {
		if body[end] == '\\' {
			escaped = true
			end++
		}
		end++
	}
	end = min(end, len(body))
	text := body[i+1 : end]
	if escaped {
		w.buf = unescape(w.buf[:0], text)
		text = lend(w.buf)
	}
	next := min(end+1, len(body))
	after := next
	for after < len(body) && body[after] <= ' ' {
		after++
	}
	if after < len(body) && body[after] == ':' {
		v.Visit(Name, &w.path, text)
		if s := w.path.top(); s != nil {
			s.name = body[i+1 : end] // as written: the decoded text is only lent
		}
		return after + 1
	}
	v.Visit(Value, &w.path, text)
	return next
}

// unescape decodes the escapes of a JSON string, leaving what is none.
func unescape(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'b', 'f':
			dst = append(dst, ' ')
		case 'u':
			r, n := escapedRune(s[i-1:])
			if n == 0 {
				dst = append(dst, '\\', 'u')
				continue
			}
			dst = utf8.AppendRune(dst, r)
			i += n - 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// escapedRune decodes \uXXXX, or two of them that make a pair.
func escapedRune(s string) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if low, ok := hex4(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return r, 6
}

func hex4(s string) (r rune, ok bool) {
	if len(s) < 6 {
		return 0, false
	}
	for i := 2; i < 6; i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// lend gives a buffer out as a string for the time of a visit.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
