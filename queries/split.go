package queries

import (
	"net/netip"
	"slices"
	"time"
)

// The methods below take a query apart for stores that know more about some fields than about others:
// sums per minute, an index in memory, a partition by time.

// On returns what the query says of the given fields alone: a filter that holds whenever f does and
// looks at no other field. exact reports that nothing was lost, so that the two are equivalent.
func (f *Filter) On(fields ...string) (on *Filter, exact bool) {
	root, exact := project(f.root, fields)
	return newFilter(root), exact
}

// project returns the strongest node implied by n that looks at fields only.
func project(n node, fields []string) (node, bool) {
	switch n := n.(type) {
	case *all:
		var kids []node
		exact := true
		for _, k := range n.kids {
			p, same := project(k, fields)
			exact = exact && same
			if _, open := p.(everything); !open {
				kids = append(kids, p)
			}
		}
		if len(kids) == 0 {
			return everything{}, exact
		}
		return allOf(kids), exact
	case *either:
		kids := make([]node, len(n.kids))
		exact := true
		for i, k := range n.kids {
			p, same := project(k, fields)
			exact = exact && same
			if _, open := p.(everything); open {
				return everything{}, exact && same
			}
			kids[i] = p
		}
		return anyOf(kids), exact
	}
	within := true
	n.visit(func(field string) { within = within && slices.Contains(fields, field) })
	if !within {
		return everything{}, false
	}
	return n, true
}

// Between takes the conditions that limit a Time field to one range out of the query: f holds exactly
// when rest does and the field's value lies from from to to, the end exclusive. Zero times are open ends.
// rest may still look at the field. A record without a value of the field matches only when both ends are open.
func (f *Filter) Between(field string) (rest *Filter, from, to time.Time) {
	kids := []node{f.root}
	if a, ok := f.root.(*all); ok {
		kids = a.kids
	}
	s := openSpan
	var others []node
	for _, k := range kids {
		if t, ok := k.(*fieldTerm); ok && t.isRange(field) {
			s = s.intersect(t.bounds(field))
		} else {
			others = append(others, k)
		}
	}
	if len(others) == 0 {
		others = []node{everything{}}
	}
	from, to = s.times()
	return newFilter(allOf(others)), from, to
}

// isRange reports whether a term is one range of a Time field.
func (t *fieldTerm) isRange(field string) bool {
	ints, ok := t.test.(*intTest)
	return ok && t.field.Name == field && t.field.Type == Time && !t.field.Multi && len(ints.spans) == 1
}

// times returns a span as bounds, the end exclusive.
func (s span) times() (from, to time.Time) {
	if s.lo != openLow {
		from = time.UnixMicro(s.lo).UTC()
	}
	if s.hi != openHigh {
		to = time.UnixMicro(s.hi).Add(time.Microsecond).UTC()
	}
	return from, to
}

// OneOf returns texts, in lower case, of which a Text or Enum field must have one for the query to match,
// compared without regard to the case of ASCII letters. ok is false when the query does not say so.
func (f *Filter) OneOf(field string) (words []string, ok bool) {
	for _, k := range conjuncts(f.root) {
		t, isTerm := k.(*fieldTerm)
		if !isTerm || t.field.Name != field || t.field.Multi || t.dyn != nil {
			continue
		}
		if text, isText := t.test.(*textTest); isText && len(text.patterns) == 0 && (!ok || len(text.words) < len(words)) {
			words, ok = slices.Clone(text.words), true
		}
	}
	return words, ok
}

// AddrRange is a range of addresses with both ends inside, those of IPv4 in their place as IPv6.
type AddrRange struct{ From, To netip.Addr }

// Addrs returns ranges of which one must hold an IP field's value for the query to match. ok is false
// when the query does not say so.
func (f *Filter) Addrs(field string) (ranges []AddrRange, ok bool) {
	for _, k := range conjuncts(f.root) {
		t, isTerm := k.(*fieldTerm)
		if !isTerm || t.field.Name != field || t.field.Multi {
			continue
		}
		addrs, isAddr := t.test.(*addrTest)
		if !isAddr || ok && len(addrs.spans) >= len(ranges) {
			continue
		}
		ranges, ok = nil, true
		for _, s := range addrs.spans {
			ranges = append(ranges, AddrRange{netip.AddrFrom16([16]byte(s.lo.bytes())), netip.AddrFrom16([16]byte(s.hi.bytes()))})
		}
	}
	return ranges, ok
}

func conjuncts(n node) []node {
	if a, ok := n.(*all); ok {
		return a.kids
	}
	return []node{n}
}
