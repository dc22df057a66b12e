// Package scrub removes secrets and personal data from what the agent is about
// to send, before it leaves the process.
//
// Three things are removed. The value of a key that says it is a secret, and
// all that is below it: "password", "X-Api-Key", "user[accessToken]". Whatever
// looks like a payment card, by its checksum, and whatever the customer's own
// expressions match; of these only the match is removed. And any value that was
// removed for one of these reasons, wherever else it stands in the same signal:
// in the payload, in the statement, in the properties of an event.
//
// What is removed becomes wire.Redacted.
//
//	s, err := scrub.New(scrub.Config{Keys: []string{"ssn"}})
//	...
//	s.Signal(&signal)
package scrub

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Config says what to remove beyond the defaults.
type Config struct {
	Keys       []string // further keys, for example "ssn"; case and separators do not count
	Values     []string // further regular expressions; what they match is removed
	NoDefaults bool     // leave out the default keys and payment cards
}

// DefaultKeys are the keys whose values are always removed.
func DefaultKeys() []string {
	return []string{"password", "secret", "passwd", "authorization", "api_key", "apikey", "access_token"}
}

// Scrubber removes secrets. It never changes and may be used from several
// goroutines.
type Scrubber struct {
	keys   []key // in normal form
	values []*regexp.Regexp
	cards  bool
}

// New compiles c. The error names the key or expression that cannot be used;
// an expression that matches the empty text cannot, since it would match between
// any two letters.
func New(c Config) (*Scrubber, error) {
	s := &Scrubber{cards: !c.NoDefaults}
	var keys []string
	if !c.NoDefaults {
		keys = DefaultKeys()
	}
	for _, k := range append(keys, c.Keys...) {
		n := normal(k)
		if n == "" {
			return nil, fmt.Errorf("scrub: key %q has no letter or digit", k)
		}
		s.addKey(n)
	}
	for _, v := range c.Values {
		re, err := regexp.Compile(v)
		if err != nil {
			return nil, fmt.Errorf("scrub: expression %q: %w", v, err)
		}
		if re.MatchString("") {
			return nil, fmt.Errorf("scrub: expression %q matches the empty text; make it ask for at least one character", v)
		}
		s.values = append(s.values, re)
	}
	return s, nil
}

func (s *Scrubber) addKey(n string) {
	k := newKey(n)
	if !slices.Contains(s.keys, k) {
		s.keys = append(s.keys, k)
	}
}

// Params returns a scrubbed copy of parameters by address.
func (s *Scrubber) Params(p map[string][]string) map[string][]string {
	return s.run(nil).lists(p, (*run).param)
}

// Headers returns a scrubbed copy of HTTP headers.
func (s *Scrubber) Headers(h map[string][]string) map[string][]string {
	return s.run(nil).lists(h, (*run).header)
}

// URL returns raw with credentials, query, fragment and path scrubbed. It does not have
// to be a valid URL.
func (s *Scrubber) URL(raw string) string { return s.run(nil).url(raw) }

// SQL returns a statement without the literals that stand for sensitive columns.
func (s *Scrubber) SQL(statement string) string {
	return s.run(nil).statement(statement, "").text
}

// Text returns free text without values of sensitive keys, in JSON, form, header
// and XML notation, and without payment cards and the customer's expressions.
func (s *Scrubber) Text(text string) string { return s.run(nil).free(text) }

// run is the scrubbing of one signal. It collects the values that it removes.
type run struct {
	*Scrubber
	found *secrets // nil when nobody asks
}

func (s *Scrubber) run(found *secrets) *run { return &run{s, found} }

// remove notes that value is removed, and returns what stands in its place.
func (r *run) remove(value string) string {
	if value == "" {
		return ""
	}
	if r.found != nil {
		r.found.add(value)
	}
	return wire.Redacted
}

// lists scrubs every value with fn, which gets the key too, into a new map.
func (r *run) lists(m map[string][]string, fn func(r *run, key, value string) string) map[string][]string {
	if m == nil {
		return nil
	}
	out := make(map[string][]string, len(m))
	for key, values := range m {
		clean := make([]string, len(values))
		for i, v := range values {
			clean[i] = fn(r, key, v)
		}
		key = r.matches(key)
		out[key] = append(out[key], clean...)
	}
	return out
}

// param scrubs the value of a parameter.
func (r *run) param(address, value string) string {
	if r.sensitive(address) {
		return r.remove(value)
	}
	return r.free(value)
}

// header scrubs the value of a header.
func (r *run) header(name, value string) string {
	switch {
	case r.sensitive(name):
		return r.credential(value)
	case strings.EqualFold(name, "Cookie"), strings.EqualFold(name, "Set-Cookie"):
		return r.cookies(value)
	case strings.EqualFold(name, "Referer"), strings.EqualFold(name, "Location"), strings.EqualFold(name, "Origin"):
		return r.url(value)
	default:
		return r.free(value)
	}
}

// credential removes the value of a header such as Authorization. The part
// behind the scheme is a secret of its own: it may stand elsewhere without it.
func (r *run) credential(value string) string {
	if scheme, rest, ok := strings.Cut(value, " "); ok && r.found != nil {
		r.found.add(rest)
		r.found.addBasic(scheme, rest)
	}
	return r.remove(value)
}

// cookies scrubs "a=1; b=2".
func (r *run) cookies(value string) string {
	parts := strings.Split(value, ";")
	for i, part := range parts {
		name, v, ok := strings.Cut(part, "=")
		switch {
		case !ok:
			parts[i] = r.free(part)
		case r.sensitive(name):
			parts[i] = name + "=" + r.remove(v)
		default:
			parts[i] = name + "=" + r.free(v)
		}
	}
	return strings.Join(parts, ";")
}

// matches removes what is a secret by its looks: cards, and what the customer's
// expressions match.
func (r *run) matches(text string) string {
	edits := r.matchEdits(text)
	if len(edits) == 0 {
		return text
	}
	return applied(text, edits)
}

func (r *run) matchEdits(text string) []edit {
	var edits []edit
	add := func(from, to int) {
		if from < to && !withinMarker(text, from, to) {
			edits = append(edits, edit{from, to, r.remove(text[from:to])})
		}
	}
	if r.cards {
		findCards(text, add)
	}
	for _, re := range r.values {
		for _, m := range re.FindAllStringIndex(text, -1) {
			add(m[0], m[1])
		}
	}
	return merged(edits)
}

// withinMarker reports whether from..to is part of what an earlier pass left.
func withinMarker(text string, from, to int) bool {
	lo := max(0, to-len(wire.Redacted))
	i := strings.Index(text[lo:], wire.Redacted)
	return i >= 0 && lo+i <= from
}
