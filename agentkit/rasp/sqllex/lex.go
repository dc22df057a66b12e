package sqllex

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Append cuts s into tokens under the rules of d and appends them to dst. It
// takes time and tokens in proportion to len(s). A text longer than a Token can
// address (2 GiB) is cut off there.
func Append(dst []Token, d Dialect, s string) []Token {
	if len(s) > math.MaxInt32 {
		s = s[:math.MaxInt32]
	}
	l := lexer{s: s, rules: d.rules(), out: dst}
	for l.pos < len(s) {
		l.next()
	}
	return l.out
}

// lexer is the state of one Append. Its methods leave pos past the token they emit.
type lexer struct {
	s   string
	pos int
	out []Token
	rules
	marks int // /*! seen and not yet closed
}

func (l *lexer) next() {
	c := l.s[l.pos]
	switch {
	case c == ' ' || (c >= '\t' && c <= '\r'):
		l.space()
	case isWordStart(c) || c >= utf8.RuneSelf:
		l.word()
	case isDigit(c) || (c == '.' && isDigit(l.at1(1))):
		l.number()
	default:
		l.symbol(c)
	}
}

// symbol lexes a token that begins with ASCII punctuation or a control byte.
func (l *lexer) symbol(c byte) {
	switch c {
	case '\'':
		l.quoted(String, l.pos+1, '\'', l.backslash)
	case '"':
		kind := Quoted
		if l.doubleString {
			kind = String
		}
		l.quoted(kind, l.pos+1, '"', l.backslash)
	case '`', '[':
		l.identifier(c)
	case '-', '/', '#', '*':
		l.maybeComment(c)
	case '$', ':', '@', '?':
		l.maybeParam(c)
	case ',':
		l.emit(Comma, 1)
	case '.':
		l.emit(Dot, 1)
	case ';':
		l.emit(Semicolon, 1)
	case '(':
		l.emit(Open, 1)
	case ')':
		l.emit(Close, 1)
	case ']', '{', '}':
		l.emit(Punct, 1)
	case 0:
		l.nul()
	default:
		l.operatorOrOther(c)
	}
}

// at1 returns the byte n past the current one, and 0 past the end.
func (l *lexer) at1(n int) byte {
	if l.pos+n < len(l.s) {
		return l.s[l.pos+n]
	}
	return 0
}

func (l *lexer) emit(k Kind, n int) {
	l.add(Token{Kind: k, Start: int32(l.pos), End: int32(l.pos + n), Body: int32(l.pos), BodyEnd: int32(l.pos + n)})
}

func (l *lexer) add(t Token) {
	l.out = append(l.out, t)
	l.pos = int(t.End)
}

func (l *lexer) space() {
	i := l.pos
	for i < len(l.s) && (l.s[i] == ' ' || (l.s[i] >= '\t' && l.s[i] <= '\r')) {
		i++
	}
	l.emit(Space, i-l.pos)
}

// nul handles the byte at which SQLite stops reading: nothing after it is seen.
func (l *lexer) nul() {
	switch {
	case l.nulEnds:
		l.emit(Other, len(l.s)-l.pos)
	case l.wideSpace:
		l.emit(Space, 1)
	default:
		l.emit(Other, 1)
	}
}

func (l *lexer) operatorOrOther(c byte) {
	switch {
	case isOperator(c):
		l.operator()
	case l.wideSpace && c < ' ':
		l.emit(Space, 1)
	default:
		l.emit(Other, 1)
	}
}

// word lexes an identifier or keyword, or the literal that it is a prefix of.
func (l *lexer) word() {
	c := l.s[l.pos]
	if c >= utf8.RuneSelf {
		if n := l.wideSpaceLen(l.pos); n > 0 {
			l.emit(Space, n)
			return
		}
	} else if l.prefixed(c) {
		return
	}
	l.emit(Word, l.wordEnd(l.pos)-l.pos)
}

func (l *lexer) wordEnd(i int) int {
	for i < len(l.s) {
		c := l.s[i]
		if c >= utf8.RuneSelf {
			if l.wideSpaceLen(i) > 0 {
				return i
			}
		} else if !isWordByte(c) && c != '$' && (!l.wordHash || c != '#') && (!l.wordAt || c != '@') {
			return i
		}
		i++
	}
	return i
}

// wideSpaceLen returns the length of the white space beyond ASCII at i: the byte
// order mark everywhere, because SQLite skips it, and in the dialects that say
// so whatever Unicode calls space.
func (l *lexer) wideSpaceLen(i int) int {
	c := l.s[i]
	if c != 0xc2 && c != 0xe1 && c != 0xe2 && c != 0xe3 && c != 0xef {
		return 0
	}
	r, n := utf8.DecodeRuneInString(l.s[i:])
	if (r == 0xfeff && n == 3) || (l.wideSpace && unicode.IsSpace(r)) {
		return n
	}
	return 0
}

