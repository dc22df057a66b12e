package queries

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// addText adds a text: a word to be equal to, or a pattern with wildcards.
func (p *parser) addText(t *textTest, sub subject, v value) (string, *fault) {
	typed := p.src[sub.startOf(v):v.end]
	if err := p.noOrder(sub, v, fmt.Sprintf("to look for the characters themselves, quote them: %s:%s", sub.name, inQuotes(typed))); err != nil {
		return "", err
	}
	if err := p.noComma(sub, v.lo); err != nil {
		return "", err
	}
	return addLiteral(t, v.lo), nil
}

// noComma refuses env:prod,staging: as a text with a comma it would silently find nothing.
func (p *parser) noComma(sub subject, lit literal) *fault {
	src := p.src[lit.start:lit.end]
	at := strings.IndexByte(strings.ReplaceAll(src, `\,`, "  "), ',')
	if lit.quoted || at < 0 {
		return nil
	}
	return &fault{
		start: lit.start + at, end: lit.start + at + 1, expected: "one value", message: "a comma outside of a list",
		hint: fmt.Sprintf("for a list write %s:(%s), for the text itself %s:%s", sub.name, src, sub.name, inQuotes(src)),
	}
}

func addLiteral(t *textTest, lit literal) string {
	if lit.parts != nil {
		pat := newPattern(lit.parts)
		t.patterns = append(t.patterns, pat)
		return pat.text
	}
	t.addWord(lit.text)
	return Quote(lit.text)
}

// addEnum adds a choice, those a wildcard fits, or those on one side of it.
func (p *parser) addEnum(t *textTest, sub subject, v value) (string, *fault) {
	f := sub.field
	if _, _, ranged := v.ends(); ranged && !f.Ordered {
		v.ranged = true
	}
	if !f.Ordered {
		if err := p.noOrder(sub, v, fmt.Sprintf("list the values: %s:(%s)", sub.name, strings.Join(f.Values[:min(2, len(f.Values))], ","))); err != nil {
			return "", err
		}
	}
	if err := comparedRange(sub, v); err != nil {
		return "", err
	}
	if lo, hi, ok := v.ends(); ok {
		return p.addEnumRange(t, sub, v, lo, hi)
	}
	if v.lo.parts != nil && v.op == opHas {
		pat := newPattern(v.lo.parts)
		for _, choice := range f.Values {
			if pat.matches(choice) {
				t.addWord(choice)
			}
		}
		if !slices.ContainsFunc(f.Values, pat.matches) {
			return "", p.unknownValue(sub, v.lo)
		}
		return pat.text, nil
	}
	at, err := p.choice(sub, v.lo)
	if err != nil {
		return "", err
	}
	from, to := at, at
	switch v.op {
	case opGreater:
		from, to = at+1, len(f.Values)-1
	case opAtLeast:
		to = len(f.Values) - 1
	case opLess:
		from, to = 0, at-1
	case opAtMost:
		from = 0
	}
	t.addWords(f.Values[from : to+1])
	return v.op.symbol() + Quote(f.Values[at]), nil
}

func (p *parser) addEnumRange(t *textTest, sub subject, v value, lo, hi literal) (string, *fault) {
	f := sub.field
	if lo.missing() && hi.missing() {
		return "", openRange(sub, v)
	}
	from, to, loText, hiText := 0, len(f.Values)-1, "", ""
	var err *fault
	if !lo.missing() {
		if from, err = p.choice(sub, lo); err != nil {
			return "", err
		}
		loText = Quote(f.Values[from])
	}
	if !hi.missing() {
		if to, err = p.choice(sub, hi); err != nil {
			return "", err
		}
		hiText = Quote(f.Values[to])
	}
	if from > to {
		return "", upsideDown(sub, v, loText, hiText)
	}
	t.addWords(f.Values[from : to+1])
	return loText + ".." + hiText, nil
}

