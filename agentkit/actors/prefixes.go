package actors

import (
	"net/netip"

	"github.com/gaissmai/bart"
)

// prefixes maps prefixes of both families to chains of actions. Fast takes a
// third more memory than bart's other table and a third less time.
type prefixes = bart.Fast[*entry]

// lookupPrefix returns the entry in force at the longest prefix that holds ip. A
// longer one whose actions have all expired does not hide a shorter one.
func lookupPrefix(t *prefixes, ip netip.Addr, now int64) *entry {
	chain, ok := t.Lookup(ip)
	if !ok {
		return nil
	}
	if e := chain.inForce(now); e != nil {
		return e
	}
	for _, shorter := range t.Supernets(netip.PrefixFrom(ip, ip.BitLen())) {
		if e := shorter.inForce(now); e != nil {
			return e
		}
	}
	return nil
}

// passlist is what no protection looks at.
type passlist struct {
	ips      *bart.Lite
	paths    map[string]bool
	prefixes []string
}

func newPasslist() passlist { return passlist{ips: new(bart.Lite), paths: map[string]bool{}} }

func (p *passlist) hasIP(ip netip.Addr) bool { return p.ips != nil && p.ips.Contains(ip) }

func (p *passlist) addIP(s string) error {
	prefix, err := parsePrefix(s)
	if err != nil {
		return err
	}
	p.ips.Insert(prefix)
	return nil
}
