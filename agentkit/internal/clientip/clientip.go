// Package clientip finds the address that a request really came from.
//
// Anybody can write anything into X-Forwarded-For, so the header counts only as
// far as it was written by proxies that the operator trusts. Each of them
// appends the address that it saw. Read from the right, the first address that is
// no trusted proxy is the client; everything left of it is hearsay. Without
// trusted proxies the client is the other end of the connection.
package clientip

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Resolver finds client addresses. Its zero value trusts nobody.
type Resolver struct {
	trusted  []netip.Prefix
	sockets  bool // a peer without address, on a Unix socket, is a trusted proxy
	header   string
	explicit bool
}

// New returns a Resolver that trusts the given proxies: addresses, CIDRs,
// "loopback", "private" for the private networks, and "unix" for peers on a Unix
// socket. Header is the header that they write: "X-Forwarded-For", "Forwarded",
// or another one that holds an address, such as "X-Real-IP". When it is empty,
// X-Forwarded-For counts, and Forwarded if there is none. An entry that is not
// valid costs only itself: it is named in the error, and trusted is smaller.
func New(proxies []string, header string) (*Resolver, error) {
	r := &Resolver{header: http.CanonicalHeaderKey(strings.TrimSpace(header))}
	r.explicit = r.header != ""
	var errs []error
	for _, p := range proxies {
		if err := r.trust(strings.TrimSpace(p)); err != nil {
			errs = append(errs, err)
		}
	}
	return r, errors.Join(errs...)
}

// namedNetworks are the words that stand for well-known networks.
var namedNetworks = map[string][]string{
	"loopback": {"127.0.0.0/8", "::1/128"},
	"private":  {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10"},
}

func (r *Resolver) trust(proxy string) error {
	if proxy == "" {
		return nil
	}
	if proxy == "unix" {
		r.sockets = true
		return nil
	}
	if list, ok := namedNetworks[proxy]; ok {
		for _, cidr := range list {
			r.trusted = append(r.trusted, netip.MustParsePrefix(cidr))
		}
		return nil
	}
	if prefix, err := netip.ParsePrefix(proxy); err == nil {
		if prefix.Addr().Is4In6() {
			return fmt.Errorf("trusted proxy %q: write the IPv4 form of the network", proxy)
		}
		r.trusted = append(r.trusted, prefix.Masked())
		return nil
	}
	addr, err := netip.ParseAddr(proxy)
	if err != nil {
		return fmt.Errorf("trusted proxy %q: want an address, a CIDR such as 10.0.0.0/8, or one of loopback, private, unix", proxy)
	}
	addr = addr.Unmap().WithZone("")
	r.trusted = append(r.trusted, netip.PrefixFrom(addr, addr.BitLen()))
	return nil
}

// trusts reports whether addr is a proxy that tells the truth.
func (r *Resolver) trusts(addr netip.Addr) bool {
	for _, p := range r.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// Client returns the address that a request came from, given the other end of
// its connection and its headers. It is invalid when nothing trustworthy tells.
func (r *Resolver) Client(remote string, h http.Header) netip.Addr {
	peer, isAddr := Parse(remote)
	if len(r.trusted) == 0 && !r.sockets {
		return peer
	}
	if isAddr && !r.trusts(peer) || !isAddr && !r.sockets {
		return peer
	}
	switch {
	case r.header == "Forwarded":
		return r.walk(peer, h["Forwarded"], forwardedFor)
	case r.explicit:
		return r.walk(peer, h[r.header], plain)
	case len(h["X-Forwarded-For"]) > 0:
		return r.walk(peer, h["X-Forwarded-For"], plain)
	}
	return r.walk(peer, h["Forwarded"], forwardedFor)
}

// walk reads a list of hops from the right. A hop that names no address ends
// the chain: who stands left of it cannot be known.
func (r *Resolver) walk(client netip.Addr, values []string, hop func(string) string) netip.Addr {
	for i := len(values) - 1; i >= 0; i-- {
		rest := values[i]
		for more := true; more; {
			var item string
			rest, item, more = cutLast(rest)
			addr, ok := Parse(hop(item))
			if !ok {
				return client
			}
			client = addr
			if !r.trusts(addr) {
				return client
			}
		}
	}
	return client
}

// cutLast takes the last element off a comma-separated list. Commas inside
// quotes do not occur in valid hops, and an invalid hop ends the walk.
func cutLast(list string) (rest, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

func plain(hop string) string { return hop }

// forwardedFor returns the node of a hop's "for" parameter; see RFC 7239.
func forwardedFor(hop string) string {
	for hop != "" {
		var pair string
		pair, hop, _ = strings.Cut(hop, ";")
		name, value, ok := strings.Cut(pair, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "for") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

// Parse reads an address as it is written in headers and in
// http.Request.RemoteAddr: with or without a port, brackets and a zone. An
// IPv4 address in IPv6 form becomes plain IPv4.
func Parse(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return netip.Addr{}, false
	}
	if s[0] == '[' {
		end := strings.IndexByte(s, ']')
		if end < 0 || !validPort(s[end+1:]) {
			return netip.Addr{}, false
		}
		addr, ok := parseAddr(s[1:end])
		return addr, ok && addr.Is6() || ok && strings.Contains(s[1:end], ":")
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.IndexByte(s, ':') == i { // IPv4 with a port
		if !validPort(s[i:]) {
			return netip.Addr{}, false
		}
		s = s[:i]
	}
	return parseAddr(s)
}

func parseAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}

// validPort reports whether s is nothing or a colon and a port. RFC 7239 lets
// proxies write a made-up port that begins with an underscore.
func validPort(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != ':' || len(s) == 1 {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if (c < '0' || c > '9') && s[1] != '_' {
			return false
		}
	}
	return true
}
