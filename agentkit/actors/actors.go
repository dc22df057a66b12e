// Package actors answers whether an address or a user is blocked, redirected or
// passlisted, from the instructions of the platform.
//
// A Table is read by every request and written to a few times an hour, so a
// lookup takes no lock and allocates nothing: it works on a snapshot that is
// never changed. Apply makes the next snapshot out of the last one, sharing
// all but the parts that differ, and puts it in its place in one step.
package actors

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Table holds the actions and passlists in force. Use New.
type Table struct {
	now  atomic.Pointer[snapshot]
	mu   sync.Mutex        // held by Apply
	byID map[string]*entry // every action, under mu
	sent map[string]string // the URLs of redirects by id, under mu
}

// snapshot is what lookups read. It is never changed.
type snapshot struct {
	ips   *prefixes
	users users
	pass  passlist
	count int
}

// entry is an action in 64 bytes: a million take little memory, and reading one
// misses the cache once.
type entry struct {
	id, actor string
	url       *string // of a redirect
	next      *entry  // another action against the same prefix or user
	expires   int64   // Unix microseconds; math.MaxInt64 for never
	kind      kind
}

// kind is an action's kind. Blocks come before redirects.
type kind uint8

const (
	blockIP kind = iota
	blockUser
	redirectIP
	redirectUser
)

var kindNames = [...]string{
	blockIP: wire.ActionBlockIP, blockUser: wire.ActionBlockUser,
	redirectIP: wire.ActionRedirectIP, redirectUser: wire.ActionRedirectUser,
}

// New returns an empty table.
func New() *Table {
	t := &Table{byID: map[string]*entry{}, sent: map[string]string{}}
	t.now.Store(&snapshot{ips: new(prefixes)})
	return t
}

// Len returns the number of actions held, expired ones included.
func (t *Table) Len() int { return t.now.Load().count }

// LookupIP returns the action of the longest prefix that holds ip and has one
// in force at now. An IPv4 address mapped into IPv6 is the IPv4 address.
func (t *Table) LookupIP(ip netip.Addr, now time.Time) (wire.Action, bool) {
	if e := lookupPrefix(t.now.Load().ips, ip.WithZone("").Unmap(), now.UnixMicro()); e != nil {
		return e.action(), true
	}
	return wire.Action{}, false
}

// LookupUser returns the action in force at now for a user with these
// identifiers, for example {"id": "42", "email": "ann@a.example"}. When there
// are several a block goes before a redirect.
func (t *Table) LookupUser(user map[string]string, now time.Time) (wire.Action, bool) {
	if e := t.now.Load().users.lookup(user, now.UnixMicro()); e != nil {
		return e.action(), true
	}
	return wire.Action{}, false
}

// IPPasslisted reports whether no protection may look at requests from ip.
func (t *Table) IPPasslisted(ip netip.Addr) bool {
	return t.now.Load().pass.hasIP(ip.WithZone("").Unmap())
}

// PathPasslisted reports whether no protection may look at requests for path.
// The target of a redirect is passlisted while the redirect is held, or whoever
// is sent there would be sent there again.
func (t *Table) PathPasslisted(path string) bool { return t.now.Load().pass.hasPath(path) }

// Apply brings the table up to date. An entry that is not valid costs only
// itself: it is left out and named in one of the errors. Calls wait for each
// other; lookups go on meanwhile.
func (t *Table) Apply(in wire.Instructions) []error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := &update{table: t, next: *t.now.Load()}
	if in.Full {
		u.full(in.Actions)
	} else {
		u.delta(in.Actions, in.Removed)
	}
	u.next.count = len(t.byID)
	u.passlists(in)
	t.now.Store(&u.next)
	return u.errs
}

// newEntry checks an action.
func newEntry(a wire.Action) (*entry, error) {
	e := &entry{id: a.ID, expires: math.MaxInt64}
	if target := a.URL; target != "" {
		e.url = &target
	}
	if !a.Expires.IsZero() {
		e.expires = a.Expires.UnixMicro()
	}
	switch a.Kind {
	case wire.ActionBlockIP:
		e.kind, e.actor = blockIP, a.CIDR
	case wire.ActionRedirectIP:
		e.kind, e.actor = redirectIP, a.CIDR
	case wire.ActionBlockUser:
		e.kind, e.actor = blockUser, a.User
	case wire.ActionRedirectUser:
		e.kind, e.actor = redirectUser, a.User
	default:
		return nil, fmt.Errorf("action %q: kind %q is not known to this agent", a.ID, a.Kind)
	}
	switch {
	case a.ID == "":
		return nil, fmt.Errorf("action against %q has no id", e.actor)
	case strings.TrimSpace(e.actor) == "":
		return nil, fmt.Errorf("action %q names no actor", a.ID)
	case e.redirects() && a.URL == "":
		return nil, fmt.Errorf("action %q redirects, but has no URL", a.ID)
	}
	return e, nil
}

func (e *entry) redirects() bool { return e.kind >= redirectIP }

func (e *entry) ofIP() bool { return e.kind == blockIP || e.kind == redirectIP }

// action gives the action that e was made from.
func (e *entry) action() wire.Action {
	a := wire.Action{ID: e.id, Kind: kindNames[e.kind]}
	if e.url != nil {
		a.URL = *e.url
	}
	if e.ofIP() {
		a.CIDR = e.actor
	} else {
		a.User = e.actor
	}
	if e.expires != math.MaxInt64 {
		a.Expires = time.UnixMicro(e.expires).UTC()
	}
	return a
}

// inForce returns the first entry of a chain that has not expired at now, in
// Unix microseconds.
func (e *entry) inForce(now int64) *entry {
	for ; e != nil; e = e.next {
		if now < e.expires {
			return e
		}
	}
	return nil
}

// with returns the chain with x added, blocks first, and among equals the
// newest. Chains are shared with older snapshots, so what stands before x is copied.
func (e *entry) with(x *entry) *entry {
	if e == nil {
		return x
	}
	if x.redirects() == e.redirects() || e.redirects() {
		c := *x
		c.next = e
		return &c
	}
	c := *e
	c.next = e.next.with(x)
	return &c
}

// without returns the chain without the action of that id.
func (e *entry) without(id string) *entry {
	if e == nil {
		return nil
	}
	if e.id == id {
		return e.next
	}
	rest := e.next.without(id)
	if rest == e.next {
		return e
	}
	c := *e
	c.next = rest
	return &c
}
