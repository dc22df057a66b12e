package scrub

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/rasp/sqllex"
)

// edited is a text after scrubbing, and what became of the places in it.
type edited struct {
	text  string
	edits []edit
}

// edit says that from..to became text.
type edit struct {
	from, to int
	text     string
}

// place returns where offset i of the old text is in the new one. An offset
// within something that was removed is at the beginning of what stands there
// now, or with end at its end.
func (e edited) place(i int, end bool) int {
	shift := 0
	for _, x := range e.edits {
		if i <= x.from {
			break
		}
		if i < x.to || (i == x.to && end) {
			if end {
				return x.from + shift + len(x.text)
			}
			return x.from + shift
		}
		shift += len(x.text) - (x.to - x.from)
	}
	return i + shift
}

// statement removes from an SQL statement the literals that belong to sensitive
// columns, and cards and the customer's expressions.
func (r *run) statement(text, dialect string) edited {
	tokens := sqllex.Append(nil, sqllex.ParseDialect(dialect), text)
	s := &statement{run: r, text: text, tokens: tokens, dropped: map[int]bool{}}
	s.mark()
	return s.edit()
}

type statement struct {
	*run
	text    string
	tokens  []sqllex.Token
	dropped map[int]bool // tokens whose content is removed
}

func (s *statement) word(i int) string {
	t := s.tokens[i]
	switch t.Kind {
	case sqllex.Word:
		return t.Text(s.text)
	case sqllex.Quoted:
		return s.text[t.Body:t.BodyEnd]
	default:
		return ""
	}
}

// mark finds the literals to remove.
func (s *statement) mark() {
	for i := range s.tokens {
		name := s.word(i)
		if name == "" {
			continue
		}
		if s.sensitive(name) {
			s.markBehind(i)
			s.markBefore(i)
		}
		if strings.EqualFold(name, "values") {
			s.markColumns(i)
		}
		if strings.EqualFold(name, "identified") { // CREATE USER u IDENTIFIED BY 'x'
			s.markBehind(i)
		}
	}
}

// markBehind removes the literals of the expression behind the column at i:
// password = crypt('x'), secret IN ('a', 'b'), password LIKE 'x'.
func (s *statement) markBehind(i int) {
	depth := 0
	for i++; i < len(s.tokens); i++ {
		switch t := s.tokens[i]; t.Kind {
		case sqllex.Open:
			depth++
		case sqllex.Close:
			if depth--; depth < 0 {
				return
			}
		case sqllex.Comma:
			if depth == 0 {
				return
			}
		case sqllex.Semicolon:
			return
		case sqllex.Word:
			if depth == 0 && endsExpression(t.Text(s.text)) {
				return
			}
		case sqllex.String, sqllex.Number, sqllex.Quoted:
			s.drop(i)
		}
	}
}

// endsExpression reports whether a word ends what a column is compared with.
func endsExpression(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "where", "group", "order", "limit", "having", "union", "from", "values", "returning", "then", "set", "on":
		return true
	}
	return false
}

// markBefore removes a literal that the column at i is compared with from the
// left: 'x' = password.
func (s *statement) markBefore(i int) {
	p := s.before(i)
	if p < 0 || s.tokens[p].Kind != sqllex.Operator {
		return
	}
	if p = s.before(p); p >= 0 && s.tokens[p].Kind == sqllex.String {
		s.drop(p)
	}
}

func (s *statement) before(i int) int {
	for i--; i >= 0 && !s.tokens[i].Significant(); i-- {
	}
	return i
}

// drop removes the content of token i. A quoted identifier is one only where the
// dialect says so, so it counts as a text when it stands behind an operator.
func (s *statement) drop(i int) {
	if s.tokens[i].Kind == sqllex.Quoted {
		if p := s.before(i); p < 0 || s.tokens[p].Kind != sqllex.Operator {
			return
		}
	}
	s.dropped[i] = true
}

// markColumns removes the values of sensitive columns from the rows behind the
// VALUES at i, whose columns are listed before it.
func (s *statement) markColumns(i int) {
	columns := s.columns(s.before(i))
	if columns == nil {
		return
	}
	depth, at := 0, 0
	for i++; i < len(s.tokens); i++ {
		switch t := s.tokens[i]; t.Kind {
		case sqllex.Open:
			if depth++; depth == 1 {
				at = 0
			}
		case sqllex.Close:
			depth--
		case sqllex.Comma:
			if depth == 1 {
				at++
			}
		case sqllex.Semicolon:
			return
		case sqllex.Word:
			if depth == 0 {
				return
			}
		case sqllex.String, sqllex.Number:
			if depth > 0 && at < len(columns) && columns[at] {
				s.dropped[i] = true
			}
		}
	}
}

// columns reads the list "(a, b, c)" that ends at token i, and says of each
// column whether it is sensitive. It returns nil when none is.
func (s *statement) columns(i int) []bool {
	if i < 0 || s.tokens[i].Kind != sqllex.Close {
		return nil
	}
	open := i
	for open >= 0 && s.tokens[open].Kind != sqllex.Open {
		open--
	}
	var out []bool
	any := false
	name := false
	for k := open + 1; k <= i; k++ {
		switch s.tokens[k].Kind {
		case sqllex.Comma, sqllex.Close:
			out = append(out, name)
			any, name = any || name, false
		default:
			name = name || (s.word(k) != "" && s.sensitive(s.word(k)))
		}
	}
	if !any {
		return nil
	}
	return out
}

// edit writes the statement without what is removed.
func (s *statement) edit() edited {
	var edits []edit
	for i, t := range s.tokens {
		from, to := int(t.Body), int(t.BodyEnd)
		clean := s.text[from:to]
		switch {
		case s.dropped[i]:
			clean = s.remove(clean)
		case t.Literal():
			clean = s.free(clean)
		}
		if clean != s.text[from:to] {
			edits = append(edits, edit{from, to, clean})
		}
	}
	edits = merged(append(edits, s.matchEdits(s.text)...))
	return edited{applied(s.text, edits), edits}
}
