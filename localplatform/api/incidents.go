package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Incidents lists incidents.
func (p *Platform) Incidents(ctx context.Context, q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return localplatform.IncidentPage{}, err
	}
	f, err := p.compile(q.Query, localplatform.IncidentSchema())
	if err != nil {
		return localplatform.IncidentPage{}, err
	}
	if q.Limit, err = pageSize(q.Limit); err != nil {
		return localplatform.IncidentPage{}, err
	}
	if q.Offset < 0 {
		return localplatform.IncidentPage{}, localplatform.Errorf(localplatform.CodeInvalid, "offset %d is negative", q.Offset)
	}
	q.Sort = strings.TrimPrefix(q.Sort, "-")
	switch q.Sort {
	case "", "last", "severity", "first", "events", "id":
	default:
		return localplatform.IncidentPage{}, localplatform.Errorf(localplatform.CodeInvalid, "incidents cannot be sorted by %q", q.Sort).
			WithHint("use last, severity, first, events or id")
	}
	page := localplatform.IncidentPage{Incidents: []localplatform.Incident{}}
	err = p.view(ctx, func(tx localplatform.ControlTx) error {
		list, total, err := tx.Incidents(f, q)
		for i := range list {
			list[i].Actors = some(list[i].Actors)
		}
		page.Incidents, page.Total = some(list), total
		return err
	})
	return page, err
}

// Incident returns one incident with its timeline.
func (p *Platform) Incident(ctx context.Context, id int64) (localplatform.Incident, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return localplatform.Incident{}, err
	}
	var inc localplatform.Incident
	err := p.view(ctx, func(tx localplatform.ControlTx) (err error) {
		inc, err = incidentWithTimeline(tx, id)
		return err
	})
	return inc, err
}

func incidentWithTimeline(tx localplatform.ControlTx, id int64) (localplatform.Incident, error) {
	inc, err := getIncident(tx, id)
	if err != nil {
		return inc, err
	}
	inc.Timeline, err = tx.Timeline(id)
	inc.Actors = some(inc.Actors)
	return inc, err
}

func getIncident(tx localplatform.ControlTx, id int64) (localplatform.Incident, error) {
	inc, err := tx.Incident(id)
	if localplatform.ErrorCode(err) == localplatform.CodeNotFound {
		return inc, localplatform.Errorf(localplatform.CodeNotFound, "there is no incident %d", id).WithHint("see sqreen incidents list")
	}
	return inc, err
}

// ChangeIncident makes an operator's change and notes it in the timeline.
func (p *Platform) ChangeIncident(ctx context.Context, id int64, c localplatform.IncidentChange) (localplatform.Incident, error) {
	who, err := p.need(ctx, localplatform.RoleResponder)
	if err != nil {
		return localplatform.Incident{}, err
	}
	if err := c.Validate(); err != nil {
		return localplatform.Incident{}, err
	}
	now := p.now()
	if !c.SnoozedUntil.IsZero() && !c.SnoozedUntil.After(now) {
		return localplatform.Incident{}, localplatform.Errorf(localplatform.CodeInvalid, "the time to snooze until has passed").
			WithHint("sqreen incidents snooze %d --for 4h", id)
	}
	if err := checkChangeText(c); err != nil {
		return localplatform.Incident{}, err
	}
	var inc localplatform.Incident
	err = p.store.Update(ctx, func(tx localplatform.ControlTx) error {
		if inc, err = getIncident(tx, id); err != nil {
			return err
		}
		steps := applyChange(&inc, c)
		if len(steps) > 0 {
			inc.Updated = now
			if err := tx.PutIncident(&inc); err != nil {
				return err
			}
		}
		for _, s := range steps {
			if err := tx.AddTimeline(id, localplatform.TimelineEntry{At: now, By: who.Name, What: s.what, Text: s.text}); err != nil {
				return err
			}
			if err := p.audit(tx, who, "incident."+s.audit, fmt.Sprint(id), s.text); err != nil {
				return err
			}
		}
		inc, err = incidentWithTimeline(tx, id)
		return err
	})
	return inc, err
}

const maxNote = 4 << 10

func checkChangeText(c localplatform.IncidentChange) error {
	if len(c.Note) > maxNote {
		return localplatform.Errorf(localplatform.CodeTooLarge, "the note is longer than %d bytes", maxNote)
	}
	if c.Assignee != nil && *c.Assignee != "" {
		return checkName("assignee", *c.Assignee)
	}
	return nil
}

// step is one entry of the timeline, and of the audit log.
type step struct{ what, audit, text string }

// applyChange changes an incident and says what that did. A state that it has
// already is no step, so that repeating a command does no harm.
func applyChange(inc *localplatform.Incident, c localplatform.IncidentChange) []step {
	var steps []step
	until := c.SnoozedUntil.UTC().Round(0).Truncate(time.Microsecond)
	if c.State != "" && (c.State != inc.State || c.State == localplatform.StateSnoozed && !until.Equal(inc.SnoozedUntil)) {
		steps = append(steps, stateStep(inc.State, c.State, until))
		inc.State, inc.SnoozedUntil = c.State, time.Time{}
		if c.State == localplatform.StateSnoozed {
			inc.SnoozedUntil = until
		}
	}
	if c.Assignee != nil && *c.Assignee != inc.Assignee {
		s := step{"assigned", "assign", "assigned to " + *c.Assignee}
		if *c.Assignee == "" {
			s = step{"unassigned", "assign", "no longer assigned to " + inc.Assignee}
		}
		steps, inc.Assignee = append(steps, s), *c.Assignee
	}
	if note := strings.TrimSpace(c.Note); note != "" {
		steps = append(steps, step{"note", "note", note})
	}
	return steps
}

func stateStep(from, to localplatform.IncidentState, until time.Time) step {
	switch to {
	case localplatform.StateAcknowledged:
		return step{"acknowledged", "ack", "acknowledged, was " + string(from)}
	case localplatform.StateSnoozed:
		return step{"snoozed", "snooze", "snoozed until " + until.Format(time.RFC3339)}
	case localplatform.StateResolved:
		return step{"resolved", "resolve", "resolved, was " + string(from)}
	case localplatform.StateIgnored:
		return step{"ignored", "ignore", "ignored, was " + string(from)}
	case localplatform.StateOpen:
		return step{"reopened", "reopen", "opened again, was " + string(from)}
	}
	return step{string(to), string(to), "was " + string(from)}
}
