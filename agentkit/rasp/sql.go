package rasp

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/rasp/sqllex"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// SQL says whether one of the inputs changed the structure of statement, and
// returns nil when none did. Dialect is a name such as "sqlite", "postgresql",
// "mysql", "mssql" or "oracle"; a statement in any other is read in two ways,
// with and without backslash escapes.
//
// Bound parameters are not part of the statement's text and so never count.
// SQL does not allocate when it finds nothing.
func SQL(in *Inputs, dialect, statement string) *wire.Attack {
	if in == nil || in.size.Load() == 0 || statement == "" {
		return nil
	}
	x := in.index()
	var pairs pairSet
	pairs.add(statement)
	for i := range x.filters {
		if pairs.has(&x.filters[i]) {
			return search(x, i, &pairs, dialect, statement)
		}
	}
	return nil
}

// search looks for the needles from first on, the first that may occur.
func search(x *index, first int, pairs *pairSet, dialect, statement string) *wire.Attack {
	c := newCheck(statement, dialect)
	defer c.release()
	for i := first; i < len(x.filters); i++ {
		if !pairs.has(&x.filters[i]) {
			continue
		}
		if f, ok := c.needle(&x.needles[i]); ok {
			return c.attack(x, &x.needles[i], f)
		}
	}
	return nil
}

// check is the examination of one statement. It is reused, so that its buffers are.
type check struct {
	statement string
	name      string // of the dialect, as given
	fold      []byte // statement in lower case
	readings  [2]reading
	n         int // readings in use
}

// reading is a statement cut into tokens under the rules of one dialect.
type reading struct {
	*check
	dialect sqllex.Dialect
	tokens  []sqllex.Token
	lexed   bool
	broken  bool // something in it is unterminated or unbalanced
	trial   []byte
	scratch []sqllex.Token
	spent   int // bytes lexed in trials
	walked  struct {
		token int32 // start of the literal that splits walked through last
		at    int   // where a character begins in it
	}
}

var checks = sync.Pool{New: func() any { return new(check) }}

// maxPooled is the size of statement above which buffers are not kept.
const maxPooled = 64 << 10

func newCheck(statement, dialect string) *check {
	c := checks.Get().(*check)
	c.statement, c.name = statement, dialect
	c.fold = appendFold(c.fold[:0], statement)
	d := sqllex.ParseDialect(dialect)
	c.n = 1
	c.readings[0].start(c, d)
	if d == sqllex.Generic {
		c.n = 2
		c.readings[1].start(c, sqllex.MySQL)
	}
	return c
}

func (c *check) release() {
	if len(c.statement) > maxPooled {
		return
	}
	c.statement, c.name = "", ""
	checks.Put(c)
}

func (r *reading) start(c *check, d sqllex.Dialect) {
	r.check, r.dialect, r.lexed, r.spent = c, d, false, 0
	r.walked.token = -1
}

func (r *reading) lex() {
	if r.lexed {
		return
	}
	if room := len(r.statement) / 3; cap(r.tokens) < room { // SQL has a token every three bytes or so
		r.tokens = make([]sqllex.Token, 0, room)
	}
	r.tokens = sqllex.Append(r.tokens[:0], r.dialect, r.statement)
	r.lexed, r.broken = true, malformed(r.tokens)
}

// malformed reports whether a literal or comment is unterminated, parentheses do
// not match, or there is a byte that has no meaning.
func malformed(tokens []sqllex.Token) bool {
	depth := 0
	for i := range tokens {
		switch tokens[i].Kind {
		case sqllex.Open:
			depth++
		case sqllex.Close:
			depth--
		}
		if depth < 0 || tokens[i].Open || tokens[i].Kind == sqllex.Other {
			return true
		}
	}
	return depth != 0
}

// finding is an occurrence of an input that changed the statement.
type finding struct {
	rule       string
	start, end int
	dialect    sqllex.Dialect
	certain    bool
}

// needle looks for n in the statement and judges every occurrence.
func (c *check) needle(n *needle) (finding, bool) {
	if start, _ := n.find(c.fold, 0); start < 0 || (n.word && !c.wordMatters(n)) {
		return finding{}, false
	}
	return c.decide(n)
}

// decide judges n under every reading of the statement.
func (c *check) decide(n *needle) (finding, bool) {
	f, found := c.readings[0].judge(n)
	if c.n == 1 {
		return f, found
	}
	// Two readings of a dialect that is not known. One under which the statement
	// falls apart is not how its database reads it.
	g, second := c.readings[1].judge(n)
	switch {
	case second && (!c.readings[1].broken || c.readings[0].broken):
		return g, true
	case found && (!c.readings[0].broken || c.readings[1].broken || second):
		return f, true
	default:
		return finding{}, false
	}
}

// wordMatters rules out, without lexing, that the word n stands where a value
// should: behind a comparison, or opening a list.
func (c *check) wordMatters(n *needle) bool {
	for from := 0; ; {
		start, end := n.find(c.fold, from)
		if start < 0 {
			return false
		}
		if end-start == len(n.fold) && c.behindComparison(start) {
			return true
		}
		from = start + 1
	}
}

func (c *check) behindComparison(i int) bool {
	for i--; i >= 0 && c.fold[i] <= ' '; i-- {
	}
	if i < 0 {
		return false
	}
	if c.fold[i] >= utf8.RuneSelf { // white space in some dialects
		return true
	}
	switch c.fold[i] {
	case '=', '<', '>', '(', '/': // a comment may stand between
		return true
	case 'e', 'b', 'p', 'n', 'd', 't': // LIKE, GLOB, REGEXP, BETWEEN, AND, LIMIT
		return true
	case ',':
		return bytes.Contains(c.fold, []byte(" in")) || bytes.Contains(c.fold, []byte("values"))
	}
	return false
}
