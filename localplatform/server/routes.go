package server

import (
	"context"
	"net/http"
	"reflect"

	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
)

// route is one operation of the operators' API: how it is asked, what it does,
// and what its description says. Handlers, description and the test that holds
// them together all read the same table.
type route struct {
	method, path string // below client.Prefix
	id, summary  string
	role         localplatform.Role // the least that is enough
	params       []param
	body, reply  reflect.Type // nil for none
	do           func(ctx context.Context, p localplatform.Platform, c *call) (any, error)
}

// param is a parameter in the query.
type param struct {
	name, kind string // kind: "string", "integer", "boolean", "date-time", "duration", "strings"
	doc        string
	required   bool
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// answer makes a route's result of a value and an error.
func answer[T any](v T, err error) (any, error) { return v, err }

// done is the result of a route without an answer.
func done(err error) (any, error) { return nil, err }

var (
	filterParam = param{name: "q", kind: "string", doc: "filter in the query language"}
	detailParam = param{name: "detail", kind: "boolean", doc: "include each signal as the agent sent it"}
	envParam    = param{name: "env", kind: "string", doc: "environment; may be left out when the app has only one"}
	limitParam  = param{name: "limit", kind: "integer", doc: "at most this many; 100 when left out, 5000 at most"}
)

// routes lists every operation.
func routes() []route {
	var all []route
	for _, part := range [][]route{statusRoutes(), appRoutes(), eventRoutes(), incidentRoutes(), actionRoutes(), policyRoutes(), tokenRoutes()} {
		all = append(all, part...)
	}
	return all
}

func statusRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/status", id: "status", summary: "How the platform is", role: localplatform.RoleViewer,
			reply: typeOf[localplatform.Status](),
			do: func(ctx context.Context, p localplatform.Platform, _ *call) (any, error) {
				return answer(p.Status(ctx))
			},
		},
		{
			method: http.MethodGet, path: "/audit", id: "audit", summary: "The latest changes, newest first", role: localplatform.RoleViewer,
			params: []param{limitParam}, reply: typeOf[[]localplatform.AuditEntry](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				limit := c.small("limit")
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.Audit(ctx, limit))
			},
		},
		{
			method: http.MethodGet, path: "/values", id: "values", summary: "Values of a field that begin with a prefix", role: localplatform.RoleViewer,
			params: []param{
				{name: "schema", kind: "string", doc: "events, incidents, apps or actions", required: true},
				{name: "field", kind: "string", doc: "name of the field", required: true},
				{name: "prefix", kind: "string", doc: "how the values begin"},
			},
			reply: typeOf[[]string](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.Values(ctx, c.text("schema"), c.text("field"), c.text("prefix")))
			},
		},
	}
}

func appRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/apps", id: "apps", summary: "The inventory, by name and environment", role: localplatform.RoleViewer,
			params: []param{filterParam}, reply: typeOf[[]inventory.App](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.Apps(ctx, c.text("q")))
			},
		},
		{
			method: http.MethodGet, path: "/apps/{name}", id: "app", summary: "One app with its instances", role: localplatform.RoleViewer,
			params: []param{envParam}, reply: typeOf[localplatform.AppDetail](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.App(ctx, c.r.PathValue("name"), c.text("env")))
			},
		},
		{
			method: http.MethodPut, path: "/apps/{name}/group", id: "setGroup", summary: "Put an app in a security group", role: localplatform.RoleAdmin,
			body: typeOf[client.GroupChange](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				g := read[client.GroupChange](c)
				if c.err != nil {
					return nil, c.err
				}
				return done(p.SetGroup(ctx, c.r.PathValue("name"), g.Env, g.Group))
			},
		},
		{
			method: http.MethodGet, path: "/instances", id: "instances", summary: "The agents of an app, or all", role: localplatform.RoleViewer,
			params: []param{{name: "app", kind: "string", doc: "name of the app"}, {name: "env", kind: "string", doc: "environment"}},
			reply:  typeOf[[]localplatform.Instance](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.Instances(ctx, c.text("app"), c.text("env")))
			},
		},
	}
}

func incidentRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/incidents", id: "incidents", summary: "Incidents", role: localplatform.RoleViewer,
			params: []param{
				filterParam, limitParam,
				{name: "sort", kind: "string", doc: "last, severity, first, events or id; always largest first"},
				{name: "offset", kind: "integer", doc: "how many to leave out"},
			},
			reply: typeOf[localplatform.IncidentPage](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				q := localplatform.IncidentQuery{Query: c.text("q"), Sort: c.text("sort"), Limit: c.small("limit"), Offset: c.small("offset")}
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.Incidents(ctx, q))
			},
		},
		{
			method: http.MethodGet, path: "/incidents/{id}", id: "incident", summary: "One incident with its timeline", role: localplatform.RoleViewer,
			reply: typeOf[localplatform.Incident](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				id := c.path("id")
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.Incident(ctx, id))
			},
		},
		{
			method: http.MethodPatch, path: "/incidents/{id}", id: "changeIncident", summary: "Acknowledge, assign, snooze, resolve, ignore or reopen an incident, or note something",
			role: localplatform.RoleResponder, body: typeOf[localplatform.IncidentChange](), reply: typeOf[localplatform.Incident](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				id, change := c.path("id"), read[localplatform.IncidentChange](c)
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.ChangeIncident(ctx, id, change))
			},
		},
	}
}

func actionRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/actions", id: "actions", summary: "Blocks and redirects, newest first; those in force unless the filter asks for a state", role: localplatform.RoleViewer,
			params: []param{filterParam}, reply: typeOf[[]localplatform.Action](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.Actions(ctx, c.text("q")))
			},
		},
		{
			method: http.MethodPost, path: "/actions", id: "addAction", summary: "Block or redirect an address, a network or a user", role: localplatform.RoleResponder,
			body: typeOf[localplatform.Action](), reply: typeOf[localplatform.Action](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				a := read[localplatform.Action](c)
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.AddAction(ctx, a))
			},
		},
		{
			method: http.MethodDelete, path: "/actions/{id}", id: "revokeAction", summary: "End an action", role: localplatform.RoleResponder,
			reply: typeOf[localplatform.Action](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.RevokeAction(ctx, c.r.PathValue("id")))
			},
		},
	}
}

func policyRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/policies", id: "policies", summary: "The stored policies, the widest scope first", role: localplatform.RoleViewer,
			reply: typeOf[[]localplatform.Policy](),
			do: func(ctx context.Context, p localplatform.Platform, _ *call) (any, error) {
				return answer(p.Policies(ctx))
			},
		},
		{
			method: http.MethodGet, path: "/policies/effective", id: "effectivePolicy", summary: "What is in force for an app", role: localplatform.RoleViewer,
			params: []param{{name: "app", kind: "string", doc: "name of the app", required: true}, envParam}, reply: typeOf[localplatform.Policy](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return answer(p.EffectivePolicy(ctx, c.text("app"), c.text("env")))
			},
		},
		{
			method: http.MethodPut, path: "/policies", id: "setPolicy", summary: "Replace the policy of a scope; an empty one is removed", role: localplatform.RoleAdmin,
			body: typeOf[localplatform.Policy](), reply: typeOf[localplatform.Policy](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				policy := read[localplatform.Policy](c)
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.SetPolicy(ctx, policy))
			},
		},
	}
}

func tokenRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/tokens", id: "tokens", summary: "Tokens, without their secrets", role: localplatform.RoleAdmin,
			reply: typeOf[[]localplatform.Token](),
			do: func(ctx context.Context, p localplatform.Platform, _ *call) (any, error) {
				return answer(p.Tokens(ctx))
			},
		},
		{
			method: http.MethodPost, path: "/tokens", id: "createToken", summary: "Make a token; its secret is in the answer and never shown again", role: localplatform.RoleAdmin,
			body: typeOf[localplatform.Token](), reply: typeOf[localplatform.NewToken](),
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				t := read[localplatform.Token](c)
				if c.err != nil {
					return nil, c.err
				}
				return answer(p.CreateToken(ctx, t))
			},
		},
		{
			method: http.MethodDelete, path: "/tokens/{id}", id: "revokeToken", summary: "Revoke a token at once", role: localplatform.RoleAdmin,
			do: func(ctx context.Context, p localplatform.Platform, c *call) (any, error) {
				return done(p.RevokeToken(ctx, c.r.PathValue("id")))
			},
		},
	}
}
