package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

const (
	// reach is how far from one event of a request the others are looked for.
	// An agent sends a request's events in one batch, or in two that follow
	// each other; between these lie at most those of other agents.
	reach       = 4000
	maxRequest  = 1000 // events of one request
	activityMax = 500  // requests on one page
)

// Activity pages through requests that triggered a protection or an SDK event,
// newest first. A filter selects requests of which an event matches.
func (p *Platform) Activity(ctx context.Context, q localplatform.EventQuery) (localplatform.ActivityPage, error) {
	f, err := p.events(ctx, q.Query)
	if err != nil {
		return localplatform.ActivityPage{}, err
	}
	q.After, q.Wait = 0, 0
	if err := checkEventQuery(&q); err != nil {
		return localplatform.ActivityPage{}, err
	}
	q.Limit = min(q.Limit, activityMax)
	if f == nil || !slices.Contains(f.Fields(), "kind") {
		telling := must("kind:(attack,user,event,action)", localplatform.EventSchema(), p.opt.Now())
		f = queries.And(f, telling)
	}
	page, err := p.activityPage(ctx, f, q)
	if err != nil {
		return page, err
	}
	return page, p.linkIncidents(ctx, page.Activities)
}

// activityPage makes requests of events. A request stands where its newest
// matching event stands; its older events, which may lie on a later page, do
// not bring it up again.
func (p *Platform) activityPage(ctx context.Context, f *queries.Filter, q localplatform.EventQuery) (localplatform.ActivityPage, error) {
	out := localplatform.ActivityPage{Activities: []localplatform.Activity{}}
	before := q.Before
	for {
		events, err := p.store.Events(ctx, f, localplatform.EventQuery{Before: before, Limit: 4 * q.Limit, Detail: q.Detail})
		if err != nil {
			return out, err
		}
		all, err := p.around(ctx, events.Events, q.Detail)
		if err != nil {
			return out, err
		}
		for _, e := range events.Events {
			if len(out.Activities) == q.Limit {
				out.More, out.Next = true, before
				return out, nil
			}
			before = e.Pos
			if e.Request == "" {
				out.Activities = append(out.Activities, activity([]localplatform.Event{e}))
				continue
			}
			own := all[e.Request]
			if newest(own, f) == e.Pos {
				out.Activities = append(out.Activities, activity(own))
			}
		}
		if !events.More || len(events.Events) == 0 {
			return out, nil
		}
	}
}

// newest is the place of the newest matching event.
func newest(events []localplatform.Event, f *queries.Filter) int64 {
	for i := range slices.Backward(events) {
		if f.Match(&events[i]) {
			return events[i].Pos
		}
	}
	return 0
}

