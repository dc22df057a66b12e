package rasp

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/rasp/sqllex"
)

// context is what a statement expects at a place.
type context uint8

const (
	ctxStart   context = iota // the beginning of the statement
	ctxValue                  // a literal
	ctxCond                   // a condition
	ctxName                   // a name or a list of names
	ctxOperand                // an operator or a further clause, behind a complete operand
)

// before returns the index of the last significant token before i, or -1.
func (r *reading) before(i int) int {
	for i--; i >= 0 && !r.tokens[i].Significant(); i-- {
	}
	return i
}

// after returns the index of the first significant token after i, or len(tokens).
func (r *reading) after(i int) int {
	for i++; i < len(r.tokens) && !r.tokens[i].Significant(); i++ {
	}
	return i
}

func (r *reading) text(i int) string { return r.tokens[i].Text(r.statement) }

// context returns what the statement expects where token i stands.
func (r *reading) context(i int) context {
	p := r.before(i)
	if p < 0 {
		return ctxStart
	}
	switch r.tokens[p].Kind {
	case sqllex.Semicolon:
		return ctxStart
	case sqllex.Operator:
		if r.text(p) == "*" && !r.operand(r.before(p)) {
			return ctxOperand // SELECT *
		}
		if r.text(p) == "::" {
			return ctxName
		}
		return ctxValue
	case sqllex.Open:
		return r.inParens(p)
	case sqllex.Comma:
		return r.inList(p)
	case sqllex.Dot:
		return ctxName
	case sqllex.Word:
		return r.behindWord(p)
	case sqllex.Punct, sqllex.Other:
		return ctxValue
	default:
		return ctxOperand
	}
}

// operand reports whether token i ends an operand.
func (r *reading) operand(i int) bool {
	if i < 0 {
		return false
	}
	switch r.tokens[i].Kind {
	case sqllex.Number, sqllex.String, sqllex.Quoted, sqllex.Param, sqllex.System, sqllex.Close:
		return true
	case sqllex.Word:
		c := classify(r.text(i))
		return c == plain || c == constant
	default:
		return false
	}
}

// inParens returns what the statement expects behind the parenthesis at p.
func (r *reading) inParens(p int) context {
	q := r.before(p)
	if q < 0 {
		return ctxStart
	}
	if r.tokens[q].Kind == sqllex.Word {
		switch classify(r.text(q)) {
		case condAhead:
			return ctxCond
		case nameAhead:
			return ctxName
		case other:
			if strings.EqualFold(r.text(q), "over") {
				return ctxName
			}
		}
	}
	return ctxValue
}

// inList returns what the statement expects behind the comma at p: what it
// expected at the beginning of the list.
func (r *reading) inList(p int) context {
	depth := 0
	for i := p - 1; i >= 0; i-- {
		switch r.tokens[i].Kind {
		case sqllex.Close:
			depth++
		case sqllex.Open:
			if depth == 0 {
				return r.inParens(i)
			}
			depth--
		case sqllex.Word:
			if depth > 0 {
				continue
			}
			switch classify(r.text(i)) {
			case nameAhead:
				return ctxName
			case condAhead:
				return ctxCond
			case valueAhead:
				return ctxValue
			}
		}
	}
	return ctxName
}

func (r *reading) behindWord(p int) context {
	switch classify(r.text(p)) {
	case valueAhead:
		return ctxValue
	case condAhead:
		if strings.EqualFold(r.text(p), "and") && r.closesBetween(p) {
			return ctxValue
		}
		return ctxCond
	case nameAhead:
		return ctxName
	default:
		return ctxOperand
	}
}

// closesBetween reports whether the AND at p belongs to a BETWEEN.
func (r *reading) closesBetween(p int) bool {
	for i, steps := r.before(p), 0; i >= 0 && steps < 8; i, steps = r.before(i), steps+1 {
		if r.tokens[i].Kind != sqllex.Word {
			continue
		}
		if strings.EqualFold(r.text(i), "between") {
			return true
		}
		if c := classify(r.text(i)); c == condAhead || c == nameAhead {
			return false
		}
	}
	return false
}

// shape is what the tokens of an occurrence amount to.
type shape struct {
	count    int  // tokens but white space, a final semicolon left out
	words    bool // words, commas, dots and stars only
	list     bool // a list of names, with an order perhaps
	extends  bool // has a word that turns names into more
	literals bool // one or more literals, signed or not, separated by commas
	pair     bool // name, comparison, literal
	comment  bool // has a comment
	quotes   bool // has a string
	chains   bool // has a semicolon, a subquery or a set operation
}

// shape looks at the tokens that o touches.
func (r *reading) shape(o occurrence) shape {
	s := shaper{reading: r, last: r.withoutFinalSemicolon(o), prev: sqllex.Comma}
	s.words, s.list, s.literals = true, true, true
	for i := o.first; i <= s.last; i++ {
		if r.tokens[i].Kind != sqllex.Space {
			s.take(i)
		}
	}
	s.literals = s.literals && s.prev != sqllex.Operator
	s.pair = r.isPair(o.first, s.last)
	return s.shape
}

