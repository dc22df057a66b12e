package server

import (
	"context"
	"net/http"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
)

func eventRoutes() []route {
	page := []param{
		filterParam, limitParam, detailParam,
		{name: "before", kind: "integer", doc: "only events before this one: the page's next"},
	}
	tail := []param{
		{name: "after", kind: "integer", doc: "only events after this one, oldest first: a live tail; -1 begins with the first"},
		{name: "wait", kind: "duration", doc: "with after: how long to wait for an event, at most 30s"},
	}
	span := []param{
		{name: "from", kind: "date-time", doc: "begin of the range"},
		{name: "to", kind: "date-time", doc: "end of the range, exclusive"},
	}
	return []route{
		{
			method: http.MethodGet, path: "/events", id: "events", summary: "A page of events, newest first, or a live tail", role: localplatform.RoleViewer,
			params: append(page[:len(page):len(page)], tail...), reply: typeOf[localplatform.EventPage](), do: getEvents,
		},
		{
			method: http.MethodGet, path: "/events/{pos}", id: "event", summary: "One event with its detail", role: localplatform.RoleViewer,
			reply: typeOf[localplatform.Event](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				pos := c.path("pos")
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.Event(ctx, pos))
			},
		},
		{
			method: http.MethodGet, path: "/events/count", id: "countEvents", summary: "How many events match", role: localplatform.RoleViewer,
			params: []param{filterParam}, reply: typeOf[client.Count](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				n, err := p.CountEvents(ctx, c.text("q"))
				return client.Count{Count: n}, err
			},
		},
		{
			method: http.MethodGet, path: "/events/histogram", id: "histogram", summary: "Events over time", role: localplatform.RoleViewer,
			params: append([]param{
				filterParam,
				{name: "buckets", kind: "integer", doc: "about this many bars; 60 when left out"},
				{name: "by", kind: "string", doc: "split by attack, kind, app, env, blocked or severity"},
			}, span...),
			reply: typeOf[localplatform.Histogram](), do: getHistogram,
		},
		{
			method: http.MethodGet, path: "/events/facets", id: "facets", summary: "The most frequent values of fields", role: localplatform.RoleViewer,
			params: []param{
				filterParam,
				{name: "field", kind: "strings", doc: "a field; may be given several times"},
				{name: "limit", kind: "integer", doc: "values of each field; 10 when left out"},
			},
			reply: typeOf[[]localplatform.Facet](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				q := localplatform.FacetQuery{Query: c.text("q"), Fields: c.texts("field"), Limit: c.small("limit")}
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.Facets(ctx, q))
			},
		},
		{
			method: http.MethodGet, path: "/counters", id: "counters", summary: "Sums of counters that agents report", role: localplatform.RoleViewer,
			params: append([]param{
				{name: "app", kind: "string", doc: "name of the app"},
				{name: "env", kind: "string", doc: "environment"},
				{name: "name", kind: "strings", doc: "a counter; may be given several times"},
				{name: "step", kind: "duration", doc: "one sum for each so much time; one for all when left out"},
			}, span...),
			reply: typeOf[[]localplatform.CounterPoint](), do: getCounters,
		},
		{
			method: http.MethodGet, path: "/activity", id: "activity", summary: "Requests that triggered a protection or an SDK event, newest first", role: localplatform.RoleViewer,
			params: page, reply: typeOf[localplatform.ActivityPage](), do: getActivity,
		},
		{
			method: http.MethodGet, path: "/requests", id: "request", summary: "One request with all its events", role: localplatform.RoleViewer,
			params: []param{{name: "id", kind: "string", doc: "id of the request", required: true}}, reply: typeOf[localplatform.Activity](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.Request(ctx, c.text("id")))
			},
		},
	}
}

func eventQuery(c *call) localplatform.EventQuery {
	return localplatform.EventQuery{
		Query: c.text("q"), Before: c.number("before"), After: c.number("after"),
		Limit: c.small("limit"), Detail: c.flag("detail"), Wait: c.span("wait"),
	}
}

func getEvents(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
	q := eventQuery(c)
	if c.err != nil {
		return nil, c.err
	}
	return answer(p.Events(ctx, q))
}

func getActivity(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
	q := eventQuery(c)
	if c.err != nil {
		return nil, c.err
	}
	return answer(p.Activity(ctx, q))
}

func getHistogram(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
	q := localplatform.HistogramQuery{Query: c.text("q"), From: c.time("from"), To: c.time("to"), Buckets: c.small("buckets"), By: c.text("by")}
	if c.err != nil {
		return nil, c.err
	}
	return answer(p.Histogram(ctx, q))
}

func getCounters(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
	q := localplatform.CounterQuery{
		App: c.text("app"), Env: c.text("env"), Names: c.texts("name"), From: c.time("from"), To: c.time("to"), Step: c.span("step"),
	}
	if c.err != nil {
		return nil, c.err
	}
	return answer(p.Counters(ctx, q))
}
