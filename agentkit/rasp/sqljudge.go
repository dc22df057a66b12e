package rasp

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/rasp/sqllex"
)

// Rules, as they are named in attacks.
const (
	ruleBreakout   = "sqli.breakout"   // the input ends the literal it stands in
	ruleEscape     = "sqli.escape"     // the input's last character swallows the closing quote
	ruleComment    = "sqli.comment"    // the input begins a comment that hides what follows
	ruleExpression = "sqli.expression" // the input is more than the value that belongs there
	ruleIdentifier = "sqli.identifier" // the input names a column where a value belongs
	ruleClause     = "sqli.clause"     // the input adds more than names or an order
)

// weakLength is the length below which an input may well be found in a
// statement's own text by coincidence.
const weakLength = 7

// maxOccurrences bounds how many occurrences of one input are judged.
const maxOccurrences = 128

// occurrence is one place in the statement where an input stands.
type occurrence struct {
	*needle
	start, end  int
	first, last int  // tokens that it touches
	whole       bool // all of the input is here, not only its beginning
}

// judge says whether an occurrence of n changes how the statement is read.
func (r *reading) judge(n *needle) (finding, bool) {
	r.lex()
	for from, count := 0, 0; count < maxOccurrences; count++ {
		o, ok := r.occurrence(n, from)
		if !ok {
			break
		}
		from = o.start + 1
		v := r.verdict(o)
		if v.rule == "" {
			continue
		}
		if v.doubt && r.explained(o) {
			continue
		}
		return finding{rule: v.rule, start: o.start, end: o.end, dialect: r.dialect, certain: !v.guess}, true
	}
	return finding{}, false
}

func (r *reading) occurrence(n *needle, from int) (occurrence, bool) {
	start, end := n.find(r.fold, from)
	if start < 0 {
		return occurrence{}, false
	}
	o := occurrence{needle: n, start: start, end: end, whole: end-start == len(n.fold)}
	o.first, o.last = r.tokenAt(start), r.tokenAt(end-1)
	return o, true
}

