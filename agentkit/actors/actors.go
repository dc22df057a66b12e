// Package actors answers whether an address or a user is blocked, redirected or
// passlisted, from the instructions of the platform.
package actors

import (
	"net/netip"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Table holds the actions and passlists in force. Lookups take no lock and may
// run while Apply does.
type Table struct{}

// New returns an empty table.
func New() *Table { return &Table{} }

// Apply brings the table up to date. An entry that is not valid costs only
// itself: it is left out and named in the errors.
func (t *Table) Apply(in wire.Instructions) []error { return nil }

// LookupIP returns the action of the longest prefix that holds ip and has not
// expired at now.
func (t *Table) LookupIP(ip netip.Addr, now time.Time) (wire.Action, bool) {
	return wire.Action{}, false
}

// LookupUser returns the action for a user's identifiers.
func (t *Table) LookupUser(user map[string]string, now time.Time) (wire.Action, bool) {
	return wire.Action{}, false
}

// IPPasslisted reports whether no protection may look at requests from ip.
func (t *Table) IPPasslisted(ip netip.Addr) bool { return false }

// PathPasslisted reports whether no protection may look at requests for path.
func (t *Table) PathPasslisted(path string) bool { return false }

// Len returns the number of actions held, expired ones included.
func (t *Table) Len() int { return 0 }
