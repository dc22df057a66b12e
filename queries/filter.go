package queries

import (
	"slices"
	"strings"
	"time"
)

// Record is what a Filter looks at.
type Record interface {
	// Values returns the values of a field, by its canonical name (for a dynamic field with its prefix).
	// They are string, int64, float64, bool, time.Time, time.Duration or netip.Addr, as the field's type
	// demands; named types of these kinds work too, a little slower. No values, an empty string, a zero
	// time, an invalid address and a value of another type all mean absent. Text is valid UTF-8.
	Values(field string) []any
}

// Filter is a compiled query. It is immutable and safe for concurrent use.
type Filter struct {
	root node
	text string
}

// Compile parses text and checks it against s. Relative times such as 24h are counted from now, and
// dates without an offset are read in now's location. An empty text matches everything. Every error is
// an *Error.
func Compile(text string, s *Schema, now time.Time) (*Filter, error) {
	p := &parser{lexer: lexer{src: text, schema: s}, now: now}
	root, err := p.parse()
	if err != nil {
		return nil, err.in(text)
	}
	f := newFilter(root)
	if len(f.text) > MaxLength {
		tooLong := &fault{end: len(text), message: "the query is too long once its values are written out", hint: "shorten it"}
		return nil, tooLong.in(text)
	}
	return f, nil
}

func newFilter(root node) *Filter {
	f := &Filter{root: root}
	if _, all := root.(everything); !all {
		f.text = writeNode(root)
	}
	return f
}

// Match reports whether r satisfies the query.
func (f *Filter) Match(r Record) bool { return f.root.match(r) }

// Text returns the query in its canonical form, "" when everything matches. Compiling it again with the
// same now yields an equivalent filter; relative times stay relative.
func (f *Filter) Text() string { return f.text }

// Fields returns the canonical names of the fields that Match asks a record for, sorted.
func (f *Filter) Fields() []string {
	var names []string
	f.root.visit(func(field string) { names = append(names, field) })
	slices.Sort(names)
	return slices.Compact(names)
}

// TimeRange returns the bounds that the query implies for a Time field, so that a store need not look
// at what lies outside: from is the first instant that can match, to is the first after it that cannot.
// A zero time is an open end; from at or after to means that nothing can match.
func (f *Filter) TimeRange(field string) (from, to time.Time) {
	s := f.root.bounds(field)
	if s.lo != openLow {
		from = time.UnixMicro(s.lo).UTC()
	}
	if s.hi != openHigh {
		to = time.UnixMicro(s.hi).Add(time.Microsecond).UTC()
	}
	return from, to
}

// And returns a filter that holds when all filters hold. They must come from the same schema; nil ones
// are left out. Its Text may exceed the limits that Compile sets.
func And(filters ...*Filter) *Filter {
	var kids []node
	for _, f := range filters {
		if f == nil {
			continue
		}
		if _, all := f.root.(everything); !all {
			kids = append(kids, f.root)
		}
	}
	if len(kids) == 0 {
		return newFilter(everything{})
	}
	return newFilter(allOf(kids))
}

// writeNode writes a whole tree; OR binds less than AND, AND less than NOT.
func writeNode(n node) string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}
