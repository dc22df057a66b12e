package incidents

import (
	"slices"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// key says which events belong together.
type key struct {
	app, env, kind string
	actorKind      string // "ip", "user", or "" when the incident has many actors
	actor          string
}

// hit is an event that matters to an incident.
type hit struct {
	key         key
	event       *localplatform.Event
	found       *summary // the window that has just become full; nil for an event that counts by itself
	windowed    bool     // without found, the event may join an incident but not open one
	compromised bool     // a login succeeded in the midst of failures
}

// classify observes an event and says to which incidents it matters. Events
// must be given in order, each once.
func (d *Detector) classify(e *localplatform.Event) []hit {
	var hits []hit
	for _, w := range d.windows.observe(e) {
		if h, ok := d.windowHit(w, e); ok {
			hits = append(hits, h)
		}
	}
	if e.Kind == wire.KindAttack && !isProbe(e.Attack) {
		hits = append(hits, hit{key: attackKey(e), event: e})
	}
	return hits
}

// attackKey groups an attack by its address, or by its user when no address is
// known.
func attackKey(e *localplatform.Event) key {
	k := key{app: e.App, env: e.Env, kind: e.Attack}
	if k.kind == "" {
		k.kind = wire.AttackOther
	}
	switch {
	case e.IP.IsValid():
		k.actorKind, k.actor = "ip", e.IP.String()
	case e.User != "":
		k.actorKind, k.actor = "user", e.User
	}
	return k
}

// windowHit says what one window makes of an event it has just taken in.
func (d *Detector) windowHit(w *window, e *localplatform.Event) (hit, bool) {
	for _, k := range windowIncidents(w.key) {
		if _, live := d.byKey[k]; live {
			return hit{key: k, event: e, windowed: true, compromised: e.Name == wire.NameLoginSuccess}, true
		}
	}
	if e.Name == wire.NameLoginSuccess {
		return hit{}, false
	}
	least, missing := d.threshold(w.key.what)
	s, ok := w.full(e.At, d.opt.Limits.Window, least, missing)
	if !ok {
		return hit{}, false
	}
	s.entries = slices.Clone(s.entries)
	k := d.windowIncident(w.key, s)
	d.byKey[k] = liveRef{pending, e.At}
	return hit{key: k, event: e, found: &s, windowed: true}, true
}

// pending stands in byKey for an incident that is about to be opened.
const pending = -1

// threshold says how much fills a window: the least weight, and how many
// entries are missing at the least besides.
func (d *Detector) threshold(what string) (least int64, missing func(summary) int) {
	l := d.opt.Limits
	switch what {
	case failApp:
		return l.SpreadFailures, func(s summary) int { return max(l.SpreadAccounts-s.users, l.SpreadAddresses-s.ips, 0) }
	case pathsOf:
		return int64(l.ScannedPaths), func(s summary) int { return max(l.ScannedPaths-s.paths, 0) }
	case probesOf:
		return l.ScannerMatches, func(summary) int { return 0 }
	}
	return l.LoginFailures, func(summary) int { return 0 }
}

// windowIncidents lists the incidents that a window's events may join.
func windowIncidents(w windowKey) []key {
	k := func(kind, actorKind string) key {
		return key{app: w.app, env: w.env, kind: kind, actorKind: actorKind, actor: w.of}
	}
	switch w.what {
	case failIP:
		return []key{k(localplatform.IncidentCredentialStuffing, "ip"), k(localplatform.IncidentBruteForce, "ip")}
	case failUser:
		return []key{k(localplatform.IncidentBruteForce, "user")}
	case failApp:
		return []key{k(localplatform.IncidentCredentialStuffing, "")}
	}
	return []key{k(localplatform.IncidentScan, "ip")}
}

// windowIncident names the incident that a full window opens.
func (d *Detector) windowIncident(w windowKey, s summary) key {
	candidates := windowIncidents(w)
	if w.what == failIP && s.users < d.opt.Limits.StuffedAccounts {
		return candidates[1]
	}
	return candidates[0]
}
