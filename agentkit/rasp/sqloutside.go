package rasp

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/rasp/sqllex"
)

// outside judges an occurrence that does not begin within a literal.
func (r *reading) outside(o occurrence) verdict {
	if o.start > int(r.tokens[o.first].Start) || r.endsWithinWord(o) {
		return r.midToken(o)
	}
	s := r.shape(o)
	if s.count <= 1 {
		return r.single(o)
	}
	ctx := r.context(o.first)
	switch {
	case ctx == ctxStart: // the app takes whole statements
		return verdict{}
	case s.literals && (!s.quotes || r.inValueList(r.before(o.first))):
		return verdict{}
	case ctx != ctxValue && s.list:
		return verdict{}
	case s.pair && (ctx == ctxCond || r.inAssignments(o.first)):
		return verdict{}
	case ctx == ctxOperand:
		return r.appended(o, s)
	case ctx == ctxValue:
		return r.value(o, s)
	case s.words && !s.extends:
		return verdict{}
	}
	return r.unlessOwnText(o, ruleClause, s.words || o.end-o.start < weakLength)
}

// endsWithinWord reports whether o stops in the middle of a word or number.
func (r *reading) endsWithinWord(o occurrence) bool {
	t := r.tokens[o.last]
	return o.end < int(t.End) && (t.Kind == sqllex.Word || t.Kind == sqllex.Number)
}

// midToken judges an occurrence that shares its first or last word with the
// statement's own text: a coincidence, unless it does what no text of names does.
func (r *reading) midToken(o occurrence) verdict {
	if o.first == o.last {
		return verdict{}
	}
	s := r.shape(o)
	if o.end-o.start < 2*weakLength || !(s.chains || s.comment) || s.words {
		return verdict{}
	}
	return r.unlessOwnText(o, ruleClause, true)
}

// value judges several tokens where one literal belongs.
func (r *reading) value(o occurrence, s shape) verdict {
	rule := ruleExpression
	if s.comment {
		rule = ruleComment
	}
	if s.words && !s.extends && r.namesBelong(o) {
		return verdict{}
	}
	if s.words || o.end-o.start < weakLength {
		return r.unlessOwnText(o, rule, true)
	}
	return verdict{rule: rule}
}

// appended judges what follows a complete operand. Statements' own text is full
// of such pieces, so it takes more than a short or a common one.
func (r *reading) appended(o occurrence, s shape) verdict {
	first := classify(r.text(o.first))
	if !s.chains && !s.comment && !s.quotes && first != suffix && o.end-o.start < 2*weakLength && !isBoolean(r.text(o.first)) {
		return verdict{}
	}
	if s.words && !s.extends {
		return verdict{}
	}
	if r.statement[o.start:o.end] != o.text[:o.end-o.start] || !r.plausible(o, " ") {
		return verdict{} // the statement's own text, in another case or needed there
	}
	return verdict{rule: ruleClause, doubt: true, guess: true}
}

func isBoolean(word string) bool {
	switch strings.ToLower(word) {
	case "or", "and", "||", "&&", "xor", "union":
		return true
	}
	return false
}

// unlessOwnText raises rule, but for a weak occurrence only when the statement
// makes sense without it.
func (r *reading) unlessOwnText(o occurrence, rule string, weak bool) verdict {
	if weak && !r.plausible(o, "1") {
		return verdict{}
	}
	return verdict{rule: rule, doubt: true, guess: weak}
}

// single judges an occurrence within one token.
func (r *reading) single(o occurrence) verdict {
	t := r.tokens[o.first]
	switch t.Kind {
	case sqllex.Comment:
		return r.commentOnly(o, t)
	case sqllex.Word:
		// What an app puts in keeps its case; a name that occurs by chance need not.
		if r.text(o.first) == o.text && !isKeyword(o.text) && r.standsForValue(o.first) {
			return verdict{rule: ruleIdentifier, doubt: true, guess: true}
		}
	case sqllex.String, sqllex.Quoted:
		if t.Open || o.end < int(t.End) { // opens a literal that something else ends
			return r.unlessOwnText(o, ruleBreakout, true)
		}
		if t.Kind == sqllex.Quoted {
			return verdict{}
		}
		if ctx := r.context(o.first); t.End-t.Start > 2 && ctx != ctxValue && ctx != ctxStart {
			return verdict{rule: ruleClause, doubt: true, guess: true}
		}
	case sqllex.System:
		if p := r.before(o.first); p >= 0 && r.context(o.first) == ctxValue {
			return verdict{rule: ruleIdentifier, doubt: true, guess: true}
		}
	}
	return verdict{}
}

