package queries

import (
	"encoding/binary"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
)

// The tests below look at one value at a time and allocate nothing.

// textOf returns the string in v, also when its type only is a kind of string.
func textOf(v any) (string, bool) {
	if s, ok := v.(string); ok {
		return s, s != ""
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String {
		return r.String(), r.String() != ""
	}
	return "", false
}

// numberOf returns the number in v. NaN is no number: SQLite stores it as NULL.
func numberOf(v any) (number, bool) {
	switch n := v.(type) {
	case int64:
		return number{isInt: true, i: n}, true
	case int:
		return number{isInt: true, i: int64(n)}, true
	case float64:
		return number{f: n}, !math.IsNaN(n)
	case time.Duration, nil:
		return number{}, false
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return number{isInt: true, i: r.Int()}, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if u := r.Uint(); u > math.MaxInt64 {
			return number{f: float64(u)}, true
		}
		return number{isInt: true, i: int64(r.Uint())}, true
	case reflect.Float32, reflect.Float64:
		return number{f: r.Float()}, !math.IsNaN(r.Float())
	}
	return number{}, false
}

// addrOf returns the address in v, one of IPv4 as IPv6.
func addrOf(v any) (addr, bool) {
	a, ok := v.(netip.Addr)
	if !ok || !a.IsValid() {
		return addr{}, false
	}
	return newAddr(a), true
}

// presentTest asks whether there is a value at all.
type presentTest struct {
	kind    Type
	dynamic bool
}

func (t *presentTest) holds(v any) bool {
	if t.dynamic {
		_, isBool := v.(bool)
		_, isText := textOf(v)
		_, isNumber := numberOf(v)
		return isBool || isText || isNumber
	}
	var ok bool
	switch t.kind {
	case Number:
		_, ok = numberOf(v)
	case Time:
		_, ok = micros(v)
	case Duration:
		_, ok = durationMicros(v)
	case Bool:
		_, ok = v.(bool)
	case IP:
		_, ok = addrOf(v)
	default:
		_, ok = textOf(v)
	}
	return ok
}

// textTest accepts words and patterns.
type textTest struct {
	words    []string // folded
	patterns []pattern
}

// addWord accepts one more word.
func (t *textTest) addWord(word string) {
	if word = fold(word); !slices.Contains(t.words, word) {
		t.words = append(t.words, word)
	}
}

func (t *textTest) addWords(words []string) {
	for _, w := range words {
		t.addWord(w)
	}
}

func (t *textTest) holds(v any) bool {
	s, ok := textOf(v)
	return ok && t.accepts(s)
}

func (t *textTest) accepts(s string) bool {
	for _, w := range t.words {
		if equalFold(w, s) {
			return true
		}
	}
	for i := range t.patterns {
		if t.patterns[i].matches(s) {
			return true
		}
	}
	return false
}

// numberSpan is a range of numbers.
type numberSpan struct {
	lo, hi       number
	hasLo, hasHi bool
	strict       bool // the ends are outside
}

func (s *numberSpan) contains(n number) bool {
	if s.hasLo {
		if c := n.compare(s.lo); c < 0 || c == 0 && s.strict {
			return false
		}
	}
	if s.hasHi {
		if c := n.compare(s.hi); c > 0 || c == 0 && s.strict {
			return false
		}
	}
	return true
}

// numberTest accepts ranges of numbers.
type numberTest struct{ spans []numberSpan }

func (t *numberTest) holds(v any) bool {
	n, ok := numberOf(v)
	if !ok {
		return false
	}
	for i := range t.spans {
		if t.spans[i].contains(n) {
			return true
		}
	}
	return false
}

// span is a range of microseconds with both ends inside, empty when lo is above hi.
type span struct{ lo, hi int64 }

const (
	openLow  = math.MinInt64
	openHigh = math.MaxInt64
)

// openSpan contains everything.
var openSpan = span{openLow, openHigh} //nolint:gochecknoglobals // a constant, but for Go's lack of constant structs

func (s span) intersect(o span) span { return span{max(s.lo, o.lo), min(s.hi, o.hi)} }

// hull returns the smallest span that contains both.
func (s span) hull(o span) span {
	switch {
	case s.lo > s.hi:
		return o
	case o.lo > o.hi:
		return s
	}
	return span{min(s.lo, o.lo), max(s.hi, o.hi)}
}

// intTest accepts ranges of what read makes of a value.
type intTest struct {
	read  func(any) (int64, bool)
	spans []span
}

func (t *intTest) holds(v any) bool {
	n, ok := t.read(v)
	if !ok {
		return false
	}
	for _, s := range t.spans {
		if s.lo <= n && n <= s.hi {
			return true
		}
	}
	return false
}

// boolTest accepts true, false or both.
type boolTest struct{ yes, no bool }

func (t *boolTest) holds(v any) bool {
	b, ok := v.(bool)
	return ok && (b && t.yes || !b && t.no)
}

// addr is an address as a number of 128 bits, with those of IPv4 in their mapped place.
type addr struct{ hi, lo uint64 }

func newAddr(a netip.Addr) addr {
	b := a.As16()
	return addr{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (a addr) bytes() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, a.hi), a.lo)
}

func (a addr) less(b addr) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

// addrSpan is a range of addresses with both ends inside.
type addrSpan struct{ lo, hi addr }

// addrTest accepts ranges of addresses.
type addrTest struct{ spans []addrSpan }

func (t *addrTest) holds(v any) bool {
	a, ok := addrOf(v)
	if !ok {
		return false
	}
	for i := range t.spans {
		if s := &t.spans[i]; !a.less(s.lo) && !s.hi.less(a) {
			return true
		}
	}
	return false
}

// dynamicTest accepts texts and numbers.
type dynamicTest struct {
	text   textTest
	number numberTest
}

func (t *dynamicTest) holds(v any) bool {
	if b, ok := v.(bool); ok {
		return b && t.text.accepts("true") || !b && t.text.accepts("false")
	}
	return t.text.holds(v) || t.number.holds(v)
}

// freeText searches several fields for a pattern, and those with addresses for an address.
type freeText struct {
	fields  []*Field
	pattern pattern
	addrs   addrTest
	text    string // canonical
}

func (t *freeText) match(r Record) bool {
	for _, f := range t.fields {
		for _, v := range r.Values(f.Name) {
			if f.Type == IP {
				if t.addrs.holds(v) {
					return true
				}
			} else if s, ok := textOf(v); ok && t.pattern.matches(s) {
				return true
			}
		}
	}
	return false
}

func (t *freeText) write(b *strings.Builder) { b.WriteString(t.text) }
func (t *freeText) bounds(string) span       { return openSpan }

func (t *freeText) visit(fn func(string)) {
	for _, f := range t.fields {
		fn(f.Name)
	}
}
