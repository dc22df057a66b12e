package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// params gathers query parameters and leaves out those that say nothing.
type params url.Values

func (p params) text(name string, values ...string) params {
	for _, v := range values {
		if v != "" {
			p[name] = append(p[name], v)
		}
	}
	return p
}

func (p params) number(name string, n int64) params {
	if n != 0 {
		p[name] = []string{strconv.FormatInt(n, 10)}
	}
	return p
}

func (p params) flag(name string, set bool) params {
	if set {
		p[name] = []string{"true"}
	}
	return p
}

func (p params) time(name string, t time.Time) params {
	if !t.IsZero() {
		p[name] = []string{t.UTC().Format(time.RFC3339Nano)}
	}
	return p
}

func (p params) span(name string, d time.Duration) params {
	if d != 0 {
		p[name] = []string{d.String()}
	}
	return p
}

// Status tells how the platform is.
func (c *Client) Status(ctx context.Context) (localplatform.Status, error) {
	return get[localplatform.Status](ctx, c, "/status", nil)
}

// Apps lists the inventory.
func (c *Client) Apps(ctx context.Context, query string) ([]inventory.App, error) {
	return get[[]inventory.App](ctx, c, "/apps", url.Values(params{}.text("q", query)))
}

// App returns one app with its instances.
func (c *Client) App(ctx context.Context, name, env string) (localplatform.AppDetail, error) {
	return get[localplatform.AppDetail](ctx, c, "/apps/"+segment(name), url.Values(params{}.text("env", env)))
}

// segment writes a name as one segment of a path.
func segment(name string) string { return url.PathEscape(name) }

// SetGroup puts an app in a security group.
func (c *Client) SetGroup(ctx context.Context, name, env, group string) error {
	_, err := send[struct{}](ctx, c, http.MethodPut, "/apps/"+segment(name)+"/group", GroupChange{Env: env, Group: group})
	return err
}

// GroupChange is the body of PUT /apps/{name}/group.
type GroupChange struct {
	Env   string `json:"env,omitempty"` // empty means all of the app's environments
	Group string `json:"group"`         // empty takes the app out of its group
}

// Events pages through events.
func (c *Client) Events(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
	return get[localplatform.EventPage](ctx, c, "/events", eventParams(q))
}

func eventParams(q localplatform.EventQuery) url.Values {
	return url.Values(params{}.text("q", q.Query).number("before", q.Before).number("after", q.After).
		number("limit", int64(q.Limit)).flag("detail", q.Detail).span("wait", q.Wait))
}

// Event returns one event with its detail.
func (c *Client) Event(ctx context.Context, pos int64) (localplatform.Event, error) {
	return get[localplatform.Event](ctx, c, "/events/"+strconv.FormatInt(pos, 10), nil)
}

// Count is the answer of GET /events/count.
type Count struct {
	Count int64 `json:"count"`
}

// CountEvents counts the events that match.
func (c *Client) CountEvents(ctx context.Context, query string) (int64, error) {
	n, err := get[Count](ctx, c, "/events/count", url.Values(params{}.text("q", query)))
	return n.Count, err
}

// Histogram counts events over time.
func (c *Client) Histogram(ctx context.Context, q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	return get[localplatform.Histogram](ctx, c, "/events/histogram", url.Values(params{}.text("q", q.Query).
		time("from", q.From).time("to", q.To).number("buckets", int64(q.Buckets)).text("by", q.By)))
}

// Facets counts the most frequent values of fields.
func (c *Client) Facets(ctx context.Context, q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	return get[[]localplatform.Facet](ctx, c, "/events/facets", url.Values(params{}.text("q", q.Query).
		text("field", q.Fields...).number("limit", int64(q.Limit))))
}

// Counters sums up counters.
func (c *Client) Counters(ctx context.Context, q localplatform.CounterQuery) ([]localplatform.CounterPoint, error) {
	return get[[]localplatform.CounterPoint](ctx, c, "/counters", url.Values(params{}.text("app", q.App).text("env", q.Env).
		text("name", q.Names...).time("from", q.From).time("to", q.To).span("step", q.Step)))
}

