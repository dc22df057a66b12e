package incidents

import (
	"errors"
	"fmt"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// folder applies hits to incidents inside one transaction. Each incident is
// read once and written once.
type folder struct {
	d     *Detector
	tx    localplatform.ControlTx
	now   time.Time
	cache map[key]*draft
	order []*draft
	live  map[key]*localplatform.Incident // as the transaction found them; nil until needed
}

// draft is an incident being changed.
type draft struct {
	localplatform.Incident
	timeline []localplatform.TimelineEntry
	key      key
}

func newFolder(d *Detector, tx localplatform.ControlTx) *folder {
	return &folder{d: d, tx: tx, now: d.opt.Now().UTC(), cache: map[key]*draft{}}
}

// fold lets one hit join or open its incident.
func (f *folder) fold(h *hit) error {
	d, err := f.find(h)
	if err != nil {
		return err
	}
	switch {
	case d != nil && h.found != nil:
		f.addWindow(d, h, d.LastSeen)
	case d != nil:
		f.add(d, h)
	case h.found != nil || !h.windowed:
		return f.open(h)
	default:
		delete(f.d.byKey, h.key) // closed meanwhile: the window decides anew
	}
	return nil
}

// find returns the incident a hit joins, or nil. An incident that has been
// quiet for longer than the gap is not joined any more.
func (f *folder) find(h *hit) (*draft, error) {
	for _, k := range []key{h.key, f.shared(h.key)} {
		d, err := f.lookup(k)
		if err != nil {
			return nil, err
		}
		if d != nil && f.joins(d, h.event.At) {
			return d, nil
		}
	}
	return nil, nil //nolint:nilnil // no incident is an answer, not an error
}

// shared is the incident of many actors of the same kind.
func (f *folder) shared(k key) key {
	k.actorKind, k.actor = "", ""
	return k
}

func (f *folder) joins(d *draft, at time.Time) bool {
	gap := f.d.opt.Gap
	return d.State == localplatform.StateIgnored || (d.Live() && at.Sub(d.LastSeen) <= gap && d.FirstSeen.Sub(at) <= gap)
}

// lookup reads the live incident of a key, from what this transaction has
// already read, from the known ids, or by searching for one that was opened
// again.
func (f *folder) lookup(k key) (*draft, error) {
	if d, ok := f.cache[k]; ok {
		return d, nil
	}
	var found *localplatform.Incident
	if ref := f.d.byKey[k]; ref.id > 0 {
		i, err := f.tx.Incident(ref.id)
		if err != nil && localplatform.ErrorCode(err) != localplatform.CodeNotFound {
			return nil, err
		}
		if err == nil {
			found = &i
		}
	}
	if found == nil || !(found.Live() || found.State == localplatform.StateIgnored) {
		i, err := f.search(k)
		if err != nil {
			return nil, err
		}
		found = i
	}
	return f.remember(k, found), nil
}

func (f *folder) remember(k key, i *localplatform.Incident) *draft {
	if i == nil {
		if f.d.byKey[k].id != pending {
			delete(f.d.byKey, k)
		}
		f.cache[k] = nil
		return nil
	}
	d := &draft{Incident: *i, key: k}
	f.cache[k], f.d.byKey[k] = d, liveRef{i.ID, i.LastSeen}
	f.order = append(f.order, d)
	return d
}

// search finds the latest incident of a key that still takes attacks in. All
// such incidents are read, once for a transaction: an attack from ever new
// addresses would otherwise cost a search for each.
func (f *folder) search(k key) (*localplatform.Incident, error) {
	if f.live == nil {
		list, err := f.tx.LiveIncidents()
		if err != nil {
			return nil, err
		}
		f.live = make(map[key]*localplatform.Incident, len(list))
		for i := range list {
			at := keyOf(&list[i])
			if old := f.live[at]; old == nil || old.LastSeen.Before(list[i].LastSeen) {
				f.live[at] = &list[i]
			}
		}
	}
	return f.live[k], nil
}

// keyOf tells the key an incident was opened for: its first actor, or none when
// it was opened for many.
func keyOf(i *localplatform.Incident) key {
	k := key{app: i.App, env: i.Env, kind: i.Kind}
	if len(i.Actors) > 0 && !i.Shared {
		k.actorKind, k.actor = i.Actors[0].Kind, i.Actors[0].Value
	}
	return k
}

// open makes a new incident of a hit.
func (f *folder) open(h *hit) error {
	k := h.key
	if f.crowded(k, h.event.At) {
		k = f.shared(k)
	}
	d := &draft{key: k, Incident: localplatform.Incident{
		App: k.app, Env: k.env, Kind: k.kind, State: localplatform.StateOpen, Created: f.now, Updated: f.now,
		FirstSeen: h.event.At, LastSeen: h.event.At, Shared: k.actor == "",
	}}
	if k.actor != "" {
		d.Actors = []localplatform.IncidentActor{{Kind: k.actorKind, Value: k.actor, First: h.event.At, Last: h.event.At}}
	}
	if k != h.key {
		delete(f.d.byKey, h.key)
	}
	f.cache[k] = d
	f.order = append(f.order, d)
	if h.found == nil {
		f.add(d, h)
	} else {
		since, err := f.lastClosed(k)
		if err != nil {
			return err
		}
		f.addWindow(d, h, since)
	}
	d.describe()
	d.note(d.FirstSeen, "opened", "opened: "+d.Title)
	return f.put(d) // at once, so that it has an id
}

// crowded says whether so many incidents of a kind are going on that the next
// actors share one: an attack from thousands of addresses must not open
// thousands of incidents. On its way it forgets incidents long quiet.
func (f *folder) crowded(k key, at time.Time) bool {
	n := 0
	for other, ref := range f.d.byKey {
		quiet := at.Sub(ref.last)
		if quiet > 2*f.d.opt.Gap {
			delete(f.d.byKey, other)
		}
		if quiet <= f.d.opt.Gap && other.app == k.app && other.env == k.env && other.kind == k.kind {
			n++
		}
	}
	return n > f.d.opt.Limits.DistributedAbove
}

// lastClosed is the time up to which events of a key have been counted in an
// incident that is closed.
func (f *folder) lastClosed(k key) (time.Time, error) {
	text := fmt.Sprintf("app:%s env:%s kind:%s state:resolved", quote(k.app), quote(k.env), quote(k.kind))
	filter, err := queries.Compile(text, f.d.schema, f.now)
	if err != nil {
		return time.Time{}, fmt.Errorf("search incidents by %q: %w", text, err)
	}
	page, _, err := f.tx.Incidents(filter, localplatform.IncidentQuery{Limit: 200, Sort: "last"})
	for i := range page {
		if keyOf(&page[i]) == k {
			return page[i].LastSeen, err
		}
	}
	return time.Time{}, err
}

// flush writes what changed.
func (f *folder) flush() error {
	var errs []error
	for _, d := range f.order {
		errs = append(errs, f.put(d))
	}
	return errors.Join(errs...)
}

func (f *folder) put(d *draft) error {
	d.Updated = f.now
	d.describe()
	if err := f.tx.PutIncident(&d.Incident); err != nil {
		return err
	}
	f.d.byKey[d.key] = liveRef{d.ID, d.LastSeen}
	for _, e := range d.timeline {
		if err := f.tx.AddTimeline(d.ID, e); err != nil {
			return err
		}
	}
	d.timeline = nil
	return nil
}

func (d *draft) note(at time.Time, what, text string) {
	d.timeline = append(d.timeline, localplatform.TimelineEntry{At: at, By: detectorName, What: what, Text: text})
}

// quote makes a value safe to write into a query.
func quote(s string) string {
	out := make([]rune, 0, len(s)+2)
	out = append(out, '"')
	for _, r := range s {
		if r == '"' || r == '\\' || r == '*' {
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(append(out, '"'))
}

// eventsQuery lists the events of an incident.
func eventsQuery(d *draft) string {
	q := fmt.Sprintf("app:%s env:%s", bare(d.App), bare(d.Env))
	switch d.Kind {
	case localplatform.IncidentBruteForce, localplatform.IncidentCredentialStuffing, localplatform.IncidentTakeover:
		q += " name:app.sqreen.users.login.*"
	case localplatform.IncidentScan:
		q += " (name:app.sqreen.http.not_found OR attack:(scanner,sensitive_file))"
	default:
		q += " attack:" + bare(d.Kind)
	}
	switch d.key.actorKind {
	case "ip":
		q += " ip:" + d.key.actor
	case "user":
		q += " user:" + bare(d.key.actor)
	}
	const micro = "2006-01-02T15:04:05.000000Z"
	return q + " at:" + d.FirstSeen.UTC().Format(micro) + ".." + d.LastSeen.UTC().Format(micro)
}

// bare leaves plain words unquoted, as a person would write them.
func bare(s string) string {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '@') {
			return quote(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}
