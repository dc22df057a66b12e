package queries

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number is an integer, exactly, or else a decimal.
type number struct {
	isInt bool
	i     int64
	f     float64 // when not isInt
}

// parseNumber reads 10, -1.5, 1e3, 10k, 2.5M, 1G and 50% (which is 50).
func parseNumber(s string) (number, bool) {
	scale := 1.0
	if n := len(s); n > 0 {
		switch s[n-1] {
		case 'k', 'K':
			scale = 1e3
		case 'M':
			scale = 1e6
		case 'G':
			scale = 1e9
		case '%':
		default:
			n++
		}
		s = s[:n-1]
	}
	if s == "" || strings.Trim(s, "0123456789.+-eE") != "" || strings.ContainsAny(s[:1], "eE") {
		return number{}, false
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil && scale == 1 {
		return number{isInt: true, i: i}, true
	}
	f, err := strconv.ParseFloat(s, 64)
	f *= scale
	if err != nil || math.IsInf(f, 0) {
		return number{}, false
	}
	return floatNumber(f), true
}

func isNumber(s string) bool {
	_, ok := parseNumber(s)
	return ok
}

// floatNumber returns f as an integer when it is one.
func floatNumber(f float64) number {
	if f == math.Trunc(f) && f >= -(1<<63) && f < 1<<63 {
		return number{isInt: true, i: int64(f)}
	}
	return number{f: f}
}

// String returns the number in a form that reads back as itself.
func (n number) String() string {
	if n.isInt {
		return strconv.FormatInt(n.i, 10)
	}
	return strconv.FormatFloat(n.f, 'g', -1, 64)
}

// compare orders two numbers exactly, as SQLite does, also where a float64 cannot hold the integer.
func (n number) compare(m number) int {
	switch {
	case n.isInt && m.isInt:
		return order(n.i, m.i)
	case n.isInt:
		return compareIntFloat(n.i, m.f)
	case m.isInt:
		return -compareIntFloat(m.i, n.f)
	}
	return order(n.f, m.f)
}

func order[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareIntFloat(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -(1 << 63):
		return 1
	}
	whole := int64(f)
	if c := order(i, whole); c != 0 {
		return c
	}
	return order(float64(whole), f)
}

// addNumber adds a number, those on one side of it, or a range.
func (p *parser) addNumber(t *numberTest, sub subject, v value) (string, *fault) {
	if err := comparedRange(sub, v); err != nil {
		return "", err
	}
	lo, hi, ok := v.ends()
	if !ok {
		n, err := p.number(sub, v.lo)
		if err != nil {
			return "", err
		}
		t.spans = append(t.spans, compareSpan(v.op, n))
		return v.op.symbol() + n.String(), nil
	}
	if lo.missing() && hi.missing() {
		return "", openRange(sub, v)
	}
	var s numberSpan
	var loText, hiText string
	var err *fault
	if !lo.missing() {
		if s.lo, err = p.number(sub, lo); err != nil {
			return "", err
		}
		s.hasLo, loText = true, s.lo.String()
	}
	if !hi.missing() {
		if s.hi, err = p.number(sub, hi); err != nil {
			return "", err
		}
		s.hasHi, hiText = true, s.hi.String()
	}
	if s.hasLo && s.hasHi && s.lo.compare(s.hi) > 0 {
		return "", upsideDown(sub, v, loText, hiText)
	}
	t.spans = append(t.spans, s)
	return loText + ".." + hiText, nil
}

func compareSpan(op operator, n number) numberSpan {
	switch op {
	case opGreater:
		return numberSpan{lo: n, hasLo: true, strict: true}
	case opAtLeast:
		return numberSpan{lo: n, hasLo: true}
	case opLess:
		return numberSpan{hi: n, hasHi: true, strict: true}
	case opAtMost:
		return numberSpan{hi: n, hasHi: true}
	}
	return numberSpan{lo: n, hi: n, hasLo: true, hasHi: true}
}

func (p *parser) number(sub subject, lit literal) (number, *fault) {
	if n, ok := parseNumber(lit.text); ok && lit.parts == nil {
		return n, nil
	}
	f := p.wrongType(sub, lit, "a number")
	if text := strings.ToLower(lit.text); len(text) > 1 && text[0] >= '1' && text[0] <= '9' {
		if rest := text[1:]; rest == "xx" || rest == "*" || rest == "**" {
			f.hint = fmt.Sprintf("did you mean %s:%c00..%c99?", sub.name, text[0], text[0])
		}
	}
	if _, ok := parseNumber(strings.ToUpper(lit.text)); ok && lit.parts == nil {
		f.hint = fmt.Sprintf("did you mean %s:%s? M stands for a million", sub.name, strings.ToUpper(lit.text))
	}
	if n, ok := parseNumber(strings.ReplaceAll(lit.text, ",", "")); ok && strings.Contains(lit.text, ",") {
		f.hint = fmt.Sprintf("did you mean %s:%s, or the list %s:(%s)?", sub.name, n, sub.name, lit.text)
	}
	return number{}, f
}
