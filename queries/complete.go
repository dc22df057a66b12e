package queries

import (
	"slices"
	"unicode/utf8"
)

// Kind says what a Suggestion is.
type Kind string

// The kinds of suggestions.
const (
	KindField    Kind = "field"
	KindOperator Kind = "operator"
	KindValue    Kind = "value"
	KindKeyword  Kind = "keyword"
)

// Suggestion is one way to go on with a query.
type Suggestion struct {
	Text  string // what to put in place of the runes Start to End
	Start int    // in runes, from 0
	End   int    // in runes, exclusive
	Doc   string // one line for people, may be ""
	Kind  Kind
}

// maxSuggestions is more than a menu can show.
const maxSuggestions = 100

// Complete returns ways to go on at the cursor, which counts runes from 0, best first. values returns
// known values of a field that begin with prefix, and may be nil; for names under the dynamic prefix it
// is asked with that prefix ("prop.") as the field. The text need not be a valid query.
func Complete(text string, cursor int, s *Schema, values func(field, prefix string) []string) []Suggestion {
	if len(text) > MaxLength {
		return nil
	}
	if values == nil {
		values = func(string, string) []string { return nil }
	}
	at := byteOffset(text, cursor)
	c := &completer{lexer: lexer{src: text, schema: s}, cursor: at, known: values}
	c.terms()
	if len(c.found) > maxSuggestions {
		c.found = c.found[:maxSuggestions]
	}
	for i := range c.found {
		c.found[i].Start = utf8.RuneCountInString(text[:c.found[i].Start])
		c.found[i].End = utf8.RuneCountInString(text[:c.found[i].End])
	}
	return c.found
}