// around reads the whole requests of a page of events, by request.
func (p *Platform) around(ctx context.Context, page []localplatform.Event, detail bool) (map[string][]localplatform.Event, error) {
	out := map[string][]localplatform.Event{}
	var ids []string
	for _, e := range page {
		if _, known := out[e.Request]; !known && e.Request != "" {
			out[e.Request] = nil
			ids = append(ids, queries.Quote(e.Request))
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	text := fmt.Sprintf("id:%d..%d request:(%s)", max(page[len(page)-1].Pos-reach, 1), page[0].Pos+reach, strings.Join(ids, ","))
	f, err := p.compile(text, localplatform.EventSchema())
	if err != nil {
		return nil, fmt.Errorf("read the requests of a page: %w", err)
	}
	q := localplatform.EventQuery{Limit: localplatform.MaxPage, Detail: detail}
	for {
		found, err := p.store.Events(ctx, f, q)
		if err != nil {
			return nil, err
		}
		for _, e := range found.Events { // newest first
			out[e.Request] = append(out[e.Request], e)
		}
		if !found.More || len(found.Events) == 0 {
			break
		}
		q.Before = found.Events[len(found.Events)-1].Pos
	}
	for _, events := range out {
		slices.Reverse(events)
	}
	return out, nil
}

// Request returns one request with all its events and their details.
func (p *Platform) Request(ctx context.Context, id string) (localplatform.Activity, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return localplatform.Activity{}, err
	}
	missing := localplatform.Errorf(localplatform.CodeNotFound, "there is no request %q, or its events are no longer kept", id).
		WithHint("see sqreen activity")
	if id == "" {
		return localplatform.Activity{}, missing
	}
	f, err := p.compile("request:"+queries.Quote(id), localplatform.EventSchema())
	if err != nil {
		return localplatform.Activity{}, err
	}
	page, err := p.store.Events(ctx, f, localplatform.EventQuery{Limit: maxRequest, Detail: true})
	if err != nil {
		return localplatform.Activity{}, err
	}
	if len(page.Events) == 0 {
		return localplatform.Activity{}, missing
	}
	slices.Reverse(page.Events)
	list := []localplatform.Activity{activity(page.Events)}
	return list[0], p.linkIncidents(ctx, list)
}

// activity makes one request of its events, oldest first.
func activity(events []localplatform.Event) localplatform.Activity {
	first := &events[0]
	a := localplatform.Activity{
		Request: first.Request, At: first.At, App: first.App, Env: first.Env, First: first.Pos,
		Tags: []string{}, Events: events,
	}
	for i := range events {
		e := &events[i]
		if e.At.Before(a.At) {
			a.At = e.At
		}
		a.Method, a.Path = cmp.Or(a.Method, e.Method), cmp.Or(a.Path, e.Path)
		a.Route, a.UserAgent = cmp.Or(a.Route, e.Route), cmp.Or(a.UserAgent, e.UserAgent)
		a.User = cmp.Or(a.User, e.User)
		a.Status = cmp.Or(e.Status, a.Status) // the latest word
		a.Blocked = a.Blocked || e.Blocked
		if !a.IP.IsValid() {
			a.IP = e.IP
		}
		if e.Severity.Rank() > a.Severity.Rank() {
			a.Severity = e.Severity
		}
		if tag := tagOf(e); !slices.Contains(a.Tags, tag) {
			a.Tags = append(a.Tags, tag)
		}
	}
	return a
}

func tagOf(e *localplatform.Event) string {
	if e.Kind == wire.KindAttack {
		return e.Attack
	}
	return e.Name
}

// linkIncidents finds the incident of each request: the newest one whose own
// query selects one of the request's events.
func (p *Platform) linkIncidents(ctx context.Context, list []localplatform.Activity) error {
	if len(list) == 0 {
		return nil
	}
	candidates, err := p.incidentsAround(ctx, list)
	if err != nil {
		return err
	}
	for i := range list {
		for _, c := range candidates {
			if strings.EqualFold(c.app, list[i].App) && strings.EqualFold(c.env, list[i].Env) && matchesAny(c.filter, list[i].Events) {
				list[i].Incident = c.id
				break
			}
		}
	}
	return nil
}

// candidate is an incident with its compiled query.
type candidate struct {
	id       int64
	app, env string
	filter   *queries.Filter
}

const maxCandidates = 1000

// incidentsAround lists incidents whose time overlaps that of the requests,
// newest first.
func (p *Platform) incidentsAround(ctx context.Context, list []localplatform.Activity) ([]candidate, error) {
	first, last := list[0].At, list[0].At
	for _, a := range list {
		for _, e := range a.Events {
			first, last = minTime(first, e.At), maxTime(last, e.At)
		}
	}
	const layout = "2006-01-02T15:04:05.000000Z"
	text := fmt.Sprintf("last_seen:>=%s first_seen:<=%s", queries.Quote(first.UTC().Format(layout)), queries.Quote(last.UTC().Format(layout)))
	f, err := p.compile(text, localplatform.IncidentSchema())
	if err != nil {
		return nil, fmt.Errorf("find the incidents of requests: %w", err)
	}
	var out []candidate
	err = p.view(ctx, func(tx localplatform.ControlTx) error {
		incidents, _, err := tx.Incidents(f, localplatform.IncidentQuery{Sort: "id", Limit: maxCandidates})
		for _, i := range incidents {
			// A query that no longer compiles was written by another version; its
			// incident is not linked to.
			if f, err := p.compile(i.Query, localplatform.EventSchema()); err == nil && f != nil {
				out = append(out, candidate{i.ID, i.App, i.Env, f})
			}
		}
		return err
	})
	return out, err
}

func matchesAny(f *queries.Filter, events []localplatform.Event) bool {
	for i := range events {
		if f.Match(&events[i]) {
			return true
		}
	}
	return false
}
