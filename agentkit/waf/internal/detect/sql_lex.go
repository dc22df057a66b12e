package detect

import "strings"

// sqlKind is the kind of a token of SQL.
type sqlKind uint8

const (
	sqlEOF sqlKind = iota
	sqlNum
	sqlStr
	sqlOpen // a string that the value leaves open; what follows it is the application's
	sqlName // identifier or function
	sqlVar  // @x @@x
	sqlWord // keyword that needs its own treatment
	sqlLogic
	sqlCompare
	sqlArith
	sqlLeft
	sqlRight
	sqlComma
	sqlDot
	sqlSemi
	sqlComment // a comment that hides the rest of the statement
	sqlCast    // ::
	sqlOther   // nothing that SQL has
)

// sqlKey is a keyword.
type sqlKey uint8

const (
	keyNone sqlKey = iota
	keySelect
	keyUnion
	keyAll
	keyNot
	keyIs
	keyIn
	keyLike
	keyBetween
	keyValue
	keyFrom
	keyWhere
	keyOrder
	keyBy
	keyHaving
	keyLimit
	keyInto
	keyProcedure
	keyCase
	keyWhen
	keyEnd
	keyAs
	keyAsc
	keyStatement
	keyIf
	keyOn
	keyJoin
)

// sqlToken is one token; its text is s[start:end].
type sqlToken struct {
	kind       sqlKind
	key        sqlKey
	start, end int32
}

var sqlKeys = func() map[string]sqlToken {
	m := map[string]sqlToken{}
	put := func(kind sqlKind, key sqlKey, list string) {
		for w := range words(list) {
			m[w] = sqlToken{kind: kind, key: key}
		}
	}
	put(sqlWord, keySelect, "select")
	put(sqlWord, keyUnion, "union except intersect minus")
	put(sqlWord, keyAll, "all distinct distinctrow any some binary prior exists")
	put(sqlWord, keyNot, "not")
	put(sqlLogic, keyNone, "and or xor")
	put(sqlCompare, keyIs, "is")
	put(sqlCompare, keyIn, "in")
	put(sqlCompare, keyLike, "like rlike regexp ilike glob similar sounds match against")
	put(sqlCompare, keyBetween, "between")
	put(sqlArith, keyNone, "div mod collate")
	put(sqlWord, keyValue, "null true false unknown current_user session_user current_timestamp sysdate rownum")
	put(sqlWord, keyFrom, "from")
	put(sqlWord, keyWhere, "where")
	put(sqlWord, keyOrder, "order group")
	put(sqlWord, keyBy, "by")
	put(sqlWord, keyHaving, "having")
	put(sqlWord, keyLimit, "limit offset fetch")
	put(sqlWord, keyInto, "into")
	put(sqlWord, keyProcedure, "procedure")
	put(sqlWord, keyCase, "case")
	put(sqlWord, keyWhen, "when then else")
	put(sqlWord, keyEnd, "end")
	put(sqlWord, keyAs, "as")
	put(sqlWord, keyAsc, "asc desc nulls")
	put(sqlWord, keyOn, "on using")
	put(sqlWord, keyJoin, "join inner outer cross natural lateral")
	put(sqlWord, keyIf, "if iif")
	put(sqlWord, keyStatement, "drop delete update insert create alter exec execute declare set shutdown truncate grant revoke waitfor merge replace call begin while print backup restore copy attach rename handler dbcc do reconfigure bulk with commit rollback show describe explain pragma")
	return m
}()

// maxSQLTokens bounds the work on one value: an injection shows itself in its
// first tokens. Comments and spaces are not tokens.
const maxSQLTokens = 120

// sqlLexer cuts a value into tokens, beginning anywhere in it.
type sqlLexer struct {
	s       string
	list    [maxSQLTokens]sqlToken
	n       int
	inline  int  // comments inside, a way to write spaces
	version bool // a comment that MySQL executes
}

// lex reads s from offset i.
func (l *sqlLexer) lex(s string, i int) {
	l.s, l.n, l.inline = s, 0, 0
	for l.n < maxSQLTokens {
		i = l.blank(i)
		if i >= len(s) {
			return
		}
		t := l.token(i)
		l.list[l.n] = t
		l.n++
		if t.kind == sqlOpen || t.kind == sqlComment {
			return
		}
		i = int(t.end)
	}
}

