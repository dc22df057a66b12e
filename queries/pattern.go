package queries

import "strings"

// pattern is a text with wildcards, cut at them: the first part begins the text, the last ends it, the
// others follow one another in between.
type pattern struct {
	parts []string // folded, at least two, none empty but the first and the last
	text  string   // canonical
}

func newPattern(parts []string) pattern {
	var p pattern
	for i, part := range parts {
		if part != "" || i == 0 || i == len(parts)-1 {
			p.parts = append(p.parts, part)
		}
	}
	var b strings.Builder
	writePattern(&b, p.parts)
	p.text = b.String()
	for i, part := range p.parts {
		p.parts[i] = fold(part)
	}
	return p
}

// matches reports whether the pattern fits s. Taking each part at its first place is enough, since all
// that follows can only gain from it.
func (p *pattern) matches(s string) bool {
	first, last := p.parts[0], p.parts[len(p.parts)-1]
	if len(s) < len(first)+len(last) || !equalFold(s[:len(first)], first) || !equalFold(s[len(s)-len(last):], last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range p.parts[1 : len(p.parts)-1] {
		at := indexFold(s, part)
		if at < 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return true
}

// like returns the pattern for SQL's LIKE with a backslash as the escape.
func (p *pattern) like() string {
	var b strings.Builder
	for i, part := range p.parts {
		if i > 0 {
			b.WriteByte('%')
		}
		for j := range len(part) {
			if c := part[j]; c == '%' || c == '_' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(part[j])
		}
	}
	return b.String()
}

// fold writes the ASCII letters of s in lower case.
func fold(s string) string {
	for i := range len(s) {
		if lower(s[i]) != s[i] {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lower(b[j])
			}
			return string(b)
		}
	}
	return s
}

// indexFold returns the first place of sub, which is folded and not empty, in s, or -1.
func indexFold(s, sub string) int {
	first := sub[0]
	upper := first
	if 'a' <= first && first <= 'z' {
		upper -= 'a' - 'A'
	}
	for i := 0; i+len(sub) <= len(s); i++ {
		if c := s[i]; (c == first || c == upper) && equalFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}