// Activity pages through requests.
func (c *Client) Activity(ctx context.Context, q localplatform.EventQuery) (localplatform.ActivityPage, error) {
	q.After, q.Wait = 0, 0
	return get[localplatform.ActivityPage](ctx, c, "/activity", eventParams(q))
}

// Request returns one request with all its events.
func (c *Client) Request(ctx context.Context, id string) (localplatform.Activity, error) {
	return get[localplatform.Activity](ctx, c, "/requests", url.Values(params{"id": {id}}))
}

// Incidents lists incidents.
func (c *Client) Incidents(ctx context.Context, q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
	return get[localplatform.IncidentPage](ctx, c, "/incidents", url.Values(params{}.text("q", q.Query).text("sort", q.Sort).
		number("limit", int64(q.Limit)).number("offset", int64(q.Offset))))
}

// Incident returns one incident with its timeline.
func (c *Client) Incident(ctx context.Context, id int64) (localplatform.Incident, error) {
	return get[localplatform.Incident](ctx, c, "/incidents/"+strconv.FormatInt(id, 10), nil)
}

// ChangeIncident makes an operator's change.
func (c *Client) ChangeIncident(ctx context.Context, id int64, change localplatform.IncidentChange) (localplatform.Incident, error) {
	return send[localplatform.Incident](ctx, c, http.MethodPatch, "/incidents/"+strconv.FormatInt(id, 10), change)
}

// Actions lists actions.
func (c *Client) Actions(ctx context.Context, query string) ([]localplatform.Action, error) {
	return get[[]localplatform.Action](ctx, c, "/actions", url.Values(params{}.text("q", query)))
}

// AddAction puts an action in force.
func (c *Client) AddAction(ctx context.Context, a localplatform.Action) (localplatform.Action, error) {
	return send[localplatform.Action](ctx, c, http.MethodPost, "/actions", a)
}

// RevokeAction ends an action.
func (c *Client) RevokeAction(ctx context.Context, id string) (localplatform.Action, error) {
	return send[localplatform.Action](ctx, c, http.MethodDelete, "/actions/"+segment(id), nil)
}

// Policies lists the stored policies.
func (c *Client) Policies(ctx context.Context) ([]localplatform.Policy, error) {
	return get[[]localplatform.Policy](ctx, c, "/policies", nil)
}

// EffectivePolicy says what is in force for an app.
func (c *Client) EffectivePolicy(ctx context.Context, app, env string) (localplatform.Policy, error) {
	return get[localplatform.Policy](ctx, c, "/policies/effective", url.Values(params{"app": {app}}.text("env", env)))
}

// SetPolicy replaces the policy of a scope.
func (c *Client) SetPolicy(ctx context.Context, p localplatform.Policy) (localplatform.Policy, error) {
	return send[localplatform.Policy](ctx, c, http.MethodPut, "/policies", p)
}

// Tokens lists tokens.
func (c *Client) Tokens(ctx context.Context) ([]localplatform.Token, error) {
	return get[[]localplatform.Token](ctx, c, "/tokens", nil)
}

// CreateToken makes a token.
func (c *Client) CreateToken(ctx context.Context, t localplatform.Token) (localplatform.NewToken, error) {
	return send[localplatform.NewToken](ctx, c, http.MethodPost, "/tokens", t)
}

// RevokeToken closes a token's door.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	_, err := send[struct{}](ctx, c, http.MethodDelete, "/tokens/"+segment(id), nil)
	return err
}

// Instances lists agents.
func (c *Client) Instances(ctx context.Context, app, env string) ([]localplatform.Instance, error) {
	return get[[]localplatform.Instance](ctx, c, "/instances", url.Values(params{}.text("app", app).text("env", env)))
}

// Audit lists the latest changes.
func (c *Client) Audit(ctx context.Context, limit int) ([]localplatform.AuditEntry, error) {
	return get[[]localplatform.AuditEntry](ctx, c, "/audit", url.Values(params{}.number("limit", int64(limit))))
}

// Values lists values of a field, for completion.
func (c *Client) Values(ctx context.Context, schema, field, prefix string) ([]string, error) {
	return get[[]string](ctx, c, "/values", url.Values(params{"schema": {schema}, "field": {field}}.text("prefix", prefix)))
}