// inAssignments reports whether token i begins an assignment: "SET a=1, b=2". A
// query string such as "qty=3" looks like one.
func (r *reading) inAssignments(i int) bool {
	for i = r.before(i); i >= 0; i = r.before(i) {
		if r.tokens[i].Kind != sqllex.Word {
			continue
		}
		switch classify(r.text(i)) {
		case nameAhead, condAhead:
			return strings.EqualFold(r.text(i), "set")
		}
	}
	return false
}

// isKeyword reports whether word has a meaning of its own behind a comparison.
// NULL is no keyword here: where a value belongs it changes what is found.
func isKeyword(word string) bool {
	switch classify(word) {
	case plain, suffix:
		return false
	case constant:
		return !strings.EqualFold(word, "null")
	default:
		return true
	}
}

// commentOnly judges an input that begins a comment: harmful when the comment
// hides something of the statement.
func (r *reading) commentOnly(o occurrence, t sqllex.Token) verdict {
	hidden := strings.TrimSpace(r.statement[min(o.end, int(t.End)):t.End])
	if hidden == "" || (!t.Open && strings.HasPrefix(r.statement[t.Start:], "/*")) {
		return verdict{}
	}
	if ctx := r.context(o.first); ctx == ctxStart || (ctx == ctxOperand && o.end-o.start < weakLength) {
		return verdict{}
	}
	return r.unlessOwnText(o, ruleComment, true)
}

// standsForValue reports whether the word at i stands where the statement
// compares with a value, or alone in IN (...) or VALUES (...).
func (r *reading) standsForValue(i int) bool {
	if n := r.after(i); n < len(r.tokens) && (r.tokens[n].Kind == sqllex.Dot || r.tokens[n].Kind == sqllex.Open) {
		return false
	}
	p := r.before(i)
	if p < 0 {
		return false
	}
	switch r.tokens[p].Kind {
	case sqllex.Operator:
		return isComparison(r.text(p)) && !r.columnBelongs(i, p)
	case sqllex.Word:
		switch strings.ToLower(r.text(p)) {
		case "like", "ilike", "glob", "regexp", "rlike", "between", "limit", "offset":
			return true
		case "and":
			return r.closesBetween(p)
		}
	case sqllex.Open, sqllex.Comma:
		return r.inValueList(p)
	}
	return false
}

// inValueList reports whether the parenthesis or comma at p belongs to IN (...)
// or VALUES (...).
func (r *reading) inValueList(p int) bool {
	for i := p; i >= 0; i = r.before(i) {
		switch r.tokens[i].Kind {
		case sqllex.Open:
			q := r.before(i)
			return q >= 0 && (strings.EqualFold(r.text(q), "in") || strings.EqualFold(r.text(q), "values"))
		case sqllex.Word:
			if classify(r.text(i)) != plain && classify(r.text(i)) != constant {
				return false
			}
		case sqllex.Close, sqllex.Semicolon:
			return false
		}
	}
	return false
}

func isComparison(op string) bool {
	switch op {
	case "=", "==", "<", ">", "<=", ">=", "<>", "!=", "<=>":
		return true
	}
	return false
}

// namesBelong reports whether names are what belongs where o stands: behind a
// comparison in a join, or in the arguments of a function.
func (r *reading) namesBelong(o occurrence) bool {
	p := r.before(o.first)
	if p < 0 {
		return false
	}
	switch r.tokens[p].Kind {
	case sqllex.Operator:
		return !isComparison(r.text(p)) || r.columnBelongs(o.first, p)
	case sqllex.Comma, sqllex.Open:
		return true
	default:
		return false
	}
}

// columnBelongs reports whether the comparison at p is one of columns in the
// statement's own text: in a join's condition, or in an assignment such as
// "SET views = views + 1".
func (r *reading) columnBelongs(i, p int) bool {
	depth := 0
	for k := p; k >= 0; k-- {
		switch r.tokens[k].Kind {
		case sqllex.Close:
			depth++
		case sqllex.Open:
			depth--
		case sqllex.Word:
			if depth > 0 {
				continue
			}
			switch strings.ToLower(r.text(k)) {
			case "on", "using":
				return !r.qualified(r.before(p))
			case "set":
				left, right := r.before(p), r.after(i)
				return classify(r.text(i)) == constant || (left >= 0 && strings.EqualFold(r.text(left), r.text(i))) ||
					(right < len(r.tokens) && r.tokens[right].Kind == sqllex.Operator)
			case "where", "having", "select":
				return false
			}
		}
	}
	return false
}

// qualified reports whether the name that ends at token i has a qualifier.
func (r *reading) qualified(i int) bool {
	return i > 0 && r.tokens[i-1].Kind == sqllex.Dot
}
