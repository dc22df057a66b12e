package queries

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// addrClasses are names for well-known ranges of addresses.
func addrClasses() map[string][]string {
	return map[string][]string{
		"loopback": {"127.0.0.0/8", "::1/128"},
		"private":  {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"},
		"v4":       {"0.0.0.0/0"},
		"v6":       {"::/0"},
	}
}

// addAddr adds an address, a prefix, a range or a class of addresses.
func (p *parser) addAddr(t *addrTest, sub subject, v value) (string, *fault) {
	if v.op != opHas {
		return "", p.noOrder(sub, v, fmt.Sprintf("write a prefix or a range: %s:10.0.0.0/8 or %s:10.0.0.1..10.0.0.9", sub.name, sub.name))
	}
	if lo, hi, ok := v.ends(); ok {
		return p.addAddrRange(t, sub, v, lo, hi)
	}
	word := strings.ToLower(v.lo.text)
	if prefixes, ok := addrClasses()[word]; ok && v.lo.parts == nil {
		for _, s := range prefixes {
			t.spans = append(t.spans, prefixSpans(netip.MustParsePrefix(s))...)
		}
		return word, nil
	}
	prefix, ok := parseAddr(v.lo.text)
	if !ok || v.lo.parts != nil {
		return "", p.notAddr(sub, v.lo)
	}
	t.spans = append(t.spans, prefixSpans(prefix)...)
	if prefix.IsSingleIP() {
		return prefix.Addr().String(), nil
	}
	return prefix.String(), nil
}

func (p *parser) addAddrRange(t *addrTest, sub subject, v value, lo, hi literal) (string, *fault) {
	from, fromOK := parseAddr(lo.text)
	to, toOK := parseAddr(hi.text)
	switch {
	case lo.missing() || hi.missing():
		return "", &fault{
			start: v.start, end: v.end, expected: "an address on both sides of ..",
			message: "a range of addresses needs both ends", hint: fmt.Sprintf("for example %s:10.0.0.1..10.0.0.9", sub.name),
		}
	case !fromOK || !from.IsSingleIP() || lo.parts != nil:
		return "", p.notAddr(sub, lo)
	case !toOK || !to.IsSingleIP() || hi.parts != nil:
		return "", p.notAddr(sub, hi)
	case to.Addr().Is4() != from.Addr().Is4():
		f := p.wrongType(sub, hi, "an address of the same family")
		f.hint = fmt.Sprintf("write one range for each: %s:(10.0.0.1..10.0.0.9,2001:db8::1..2001:db8::9)", sub.name)
		return "", f
	case to.Addr().Less(from.Addr()):
		return "", upsideDown(sub, v, from.Addr().String(), to.Addr().String())
	}
	t.spans = append(t.spans, addrSpan{newAddr(from.Addr()), newAddr(to.Addr())})
	return from.Addr().String() + ".." + to.Addr().String(), nil
}

func (p *parser) notAddr(sub subject, lit literal) *fault {
	f := p.wrongType(sub, lit, "an IP address or prefix")
	if s := prefixOfStars(lit.text); s != "" && !lit.quoted {
		f.hint = fmt.Sprintf("did you mean %s:%s?", sub.name, s)
		return f
	}
	if bare, _, zoned := strings.Cut(lit.text, "%"); zoned && isAddress(bare) {
		f.hint = fmt.Sprintf("addresses are kept without their zone; did you mean %s:%s?", sub.name, bare)
		return f
	}
	names := make([]string, 0, len(addrClasses()))
	for name := range addrClasses() {
		names = append(names, name)
	}
	slices.Sort(names)
	if near := closest(lit.text, names); near != nil {
		f.hint = didYouMean(lit.text, names)
	} else {
		f.hint += ", or one of " + some(names)
	}
	return f
}

// prefixOfStars turns 10.1.* into 10.1.0.0/16, and anything else into "".
func prefixOfStars(s string) string {
	octets := strings.Split(s, ".")
	fixed := slices.Index(octets, "*")
	if len(octets) > 4 || fixed < 1 || strings.Trim(strings.Join(octets[fixed:], ""), "*") != "" {
		return ""
	}
	full := append(slices.Clone(octets[:fixed]), "0", "0", "0", "0")[:4]
	prefix, err := netip.ParsePrefix(fmt.Sprintf("%s/%d", strings.Join(full, "."), 8*fixed))
	if err != nil {
		return ""
	}
	return prefix.String()
}

// prefixSpans returns the addresses of a masked prefix. One of IPv6 does not contain those of IPv4,
// although they are stored in the midst of it.
func prefixSpans(prefix netip.Prefix) []addrSpan {
	bits := prefix.Bits()
	if prefix.Addr().Is4() {
		bits += 96
	}
	s := addrSpan{lo: newAddr(prefix.Addr())}
	s.hi = s.lo
	if bits < 64 {
		s.hi.hi |= ^uint64(0) >> bits
		s.hi.lo = ^uint64(0)
	} else {
		s.hi.lo |= ^uint64(0) >> (bits - 64)
	}
	mapped := addrSpan{addr{0, 0xffff << 32}, addr{0, 0xffff<<32 | 0xffffffff}}
	if prefix.Addr().Is4() || mapped.lo.less(s.lo) || s.hi.less(mapped.hi) {
		return []addrSpan{s}
	}
	spans := []addrSpan{{addr{0, mapped.hi.lo + 1}, s.hi}}
	if s.lo.less(mapped.lo) {
		spans = append([]addrSpan{{s.lo, addr{0, mapped.lo.lo - 1}}}, spans...)
	}
	return spans
}
