package queries

import (
	"slices"
	"strings"
)

// offer is a fixed text with its explanation.
type offer struct{ word, doc string }

func comparisons() []offer {
	return []offer{{">", "greater than"}, {">=", "at least"}, {"<", "less than"}, {"<=", "at most"}}
}

// hasOrder reports whether a field's values can be compared.
func hasOrder(f *Field) bool {
	return f.Type == Number || f.Type == Time || f.Type == Duration || f.Ordered
}

// offers returns the values that make sense for a type whatever is stored.
func (c *completer) offers(tok token, f *Field) []offer {
	if c.isBuiltin(tok) {
		return []offer{
			{"15m", "15 minutes ago"},
			{"1h", "an hour ago"},
			{"24h", "a day ago"},
			{"7d", "a week ago"},
			{"30d", "30 days ago"},
			{"today", "this day"},
			{"yesterday", "the day before"},
		}
	}
	switch f.Type {
	case Enum:
		offers := make([]offer, len(f.Values))
		for i, v := range f.Values {
			offers[i].word = v
		}
		return offers
	case Bool:
		return []offer{{"true", ""}, {"false", ""}}
	case Time:
		return []offer{
			{"today", "this day"},
			{"yesterday", "the day before"},
			{"now-1h", "an hour ago"},
			{"now-24h", "a day ago"},
			{"now-7d", "a week ago"},
		}
	case Duration:
		return []offer{{"100ms", "milliseconds"}, {"1s", "seconds"}, {"1m", "minutes"}, {"1h", "hours"}, {"1d", "days"}}
	case IP:
		return []offer{
			{"private", "addresses of private networks"},
			{"loopback", "the machine itself"},
			{"v4", "any address of IPv4"},
			{"v6", "any address of IPv6"},
		}
	}
	return nil
}

func (c *completer) isBuiltin(tok token) bool {
	_, known := c.schema.Lookup(tok.name)
	return !known && isBuiltin(tok.name) && c.schema.timeField() != nil
}

// suggestValues offers values that begin with prefix, and at the very beginning also comparisons.
func (c *completer) suggestValues(tok token, prefix string, start, end int, quoted bool) {
	f, ok := c.schema.Lookup(tok.name)
	if c.isBuiltin(tok) {
		f, ok = c.schema.timeField(), true
	}
	if !ok {
		return
	}
	if hasOrder(f) && !quoted {
		prefix, start, end = c.rangeEnd(prefix, start, end)
	}
	for _, o := range c.offers(tok, f) {
		if hasPrefixFold(o.word, prefix) {
			c.addValue(o.word, start, end, o.doc, quoted)
		}
	}
	if !c.isBuiltin(tok) && f.Type != Bool {
		for _, v := range c.known(f.Name, prefix) {
			if v != "" && hasPrefixFold(v, prefix) && (len(f.Values) == 0 || slices.Contains(f.Values, v)) {
				c.addValue(v, start, end, "", quoted)
			}
		}
	}
	if prefix == "" && !quoted && tok.op == opHas && c.cursor == tok.end && !c.isBuiltin(tok) {
		c.suggestBeginnings(f, start, end)
	}
}

// rangeEnd narrows a value to the end of the range that the cursor is in.
func (c *completer) rangeEnd(prefix string, start, end int) (string, int, int) {
	if at := strings.LastIndex(prefix, ".."); at >= 0 {
		start, prefix = start+at+2, prefix[at+2:]
	}
	if at := strings.Index(c.src[c.cursor:end], ".."); at >= 0 {
		end = c.cursor + at
	}
	return prefix, start, end
}

// addValue offers a value, in quotes when it needs them or has begun with one.
func (c *completer) addValue(value string, start, end int, doc string, quoted bool) {
	text := Quote(value)
	if quoted {
		text = inQuotes(value)
	}
	c.add(KindValue, text, start, end, doc)
}

// suggestBeginnings offers what may stand right behind a colon apart from values.
func (c *completer) suggestBeginnings(f *Field, start, end int) {
	if hasOrder(f) {
		for _, op := range comparisons() {
			c.add(KindOperator, op.word, start, end, op.doc)
		}
	}
	c.add(KindOperator, "*", start, end, "any value")
	c.add(KindOperator, `""`, start, end, "no value")
}

// suggestOperators offers comparisons while one is being typed.
func (c *completer) suggestOperators(tok token, typed string) {
	f, ok := c.schema.Lookup(tok.name)
	if !ok || !hasOrder(f) {
		return
	}
	start := tok.start + len(tok.name)
	for _, op := range comparisons() {
		if strings.HasPrefix(":"+op.word, typed) {
			c.add(KindOperator, ":"+op.word, start, tok.end, op.doc)
		}
	}
}
