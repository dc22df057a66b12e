package queries

import (
	"fmt"
	"slices"
	"strings"
)

// subject is what a term is about: a field, found by the name that was typed.
type subject struct {
	token
	field   *Field
	key     string // the name under the dynamic prefix
	builtin bool   // since or until; field is the schema's time field
}

// subject finds the field of a token.
func (p *parser) subject(tok token) (subject, *fault) {
	s := p.schema
	if f, ok := s.Lookup(tok.name); ok {
		key := ""
		if s.exact(f.Name) == nil {
			key, _ = s.dynamicKey(f.Name)
		}
		return subject{token: tok, field: f, key: key}, nil
	}
	if f := s.timeField(); f != nil && isBuiltin(tok.name) {
		if tok.op == opHas && p.src[tok.start+len(tok.name)] == ':' {
			return subject{token: tok, field: f, builtin: true}, nil
		}
		return subject{}, &fault{
			start: tok.start + len(tok.name), end: tok.end, expected: ":", message: tok.name + " is already a comparison",
			hint: fmt.Sprintf("write %s:24h, or compare %s itself, as in %s:>now-24h", tok.name, s.TimeField, s.TimeField),
		}
	}
	return subject{}, p.unknownField(tok)
}

func (p *parser) unknownField(tok token) *fault {
	f := &fault{
		start: tok.start, end: tok.start + len(tok.name), expected: "a field of " + p.schema.Name,
		message: fmt.Sprintf("%s have no field %q", p.schema.Name, tok.name),
	}
	if p.schema.Name == "" {
		f.message = fmt.Sprintf("there is no field %q", tok.name)
	}
	if d := p.schema.Dynamic; d != nil && equalFold(tok.name, d.Prefix) {
		f.message, f.hint = fmt.Sprintf("a name is missing after %q", d.Prefix), fmt.Sprintf("for example %splan:free", d.Prefix)
		return f
	}
	names := p.schema.names()
	if f.hint = didYouMean(tok.name, names); f.hint != "" {
		return f
	}
	p.pos = tok.start
	word := p.src[p.pos : p.pos+p.rawLen(false)]
	f.hint = fmt.Sprintf("to search for the text, quote it: %s; the fields are %s", inQuotes(word), some(names))
	return f
}

// names returns everything that may stand in front of a colon, aliases last.
func (s *Schema) names() (names []string) {
	for i := range s.Fields {
		names = append(names, s.Fields[i].Name)
	}
	if s.timeField() != nil {
		names = append(names, "since", "until")
	}
	if s.Dynamic != nil {
		names = append(names, s.Dynamic.Prefix)
	}
	for i := range s.Fields {
		names = append(names, s.Fields[i].Aliases...)
	}
	return names
}

