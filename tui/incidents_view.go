package tui

import (
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

func (p *incidentsPage) resize(w, h int) {
	p.width, p.height = w, max(h-2, 0)
	p.move(0)
}

// view draws the list, or the incident that is open.
func (p *incidentsPage) view(w, h int) []string {
	c := newCanvas(w, h)
	if p.detail.open {
		p.detail.view(c, p.st, p)
		return c.lines
	}
	left := p.st.dim.on("/ to filter, for example: severity:high app:shop")
	if p.query != "" {
		left = p.st.key.on("/") + " " + clean(head(p.query, 8*w))
	}
	right := incidentFilters()[p.state].name + ", by " + incidentSorts()[p.sort]
	c.raw(sides(left, p.st.dim.on(right), w))
	cols := incidentColumnsFor(w)
	c.raw(p.st.dim.on(string(cols.head(nil))))
	if len(p.rows) == 0 {
		p.empty(c)
	}
	now := p.now()
	for i := p.top; i < min(p.top+p.height, len(p.rows)); i++ {
		c.raw(p.row(&p.rows[i], i == p.cursor, &cols, now))
	}
	c.fill(h)
	return c.lines
}

func (p *incidentsPage) row(in *localplatform.Incident, selected bool, cols *incidentColumns, now time.Time) string {
	if !selected {
		return string(cols.incident(append([]byte(nil), "  "...), in, p.st, now))
	}
	b := cols.incident(append([]byte(p.st.selected.open), "> "...), in, &styles{}, now)
	return string(append(b, p.st.selected.end...))
}

func (p *incidentsPage) empty(c *canvas) {
	f := incidentFilters()[p.state]
	lines := []string{"", "  No incident is " + f.name + ".", "", "  t shows other states, 1 all events."}
	switch {
	case p.err != nil:
		t := failure(p.err)
		lines = []string{"", "  " + t.text, "  " + t.hint, "", "  ctrl-r asks again."}
	case !p.loaded:
		lines = []string{"", "  loading \u2026"}
	case p.query != "":
		lines = []string{"", "  No incident matches this filter (" + f.name + ").", "", "  / changes it, esc goes back, t shows other states."}
	case f.query == "":
		lines = []string{"", "  There has been no incident.", "", "  Attacks become incidents by themselves. See it at work: sqreen demo"}
	}
	for _, s := range lines {
		c.add(p.st.dim, s)
	}
}

// incidentColumns are the widths of an incident's row; 0 leaves a column out.
type incidentColumns struct {
	w, id, sev, state, last, app, who, events, title int
}

func incidentColumnsFor(w int) incidentColumns {
	c := incidentColumns{w: w, id: 5, sev: 4, state: 5, last: 6, events: 6}
	switch {
	case w >= 110:
		c.app, c.who, c.state = 16, 16, 12
	case w >= 78:
		c.app = 11
	case w < 46:
		c.events, c.last = 0, 0
	}
	used := 2
	for _, n := range []int{c.id, c.sev, c.state, c.last, c.app, c.who, c.events} {
		if n > 0 {
			used += n + 1
		}
	}
	if c.title = w - used; c.title < 4 {
		return incidentColumns{w: w, title: max(w-2, 0)}
	}
	return c
}

func (c *incidentColumns) head(b []byte) []byte {
	b = append(b, spaces(min(2, c.w))...)
	for _, f := range []struct {
		name string
		w    int
	}{{"ID", c.id}, {"SEV", c.sev}, {"STATE", c.state}, {"LAST", c.last}, {"APP/ENV", c.app}, {"ASSIGNEE", c.who}, {"EVENTS", c.events}} {
		if f.w > 0 {
			b = append(appendFit(b, f.name, f.w), ' ')
		}
	}
	return appendFit(b, "TITLE", c.title)
}

func (c *incidentColumns) incident(b []byte, in *localplatform.Incident, st *styles, now time.Time) []byte {
	if c.w < 2 {
		return b[:len(b)-2+c.w]
	}
	for _, f := range []struct {
		text string
		w    int
		t    token
	}{
		{number(in.ID), c.id, token{}},
		{short(in.Severity), c.sev, severityToken(st, in.Severity)},
		{stateWord(in.State, c.state), c.state, stateToken(st, in.State)},
		{ago(now.Sub(in.LastSeen)), c.last, st.dim},
		{in.App + "/" + in.Env, c.app, token{}},
		{in.Assignee, c.who, token{}},
		{brief(in.Events), c.events, token{}},
	} {
		if f.w > 0 {
			b = append(cell(b, f.text, f.w, f.t), ' ')
		}
	}
	return appendFit(b, in.Title, c.title)
}

// stateWord is a state in the room there is.
func stateWord(s localplatform.IncidentState, w int) string {
	if w >= 12 {
		return string(s)
	}
	switch s {
	case localplatform.StateAcknowledged:
		return "ack"
	case localplatform.StateSnoozed:
		return "snooz"
	case localplatform.StateResolved:
		return "done"
	case localplatform.StateIgnored:
		return "ignor"
	case localplatform.StateOpen:
	}
	return string(s)
}

func stateToken(st *styles, s localplatform.IncidentState) token {
	switch s {
	case localplatform.StateOpen:
		return st.bad
	case localplatform.StateResolved:
		return st.good
	case localplatform.StateAcknowledged, localplatform.StateSnoozed:
		return st.warn
	case localplatform.StateIgnored:
	}
	return st.dim
}

// ago is a length of time in at most four characters.
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return number(int64(d/time.Second)) + "s"
	case d < time.Hour:
		return number(int64(d/time.Minute)) + "m"
	case d < 48*time.Hour:
		return number(int64(d/time.Hour)) + "h"
	}
	return number(int64(d/(24*time.Hour))) + "d"
}

// brief is a count in at most six characters, rounded down.
func brief(n int64) string {
	switch {
	case n < 100_000:
		return number(n)
	case n < 10_000_000:
		return number(n/1000) + "k"
	}
	return number(n/1_000_000) + "M"
}
