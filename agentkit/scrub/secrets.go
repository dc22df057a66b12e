package scrub

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Bounds of the search for removed values elsewhere in a signal.
const (
	minSecret  = 4   // a shorter value is found everywhere by chance
	maxSecrets = 256 // more are not looked for
)

// secrets are the values removed from one signal.
type secrets struct {
	values []string // in lower case
	sorted bool
}

// add remembers a value, and the forms that it takes within URLs and SQL.
func (s *secrets) add(value string) {
	value = strings.TrimSpace(value)
	s.addForm(value)
	if strings.ContainsAny(value, " %&+=?/#\"'<>\\@:;,") {
		s.addForm(url.QueryEscape(value))
		s.addForm(url.PathEscape(value))
		s.addForm(strings.ReplaceAll(value, "'", "''"))
		s.addForm(strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`).Replace(value))
	}
}

func (s *secrets) addForm(value string) {
	v := lowered(value)
	if len(v) < minSecret || len(s.values) >= maxSecrets || strings.Contains(lowered(wire.Redacted), v) || slices.Contains(s.values, v) {
		return
	}
	s.values, s.sorted = append(s.values, v), false
}

// addBasic remembers the password in Basic credentials.
func (s *secrets) addBasic(scheme, rest string) {
	if !strings.EqualFold(scheme, "Basic") {
		return
	}
	if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest)); err == nil {
		_, password, _ := strings.Cut(string(plain), ":")
		s.add(password)
	}
}

// lowered maps ASCII letters to lower case, so that offsets stay what they are.
func lowered(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= 'A' && c <= 'Z' {
			return lowerFrom(text, i)
		}
	}
	return text
}

func lowerFrom(text string, i int) string {
	b := []byte(text)
	for ; i < len(b); i++ {
		if b[i] >= 'A' && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// erase replaces every remembered value in text.
func (s *secrets) erase(text string) edited {
	e := edited{text: text}
	if len(s.values) == 0 || text == "" {
		return e
	}
	if !s.sorted { // the longest first, so that no end of one remains
		slices.SortFunc(s.values, func(a, b string) int { return len(b) - len(a) })
		s.sorted = true
	}
	low := lowered(text)
	for _, v := range s.values {
		for from := 0; ; {
			i := strings.Index(low[from:], v)
			if i < 0 {
				break
			}
			e.edits = append(e.edits, edit{from + i, from + i + len(v), wire.Redacted})
			from += i + len(v)
		}
	}
	if len(e.edits) == 0 {
		return e
	}
	e.edits = merged(e.edits)
	e.text = applied(text, e.edits)
	if low = lowered(e.text); slices.ContainsFunc(s.values, func(v string) bool { return strings.Contains(low, v) }) {
		// The marker and what is beside it spell a removed value.
		e = edited{wire.Redacted, []edit{{0, len(text), wire.Redacted}}}
	}
	return e
}

// merged sorts edits and joins those that overlap.
func merged(edits []edit) []edit {
	if len(edits) < 2 {
		return edits
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	out := edits[:1]
	for _, x := range edits[1:] {
		if last := &out[len(out)-1]; x.from <= last.to {
			last.to = max(last.to, x.to)
		} else {
			out = append(out, x)
		}
	}
	return out
}

func applied(text string, edits []edit) string {
	var b strings.Builder
	done := 0
	for _, x := range edits {
		b.WriteString(text[done:x.from])
		b.WriteString(x.text)
		done = x.to
	}
	b.WriteString(text[done:])
	return b.String()
}