// tokenAt returns the index of the token that holds the byte at i.
func (r *reading) tokenAt(i int) int {
	lo, hi := 0, len(r.tokens)
	for lo+1 < hi {
		if mid := int(uint(lo+hi) >> 1); int(r.tokens[mid].Start) <= i {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// verdict on one occurrence. The zero value means harmless.
type verdict struct {
	rule  string
	doubt bool // only when the input does not harmlessly stand elsewhere in the statement
	guess bool // may be the statement's own text
}

func (r *reading) verdict(o occurrence) verdict {
	first := r.tokens[o.first]
	switch {
	case r.amongQuotes(o):
		return verdict{}
	case first.Literal() && o.start >= int(first.Body) && o.start <= int(first.BodyEnd):
		return r.insideLiteral(o, first)
	case first.Kind == sqllex.Comment && o.start > int(first.Start):
		// The statement's own "-" and the input's made a comment together.
		if r.plausible(o, "1") {
			return verdict{rule: ruleComment}
		}
		return verdict{}
	case !o.whole:
		return r.cutOff(o)
	default:
		return r.outside(o)
	}
}

// amongQuotes reports whether o is nothing but quotes, and more of them stand
// around it than the two of a literal: the app doubled them.
func (r *reading) amongQuotes(o occurrence) bool {
	q := o.text[0]
	if (q != '\'' && q != '"' && q != '`') || strings.Trim(o.text, o.text[:1]) != "" {
		return false
	}
	from, to, most := o.start, o.end, len(o.text)+2
	for from > 0 && r.statement[from-1] == q && to-from <= most {
		from--
	}
	for to < len(r.statement) && r.statement[to] == q && to-from <= most {
		to++
	}
	return to-from > most
}

// insideLiteral judges an occurrence that begins in a literal's content.
func (r *reading) insideLiteral(o occurrence, t sqllex.Token) verdict {
	if o.end <= int(t.BodyEnd) {
		switch {
		case t.Kind == sqllex.Comment:
			return r.insideComment(o, t)
		case r.swallows(o, t):
			return verdict{rule: ruleEscape, doubt: o.end-o.start < weakLength}
		}
		return verdict{}
	}
	if quote := t.Quote(r.statement); quote != 0 && r.statement[o.start-1] == quote {
		if atStart, _ := r.splits(o.start, o.start, t, quote); atStart {
			return verdict{} // begins with a quote that the app doubled
		}
	}
	if o.end-o.start < weakLength || !o.whole {
		if !r.plausible(o, "x") {
			return verdict{}
		}
		return verdict{rule: ruleBreakout, doubt: true}
	}
	if !r.broken && len(o.fold) < 2*weakLength && !r.plausible(o, "x") {
		return verdict{}
	}
	return verdict{rule: ruleBreakout}
}

// insideComment judges an input within a comment: it may open another one there
// where comments nest, and so hide the rest of the statement.
func (r *reading) insideComment(o occurrence, t sqllex.Token) verdict {
	if t.Open && strings.Contains(o.text, "/*") && r.plausible(o, "x") {
		return verdict{rule: ruleComment}
	}
	return verdict{}
}

// swallows reports whether the last character of the input makes the literal's
// closing quote part of its content: a backslash that escapes it, or a quote
// that makes it a doubled one. When the app escaped that character itself the
// two look alike, but then the statement falls apart without the input.
func (r *reading) swallows(o occurrence, t sqllex.Token) bool {
	quote := t.Quote(r.statement)
	if quote == 0 || !o.whole || o.part {
		return false
	}
	switch last := r.statement[o.end-1]; {
	case last == '\\' && t.Escape:
		if o.end < len(r.statement) && r.statement[o.end] != quote {
			return false // escaped itself, or before a letter of the app's
		}
	case last != quote:
		return false
	}
	// An input that begins within a pair was escaped, so its end was too.
	atStart, atEnd := r.splits(o.start, o.end, t, quote)
	return atEnd && !atStart && r.plausible(o, "x")
}

// splits reports whether start and end stand between the two characters of an
// escape pair in the content of t. Occurrences come in order, so the walk
// goes on where the last one was.
func (r *reading) splits(start, end int, t sqllex.Token, quote byte) (atStart, atEnd bool) {
	i := int(t.Body)
	if r.walked.token == t.Start && r.walked.at <= start {
		i = r.walked.at
	}
	i = r.skipPairs(i, start, t, quote)
	if i == start {
		r.walked.token, r.walked.at = t.Start, i
	}
	return i > start, r.skipPairs(i, end, t, quote) > end
}

// skipPairs goes from i, which begins a character, to the first that begins at
// or after end.
func (r *reading) skipPairs(i, end int, t sqllex.Token, quote byte) int {
	for i < end {
		if i+1 < int(t.BodyEnd) && (r.statement[i] == quote || (r.statement[i] == '\\' && t.Escape)) {
			i++
		}
		i++
	}
	return i
}

// cutOff judges the beginning of an input whose end the app cut off, outside of
// any literal. Only a value that goes on as an expression is proof enough.
func (r *reading) cutOff(o occurrence) verdict {
	if r.tokens[o.first].Kind != sqllex.Number || o.first == o.last || o.start != int(r.tokens[o.first].Start) {
		return verdict{}
	}
	if r.context(o.first) != ctxValue || r.shape(o).literals {
		return verdict{}
	}
	return verdict{rule: ruleExpression, doubt: true, guess: true}
}

// explained reports whether the input of o, as it is or with its quotes escaped,
// stands within a literal in another place: there it went, and here it is a
// coincidence.
func (r *reading) explained(o occurrence) bool {
	if r.inLiteral(o, o.fold) {
		return true
	}
	if !strings.ContainsAny(o.text, `'"\`) {
		return false
	}
	fold := string(o.fold)
	return r.inLiteral(o, []byte(strings.ReplaceAll(fold, "'", "''"))) ||
		r.inLiteral(o, []byte(strings.ReplaceAll(fold, "'", `\'`))) ||
		r.inLiteral(o, []byte(addSlashes(fold)))
}

func (r *reading) inLiteral(o occurrence, fold []byte) bool {
	n := needle{fold: fold}
	for from, count := 0, 0; count < maxOccurrences; count++ {
		start, end := n.find(r.fold, from)
		if start < 0 {
			return false
		}
		apart := end <= o.start || start >= o.end
		if apart && end-start == len(fold) && r.settled(start, end) {
			return true
		}
		from = start + 1
	}
	return false
}

// settled reports whether start..end lies in a literal's content without
// splitting an escape pair at either end.
func (r *reading) settled(start, end int) bool {
	t := r.tokens[r.tokenAt(start)]
	if !t.Literal() || start < int(t.Body) || end > int(t.BodyEnd) {
		return false
	}
	quote := t.Quote(r.statement)
	if quote == 0 {
		return true
	}
	atStart, atEnd := r.splits(start, end, t, quote)
	return !atStart && !atEnd
}

// maxTrialBytes bounds the text that is lexed again to tell coincidences, besides
// four times the statement. Only short and common inputs need such trials; when
// there is no more room they count as the statement's own text.
const maxTrialBytes = 64 << 10

// plausible reports whether the statement would be well formed with a harmless
// value in the place of the occurrence. If not, then no app put an input there.
func (r *reading) plausible(o occurrence, value string) bool {
	r.spent += len(r.statement)
	if r.spent > maxTrialBytes+4*len(r.statement) {
		return false
	}
	r.trial = append(append(append(r.trial[:0], r.statement[:o.start]...), value...), r.statement[o.end:]...)
	text := string(r.trial)
	r.scratch = sqllex.Append(r.scratch[:0], r.dialect, text)
	first := r.tokens[o.first]
	inside := first.Literal() && o.start >= int(first.Body)
	return !malformed(r.scratch) && (inside || !r.operandFollows(o.start+len(value), text))
}

// operandFollows reports whether an operand stands behind the value that ends at
// i in the trial text: two in a row are no statement.
func (r *reading) operandFollows(i int, text string) bool {
	trial := reading{check: &check{statement: text}, tokens: r.scratch}
	next := trial.after(trial.tokenAt(i - 1))
	if next >= len(trial.tokens) {
		return false
	}
	return trial.tokens[next].Kind == sqllex.Open || (trial.tokens[next].Kind != sqllex.Close && trial.operand(next))
}