// check turns a field and its values into a node.
func (p *parser) check(sub subject, values []value) (node, *fault) {
	if sub.builtin {
		return p.checkBuiltin(sub, values)
	}
	t := p.newTest(sub)
	var special []node
	var texts []string
	for _, v := range values {
		switch {
		case v.isAny():
			special = append(special, p.presence(sub))
			continue
		case v.isNone():
			special = append(special, negate(p.presence(sub)))
			continue
		}
		text, err := p.add(t, sub, v)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	if len(texts) > 0 {
		special = append(special, p.term(sub, t, termText(sub.field.Name, texts)))
	}
	return anyOf(special), nil
}

func termText(name string, values []string) string {
	if len(values) == 1 {
		return name + ":" + values[0]
	}
	return name + ":(" + strings.Join(values, ",") + ")"
}

// isAny reports whether v is a lone star, which asks for any value.
func (v *value) isAny() bool {
	return v.op == opHas && !v.ranged && v.lo.parts != nil && strings.Join(v.lo.parts, "") == ""
}

// isNone reports whether v is "", which asks for no value.
func (v *value) isNone() bool {
	return v.op == opHas && !v.ranged && v.lo.quoted && v.lo.text == ""
}

func (p *parser) presence(sub subject) node {
	return p.term(sub, &presentTest{kind: sub.field.Type, dynamic: sub.key != ""}, sub.field.Name+":*")
}

func (p *parser) term(sub subject, t test, text string) node {
	n := &fieldTerm{field: sub.field, test: t, text: text}
	if sub.key != "" {
		n.dyn, n.key = p.schema.Dynamic, sub.key
	}
	return n
}

// newTest returns the empty test for a field; add fills it.
func (p *parser) newTest(sub subject) test {
	if sub.key != "" {
		return &dynamicTest{}
	}
	switch sub.field.Type {
	case Number:
		return &numberTest{}
	case Time:
		return &intTest{read: micros}
	case Duration:
		return &intTest{read: durationMicros}
	case Bool:
		return &boolTest{}
	case IP:
		return &addrTest{}
	default:
		return &textTest{}
	}
}

// add makes the test accept one more value, and returns the value's canonical text.
func (p *parser) add(t test, sub subject, v value) (string, *fault) {
	switch t := t.(type) {
	case *dynamicTest:
		return p.addDynamic(t, sub, v)
	case *numberTest:
		return p.addNumber(t, sub, v)
	case *intTest:
		if sub.field.Type == Time {
			return p.addTime(t, sub, v)
		}
		return p.addDuration(t, sub, v)
	case *boolTest:
		return p.addBool(t, sub, v)
	case *addrTest:
		return p.addAddr(t, sub, v)
	}
	if sub.field.Type == Enum && len(sub.field.Values) > 0 {
		return p.addEnum(t.(*textTest), sub, v)
	}
	return p.addText(t.(*textTest), sub, v)
}

// ends takes a range apart. Only types that have an order call it; in text, two dots are two dots.
func (v *value) ends() (lo, hi literal, ok bool) {
	if v.ranged {
		return v.lo, v.hi, true
	}
	at := strings.Index(v.lo.text, "..")
	if v.op != opHas || v.lo.quoted || at < 0 {
		return literal{}, literal{}, false
	}
	lo, hi = v.lo, v.lo
	lo.text, hi.text = v.lo.text[:at], v.lo.text[at+2:]
	if len(v.lo.text) == v.lo.end-v.lo.start { // without escapes, bytes of the text are bytes of the query
		lo.end, hi.start = v.lo.start+at, v.lo.start+at+2
	}
	return lo, hi, true
}

// missing reports whether the end of a range is left open.
func (lit *literal) missing() bool { return lit.text == "" && !lit.quoted }

// wrongType says what the field wants instead of what was typed.
func (p *parser) wrongType(sub subject, lit literal, want string) *fault {
	kind := sub.field.Type
	if sub.key != "" {
		kind = Number
	}
	f := &fault{
		start: lit.start, end: lit.end, expected: want,
		message: fmt.Sprintf("%s wants %s, got %q", sub.name, want, lit.text),
		hint:    "for example " + example(sub.name, kind),
	}
	if strings.Contains(lit.text, ",") && !lit.quoted {
		f.hint = fmt.Sprintf("write a list in parentheses: %s:(%s)", sub.name, lit.text)
	}
	return f
}

// example shows terms that a type accepts.
func example(name string, t Type) string {
	switch t {
	case Number:
		return name + ":404 or " + name + ":400..499"
	case Time:
		return name + ":2026-11-01, " + name + ":>now-24h or " + name + ":2026-11-01..2026-11-07"
	case Duration:
		return name + ":>500ms or " + name + ":1s..5s"
	case Bool:
		return name + ":true or " + name + ":false"
	case IP:
		return name + ":203.0.113.7 or " + name + ":10.0.0.0/8"
	}
	return name + ":value"
}

// noOrder refuses comparisons and ranges on fields whose values have no order.
func (p *parser) noOrder(sub subject, v value, hint string) *fault {
	if v.op == opHas && !v.ranged {
		return nil
	}
	start := sub.startOf(v)
	what := `"` + v.op.symbol() + `"`
	if v.ranged {
		what = "a range"
	}
	return &fault{
		start: start, end: v.end, expected: "a plain value",
		message: fmt.Sprintf("%s is %s and has no order, so %s means nothing", sub.name, sub.field.Type, what), hint: hint,
	}
}

// startOf returns where a value begins, its comparison included.
func (sub *subject) startOf(v value) int {
	if v.start == sub.end { // in a list, the comparison is part of the value
		return v.start - len(v.op.symbol())
	}
	return v.start
}

// comparedRange refuses >1..5.
func comparedRange(sub subject, v value) *fault {
	if v.op == opHas || !v.ranged && (v.lo.quoted || !strings.Contains(v.lo.text, "..")) {
		return nil
	}
	return &fault{
		start: sub.startOf(v), end: v.end, expected: "one value", message: "a comparison wants one value, not a range",
		hint: fmt.Sprintf("leave out %q", v.op.symbol()),
	}
}

// openRange refuses "..": a range with no end at all.
func openRange(sub subject, v value) *fault {
	return &fault{
		start: v.start, end: v.end, expected: "a value on one side of ..", message: "this range has no ends",
		hint: fmt.Sprintf("write one of them, or %s:* for any value", sub.name),
	}
}

func upsideDown(sub subject, v value, lo, hi string) *fault {
	return &fault{
		start: v.start, end: v.end, expected: "the smaller value first", message: "this range is upside down",
		hint: fmt.Sprintf("did you mean %s:%s..%s?", sub.name, hi, lo),
	}
}
