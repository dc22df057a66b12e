package iostreams

import "strings"

// Colour wraps text when colour is on. Names say what a colour means, so that
// every command means the same by it.
type Colour struct{ on bool }

// Colour returns the colours for Out.
func (s *IOStreams) Colour() Colour { return Colour{s.colour} }

// Bold is for what the eye should find first.
func (c Colour) Bold(s string) string { return c.wrap("1", s) }

// Faint is for what may be skipped.
func (c Colour) Faint(s string) string { return c.wrap("2", s) }

// Good is for what is as it should be.
func (c Colour) Good(s string) string { return c.wrap("32", s) }

// Warn is for what wants a look.
func (c Colour) Warn(s string) string { return c.wrap("33", s) }

// Bad is for what wants a person now.
func (c Colour) Bad(s string) string { return c.wrap("31", s) }

// Key is for names of things that can be typed.
func (c Colour) Key(s string) string { return c.wrap("36", s) }

func (c Colour) wrap(code, s string) string {
	if !c.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Word colours a word of the product by what it means: a severity, a state, a
// mode or an outcome. Words without a meaning stay plain.
func (c Colour) Word(s string) string {
	switch strings.ToLower(s) {
	case "high", "failed", "exploited", "open":
		return c.Bad(s)
	case "medium", "warning", "monitor", "mixed", "silent", "acknowledged", "snoozed", "pending", "sent":
		return c.Warn(s)
	case "ok", "block", "connected", "resolved", "in force", "active":
		return c.Good(s)
	case "off", "ignored", "none", "expired", "revoked", "waiting", "low":
		return c.Faint(s)
	}
	return s
}