func (l *sqlLexer) tokens() []sqlToken { return l.list[:l.n] }

// blank skips white space and closed comments.
func (l *sqlLexer) blank(i int) int {
	s := l.s
	for i < len(s) {
		switch c := s[i]; {
		case isSpace(c) || c == 0 && i+1 < len(s):
			i++
		case c == '+' && i+1 < len(s) && (s[i+1] == '-' || s[i+1] == '#' || s[i+1] == '/' && i+2 < len(s) && s[i+2] == '*'):
			i++ // a space that was encoded once more
		case c == '*' && i+1 < len(s) && s[i+1] == '/' && l.version:
			i += 2
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			end := l.block(i)
			if end < 0 {
				return i
			}
			i = end
		case c == '#' || c == '-' && i+1 < len(s) && s[i+1] == '-':
			nl := strings.IndexAny(s[i:], "\n")
			if nl < 0 {
				return i
			}
			l.inline++
			i += nl + 1
		default:
			return i
		}
	}
	return i
}

// block returns where a block comment ends, -1 when it hides the rest. Comments
// that MySQL executes only lose their brackets.
func (l *sqlLexer) block(i int) int {
	s := l.s
	if i+2 < len(s) && s[i+2] == '!' {
		l.version = true
		i += 3
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		return i
	}
	end := strings.Index(s[i+2:], "*/")
	if end < 0 {
		return -1
	}
	l.inline++
	return i + 2 + end + 2
}

func (l *sqlLexer) token(i int) sqlToken {
	s := l.s
	one := func(k sqlKind) sqlToken { return sqlToken{kind: k, start: int32(i), end: int32(i + 1)} }
	span := func(k sqlKind, end int) sqlToken { return sqlToken{kind: k, start: int32(i), end: int32(end)} }
	next := byte(0)
	if i+1 < len(s) {
		next = s[i+1]
	}
	switch c := s[i]; {
	case isDigit(c) || c == '.' && isDigit(next):
		return l.number(i)
	case isLetter(c) || c == '_' || c >= 0x80:
		return l.word(i)
	case c == '\'' || c == '"' || c == '`':
		return l.quoted(i, i)
	case c == '@' && (next == '>' || next == '?') || c == '?' && (next == '|' || next == '&') || c == '#' && next == '>':
		return span(sqlCompare, i+2) // operators on JSON
	case c == '-' && next == '>':
		end := i + 2
		if end < len(s) && s[end] == '>' {
			end++
		}
		return span(sqlArith, end)
	case c == '@':
		end := i + 1
		for end < len(s) && (isWord(s[end]) || s[end] == '@' || s[end] == '$') {
			end++
		}
		return span(sqlVar, end)
	case c == '#' || c == '-' && next == '-' || c == '/' && next == '*':
		return span(sqlComment, len(s))
	case c < ' ' && strings.TrimSpace(s[i+1:]) == "":
		return span(sqlComment, len(s)) // some databases stop at a control character
	case c == '(':
		return one(sqlLeft)
	case c == ')' || c == ']':
		return one(sqlRight)
	case c == ',':
		return one(sqlComma)
	case c == '.':
		return one(sqlDot)
	case c == ';':
		return one(sqlSemi)
	case c == ':' && next == ':':
		return span(sqlCast, i+2)
	case c == '&' && next == '&' || c == '|' && next == '|':
		return span(sqlLogic, i+2)
	case c == '=' || c == '<' || c == '>' || c == '!' && next == '=':
		end := i + 1
		for end < len(s) && end < i+3 && (s[end] == '=' || s[end] == '>' || s[end] == '<' || s[end] == '@') {
			end++
		}
		return span(sqlCompare, end)
	case c == '+' || c == '-' || c == '*' || c == '/' || c == '%' || c == '^' || c == '|' || c == '&' || c == '~' || c == '!':
		return one(sqlArith)
	case c == '[':
		if end := strings.IndexByte(s[i:min(len(s), i+60)], ']'); end > 1 && isWord(s[i+1]) {
			return span(sqlName, i+end+1)
		} else if end < 0 && len(s)-i < 8 {
			return span(sqlOpen, len(s))
		}
	case c == '$' && next == '$':
		if end := strings.Index(s[i+2:], "$$"); end >= 0 {
			return span(sqlStr, i+end+4)
		}
	case c == '\\' && next == 'N':
		t := span(sqlWord, i+2)
		t.key = keyValue
		return t
	}
	return one(sqlOther)
}

