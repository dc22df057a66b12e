package actions

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/sqreen/sqreen/localplatform"
)

// Networks larger than these are refused: 65,536 IPv4 addresses, one IPv6 site.
const (
	widestIPv4 = 16
	widestIPv6 = 32
)

// critical says why an action on addresses would probably hurt its author: "a
// loopback address, ...", or "" when it does not look like it.
func critical(a *action, own []string) string {
	if !isIP(a) {
		return ""
	}
	p, err := localplatform.ParsePrefix(a.Target)
	if err != nil {
		return ""
	}
	switch addr := p.Addr(); {
	case p.Bits() == 0:
		return "everybody"
	case addr.Is4() && p.Bits() < widestIPv4, addr.Is6() && p.Bits() < widestIPv6:
		return fmt.Sprintf("a very large network (/%d)", p.Bits())
	case addr.IsLoopback() || overlaps(p, "127.0.0.0/8", "::1/128"):
		return "a loopback address, behind which this machine's own programs are"
	case addr.IsLinkLocalUnicast() || overlaps(p, "169.254.0.0/16", "fe80::/10"):
		return "a link-local address"
	case overlaps(p, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"):
		return "private, so that a proxy or load balancer of your own may be behind it"
	case overlaps(p, "100.64.0.0/10"):
		return "shared by the customers of a provider"
	case addr.IsMulticast() || addr.IsUnspecified():
		return "no address of a client"
	case overlaps(p, own...):
		return "an address of this machine"
	}
	return ""
}

func overlaps(p netip.Prefix, others ...string) bool {
	for _, text := range others {
		o, err := localplatform.ParsePrefix(text)
		if err == nil && o.Overlaps(p) {
			return true
		}
	}
	return false
}

// overlap returns the first entry of a passlist that an action on addresses meets.
func overlap(a *action, list []string) string {
	p, err := localplatform.ParsePrefix(a.Target)
	if !isIP(a) || err != nil {
		return ""
	}
	for _, entry := range list {
		if overlaps(p, entry) {
			return entry
		}
	}
	return ""
}

// ownAddresses lists the addresses of this machine's interfaces.
func ownAddresses() ([]string, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, ip.Unmap().WithZone("").String())
			}
		}
	}
	return out, nil
}
