package actors

import (
	"fmt"
	"net/netip"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// update is one Apply in the making.
type update struct {
	table *Table
	next  snapshot
	errs  []error
	build bool // next.ips belongs to this update alone, and is written in place
}

func (u *update) fail(err error) { u.errs = append(u.errs, err) }

// full replaces every action. The new tables are filled in place, which is much
// faster than changing shared ones.
func (u *update) full(actions []wire.Action) {
	u.table.byID, u.table.sent = make(map[string]*entry, len(actions)), map[string]string{}
	u.next.ips, u.next.users, u.build = new(prefixes), users{}, true
	for _, a := range actions {
		u.set(a)
	}
}

// delta removes and sets single actions. Beyond a part of the table it is
// cheaper to build a new one.
func (u *update) delta(actions []wire.Action, removed []string) {
	if len(actions)+len(removed) > 1000+len(u.table.byID)/4 {
		u.rebuild()
	}
	for _, id := range removed {
		u.remove(id)
	}
	for _, a := range actions {
		u.set(a)
	}
}

// rebuild copies all actions into tables of this update's own.
func (u *update) rebuild() {
	u.next.ips, u.next.users, u.build = new(prefixes), users{}, true
	for _, e := range u.table.byID {
		u.insert(e)
	}
}

// set adds an action, or replaces the one with its id.
func (u *update) set(a wire.Action) {
	e, err := newEntry(a)
	if err == nil && e.ofIP() {
		_, err = parsePrefix(e.actor)
		if err != nil {
			err = fmt.Errorf("action %q: %w", a.ID, err)
		}
	}
	if err != nil {
		u.fail(err)
		return
	}
	u.remove(a.ID)
	u.table.byID[a.ID] = e
	if e.redirects() {
		u.table.sent[e.id] = a.URL
	}
	u.insert(e)
}

func (u *update) insert(e *entry) {
	if e.ofIP() {
		u.prefix(e.actor, func(chain *entry) *entry { return chain.with(e) })
		return
	}
	for _, k := range userKeys(e.actor) {
		u.user(k, func(chain *entry) *entry { return chain.with(e) })
	}
}

func (u *update) remove(id string) {
	e := u.table.byID[id]
	if e == nil {
		return
	}
	delete(u.table.byID, id)
	delete(u.table.sent, id)
	drop := func(chain *entry) *entry { return chain.without(id) }
	if e.ofIP() {
		u.prefix(e.actor, drop)
		return
	}
	for _, k := range userKeys(e.actor) {
		u.user(k, drop)
	}
}

// prefix changes the chain of a prefix.
func (u *update) prefix(cidr string, change func(*entry) *entry) {
	p, err := parsePrefix(cidr)
	if err != nil {
		return // set has said so
	}
	modify := func(chain *entry, _ bool) (*entry, bool) {
		chain = change(chain)
		return chain, chain == nil
	}
	if u.build {
		u.next.ips.Modify(p, modify)
	} else {
		u.next.ips = u.next.ips.ModifyPersist(p, modify)
	}
}

// user changes the chain of a user key.
func (u *update) user(k userKey, change func(*entry) *entry) {
	if u.build {
		u.next.users.set(k, change)
	} else {
		u.next.users = u.next.users.with(k, change)
	}
}

// passlists takes over the passlists, which are complete in every message, and
// adds the targets of redirects.
func (u *update) passlists(in wire.Instructions) {
	p := newPasslist()
	for _, s := range in.IPPasslist {
		if err := p.addIP(s); err != nil {
			u.fail(fmt.Errorf("IP passlist: %w", err))
		}
	}
	for _, s := range in.PathPasslist {
		if err := p.addPath(s); err != nil {
			u.fail(fmt.Errorf("path passlist: %w", err))
		}
	}
	for _, target := range u.table.sent {
		p.addTarget(target)
	}
	u.next.pass = p
}

// parsePrefix reads an address or a CIDR. Bits beyond the prefix are dropped, and
// IPv4 mapped into IPv6 becomes IPv4.
func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		addr = addr.WithZone("").Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address and no CIDR such as 203.0.113.0/24", s)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}
