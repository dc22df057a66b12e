package actors

import (
	"hash/maphash"
	"maps"
	"strings"
)

// userKey is an identifier: {"id", "42"}, or {"", "42"} for the value under any name.
type userKey struct{ name, value string }

// shardCount splits the users so that changing one copies little.
const shardCount = 256

// users maps identifiers to chains of actions. A copy may share shards with
// another; set must only be called on one that shares none.
type users struct {
	shards *[shardCount]map[userKey]*entry
	seed   maphash.Seed
}

func (u *users) shard(k userKey) int {
	return int(maphash.Comparable(u.seed, k) % shardCount)
}

// set changes a chain in place.
func (u *users) set(k userKey, change func(*entry) *entry) {
	if u.shards == nil {
		u.shards, u.seed = new([shardCount]map[userKey]*entry), maphash.MakeSeed()
	}
	i := u.shard(k)
	chain := change(u.shards[i][k])
	switch {
	case chain == nil:
		delete(u.shards[i], k)
	case u.shards[i] == nil:
		u.shards[i] = map[userKey]*entry{k: chain}
	default:
		u.shards[i][k] = chain
	}
}

// with returns a copy with a chain changed.
func (u users) with(k userKey, change func(*entry) *entry) users {
	if u.shards == nil {
		u.set(k, change)
		return u
	}
	shards := *u.shards
	i := u.shard(k)
	shards[i] = maps.Clone(shards[i])
	u.shards = &shards
	u.set(k, change)
	return u
}

// lookup returns the entry in force against a user with these identifiers: a
// block before a redirect, and then the one with the smallest id, so that the
// answer does not depend on the order of a map.
func (u *users) lookup(user map[string]string, now int64) *entry {
	if u.shards == nil {
		return nil
	}
	var best *entry
	for name, value := range user {
		for _, k := range [2]userKey{{"", value}, {name, value}} {
			for e := u.shards[u.shard(k)][k]; e != nil; e = e.next {
				if now < e.expires && hasAll(e.actor, user) && (best == nil || before(e, best)) {
					best = e
				}
			}
		}
	}
	return best
}

func before(a, b *entry) bool {
	if a.redirects() != b.redirects() {
		return b.redirects()
	}
	return a.id < b.id
}

// userKeys returns where an actor is filed: "42" under the value alone, "id=42"
// under the pair, and since "=" may be part of a value, under the whole as well;
// "a=1,b=2" under its first pair, and hasAll checks the others.
func userKeys(actor string) []userKey {
	pairs := pairsOf(actor)
	switch len(pairs) {
	case 0:
		return []userKey{{"", actor}}
	case 1:
		return []userKey{pairs[0], {"", actor}}
	default:
		return pairs[:1]
	}
}

// hasAll reports whether user is the actor that an entry filed under one of its
// identifiers is against.
func hasAll(actor string, user map[string]string) bool {
	pairs := pairsOf(actor)
	if len(pairs) < 2 {
		return true
	}
	for _, p := range pairs {
		if user[p.name] != p.value {
			return false
		}
	}
	return true
}

// pairsOf reads "a=1" or "a=1,b=2", and returns nil for anything else. A comma
// that begins no pair belongs to the value before it.
func pairsOf(actor string) []userKey {
	if strings.IndexByte(actor, '=') < 0 {
		return nil
	}
	var out []userKey
	for part := range strings.SplitSeq(actor, ",") {
		name, value, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		switch {
		case ok && isName(name):
			out = append(out, userKey{name, strings.TrimSpace(value)})
		case len(out) > 0:
			out[len(out)-1].value += "," + part
		default:
			return nil
		}
	}
	return out
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && s[i] != '_' && (i == 0 || (s[i] != '-' && s[i] != '.' && (s[i] < '0' || s[i] > '9'))) {
			return false
		}
	}
	return s != ""
}
