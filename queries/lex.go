package queries

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	tokEnd   tokenKind = iota
	tokOpen            // (
	tokClose           // )
	tokNot             // NOT, - or ! before a term
	tokAnd             // AND, &&
	tokOr              // OR, ||
	tokField           // a name with its operator; the value follows without a space
	tokWord            // a bare word or a quoted phrase
)

// operator says how a field and its value belong together.
type operator int

const (
	opHas operator = iota // : or =
	opNot                 // !=
	opGreater
	opAtLeast
	opLess
	opAtMost
)

// symbol returns op as it stands after a colon.
func (op operator) symbol() string {
	switch op {
	case opGreater:
		return ">"
	case opAtLeast:
		return ">="
	case opLess:
		return "<"
	case opAtMost:
		return "<="
	}
	return ""
}

// token is a piece of the query. Offsets are in bytes.
type token struct {
	kind       tokenKind
	start, end int
	name       string   // tokField
	op         operator // tokField
	word       literal  // tokWord
}

// literal is a decoded word or quoted string.
type literal struct {
	text       string   // escapes undone; a wildcard is a '*' here too
	parts      []string // the text between its wildcards, nil when it has none
	quoted     bool
	start, end int
}

// value is what follows a field: one literal, or a range whose ends are literals because one of them
// was quoted. Ranges written in one word are taken apart later, by the types that have an order.
type value struct {
	op         operator
	lo, hi     literal
	ranged     bool
	start, end int
}

// lexer cuts a query into tokens. It is told when a value is due, since what ends a word depends on it.
type lexer struct {
	src    string
	pos    int
	schema *Schema
}

// next returns the token at the place of a term.
func (l *lexer) next() (token, *fault) {
	l.skipSpace()
	start := l.pos
	if start == len(l.src) {
		return token{kind: tokEnd, start: start, end: start}, nil
	}
	switch l.src[start] {
	case '(':
		return l.symbol(tokOpen, 1), nil
	case ')':
		return l.symbol(tokClose, 1), nil
	case '-', '!':
		return l.minus()
	case '"', '\'':
		word, err := l.quoted()
		if err == nil {
			err = l.checkAfter(word, false)
		}
		return token{kind: tokWord, start: start, end: l.pos, word: word}, err
	}
	if tok, ok := l.keyword(); ok {
		return tok, nil
	}
	if tok, ok := l.field(); ok {
		return tok, nil
	}
	word, err := l.raw(false)
	if err == nil {
		err = l.checkWord(word)
	}
	return token{kind: tokWord, start: start, end: l.pos, word: word}, err
}

func (l *lexer) symbol(kind tokenKind, size int) token {
	l.pos += size
	return token{kind: kind, start: l.pos - size, end: l.pos}
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[l.pos:])
		if !unicode.IsSpace(r) {
			return
		}
		l.pos += size
	}
}

// atBreak reports whether no word goes on at the position.
func (l *lexer) atBreak() bool {
	r, size := utf8.DecodeRuneInString(l.src[l.pos:])
	return size == 0 || unicode.IsSpace(r) || r == ')'
}

func (l *lexer) minus() (token, *fault) {
	tok := l.symbol(tokNot, 1)
	if !l.atBreak() {
		return tok, nil
	}
	sign := l.src[tok.start:tok.end]
	return tok, &fault{
		start: tok.start, end: tok.end, expected: "a term right after " + sign,
		message: `"` + sign + `" negates what it touches, and nothing touches it`,
		hint:    `write -field:value, or "` + sign + `" in quotes to search for it`,
	}
}

// keyword reads an operator between terms.
func (l *lexer) keyword() (token, bool) {
	word := l.src[l.pos : l.pos+l.rawLen(false)]
	switch {
	case equalFold(word, "and"), word == "&&":
		return l.symbol(tokAnd, len(word)), true
	case equalFold(word, "or"), word == "||":
		return l.symbol(tokOr, len(word)), true
	case equalFold(word, "not"):
		return l.symbol(tokNot, len(word)), true
	}
	return token{}, false
}

// field reads a name and an operator. What only looks like one, such as fe80::1, is a word.
func (l *lexer) field() (token, bool) {
	start := l.pos
	n := nameLen(l.src[start:])
	op, size := readOperator(l.src[start+n:], true)
	if n == 0 || size == 0 {
		return token{}, false
	}
	name := l.src[start : start+n]
	if _, known := l.schema.Lookup(name); !known && isAddress(l.src[start:start+l.rawLen(false)]) {
		return token{}, false
	}
	l.pos += n + size
	return token{kind: tokField, start: start, end: l.pos, name: name, op: op}, true
}

// readOperator reads the operator at the start of s. After a field's name it may be a colon, with or
// without a comparison; in front of a value it is a comparison.
func readOperator(s string, afterName bool) (operator, int) {
	if afterName && strings.HasPrefix(s, ":") {
		op, size := readOperator(s[1:], false)
		return op, 1 + size
	}
	switch {
	case strings.HasPrefix(s, ">="):
		return opAtLeast, 2
	case strings.HasPrefix(s, "<="):
		return opAtMost, 2
	case strings.HasPrefix(s, ">"):
		return opGreater, 1
	case strings.HasPrefix(s, "<"):
		return opLess, 1
	case afterName && strings.HasPrefix(s, "!="):
		return opNot, 2
	case afterName && strings.HasPrefix(s, "=="):
		return opHas, 2
	case afterName && strings.HasPrefix(s, "="):
		return opHas, 1
	}
	return opHas, 0
}

