package incidents

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Bounds of the lists that an incident keeps. What goes over is counted under
// others.
const (
	maxActors   = 100
	maxCounts   = 30
	maxEvidence = 5
	others      = "(others)"
)

// add lets one event count in an incident.
func (f *folder) add(d *draft, h *hit) {
	e := h.event
	before := *d
	n := max(e.Weight, 1)
	d.Events += n
	d.extend(e.At)
	d.tally(e, n)
	d.actor("ip", ipText(e), e.At, n, e.Blocked)
	if e.Kind == wire.KindAttack {
		d.actor("user", e.User, e.At, n, e.Blocked)
	} else {
		d.Accounts = bump(d.Accounts, e.User, n)
	}
	if h.compromised {
		d.compromise(e.User, e.At)
	}
	d.addEvidence(e)
	d.judge(&before)
}

// tally counts what became of the event and what it was aimed at.
func (d *draft) tally(e *localplatform.Event, n int64) {
	if e.Blocked {
		d.Blocked += n
	}
	if e.Reached {
		d.Reached += n
		if !e.Blocked {
			d.Exploited += n
		}
	}
	d.Paths = bump(d.Paths, e.Path, n)
	d.Params = bump(d.Params, e.Param, n)
	d.Rules = bump(d.Rules, e.Rule, n)
}

// addWindow counts the events of a window that has become full, but not those
// up to a time, which another incident has counted.
func (f *folder) addWindow(d *draft, h *hit, since time.Time) {
	before := *d
	failed := false
	for _, e := range h.found.entries {
		if !e.at.After(since) {
			continue
		}
		d.extend(e.at)
		d.Events += e.weight
		d.actor("ip", e.ip, e.at, e.weight, false)
		d.Accounts = bump(d.Accounts, e.user, e.weight)
		d.Paths = bump(d.Paths, e.path, e.weight)
		if e.ok && failed {
			d.compromise(e.user, e.at)
		}
		failed = failed || !e.ok
	}
	d.addEvidence(h.event)
	d.judge(&before)
}

func (d *draft) extend(at time.Time) {
	if at.Before(d.FirstSeen) {
		d.FirstSeen = at
	}
	if at.After(d.LastSeen) {
		d.LastSeen = at
	}
}

func (d *draft) actor(kind, value string, at time.Time, n int64, blocked bool) {
	if value == "" {
		return
	}
	i := slices.IndexFunc(d.Actors, func(a localplatform.IncidentActor) bool { return a.Kind == kind && a.Value == value })
	if i < 0 && len(d.Actors) >= maxActors {
		kind, value = "others", others
		i = slices.IndexFunc(d.Actors, func(a localplatform.IncidentActor) bool { return a.Kind == kind })
	}
	if i < 0 {
		d.Actors = append(d.Actors, localplatform.IncidentActor{Kind: kind, Value: value, First: at})
		i = len(d.Actors) - 1
	}
	a := &d.Actors[i]
	a.Events += n
	if blocked {
		a.Blocked += n
	}
	if at.Before(a.First) {
		a.First = at
	}
	if at.After(a.Last) {
		a.Last = at
	}
}

// compromise notes an account that was logged in to amid failures.
func (d *draft) compromise(user string, at time.Time) {
	if user == "" {
		user = "an unnamed account"
	}
	d.Exploited++
	d.note(at, "compromised", fmt.Sprintf("login to %s succeeded amid failures", user))
	if !slices.Contains(d.Compromised, user) && len(d.Compromised) < maxCounts {
		d.Compromised = append(d.Compromised, user)
	}
}

func ipText(e *localplatform.Event) string {
	if !e.IP.IsValid() {
		return ""
	}
	return e.IP.String()
}

// bump adds to a value's count and keeps the list sorted, most frequent first.
func bump(list []localplatform.Count, value string, n int64) []localplatform.Count {
	if value == "" {
		return list
	}
	i := slices.IndexFunc(list, func(c localplatform.Count) bool { return c.Value == value })
	if i < 0 && len(list) >= maxCounts {
		value = others
		i = slices.IndexFunc(list, func(c localplatform.Count) bool { return c.Value == value })
	}
	if i < 0 {
		list, i = append(list, localplatform.Count{Value: value}), len(list)
	}
	list[i].Count += n
	slices.SortStableFunc(list, func(a, b localplatform.Count) int { return cmp.Compare(b.Count, a.Count) })
	return list
}

// addEvidence keeps the most telling events: those that got through first, then
// those that reached a sink, then others, each kind of request once.
func (d *draft) addEvidence(e *localplatform.Event) {
	worth := evidenceWorth(e)
	if len(d.Evidence) >= maxEvidence && worth <= d.leastEvidence() {
		return
	}
	ev := summarise(e)
	ev.Worth = worth
	same := func(o localplatform.Evidence) bool {
		return o.Param == ev.Param && o.Summary == ev.Summary && o.Worth >= worth
	}
	if slices.ContainsFunc(d.Evidence, same) {
		return
	}
	addDetail(&ev, e.Detail) // decoding is the dear part
	d.Evidence = append(d.Evidence, ev)
	slices.SortStableFunc(d.Evidence, func(a, b localplatform.Evidence) int { return cmp.Compare(b.Worth, a.Worth) })
	d.Evidence = d.Evidence[:min(len(d.Evidence), maxEvidence)]
}

func (d *draft) leastEvidence() int { return d.Evidence[len(d.Evidence)-1].Worth }

func evidenceWorth(e *localplatform.Event) int {
	switch {
	case e.Reached && !e.Blocked:
		return 3
	case e.Reached:
		return 2
	case e.Kind == wire.KindAttack:
		return 1
	}
	return 0
}

// summarise puts one event into a few words.
func summarise(e *localplatform.Event) localplatform.Evidence {
	ev := localplatform.Evidence{Pos: e.Pos, At: e.At, Request: e.Request, Param: e.Param, Blocked: e.Blocked}
	ev.Summary = strings.TrimSpace(e.Method + " " + e.Path)
	if e.Message != "" {
		ev.Summary += ": " + e.Message
	}
	return ev
}

// addDetail adds what only the whole signal tells.
func addDetail(ev *localplatform.Evidence, detail []byte) {
	var s wire.Signal
	if len(detail) == 0 || json.Unmarshal(detail, &s) != nil {
		return
	}
	if s.Attack != nil {
		ev.Payload = s.Attack.Payload
		if s.Attack.Sink != nil {
			ev.Statement = s.Attack.Sink.Statement
		}
	}
	for _, frame := range s.Stack {
		if frame.InApp {
			ev.Frame = fmt.Sprintf("%s (%s:%d)", frame.Function, frame.File, frame.Line)
			break
		}
	}
}