// prefixed lexes literals such as N'x', E'x', U&'x', q'[x]' when there is one here.
func (l *lexer) prefixed(c byte) bool {
	next := l.at1(1)
	switch c | 0x20 {
	case 'n':
		if next == '\'' && l.national {
			l.quoted(String, l.pos+2, '\'', l.backslash)
			return true
		}
		if l.quoteString && next|0x20 == 'q' && l.at1(2) == '\'' {
			return l.alternative(l.pos + 3)
		}
	case 'x', 'b':
		if next == '\'' && l.bitString {
			l.quoted(String, l.pos+2, '\'', l.backslash)
			return true
		}
	case 'e':
		if next == '\'' && l.escapeString {
			l.quoted(String, l.pos+2, '\'', true)
			return true
		}
	case 'u':
		if next == '&' && l.unicodeString && (l.at1(2) == '\'' || l.at1(2) == '"') {
			kind := String
			if l.at1(2) == '"' {
				kind = Quoted
			}
			l.quoted(kind, l.pos+3, l.at1(2), false)
			return true
		}
	case 'q':
		if next == '\'' && l.quoteString {
			return l.alternative(l.pos + 2)
		}
	}
	return false
}

// alternative lexes Oracle's q'[...]', whose delimiter stands at i.
func (l *lexer) alternative(i int) bool {
	if i >= len(l.s) || l.s[i] == ' ' || (l.s[i] >= '\t' && l.s[i] <= '\r') {
		return false
	}
	_, n := utf8.DecodeRuneInString(l.s[i:])
	closer := l.s[i : i+n]
	switch closer {
	case "[":
		closer = "]"
	case "(":
		closer = ")"
	case "{":
		closer = "}"
	case "<":
		closer = ">"
	}
	l.until(String, i+n, closer+"'")
	return true
}

// until lexes a token whose content begins at body and is closed by closer.
func (l *lexer) until(k Kind, body int, closer string) {
	t := Token{Kind: k, Start: int32(l.pos), Body: int32(body)}
	if n := strings.Index(l.s[body:], closer); n >= 0 {
		t.BodyEnd, t.End = int32(body+n), int32(body+n+len(closer))
	} else {
		t.BodyEnd, t.End, t.Open = int32(len(l.s)), int32(len(l.s)), true
	}
	l.add(t)
}

// quoted lexes a literal closed by quote, which its content doubles to mean itself.
func (l *lexer) quoted(k Kind, body int, quote byte, escape bool) {
	t := Token{Kind: k, Start: int32(l.pos), Body: int32(body), Escape: escape}
	end, closed := l.quoteEnd(body, quote, escape)
	t.BodyEnd, t.End, t.Open = int32(end), int32(end), !closed
	if closed {
		t.End++
	}
	l.add(t)
}

// quoteEnd returns where the closing quote stands.
func (l *lexer) quoteEnd(i int, quote byte, escape bool) (int, bool) {
	body := i
	for i < len(l.s) {
		c := l.s[i]
		switch {
		case c == quote && i+1 < len(l.s) && l.s[i+1] == quote:
			i += 2
		case c == quote:
			return i, true
		case c == '\\' && escape && !swallowed(l.s[body:i]):
			i += 2
		case c == 0 && l.nulEnds:
			return i, false
		default:
			i++
		}
	}
	return min(i, len(l.s)), false
}

// swallowed reports whether a backslash after before may be the second byte of
// a character in GBK, Big5 or Shift JIS. Such text is not UTF-8, so a lone high
// byte before the backslash is the sign; the database may then see a quote
// where an escaping function saw none.
func swallowed(before string) bool {
	if before == "" || before[len(before)-1] < utf8.RuneSelf {
		return false
	}
	r, n := utf8.DecodeLastRuneInString(before)
	return r == utf8.RuneError && n == 1
}

func (l *lexer) identifier(c byte) {
	switch {
	case c == '`' && l.backtick:
		l.quoted(Quoted, l.pos+1, '`', false)
	case c == '[' && l.bracket && l.bracketDouble:
		l.quoted(Quoted, l.pos+1, ']', false)
	case c == '[' && l.bracket:
		l.until(Quoted, l.pos+1, "]")
	case c == '[':
		l.emit(Punct, 1)
	default:
		l.emit(Other, 1)
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool { return (c|0x20 >= 'a' && c|0x20 <= 'z') || c == '_' }

func isWordByte(c byte) bool { return isWordStart(c) || isDigit(c) }

func isOperator(c byte) bool {
	switch c {
	case '+', '-', '*', '/', '<', '>', '=', '~', '!', '@', '#', '%', '^', '&', '|', '`', '?', ':', '$':
		return true
	}
	return false
}
