package sqllex

import "strings"

// maybeComment lexes what begins with one of - / # *, a comment or an operator.
func (l *lexer) maybeComment(c byte) {
	next := l.at1(1)
	switch {
	case c == '-' && next == '-' && l.dashes():
		l.line(2)
	case c == '#' && l.hash:
		l.line(1)
	case c == '#' && l.wordHash:
		l.emit(Word, l.wordEnd(l.pos+1)-l.pos)
	case c == '/' && next == '*':
		l.block()
	case c == '*' && next == '/' && l.marks > 0:
		l.marks--
		l.emit(Mark, 2)
	default:
		l.operator()
	}
}

// dashes reports whether "--" here begins a comment. MySQL wants white space, a
// control character or the end behind it.
func (l *lexer) dashes() bool {
	return !l.dashSpace || l.pos+2 >= len(l.s) || l.s[l.pos+2] <= ' '
}

func (l *lexer) line(opener int) {
	enders := "\n"
	if l.carriage {
		enders = "\r\n"
	}
	if l.nulEnds {
		enders += "\x00"
	}
	body, end := l.pos+opener, len(l.s)
	if n := strings.IndexAny(l.s[body:], enders); n >= 0 {
		end = body + n
	}
	l.add(Token{Kind: Comment, Start: int32(l.pos), End: int32(end), Body: int32(body), BodyEnd: int32(end)})
}

// block lexes /* ... */, or opens MySQL's /*! ... */ whose content is code.
func (l *lexer) block() {
	if l.executable && (l.at1(2) == '!' || (l.at1(2)|0x20 == 'm' && l.at1(3) == '!')) {
		l.mark()
		return
	}
	if !l.nested {
		l.until(Comment, l.pos+2, "*/")
		return
	}
	body, depth := l.pos+2, 1
	i := body
	for i < len(l.s) && depth > 0 {
		n := strings.IndexAny(l.s[i:], "*/")
		if n < 0 {
			i = len(l.s)
			break
		}
		i += n
		switch two := l.s[i:min(i+2, len(l.s))]; two {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
		default:
			i++
		}
	}
	t := Token{Kind: Comment, Start: int32(l.pos), Body: int32(body), BodyEnd: int32(i), End: int32(i), Open: depth > 0}
	if depth == 0 {
		t.BodyEnd -= 2
	}
	l.add(t)
}

// mark lexes the opening of an executable comment with its version number. The
// server runs the content when it is at least that version; which it is, is not
// known here, so the content counts as code.
func (l *lexer) mark() {
	i := l.pos + 3
	if l.s[l.pos+2] != '!' { // MariaDB's /*M!
		i++
	}
	for n := 0; n < 6 && i < len(l.s) && isDigit(l.s[i]); n++ {
		i++
	}
	l.marks++
	l.emit(Mark, i-l.pos)
}

// maybeParam lexes what begins with one of $ : @ ?.
func (l *lexer) maybeParam(c byte) {
	next := l.at1(1)
	switch {
	case c == '?' && l.question:
		l.emit(Param, l.digitsEnd(l.pos+1)-l.pos)
	case c == '$' && isDigit(next):
		l.emit(Param, l.digitsEnd(l.pos+1)-l.pos)
	case c == '$' && l.dollar && l.dollarQuoted():
	case c == '$' && l.dollarName && isNameByte(next):
		l.emit(Param, l.wordEnd(l.pos+1)-l.pos)
	case c == '@' && l.at && next == '@' && isNameByte(l.at1(2)):
		l.emit(System, l.wordEnd(l.pos+2)-l.pos)
	case c == '@' && l.at && next == '`' && l.backtick:
		l.quoted(Quoted, l.pos+2, '`', false)
	case c == '@' && l.at && isNameByte(next):
		l.emit(Param, l.wordEnd(l.pos+1)-l.pos)
	case c == ':' && l.colon && isNameByte(next):
		l.emit(Param, l.wordEnd(l.pos+1)-l.pos)
	default:
		l.operator()
	}
}

func isNameByte(c byte) bool { return isWordByte(c) || c >= 0x80 }

func (l *lexer) digitsEnd(i int) int {
	for i < len(l.s) && isDigit(l.s[i]) {
		i++
	}
	return i
}

// dollarQuoted lexes $tag$...$tag$ when one begins here.
func (l *lexer) dollarQuoted() bool {
	i := l.pos + 1
	for i < len(l.s) && isNameByte(l.s[i]) {
		i++
	}
	if i >= len(l.s) || l.s[i] != '$' {
		return false
	}
	l.until(String, i+1, l.s[l.pos:i+1])
	return true
}

// operator lexes one operator. PostgreSQL takes any run of operator characters
// for one, short of a comment; elsewhere the list is fixed.
func (l *lexer) operator() {
	if l.operatorRun {
		l.emit(Operator, l.runEnd()-l.pos)
		return
	}
	rest := l.s[l.pos:]
	for _, op := range [...]string{"->>", "<=>", "||/", "::", ":=", "->", "<=", ">=", "<>", "!=", "==", "||", "&&", "<<", ">>", "!<", "!>", "^=", "~=", "**", "+=", "-=", "*=", "/=", "%=", "&=", "|="} {
		if strings.HasPrefix(rest, op) {
			l.emit(Operator, len(op))
			return
		}
	}
	l.emit(Operator, 1)
}

func (l *lexer) runEnd() int {
	i := l.pos + 1
	for i < len(l.s) && isOperator(l.s[i]) && l.s[i] != '$' {
		if two := l.s[i:min(i+2, len(l.s))]; two == "--" || two == "/*" {
			break
		}
		if l.s[i] == ':' && l.s[l.pos] != ':' {
			break
		}
		i++
	}
	// A sign after an operator is the next number's: "=-1".
	for i-l.pos > 1 && (l.s[i-1] == '-' || l.s[i-1] == '+') && !strings.ContainsAny(l.s[l.pos:i-1], "~!@#%^&|`?") {
		i--
	}
	return i
}
