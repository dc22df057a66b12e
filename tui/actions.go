package tui

import (
	"context"
	"fmt"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

// action is something to be changed on the platform, as data: which incident or
// block, what a person is told afterwards, and the command line that does the same.
type action struct {
	id     int64
	change localplatform.IncidentChange
	block  *localplatform.Action // instead of a change
	did    string
	cli    string
}

func stateAction(id int64, s localplatform.IncidentState) action {
	verb := map[localplatform.IncidentState]string{
		localplatform.StateAcknowledged: "ack", localplatform.StateOpen: "reopen",
		localplatform.StateResolved: "resolve", localplatform.StateIgnored: "ignore",
	}[s]
	return action{
		id: id, change: localplatform.IncidentChange{State: s},
		did: fmt.Sprintf("incident %d is %s", id, s), cli: incidentLine(verb, id),
	}
}

func incidentLine(verb string, id int64) string {
	return "sqreen incidents " + verb + " " + strconv.FormatInt(id, 10)
}

func snoozeAction(id int64, s span, now time.Time) action {
	return action{
		id: id, change: localplatform.IncidentChange{State: localplatform.StateSnoozed, SnoozedUntil: now.Add(s.d)},
		did: fmt.Sprintf("incident %d is snoozed %s", id, s), cli: incidentLine("snooze", id) + " --for " + s.flag,
	}
}

func assignAction(id int64, who string) action {
	did, to := fmt.Sprintf("incident %d is assigned to %s", id, who), who
	if who == "" {
		did, to = fmt.Sprintf("incident %d is assigned to nobody", id), "nobody"
	}
	return action{id: id, change: localplatform.IncidentChange{Assignee: &who}, did: did, cli: incidentLine("assign", id) + " --to " + shell(to)}
}

func noteAction(id int64, text string) action {
	return action{
		id: id, change: localplatform.IncidentChange{Note: text}, did: fmt.Sprintf("noted on incident %d", id),
	}
}

func blockAction(id int64, title string, who localplatform.IncidentActor, s span, now time.Time) action {
	reason := fmt.Sprintf("incident %d: %s", id, title)
	b := &localplatform.Action{Kind: blockKind(who), Target: who.Value, Reason: reason, Incident: id}
	if s.d > 0 {
		b.Expires = now.Add(s.d)
	}
	return action{id: id, block: b, did: fmt.Sprintf("%s is blocked %s", who.Value, s), cli: blockLine(id, reason, who, s)}
}

// actionDoneMsg tells what became of an action.
type actionDoneMsg struct {
	ticket
	action   action
	incident *localplatform.Incident // after a change
	err      error
}

// actCmd carries an action out. Each has a slot of its own: what a person
// decided is not cancelled by what they do next.
func (s *source) actCmd(a action) tea.Cmd {
	sl := slot("action " + strconv.FormatInt(s.last+1, 10))
	return ask(s, sl, func(ctx context.Context, pf localplatform.Platform) (*localplatform.Incident, error) {
		if a.block != nil {
			_, err := pf.AddAction(ctx, *a.block)
			return nil, err
		}
		in, err := pf.ChangeIncident(ctx, a.id, a.change)
		return &in, err
	}, func(t ticket, in *localplatform.Incident, err error) tea.Msg { return actionDoneMsg{t, a, in, err} })
}

// act ends a dialog and does what it decided.
func (m *model) act(v verdict) tea.Cmd {
	if v.ended {
		m.dialog = nil
	}
	if v.action == nil {
		return nil
	}
	return m.src.actCmd(*v.action)
}

// actionDone tells the result and shows the incident as it is now.
func (m *model) actionDone(msg actionDoneMsg) tea.Cmd {
	if msg.err != nil {
		m.say(failure(msg.err))
		return nil
	}
	t := toast{text: msg.action.did, good: true}
	if msg.action.cli != "" {
		t.text += "   $ " + msg.action.cli
	}
	m.say(t)
	return m.incidents().changed(msg.incident)
}

// incidents is the page that actions come from.
func (m *model) incidents() *incidentsPage { return m.cases }

// wireIncidents lets the page open what lies above it.
func (m *model) wireIncidents() {
	p := m.cases
	p.ask = func(d dialog) { m.dialog = d }
	p.done = m.src.actCmd
	p.typing = func(kind promptKind, label, before string) {
		m.prompt = prompt{kind: kind, label: label, edit: newEditor(before), now: m.now, chosen: -1}
	}
	p.events = func(query, name string) tea.Cmd {
		m.turn(0)
		m.opened[0] = true
		cmd := m.events.setFilter(query, name)
		m.events.trail[len(m.events.trail)-1].back = func() tea.Cmd { return m.showCmd(1) }
		return cmd
	}
}
