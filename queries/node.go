package queries

import "strings"

// node is a part of a compiled query.
type node interface {
	match(r Record) bool
	write(b *strings.Builder)    // its canonical text
	sql(w *sqlWriter) error      // a condition that is true exactly when match is; else false or NULL
	bounds(field string) span    // the times of field outside of which it cannot match
	visit(fn func(field string)) // the fields it looks at
}

// everything matches all records.
type everything struct{}

func (everything) match(Record) bool        { return true }
func (everything) write(b *strings.Builder) { b.WriteByte('*') }
func (everything) bounds(string) span       { return openSpan }
func (everything) visit(func(string))       {}

// all matches when each of its kids does.
type all struct{ kids []node }

// allOf joins nodes, taking in the kids of those that are conjunctions themselves.
func allOf(nodes []node) node {
	var kids []node
	for _, n := range nodes {
		if a, ok := n.(*all); ok {
			kids = append(kids, a.kids...)
		} else {
			kids = append(kids, n)
		}
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &all{kids}
}

func (a *all) match(r Record) bool {
	for _, k := range a.kids {
		if !k.match(r) {
			return false
		}
	}
	return true
}

func (a *all) write(b *strings.Builder) {
	for i, k := range a.kids {
		if i > 0 {
			b.WriteByte(' ')
		}
		if _, ok := k.(*either); ok {
			writeGroup(b, k)
		} else {
			k.write(b)
		}
	}
}

func writeGroup(b *strings.Builder, n node) {
	b.WriteByte('(')
	n.write(b)
	b.WriteByte(')')
}

func (a *all) bounds(field string) span {
	s := openSpan
	for _, k := range a.kids {
		s = s.intersect(k.bounds(field))
	}
	return s
}

func (a *all) visit(fn func(string)) {
	for _, k := range a.kids {
		k.visit(fn)
	}
}

// either matches when one of its kids does.
type either struct{ kids []node }

// anyOf joins nodes, taking in the kids of those that are disjunctions themselves.
func anyOf(nodes []node) node {
	var kids []node
	for _, n := range nodes {
		if e, ok := n.(*either); ok {
			kids = append(kids, e.kids...)
		} else {
			kids = append(kids, n)
		}
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &either{kids}
}

func (e *either) match(r Record) bool {
	for _, k := range e.kids {
		if k.match(r) {
			return true
		}
	}
	return false
}

func (e *either) write(b *strings.Builder) {
	for i, k := range e.kids {
		if i > 0 {
			b.WriteString(" OR ")
		}
		k.write(b)
	}
}

func (e *either) bounds(field string) span {
	s := e.kids[0].bounds(field)
	for _, k := range e.kids[1:] {
		s = s.hull(k.bounds(field))
	}
	return s
}

func (e *either) visit(fn func(string)) {
	for _, k := range e.kids {
		k.visit(fn)
	}
}

// not matches when its kid does not, absent values included.
type not struct{ kid node }

// negate returns the opposite of n. Terms are either true or false, never unknown, so two negations
// are none.
func negate(n node) node {
	if inner, ok := n.(*not); ok {
		return inner.kid
	}
	return &not{n}
}

func (n *not) match(r Record) bool { return !n.kid.match(r) }

func (n *not) write(b *strings.Builder) {
	b.WriteByte('-')
	switch n.kid.(type) {
	case *all, *either:
		writeGroup(b, n.kid)
	default:
		n.kid.write(b)
	}
}

func (n *not) bounds(string) span    { return openSpan }
func (n *not) visit(fn func(string)) { n.kid.visit(fn) }

// fieldTerm matches when one of a field's values passes a test.
type fieldTerm struct {
	field *Field
	dyn   *DynamicField // for a field under the dynamic prefix, else nil
	key   string        // its name without the prefix
	test  test
	text  string // canonical
}

// test looks at one value of a field.
type test interface {
	holds(value any) bool // false for absent values
	sql(w *sqlWriter, c columns)
}

func (t *fieldTerm) match(r Record) bool {
	for _, v := range r.Values(t.field.Name) {
		if t.test.holds(v) {
			return true
		}
	}
	return false
}

func (t *fieldTerm) write(b *strings.Builder) { b.WriteString(t.text) }
func (t *fieldTerm) visit(fn func(string))    { fn(t.field.Name) }

func (t *fieldTerm) bounds(field string) span {
	ints, ok := t.test.(*intTest)
	if !ok || t.field.Name != field || t.field.Type != Time || t.field.Multi {
		return openSpan
	}
	s := ints.spans[0]
	for _, other := range ints.spans[1:] {
		s = s.hull(other)
	}
	return s
}