// choice returns the index of a value in the field's list.
func (p *parser) choice(sub subject, lit literal) (int, *fault) {
	at := slices.IndexFunc(sub.field.Values, func(c string) bool { return lit.parts == nil && equalFold(c, lit.text) })
	if at < 0 {
		return 0, p.unknownValue(sub, lit)
	}
	return at, nil
}

func (p *parser) unknownValue(sub subject, lit literal) *fault {
	values := sub.field.Values
	f := &fault{
		start: lit.start, end: lit.end, expected: "one of " + some(values),
		message: fmt.Sprintf("%s has no value %q", sub.name, lit.text),
		hint:    didYouMean(lit.text, values),
	}
	if parts := strings.Split(lit.text, ","); !lit.quoted && len(parts) > 1 && lit.parts == nil {
		f.hint = fmt.Sprintf("write a list in parentheses: %s:(%s)", sub.name, lit.text)
	}
	if f.hint == "" {
		f.hint = "it is one of " + some(values)
	}
	return f
}

// addBool adds true or false.
func (p *parser) addBool(t *boolTest, sub subject, v value) (string, *fault) {
	if err := p.noOrder(sub, v, "write "+example(sub.name, Bool)); err != nil {
		return "", err
	}
	switch strings.ToLower(v.lo.text) {
	case "true", "yes", "on", "1":
		t.yes = true
		return "true", nil
	case "false", "no", "off", "0":
		t.no = true
		return "false", nil
	}
	return "", p.wrongType(sub, v.lo, "true or false")
}

// addDynamic adds a value to a field whose type is not known: comparisons and ranges of numbers look at
// numbers, a number looks at both, everything else at text.
func (p *parser) addDynamic(t *dynamicTest, sub subject, v value) (string, *fault) {
	if v.op != opHas || v.ranged {
		return p.addNumber(&t.number, sub, v)
	}
	if lo, hi, ok := v.ends(); ok && v.lo.parts == nil && (lo.missing() || isNumber(lo.text)) && (hi.missing() || isNumber(hi.text)) && lo.text+hi.text != "" {
		return p.addNumber(&t.number, sub, v)
	}
	if err := p.noComma(sub, v.lo); err != nil {
		return "", err
	}
	if n, ok := parseNumber(v.lo.text); ok && v.lo.parts == nil {
		t.number.spans = append(t.number.spans, numberSpan{lo: n, hi: n, hasLo: true, hasHi: true})
	}
	return addLiteral(&t.text, v.lo), nil
}

// freeText makes a bare word or a phrase search the schema's free text fields for it.
func (p *parser) freeText(lit literal) (node, *fault) {
	if len(p.schema.FreeText) == 0 {
		return nil, &fault{
			start: lit.start, end: lit.end, expected: "field:value",
			message: fmt.Sprintf("%q needs a field to look at", lit.text),
			hint:    "there are " + some(p.schema.names()),
		}
	}
	v := value{lo: lit, start: lit.start, end: lit.end}
	if v.isAny() {
		return everything{}, nil
	}
	if lit.text == "" {
		return nil, &fault{start: lit.start, end: lit.end, expected: "a word or a phrase", message: "there is nothing between these quotes", hint: "remove them"}
	}
	if err := p.checkValue(token{}, v); err != nil {
		return nil, err
	}
	return p.newFreeText(lit), nil
}

func (p *parser) newFreeText(lit literal) *freeText {
	t := &freeText{text: Quote(lit.text)}
	if lit.parts == nil {
		t.pattern = newPattern([]string{"", lit.text, ""})
		if prefix, ok := parseAddr(lit.text); ok {
			t.addrs.spans = prefixSpans(prefix)
		}
	} else {
		written := newPattern(lit.parts)
		t.text = written.text
		t.pattern = newPattern(append(append([]string{""}, lit.parts...), ""))
	}
	for _, name := range p.schema.FreeText {
		if f := p.schema.exact(name); f != nil && (f.Type != IP || t.addrs.spans != nil) {
			t.fields = append(t.fields, f)
		}
	}
	return t
}

// parseAddr reads an address or a prefix.
func parseAddr(s string) (netip.Prefix, bool) {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), true
}
