package queries

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What a query may cost. They are far above what people write and keep a hostile query harmless.
const (
	MaxLength    = 10_000 // bytes of a query
	MaxDepth     = 100    // parentheses and negations inside of one another
	MaxTerms     = 500    // values asked for, each value of a list counted
	MaxWildcards = 16     // stars in one value
)

// parser reads a query by recursive descent and checks each term as soon as it is read, so that the
// first error from the left is the one reported.
//
//	query  = or
//	or     = and { OR and }
//	and    = unary { [AND] unary }
//	unary  = ( NOT | "-" ) unary | "(" or ")" | term
//	term   = word | phrase | field value | field "(" value { ( "," | OR ) value } ")"
type parser struct {
	lexer
	tok   token
	now   time.Time
	depth int
	terms int
}

// parse reads the whole query.
func (p *parser) parse() (node, *fault) {
	if err := p.checkText(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return everything{}, nil
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind == tokClose {
		return nil, &fault{
			start: p.tok.start, end: p.tok.end, expected: "a term or the end", message: "this ) closes nothing",
			hint: `remove it, or write ")" to search for it`,
		}
	}
	return n, nil
}

// checkText refuses what no query can contain: too much text, broken UTF-8, and the zero byte, at which
// databases stop reading.
func (p *parser) checkText() *fault {
	if len(p.src) > MaxLength {
		return &fault{
			start: runeStart(p.src, MaxLength), end: len(p.src), expected: "the end",
			message: fmt.Sprintf("the query has %d bytes, more than the %d allowed", len(p.src), MaxLength),
			hint:    "shorten it, for example with wildcards instead of long lists",
		}
	}
	for i, r := range p.src {
		if r == 0 {
			return &fault{start: i, end: i + 1, message: "a query cannot contain a zero byte"}
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(p.src[i:]); size == 1 {
				return &fault{start: i, end: i + 1, message: "this byte is not valid UTF-8"}
			}
		}
	}
	return nil
}

// runeStart moves a byte offset back to the beginning of its rune.
func runeStart(s string, at int) int {
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}

func (p *parser) advance() (err *fault) {
	p.tok, err = p.next()
	return err
}

// enter notes one more level of nesting; leave takes it back.
func (p *parser) enter(start, end int) *fault {
	p.depth++
	if p.depth <= MaxDepth {
		return nil
	}
	return &fault{
		start: start, end: end, message: fmt.Sprintf("this is nested more than %d levels deep", MaxDepth),
		hint: "leave out parentheses and negations that change nothing",
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) or() (node, *fault) {
	first, err := p.and()
	if err != nil || p.tok.kind != tokOr {
		return first, err
	}
	kids := []node{first}
	for p.tok.kind == tokOr {
		if err := p.advance(); err != nil {
			return nil, err
		}
		next, err := p.and()
		if err != nil {
			return nil, err
		}
		kids = append(kids, next)
	}
	return anyOf(kids), nil
}

func (p *parser) and() (node, *fault) {
	first, err := p.unary()
	if err != nil {
		return nil, err
	}
	kids := []node{first}
	for p.tok.kind != tokEnd && p.tok.kind != tokClose && p.tok.kind != tokOr {
		if p.tok.kind == tokAnd {
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		next, err := p.unary()
		if err != nil {
			return nil, err
		}
		kids = append(kids, next)
	}
	return allOf(kids), nil
}

func (p *parser) unary() (node, *fault) {
	tok := p.tok
	switch tok.kind {
	case tokNot:
		return p.not(tok)
	case tokOpen:
		return p.group(tok)
	case tokWord:
		n, err := p.freeText(tok.word)
		if err != nil {
			return nil, err
		}
		return n, p.advance()
	case tokField:
		n, err := p.fieldTerm(tok)
		if err != nil {
			return nil, err
		}
		return n, p.advance()
	}
	return nil, p.missingTerm()
}

func (p *parser) not(tok token) (node, *fault) {
	if err := p.enter(tok.start, tok.end); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	kid, err := p.unary()
	if err != nil {
		return nil, err
	}
	return negate(kid), nil
}

func (p *parser) group(open token) (node, *fault) {
	if err := p.enter(open.start, open.end); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokClose {
		return nil, unclosedParenthesis(open.start)
	}
	return n, p.advance()
}

func unclosedParenthesis(at int) *fault {
	return &fault{
		start: at, end: at + 1, expected: "a closing )", message: "this ( is never closed",
		hint: `add ) where the group ends, or write "(" to search for it`,
	}
}

// missingTerm says that a term should have stood where the current token is.
func (p *parser) missingTerm() *fault {
	f := &fault{start: p.tok.start, end: p.tok.end, expected: "a term, such as field:value or a word"}
	switch found := p.src[p.tok.start:p.tok.end]; p.tok.kind {
	case tokEnd:
		f.message = "the query ends where a term is expected"
		f.hint = "add field:value or a word, or remove the operator before"
	case tokClose:
		f.message = "a term is expected before this )"
		f.hint = `add one, or write ")" to search for it`
	default:
		f.message = fmt.Sprintf("a term is expected before this %s", strings.ToUpper(found))
		f.hint = fmt.Sprintf("write %q in quotes to search for the word", found)
	}
	return f
}

// countTerm notes one more value.
func (p *parser) countTerm(start, end int) *fault {
	p.terms++
	if p.terms <= MaxTerms {
		return nil
	}
	return &fault{
		start: start, end: end, message: fmt.Sprintf("the query asks for more than %d values", MaxTerms),
		hint: "use wildcards, ranges or address prefixes instead of long lists",
	}
}

// fieldTerm reads the value or the list behind a field and checks it.
func (p *parser) fieldTerm(tok token) (node, *fault) {
	sub, err := p.subject(tok)
	if err != nil {
		return nil, err
	}
	levels := p.depth
	defer func() { p.depth = levels }()
	if tok.op == opNot {
		if err := p.enter(tok.start, tok.end); err != nil {
			return nil, err
		}
	}
	values, list, err := p.values(tok)
	if err != nil {
		return nil, err
	}
	if list && tok.op != opHas && tok.op != opNot {
		return nil, &fault{
			start: values[0].start - 1, end: values[len(values)-1].end, expected: "one value",
			message: "a comparison wants one value, not a list",
			hint:    fmt.Sprintf("put it inside: %s:(%s1,%s2)", tok.name, tok.op.symbol(), tok.op.symbol()),
		}
	}
	if !list && tok.op != opNot {
		values[0].op = tok.op
	}
	n, err := p.check(sub, values)
	if err == nil && tok.op == opNot {
		n = negate(n)
	}
	return n, err
}

// values reads one value or a list of them.
func (p *parser) values(tok token) (vs []value, list bool, err *fault) {
	if p.pos < len(p.src) && p.src[p.pos] == '(' {
		vs, err = p.list(tok)
		return vs, true, err
	}
	v, err := p.value(false)
	if err == nil {
		err = p.checkValue(tok, v)
	}
	return []value{v}, false, err
}

// checkValue refuses an empty value (the quoted one is not empty: it means absent) and counts the rest.
func (p *parser) checkValue(tok token, v value) *fault {
	if v.end > v.start && (v.op == opHas || v.lo.end > v.lo.start) {
		if err := p.countTerm(v.start, v.end); err != nil {
			return err
		}
		if len(v.lo.parts) > MaxWildcards+1 {
			return &fault{
				start: v.lo.start, end: v.lo.end, message: fmt.Sprintf("a value can have at most %d wildcards", MaxWildcards),
				hint: "shorten it; a * stands for any number of characters",
			}
		}
		return nil
	}
	f := &fault{
		start: v.start, end: v.end, expected: "a value",
		message: fmt.Sprintf("a value is expected right after %q", p.src[tok.start:v.end]),
		hint:    fmt.Sprintf(`for example %s:* for any value, or %s:"" for none`, tok.name, tok.name),
	}
	if isBuiltin(tok.name) {
		f.hint = fmt.Sprintf("for example %s:24h or %s:yesterday", tok.name, tok.name)
	}
	p.skipSpace()
	if word := p.src[p.pos : p.pos+p.rawLen(false)]; p.pos > v.end && word != "" && !isKeyword(word) {
		f.hint = "remove the space: " + p.src[tok.start:v.end] + word
	}
	return f
}

// list reads "(a,b)" or "(a OR b)".
func (p *parser) list(tok token) ([]value, *fault) {
	open := p.pos
	if err := p.enter(open, open+1); err != nil {
		return nil, err
	}
	p.pos++
	var vs []value
	for {
		p.skipSpace()
		if p.pos == len(p.src) {
			return nil, unclosedParenthesis(open)
		}
		v, err := p.value(true)
		if err != nil {
			return nil, err
		}
		if err := p.checkItem(tok, v); err != nil {
			return nil, err
		}
		vs = append(vs, v)
		more, err := p.separator(open)
		if err != nil || !more {
			return vs, err
		}
	}
}

func (p *parser) checkItem(tok token, v value) *fault {
	word := p.src[v.start:v.end]
	if word == "" || isKeyword(word) {
		return &fault{
			start: v.start, end: v.end, expected: "a value", message: "a value is expected here in the list",
			hint: fmt.Sprintf("write %s:(a,b); quote words such as \"or\" and signs", tok.name),
		}
	}
	return p.checkValue(tok, v)
}

// separator reads what stands between the values of a list, and reports whether more follow.
func (p *parser) separator(open int) (more bool, err *fault) {
	p.skipSpace()
	if p.pos == len(p.src) {
		return false, unclosedParenthesis(open)
	}
	switch p.src[p.pos] {
	case ')':
		p.pos++
		return false, nil
	case ',':
		p.pos++
		return true, nil
	}
	size := p.rawLen(true)
	if word := p.src[p.pos : p.pos+size]; equalFold(word, "or") || word == "||" {
		p.pos += size
		return true, nil
	}
	return false, &fault{
		start: p.pos, end: p.pos + max(size, 1), expected: `",", OR or ")"`,
		message: "the values of a list are separated by commas or OR",
		hint:    "write field:(a,b); quote a value that has spaces; for records that have both, write field:a field:b",
	}
}
