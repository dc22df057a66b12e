package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

// incidentDetail is one incident with everything about it.
type incidentDetail struct {
	open     bool
	incident localplatform.Incident
	err      error
	full     bool // the timeline is there
	scroll   int
	height   int
	lines    []string
	madeFor  detailKey
}

// incidentCmd asks for the open incident. again is for one that may be shown already.
func (p *incidentsPage) incidentCmd(again bool) tea.Cmd {
	if !p.detail.open || (p.detail.full && !again) {
		return nil
	}
	id := p.detail.incident.ID
	return ask(p.src, slotIncident, func(ctx context.Context, pf localplatform.Platform) (localplatform.Incident, error) {
		return pf.Incident(ctx, id)
	}, func(t ticket, in localplatform.Incident, err error) tea.Msg { return incidentLoadedMsg{t, in, err} })
}

func (d *incidentDetail) loaded(msg incidentLoadedMsg) {
	if d.err = msg.err; msg.err == nil {
		d.incident, d.full = msg.incident, true
	}
	d.lines = nil
}

func (d *incidentDetail) scrollKey(c command) bool {
	switch c {
	case cmdTop:
		d.scroll = 0
		return true
	case cmdBottom:
		d.scroll = len(d.lines)
		return true
	case cmdScrollDown:
		d.scroll++
		return true
	case cmdScrollUp:
		d.scroll--
		return true
	}
	n, ok := rowsOf(c, d.height)
	d.scroll += n
	return ok
}

func (d *incidentDetail) view(c *canvas, st *styles, p *incidentsPage) {
	if key := (detailKey{d.incident.ID, c.w, true, st}); d.lines == nil || d.madeFor != key {
		d.lines, d.madeFor = d.describe(c.w, st, p), key
	}
	d.height = c.h
	d.scroll = max(0, min(d.scroll, len(d.lines)-d.height))
	for _, l := range d.lines[d.scroll:min(d.scroll+d.height, len(d.lines))] {
		c.raw(styled(l, c.w))
	}
	c.fill(c.h)
}

// describe writes the incident down, what to do before what happened.
func (d *incidentDetail) describe(w int, st *styles, p *incidentsPage) []string {
	in, doc := &d.incident, &document{st: st, w: w, wrap: true}
	loc := p.now().Location()
	doc.heading(fmt.Sprintf("#%d %s", in.ID, in.Title))
	if d.err != nil {
		doc.text(st.bad, failure(d.err).String())
	}
	doc.summary(in, loc, p.now(), p.keys)
	doc.advice(in)
	doc.evidence(in.Evidence, loc)
	doc.actors(in, loc, p.keys)
	doc.counts("Accounts", in.Accounts)
	doc.counts("Paths", in.Paths)
	doc.counts("Inputs", in.Params)
	doc.counts("Rules", in.Rules)
	doc.timeline(in.Timeline, loc)
	if !d.full && d.err == nil {
		doc.text(st.dim, "loading \u2026")
	}
	return doc.lines
}

func (d *document) summary(in *localplatform.Incident, loc *time.Location, now time.Time, keys *keyMap) {
	d.styledPair(severityToken(d.st, in.Severity), "severity", string(in.Severity))
	state := string(in.State)
	if in.State == localplatform.StateSnoozed {
		state += " until " + in.SnoozedUntil.In(loc).Format("01-02 15:04")
	}
	d.styledPair(stateToken(d.st, in.State), "state", state)
	d.pair("assignee", in.Assignee)
	d.pair("app", in.App+" / "+in.Env)
	d.pair("seen", in.FirstSeen.In(loc).Format("01-02 15:04:05")+" \u2192 "+in.LastSeen.In(loc).Format("01-02 15:04:05")+" ("+ago(now.Sub(in.LastSeen))+" ago)")
	d.pair("events", fmt.Sprintf("%s, %s blocked, %s reached a sink   (%s shows them)", number(in.Events), number(in.Blocked), number(in.Reached), keys.label(cmdEvents)))
	if in.Exploited > 0 {
		d.styledPair(d.st.bad, "GOT THROUGH", eventCount(in.Exploited)+" not blocked")
	}
	if len(in.Compromised) > 0 {
		d.styledPair(d.st.bad, "COMPROMISED", strings.Join(in.Compromised, ", "))
	}
	d.pair("classes", strings.Join(append(append([]string{}, in.CWE...), in.MITRE...), ", "))
}

func (d *document) advice(in *localplatform.Incident) {
	if len(in.Advice) == 0 {
		return
	}
	d.heading("Advice")
	for _, a := range in.Advice {
		for i, l := range wrapTo(clean(a), max(d.w-2, 8)) {
			sign := "  "
			if i == 0 {
				sign = "- "
			}
			d.lines = append(d.lines, sign+l)
		}
	}
}

func (d *document) evidence(all []localplatform.Evidence, loc *time.Location) {
	if len(all) == 0 {
		return
	}
	d.heading("Evidence")
	for i := range all {
		e := &all[i]
		t := token{}
		if e.Worth >= 3 {
			t = d.st.bad
		}
		d.styledPair(t, e.At.In(loc).Format("15:04:05"), e.Summary)
		d.pair("  input", e.Param)
		d.pair("  payload", e.Payload)
		at := strings.Index(e.Statement, e.Payload)
		if e.Payload == "" || at < 0 {
			d.pair("  reached", e.Statement)
		} else {
			d.statement("  reached", e.Statement[:at], e.Payload, e.Statement[at+len(e.Payload):])
		}
		d.pair("  frame", e.Frame)
	}
}

func (d *document) actors(in *localplatform.Incident, loc *time.Location, keys *keyMap) {
	if len(in.Actors) == 0 {
		return
	}
	d.heading("Actors (" + keys.label(cmdBlock) + " blocks one)")
	for _, a := range in.Actors {
		d.pair(a.Kind, fmt.Sprintf("%s  %s, %s blocked, %s \u2192 %s", a.Value, eventCount(a.Events), number(a.Blocked),
			a.First.In(loc).Format("01-02 15:04:05"), a.Last.In(loc).Format("15:04:05")))
	}
}

func (d *document) counts(name string, all []localplatform.Count) {
	if len(all) == 0 {
		return
	}
	d.heading(name)
	for _, c := range all {
		d.pair(brief(c.Count), c.Value)
	}
}

func (d *document) timeline(all []localplatform.TimelineEntry, loc *time.Location) {
	if len(all) == 0 {
		return
	}
	d.heading("Timeline")
	for _, e := range all {
		text := e.By + " " + e.What
		if e.Text != "" {
			text += ": " + e.Text
		}
		d.pair(e.At.In(loc).Format("01-02 15:04"), text)
	}
}