// byteOffset turns a count of runes into one of bytes, within text.
func byteOffset(text string, runes int) int {
	at := 0
	for ; runes > 0 && at < len(text); runes-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// completer reads a query up to the cursor like the parser, but forgives everything.
type completer struct {
	lexer
	cursor int
	known  func(field, prefix string) []string
	groups int  // open parentheses
	after  bool // a term stands before
	found  []Suggestion
}

// terms walks over whole terms until one holds the cursor.
func (c *completer) terms() {
	for {
		c.skipSpace()
		if c.pos >= c.cursor {
			c.suggestTerms(c.cursor, c.cursor)
			return
		}
		switch c.src[c.pos] {
		case '(':
			c.pos, c.groups, c.after = c.pos+1, c.groups+1, false
		case ')':
			c.pos, c.groups, c.after = c.pos+1, c.groups-1, true
		case '-', '!':
			c.pos, c.after = c.pos+1, false
		case '"', '\'':
			if _, end, closed := c.skipQuoted(); c.cursor <= end || !closed {
				return // free text needs no help
			}
			c.after = true
		default:
			if c.term() {
				return
			}
		}
	}
}

// skipQuoted reads a quoted string as far as it goes, and what it means up to the cursor.
func (c *completer) skipQuoted() (prefix string, end int, closed bool) {
	start := c.pos
	if start < c.cursor {
		part := lexer{src: c.src[:c.cursor] + c.src[start:start+1], pos: start}
		if lit, err := part.quoted(); err == nil {
			prefix = lit.text
		}
	}
	_, err := c.quoted()
	if err != nil {
		c.pos = len(c.src)
	}
	return prefix, c.pos, err == nil
}

// term reads one word, field or keyword, and reports whether the cursor was in it.
func (c *completer) term() bool {
	start := c.pos
	if tok, ok := c.keyword(); ok && c.pos < c.cursor {
		c.after = tok.kind != tokNot && tok.kind != tokAnd && tok.kind != tokOr
		return false
	}
	c.pos = start
	tok, ok := c.field()
	if !ok {
		c.pos = start + c.rawLen(false)
		if c.cursor <= c.pos {
			c.suggestTerms(start, c.pos)
			return true
		}
		if c.pos == start { // a character that begins nothing
			_, size := utf8.DecodeRuneInString(c.src[start:])
			c.pos += size
		}
		c.after = true
		return false
	}
	if nameEnd := start + len(tok.name); c.cursor <= nameEnd {
		c.suggestNames(c.src[start:c.cursor], start, nameEnd, "")
		c.suggestOtherNames(c.src[start:c.cursor], start, nameEnd, "")
		return true
	}
	c.after = true
	if c.cursor < c.pos {
		c.suggestOperators(tok, c.src[start+len(tok.name):c.cursor])
		return true
	}
	return c.value(tok)
}

// value reads the value or list behind a field, and reports whether the cursor was in it.
func (c *completer) value(tok token) bool {
	if c.pos == len(c.src) || c.src[c.pos] != '(' {
		return c.item(tok, false)
	}
	c.pos++
	for {
		c.skipSpace()
		if c.pos >= c.cursor {
			c.suggestValues(tok, "", c.cursor, c.cursor, false)
			return true
		}
		switch start := c.pos; c.src[start] {
		case ')':
			c.pos++
			return false
		case ',':
			c.pos++
		default:
			if c.item(tok, true) {
				return true
			}
			if c.pos == start {
				c.pos++
			}
		}
	}
}

// item reads one value, and reports whether the cursor was in it.
func (c *completer) item(tok token, inList bool) bool {
	if inList {
		_, size := readOperator(c.src[c.pos:], false)
		if c.pos += size; c.cursor < c.pos {
			return true
		}
	}
	start := c.pos
	if c.atQuote() {
		prefix, end, closed := c.skipQuoted()
		if closed && c.cursor >= end {
			return c.cursor == end
		}
		if !closed {
			end = c.cursor
		}
		c.suggestValues(tok, prefix, start, end, true)
		return true
	}
	c.pos += c.rawLen(inList)
	if c.cursor > c.pos {
		return false
	}
	part := lexer{src: c.src[:c.cursor], pos: start}
	lit, err := part.raw(inList)
	if err != nil || lit.parts != nil {
		return true // an unfinished escape or a wildcard: nothing to add
	}
	c.suggestValues(tok, lit.text, start, c.pos, false)
	return true
}

func (c *completer) add(kind Kind, text string, start, end int, doc string) {
	same := func(s Suggestion) bool { return s.Text == text && s.Start == start }
	if !slices.ContainsFunc(c.found, same) {
		c.found = append(c.found, Suggestion{Text: text, Start: start, End: end, Doc: doc, Kind: kind})
	}
}

// suggestTerms offers what may stand at the place of a term.
func (c *completer) suggestTerms(start, end int) {
	typed := c.src[start:c.cursor]
	c.suggestNames(typed, start, end, ":")
	c.suggestKeywords(typed, start, end)
	c.suggestOtherNames(typed, start, end, ":")
}

func (c *completer) suggestKeywords(typed string, start, end int) {
	keywords := []offer{{"NOT", "everything but the next term"}}
	if c.after {
		keywords = append(keywords, offer{"OR", "one of the two sides"}, offer{"AND", "both sides; the same as a space"})
	}
	for _, k := range keywords {
		if hasPrefixFold(k.word, typed) {
			c.add(KindKeyword, k.word, start, end, k.doc)
		}
	}
	if c.after && c.groups > 0 && typed == "" {
		c.add(KindKeyword, ")", start, end, "ends the group")
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && equalFold(s[:len(prefix)], prefix)
}

// names returns what may stand in front of a colon.
func (c *completer) names() (names []offer) {
	s := c.schema
	for i := range s.Fields {
		names = append(names, offer{s.Fields[i].Name, s.Fields[i].Doc})
	}
	if s.timeField() != nil {
		names = append(names, offer{"since", "no older than a duration or a time"}, offer{"until", "no younger than a duration or a time"})
	}
	for i := range s.Fields {
		for _, alias := range s.Fields[i].Aliases {
			names = append(names, offer{alias, s.Fields[i].Doc + " (the same as " + s.Fields[i].Name + ")"})
		}
	}
	return names
}

// suggestNames offers names that begin with what was typed.
func (c *completer) suggestNames(typed string, start, end int, colon string) {
	for _, n := range c.names() {
		if hasPrefixFold(n.word, typed) {
			c.addName(n, typed, start, end, colon)
		}
	}
	c.suggestDynamic(typed, start, end, colon)
}

// suggestOtherNames offers names that contain what was typed, or if there are none, those that it may be
// a misspelling of.
func (c *completer) suggestOtherNames(typed string, start, end int, colon string) {
	if len(typed) < 2 {
		return
	}
	names := c.names()
	for _, n := range names {
		if indexFold(n.word, fold(typed)) > 0 {
			c.addName(n, typed, start, end, colon)
		}
	}
	if len(c.found) > 0 {
		return
	}
	for _, near := range closest(typed, c.schema.names()) {
		if at := slices.IndexFunc(names, func(n offer) bool { return n.word == near }); at >= 0 {
			c.addName(names[at], typed, start, end, colon)
		}
	}
}

// addName offers a name; once it is typed whole, its comparisons too.
func (c *completer) addName(n offer, typed string, start, end int, colon string) {
	c.add(KindField, n.word+colon, start, end, n.doc)
	if f, ok := c.schema.Lookup(n.word); ok && colon != "" && equalFold(n.word, typed) && hasOrder(f) {
		for _, op := range comparisons() {
			c.add(KindOperator, n.word+colon+op.word, start, end, op.doc)
		}
	}
}

func (c *completer) suggestDynamic(typed string, start, end int, colon string) {
	d := c.schema.Dynamic
	if d == nil {
		return
	}
	if len(typed) < len(d.Prefix) {
		if hasPrefixFold(d.Prefix, typed) {
			c.add(KindField, d.Prefix, start, end, d.Doc)
		}
		return
	}
	if !hasPrefixFold(typed, d.Prefix) {
		return
	}
	key := typed[len(d.Prefix):]
	for _, known := range c.known(d.Prefix, key) {
		if whole := d.Prefix + known; hasPrefixFold(known, key) && nameLen(whole) == len(whole) {
			c.add(KindField, whole+colon, start, end, d.Doc)
		}
	}
}
