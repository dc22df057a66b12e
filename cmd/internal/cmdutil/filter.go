package cmdutil

import (
	"strings"
	"time"

	"github.com/sqreen/sqreen/queries"
)

// Filter joins what was typed as a query with what filter flags say; all of it
// must hold.
type Filter struct {
	Query string // as typed; several arguments are joined with blanks
	terms []string
}

// NewFilter begins with the arguments of a command.
func NewFilter(args []string) *Filter { return &Filter{Query: strings.Join(args, " ")} }

// Is adds a flag's values for a field: any of them. No values add nothing.
func (f *Filter) Is(field string, values ...string) *Filter {
	quoted := make([]string, 0, len(values))
	for _, v := range values {
		if v != "" {
			quoted = append(quoted, queries.Quote(v))
		}
	}
	switch len(quoted) {
	case 0:
		return f
	case 1:
		f.terms = append(f.terms, field+":"+quoted[0])
	default:
		f.terms = append(f.terms, field+":("+strings.Join(quoted, ",")+")")
	}
	return f
}

// Term adds a term as it is, when it is not empty.
func (f *Filter) Term(term string) *Filter {
	if term != "" {
		f.terms = append(f.terms, term)
	}
	return f
}

// Text checks the query and the flags and returns them as one query. They are
// checked apart, so that an error's column is a column of what was typed.
func (f *Filter) Text(s *queries.Schema, now time.Time) (string, error) {
	if _, err := queries.Compile(f.Query, s, now); err != nil {
		return "", QueryError(err)
	}
	flags := strings.Join(f.terms, " ")
	if _, err := queries.Compile(flags, s, now); err != nil {
		return "", QueryError(err)
	}
	switch {
	case strings.TrimSpace(f.Query) == "":
		return flags, nil
	case flags == "":
		return f.Query, nil
	}
	return "(" + f.Query + ") " + flags, nil
}

// Mentions reports whether the query or a flag says something about a field.
func (f *Filter) Mentions(field string, s *queries.Schema, now time.Time) bool {
	text, err := f.Text(s, now)
	if err != nil {
		return false
	}
	q, err := queries.Compile(text, s, now)
	if err != nil {
		return false
	}
	for _, name := range q.Fields() {
		if name == field {
			return true
		}
	}
	return false
}