// number reads 1, 1.5, 1e3, 0x1f; letters that follow are a word of their own
// when they are a keyword ("1or 1=1") and make it a name otherwise ("1st").
func (l *sqlLexer) number(i int) sqlToken {
	s, end := l.s, i
	if s[i] == '0' && i+1 < len(s) && lower(s[i+1]) == 'x' {
		for end = i + 2; end < len(s) && isHex(s[end]); end++ {
		}
		return sqlToken{kind: sqlNum, start: int32(i), end: int32(end)}
	}
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	if end < len(s) && s[end] == '.' {
		for end++; end < len(s) && isDigit(s[end]); end++ {
		}
	}
	if end+1 < len(s) && lower(s[end]) == 'e' && (isDigit(s[end+1]) || end+2 < len(s) && (s[end+1] == '-' || s[end+1] == '+') && isDigit(s[end+2])) {
		for end += 2; end < len(s) && isDigit(s[end]); end++ {
		}
	}
	if end+1 < len(s) && s[end-1] == '.' && lower(s[end]) == 'e' && (s[end+1] == '(' || s[end+1] == ')' || s[end+1] == ',' || s[end+1] == '+' || s[end+1] == ' ') {
		end++ // "1.e(", which MySQL takes for nothing much
	}
	t := sqlToken{kind: sqlNum, start: int32(i), end: int32(end)}
	if end < len(s) && (isLetter(s[end]) || s[end] == '_' || s[end] >= 0x80) {
		if stop := wordEnd(s, end); !isSQLKey(s[end:stop]) {
			t.kind, t.end = sqlName, int32(l.nameEnd(end))
		}
	}
	return t
}

func isHex(c byte) bool { c = lower(c); return isDigit(c) || c >= 'a' && c <= 'f' }

func isSQLKey(word string) bool {
	var buf [longestName]byte
	_, ok := sqlKeys[string(foldName(&buf, word))]
	return ok
}

func (l *sqlLexer) nameEnd(i int) int {
	s := l.s
	for i < len(s) && (isWord(s[i]) || s[i] == '$' || s[i] >= 0x80 && s[i] != 0xA0) {
		i++
	}
	return i
}

func (l *sqlLexer) word(i int) sqlToken {
	s := l.s
	end := l.nameEnd(i)
	if end < len(s) && (s[end] == '\'' || s[end] == '"') && introducer(s[i:end]) {
		return l.quoted(i, end)
	}
	var buf [longestName]byte
	t := sqlKeys[string(foldName(&buf, s[i:end]))]
	if t.kind == sqlEOF {
		t.kind = sqlName
	}
	t.start, t.end = int32(i), int32(end)
	return t
}

// introducer tells the prefixes that make a string of another kind: N'x' x'41'
// _utf8'x' E'x' B'0'.
func introducer(w string) bool {
	if len(w) == 1 {
		c := lower(w[0])
		return c == 'n' || c == 'x' || c == 'b' || c == 'e' || c == 'q' || c == 'u'
	}
	return w[0] == '_' && len(w) < 10
}

// quoted reads a string whose quote stands at q; the token begins at start.
func (l *sqlLexer) quoted(start, q int) sqlToken {
	s := l.s
	quote := s[q]
	kind := sqlStr
	if quote == '`' {
		kind = sqlName
	}
	for i := q + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			if i+1 < len(s) && s[i+1] == quote {
				i++
				continue
			}
			return sqlToken{kind: kind, start: int32(start), end: int32(i + 1)}
		}
	}
	return sqlToken{kind: sqlOpen, start: int32(start), end: int32(len(s))}
}
