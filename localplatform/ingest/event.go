package ingest

import (
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Bounds of what is taken from a signal.
const (
	maxAhead  = time.Minute         // a clock may be this much ahead of ours
	maxBehind = 30 * 24 * time.Hour // and an agent may have kept a signal this long
	maxWeight = 1_000_000           // facts that one signal may stand for
	maxColumn = 2 << 10             // bytes of a text that is searched; the detail keeps all of it
	minStatus = 100                 // of HTTP
	maxStatus = 999
)

// names lists which names each kind of signal may have. The first one is meant
// when the name is empty. Custom events are free but for wire.ReservedPrefix.
func names(kind string) []string {
	switch kind {
	case wire.KindAttack:
		return []string{wire.NameAttack}
	case wire.KindUser:
		return []string{"", wire.NameLoginSuccess, wire.NameLoginFailure, wire.NameSignup, wire.NameIdentify}
	case wire.KindAction:
		return []string{"", wire.NameBlockIP, wire.NameBlockUser, wire.NameRedirectIP, wire.NameRedirectUser}
	case wire.KindHTTPError:
		return []string{"", wire.NameNotFound, wire.NameServerError}
	case wire.KindException:
		return []string{wire.NameException}
	}
	return nil
}

// adjustments says what was changed in a signal that was stored.
type adjustments struct {
	ahead   bool // its time was in the future
	behind  bool // its time was too long ago
	clipped int  // texts cut to maxColumn
}

// translate makes an event of one signal that arrived at a time. The event
// shares nothing with raw but Detail.
func translate(d *decoder, raw []byte, now time.Time) (localplatform.Event, adjustments, error) {
	raw = repair(raw)
	f, err := d.decode(raw)
	if err != nil {
		return localplatform.Event{}, adjustments{}, err
	}
	return f.event(raw, now)
}

// event checks what the facts say and makes an event of them.
func (f *facts) event(raw []byte, now time.Time) (localplatform.Event, adjustments, error) {
	var adj adjustments
	name, err := f.checkName()
	if err != nil {
		return localplatform.Event{}, adj, err
	}
	at, err := f.checkTime(now, &adj)
	if err != nil {
		return localplatform.Event{}, adj, err
	}
	ip, err := f.checkIP()
	if err != nil {
		return localplatform.Event{}, adj, err
	}
	if err := f.checkNumbers(); err != nil {
		return localplatform.Event{}, adj, err
	}
	severity, err := f.checkAttack()
	if err != nil {
		return localplatform.Event{}, adj, err
	}
	e := localplatform.Event{
		At: at, Kind: f.kind, Name: name, IP: ip, Severity: severity,
		Blocked: f.requestBlocked || f.hasAttack && f.attackBlocked || f.kind == wire.KindAction,
		User:    adj.clip(userID(f.user)),
		Method:  adj.clip(f.method), Path: adj.clip(f.path), Route: adj.clip(f.route), Host: adj.clip(f.host),
		UserAgent: adj.clip(f.userAgent), Request: adj.clip(f.request),
		Status: int(f.status), Weight: max(f.weight, 1), Detail: raw,
	}
	if f.kind == wire.KindAttack {
		e.Attack, e.Protection, e.Rule, e.Reached = f.attack, f.protection, adj.clip(f.rule), f.reached
		e.Param, e.Message = adj.clip(f.param), adj.clip(f.message)
	}
	return e, adj, nil
}

// checkName checks kind and name, and that what belongs to the kind is there.
func (f *facts) checkName() (string, error) {
	if f.kind == "" {
		return "", refuse(className, "kind: missing")
	}
	if f.kind == wire.KindEvent {
		return f.name, checkEventName(f.name)
	}
	allowed := names(f.kind)
	switch {
	case allowed == nil:
		return "", refuse(className, "kind: unknown")
	case f.name == "" && allowed[0] != "":
		return allowed[0], nil
	case f.name == "" || !slices.Contains(allowed, f.name):
		return "", refuse(className, "name: not one of %s signals", f.kind)
	case f.kind == wire.KindAttack && !f.hasAttack:
		return "", refuse(classField, "attack: missing")
	case f.kind == wire.KindAction && (!f.hasAction || f.action == ""):
		return "", refuse(classField, "action.id: missing")
	}
	return f.name, nil
}

// checkEventName checks the name of a custom event.
func checkEventName(name string) error {
	if err := checkWord("name", name); err != nil {
		return err
	}
	if len(name) >= len(wire.ReservedPrefix) && strings.EqualFold(name[:len(wire.ReservedPrefix)], wire.ReservedPrefix) {
		return refuse(className, "name: %s* is reserved", wire.ReservedPrefix)
	}
	return nil
}

// checkWord checks a short text that people will read and type.
func checkWord(what, text string) error {
	switch {
	case text == "":
		return refuse(className, "%s: missing", what)
	case len(text) > wire.MaxNameBytes:
		return refuse(classSize, "%s: longer than %d bytes", what, wire.MaxNameBytes)
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return refuse(className, "%s: must be printable", what)
	}
	return nil
}

func (f *facts) checkTime(now time.Time, adj *adjustments) (time.Time, error) {
	if f.time == "" {
		return time.Time{}, refuse(classField, "time: missing")
	}
	var at time.Time
	if err := at.UnmarshalText([]byte(f.time)); err != nil {
		return time.Time{}, refuse(classField, "time: must look like 2026-11-20T13:45:07.123456Z")
	}
	adj.ahead = at.After(now.Add(maxAhead))
	adj.behind = at.Before(now.Add(-maxBehind))
	if adj.ahead || adj.behind {
		at = now
	}
	return at.UTC().Truncate(time.Microsecond), nil
}

func (f *facts) checkIP() (netip.Addr, error) {
	if f.ip == "" {
		return netip.Addr{}, nil
	}
	ip, err := netip.ParseAddr(f.ip)
	if err != nil {
		return netip.Addr{}, refuse(classField, "ip: not an address")
	}
	return ip.Unmap().WithZone(""), nil
}

func (f *facts) checkNumbers() error {
	if f.weight < 0 || f.weight > maxWeight {
		return refuse(classField, "weight: not between 0 and %d", maxWeight)
	}
	if f.status != 0 && (f.status < minStatus || f.status > maxStatus) {
		return refuse(classField, "request.status: not an HTTP status")
	}
	return nil
}

// checkAttack checks what only attacks have and finds their severity. Without
// one from the agent, an input that reached a sink is high and a match is medium.
func (f *facts) checkAttack() (localplatform.Severity, error) {
	if f.kind != wire.KindAttack {
		return localplatform.SeverityNone, nil
	}
	if err := checkWord("attack.kind", f.attack); err != nil {
		return "", err
	}
	if err := checkWord("attack.protection", f.protection); err != nil {
		return "", err
	}
	if f.severity != "" {
		s := localplatform.Severity(f.severity)
		if s.Rank() == 0 {
			return "", refuse(classField, "attack.severity: must be low, medium or high")
		}
		return s, nil
	}
	if f.reached {
		return localplatform.SeverityHigh, nil
	}
	return localplatform.SeverityMedium, nil
}

// userID is localplatform.UserID without the map.
func userID(ids []identifier) string {
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return ids[0].value
	}
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = id.key + "=" + id.value
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// clip cuts a text to what is searched, at the start of a character, and
// replaces NUL, at which SQL functions stop.
func (a *adjustments) clip(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	if len(s) > maxColumn {
		a.clipped++
	}
	return bound(s, maxColumn)
}

// bound cuts a text to at most so many bytes, at the start of a character.
func bound(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
