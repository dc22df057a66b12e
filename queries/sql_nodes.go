package queries

import "fmt"

func (everything) sql(w *sqlWriter) error {
	w.WriteString("1 = 1")
	return nil
}

func (a *all) sql(w *sqlWriter) error    { return w.group(" AND ", a.kids) }
func (e *either) sql(w *sqlWriter) error { return w.group(" OR ", e.kids) }

func (w *sqlWriter) group(operator string, kids []node) error {
	w.WriteByte('(')
	for i, k := range kids {
		if i > 0 {
			w.WriteString(operator)
		}
		if err := k.sql(w); err != nil {
			return err
		}
	}
	w.WriteByte(')')
	return nil
}

// sql says IS NOT TRUE and not NOT: a condition on an absent value is NULL, and its opposite must hold.
func (n *not) sql(w *sqlWriter) error {
	w.WriteByte('(')
	if err := n.kid.sql(w); err != nil {
		return err
	}
	w.WriteString(") IS NOT TRUE")
	return nil
}

// columns are the expressions for a field's value; number is used by dynamic fields only.
type columns struct{ value, number column }

func (t *fieldTerm) sql(w *sqlWriter) error {
	if t.dyn == nil {
		return w.onField(t.field, t.test)
	}
	if t.dyn.Text == nil || t.dyn.Number == nil {
		return notSQL(t.field)
	}
	var c columns
	c.value.expr, c.value.args = t.dyn.Text(w.dialect, t.key)
	c.number.expr, c.number.args = t.dyn.Number(w.dialect, t.key)
	t.test.sql(w, c)
	return nil
}

func notSQL(f *Field) error { return fmt.Errorf("%w: field %s has no column", ErrNotSQL, f.Name) }

// onField writes that one of a field's values passes a test.
func (w *sqlWriter) onField(f *Field, t test) error {
	if f.Column == "" || f.Multi && f.From == "" {
		return notSQL(f)
	}
	if f.Multi {
		w.WriteString("EXISTS (SELECT 1 FROM " + f.From + " WHERE ")
	}
	t.sql(w, columns{value: column{expr: f.Column}})
	if f.Multi {
		w.WriteByte(')')
	}
	return nil
}

func (t *freeText) sql(w *sqlWriter) error {
	var err error
	text := &textTest{patterns: []pattern{t.pattern}}
	w.joined(len(t.fields), func(i int) {
		var look test = text
		if t.fields[i].Type == IP {
			look = &t.addrs
		}
		if e := w.onField(t.fields[i], look); e != nil {
			err = e
		}
	})
	return err
}

func (t *presentTest) sql(w *sqlWriter, c columns) {
	switch {
	case t.dynamic:
		w.WriteByte('(')
		w.column(c.value)
		w.WriteString(" <> '' OR ")
		w.column(c.number)
		w.WriteString(" IS NOT NULL)")
	case t.kind == Text || t.kind == Enum:
		w.column(c.value)
		w.WriteString(" <> ''")
	default:
		w.column(c.value)
		w.WriteString(" IS NOT NULL")
	}
}

func (t *textTest) sql(w *sqlWriter, c columns) {
	words := min(len(t.words), 1)
	w.joined(words+len(t.patterns), func(i int) {
		if i < words {
			w.folded(c.value)
			w.oneOf(t.words)
			return
		}
		if w.dialect == Postgres {
			w.folded(c.value)
		} else { // LIKE has no case here, and uses an index on the bare column only
			w.column(c.value)
		}
		w.WriteString(" LIKE ")
		w.arg(t.patterns[i-words].like())
		w.WriteString(` ESCAPE '\'`)
	})
}

// oneOf writes the comparison with one word or a list of them.
func (w *sqlWriter) oneOf(words []string) {
	if len(words) == 1 {
		w.WriteString(" = ")
		w.arg(words[0])
		return
	}
	w.WriteString(" IN (")
	for i, word := range words {
		if i > 0 {
			w.WriteString(", ")
		}
		w.arg(word)
	}
	w.WriteByte(')')
}

// between writes that a column lies between two bounds, each with its operator; a nil bound is open.
func (w *sqlWriter) between(c column, lower string, lo any, upper string, hi any) {
	switch {
	case lo == nil && hi == nil:
		w.column(c)
		w.WriteString(" IS NOT NULL")
	case lo == nil:
		w.compare(c, upper, hi)
	case hi == nil:
		w.compare(c, lower, lo)
	default:
		w.WriteByte('(')
		w.compare(c, lower, lo)
		w.WriteString(" AND ")
		w.compare(c, upper, hi)
		w.WriteByte(')')
	}
}

func (w *sqlWriter) compare(c column, operator string, v any) {
	w.column(c)
	w.WriteString(" " + operator + " ")
	w.arg(v)
}

func (n number) arg() any {
	if n.isInt {
		return n.i
	}
	return n.f
}

func (t *numberTest) sql(w *sqlWriter, c columns) { t.on(w, c.value) }

func (t *numberTest) on(w *sqlWriter, c column) {
	w.joined(len(t.spans), func(i int) { t.spans[i].sql(w, c) })
}

func (s *numberSpan) sql(w *sqlWriter, c column) {
	if s.hasLo && s.hasHi && s.lo == s.hi {
		w.compare(c, "=", s.lo.arg())
		return
	}
	lower, upper := ">=", "<="
	if s.strict {
		lower, upper = ">", "<"
	}
	var lo, hi any
	if s.hasLo {
		lo = s.lo.arg()
	}
	if s.hasHi {
		hi = s.hi.arg()
	}
	w.between(c, lower, lo, upper, hi)
}

func (t *intTest) sql(w *sqlWriter, c columns) {
	w.joined(len(t.spans), func(i int) {
		s := t.spans[i]
		if s.lo == s.hi {
			w.compare(c.value, "=", s.lo)
			return
		}
		var lo, hi any
		if s.lo != openLow {
			lo = s.lo
		}
		if s.hi != openHigh {
			hi = s.hi
		}
		w.between(c.value, ">=", lo, "<=", hi)
	})
}

func (t *boolTest) sql(w *sqlWriter, c columns) {
	switch {
	case t.yes && t.no:
		w.column(c.value)
		w.WriteString(" IS NOT NULL")
	case t.yes:
		w.compare(c.value, "=", int64(1))
	default:
		w.compare(c.value, "=", int64(0))
	}
}

func (t *addrTest) sql(w *sqlWriter, c columns) {
	w.joined(len(t.spans), func(i int) {
		s := t.spans[i]
		if s.lo == s.hi {
			w.compare(c.value, "=", s.lo.bytes())
			return
		}
		w.between(c.value, ">=", s.lo.bytes(), "<=", s.hi.bytes())
	})
}

func (t *dynamicTest) sql(w *sqlWriter, c columns) {
	var parts []func()
	if len(t.text.words)+len(t.text.patterns) > 0 {
		parts = append(parts, func() { t.text.sql(w, c) })
	}
	if len(t.number.spans) > 0 {
		parts = append(parts, func() { t.number.on(w, c.number) })
	}
	w.joined(len(parts), func(i int) { parts[i]() })
}