// shaper is the state of shape.
type shaper struct {
	*reading
	shape
	last   int
	prev   sqllex.Kind // what stands before; in front of all, what may precede an item of a list
	names  int         // names in a row
	quoted int         // quoted ones among them
}

// take looks at token i.
func (s *shaper) take(i int) {
	t := s.tokens[i]
	s.count++
	s.countWord(i)
	switch t.Kind {
	case sqllex.String:
		s.quotes = true
	case sqllex.Comment, sqllex.Mark, sqllex.Other: // a NUL ends the statement for some
		s.comment = true
	case sqllex.Semicolon:
		s.chains = true
	}
	// More than a name and its alias in a row, or two quoted names, are pieces
	// between the quotes of something else.
	plainRow := s.names <= 2 && s.quoted <= 1
	whole := !t.Open && !s.comment && !s.chains
	s.words = s.words && whole && s.quoted <= 1 && wordish(t.Kind, s.prev, s.text(i))
	s.list = s.list && whole && plainRow && s.listItem(i, s.last, s.prev)
	s.literals = s.literals && whole && literalItem(t.Kind, s.prev, s.text(i))
	s.prev = t.Kind
}

// countWord counts names in a row and notes the words that matter.
func (s *shaper) countWord(i int) {
	word := s.text(i)
	switch k := s.tokens[i].Kind; {
	case k == sqllex.Quoted:
		s.names++
		s.quoted++
	case k != sqllex.Word:
		s.names, s.quoted = 0, 0
	case extends(word):
		s.extends, s.list = true, false
		s.chains = s.chains || strings.EqualFold(word, "select") || strings.EqualFold(word, "union")
	case classify(word) == plain:
		s.names++
	}
}

// withoutFinalSemicolon returns the last token of o that counts: a semicolon at
// the end of the statement does nothing.
func (r *reading) withoutFinalSemicolon(o occurrence) int {
	last := o.last
	if r.after(last) < len(r.tokens) {
		return last
	}
	for last > o.first && (r.tokens[last].Kind == sqllex.Semicolon || r.tokens[last].Kind == sqllex.Space) {
		last--
	}
	return last
}

func wordish(k, prev sqllex.Kind, text string) bool {
	switch k {
	case sqllex.Word, sqllex.Comma, sqllex.Dot, sqllex.Quoted:
		return true
	default:
		return k == sqllex.Operator && text == "*" && (prev == sqllex.Comma || prev == sqllex.Dot)
	}
}

// literalItem reports whether a token may stand behind one of kind prev in a
// list of literals.
func literalItem(k, prev sqllex.Kind, text string) bool {
	switch k {
	case sqllex.Number, sqllex.String:
		return prev == sqllex.Comma || (prev == sqllex.Operator && k == sqllex.Number)
	case sqllex.Comma:
		return prev == sqllex.Number || prev == sqllex.String
	case sqllex.Operator:
		return prev == sqllex.Comma && (text == "-" || text == "+")
	default:
		return false
	}
}

// listItem reports whether token i may stand behind one of kind prev in a list
// of names: "t.name COLLATE nocase DESC, 2, -price, count(*)".
func (r *reading) listItem(i, last int, prev sqllex.Kind) bool {
	switch r.tokens[i].Kind {
	case sqllex.Word, sqllex.Quoted:
		return prev != sqllex.Number || classify(r.text(i)) == suffix
	case sqllex.Dot:
		return prev == sqllex.Word || prev == sqllex.Quoted
	case sqllex.Comma:
		return prev != sqllex.Comma && prev != sqllex.Dot
	case sqllex.Number:
		return prev == sqllex.Comma || prev == sqllex.Operator
	case sqllex.Operator:
		op := r.text(i)
		return (op == "*" && (prev == sqllex.Comma || prev == sqllex.Dot || prev == sqllex.Open)) ||
			((op == "-" || op == "+") && prev == sqllex.Comma)
	case sqllex.Open:
		return i > 0 && prev == sqllex.Word && strings.EqualFold(r.text(i-1), "count") && r.columnsUntilClose(i, last)
	case sqllex.Close:
		return true
	default:
		return false
	}
}

// columnsUntilClose reports whether only columns stand between the parenthesis
// at i and its closing one.
func (r *reading) columnsUntilClose(i, last int) bool {
	for i++; i <= last; i++ {
		switch r.tokens[i].Kind {
		case sqllex.Close:
			return true
		case sqllex.Space, sqllex.Comma, sqllex.Dot, sqllex.Quoted:
		case sqllex.Word:
			if c := classify(r.text(i)); c != plain {
				return false
			}
		case sqllex.Operator:
			if r.text(i) != "*" {
				return false
			}
		default:
			return false
		}
	}
	return false
}

// isPair reports whether tokens first to last are a name compared with a literal.
func (r *reading) isPair(first, last int) bool {
	kinds := [...]sqllex.Kind{sqllex.Word, sqllex.Operator, sqllex.Number}
	n := 0
	for i := first; i <= last; i++ {
		k := r.tokens[i].Kind
		switch {
		case k == sqllex.Space:
			continue
		case n == 2 && (k == sqllex.String || k == sqllex.Param):
		case n >= len(kinds) || k != kinds[n] || (n == 1 && !isComparison(r.text(i))):
			return false
		}
		n++
	}
	return n == len(kinds)
}