func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// value reads what follows a field or stands in a list. It may be empty; the caller knows whether that
// is an error.
func (l *lexer) value(inList bool) (value, *fault) {
	v := value{start: l.pos}
	if inList {
		var size int
		v.op, size = readOperator(l.src[l.pos:], false)
		l.pos += size
	}
	var err *fault
	if v.lo, err = l.operand(inList); err != nil {
		return v, err
	}
	// A quoted end of a range: "2026-11-01 10:00"..now, or now-1h.."..."
	if v.lo.quoted && strings.HasPrefix(l.src[l.pos:], "..") {
		l.pos += 2
		v.ranged = true
		v.hi, err = l.operand(inList)
	} else if !v.lo.quoted && strings.HasSuffix(l.src[v.lo.start:v.lo.end], "..") && l.atQuote() {
		v.lo.text, v.lo.end = strings.TrimSuffix(v.lo.text, ".."), v.lo.end-2
		v.ranged = true
		v.hi, err = l.operand(inList)
	}
	if err == nil {
		err = l.checkAfter(v.last(), inList)
	}
	v.end = l.pos
	return v, err
}

// last returns the literal at the value's end.
func (v *value) last() literal {
	if v.ranged {
		return v.hi
	}
	return v.lo
}

func (l *lexer) atQuote() bool {
	return l.pos < len(l.src) && (l.src[l.pos] == '"' || l.src[l.pos] == '\'')
}

func (l *lexer) operand(inList bool) (literal, *fault) {
	if l.atQuote() {
		return l.quoted()
	}
	return l.raw(inList)
}

// checkAfter complains about what is glued to the end of a value.
func (l *lexer) checkAfter(lit literal, inList bool) *fault {
	if l.atBreak() || inList && l.src[l.pos] == ',' {
		return nil
	}
	_, size := utf8.DecodeRuneInString(l.src[l.pos:])
	f := &fault{start: l.pos, end: l.pos + size, expected: "a space"}
	switch {
	case lit.quoted:
		f.message, f.hint = "a space is missing after the closing quote", `write \" for a quote inside of quotes`
	case l.src[l.pos] == '(':
		f.message, f.hint = "a parenthesis cannot be part of a word", "put a space before it, or quote the whole"
	default:
		f.message, f.hint = "a quote cannot begin inside of a word", "put a space before it, or quote the whole"
	}
	return f
}

// checkWord complains about bare words that are more likely a slip than something to search for.
func (l *lexer) checkWord(word literal) *fault {
	src := l.src[word.start:word.end]
	if _, size := readOperator(src, true); size == len(src) {
		return &fault{
			start: word.start, end: word.end, expected: "a term", message: `"` + src + `" stands alone`,
			hint: "write fields, operators and values without spaces, as in count>10",
		}
	}
	return l.checkAfter(word, false)
}

// rawLen returns the length of the unquoted word at the position.
func (l *lexer) rawLen(inList bool) int {
	s := l.src[l.pos:]
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\' && i+1 < len(s):
			_, next := utf8.DecodeRuneInString(s[i+1:])
			size += next
		case unicode.IsSpace(r), r == '(', r == ')', inList && r == ',':
			return i
		case (r == '"' || r == '\'') && strings.HasSuffix(s[:i], ".."):
			return i
		}
		i += size
	}
	return len(s)
}

// raw reads an unquoted word, in which * is a wildcard.
func (l *lexer) raw(inList bool) (literal, *fault) {
	lit := literal{start: l.pos, end: l.pos + l.rawLen(inList)}
	src := l.src[lit.start:lit.end]
	if err := l.checkComma(lit, src); err != nil {
		return lit, err
	}
	var text, part strings.Builder
	for i := 0; i < len(src); {
		switch src[i] {
		case '\\':
			s, size, err := l.escape(lit.start + i)
			if err != nil {
				return lit, err
			}
			text.WriteString(s)
			part.WriteString(s)
			i += size
			continue
		case '*':
			lit.parts = append(lit.parts, part.String())
			part.Reset()
		default:
			part.WriteByte(src[i])
		}
		text.WriteByte(src[i])
		i++
	}
	lit.text = text.String()
	if lit.parts != nil {
		lit.parts = append(lit.parts, part.String())
	}
	l.pos = lit.end
	return lit, nil
}

// checkComma refuses a comma at the end of a word: it would silently be part of the value.
func (l *lexer) checkComma(lit literal, src string) *fault {
	if !strings.HasSuffix(src, ",") || strings.HasSuffix(src, `\,`) {
		return nil
	}
	return &fault{
		start: lit.end - 1, end: lit.end, expected: "a space", message: "a comma cannot end a word",
		hint: "terms are separated by spaces; a list of values is written field:(a,b)",
	}
}

// quoted reads a string in single or double quotes, in which only the backslash is special.
func (l *lexer) quoted() (literal, *fault) {
	lit := literal{start: l.pos, quoted: true}
	quote := l.src[l.pos]
	var text strings.Builder
	for i := l.pos + 1; i < len(l.src); {
		switch c := l.src[i]; c {
		case quote:
			lit.text, lit.end = text.String(), i+1
			l.pos = lit.end
			return lit, nil
		case '\\':
			if i+1 == len(l.src) {
				return lit, l.unclosed(lit.start)
			}
			s, size, err := l.escape(i)
			if err != nil {
				return lit, err
			}
			text.WriteString(s)
			i += size
		default:
			text.WriteByte(c)
			i++
		}
	}
	return lit, l.unclosed(lit.start)
}

func (l *lexer) unclosed(at int) *fault {
	quote := l.src[at : at+1]
	return &fault{
		start: at, end: at + 1, expected: "a closing " + quote, message: "this quote is never closed",
		hint: "add " + quote + ` at the end of the phrase, or write \` + quote + " for the character itself",
	}
}
