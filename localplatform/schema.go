package localplatform

import (
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/queries"
)

// EventSchema is what the query language knows of an Event. Columns are those
// of a store's events table: times in microseconds, addresses as 16 bytes.
func EventSchema() *queries.Schema {
	kinds := []string{wire.KindAttack, wire.KindUser, wire.KindEvent, wire.KindAction, wire.KindHTTPError, wire.KindException}
	return &queries.Schema{
		Name: "events", TimeField: "at", FreeText: []string{"name", "path", "message", "user", "agent", "rule"},
		Fields: []queries.Field{
			{Name: "id", Aliases: []string{"pos"}, Type: queries.Number, Column: "pos", Doc: "number of the event"},
			{Name: "at", Aliases: []string{"time"}, Type: queries.Time, Column: "at", Doc: "when it happened"},
			{Name: "received", Type: queries.Time, Column: "received", Doc: "when the platform got it"},
			{Name: "app", Column: "app", Doc: "name of the app"},
			{Name: "env", Aliases: []string{"environment"}, Column: "env", Doc: "environment"},
			{Name: "instance", Column: "instance", Doc: "process that reported it"},
			{Name: "kind", Type: queries.Enum, Values: kinds, Column: "kind", Doc: "kind of event"},
			{Name: "name", Aliases: []string{"event"}, Column: "name", Doc: "name of the event"},
			{Name: "attack", Aliases: []string{"type"}, Column: "attack", Doc: "kind of attack: sqli, xss, ..."},
			{Name: "protection", Column: "protection", Doc: "what raised it: rasp, waf, ..."},
			{Name: "rule", Column: "rule", Doc: "rule that matched"},
			{Name: "blocked", Type: queries.Bool, Column: "blocked", Doc: "whether the request was blocked"},
			{Name: "reached", Type: queries.Bool, Column: "reached", Doc: "whether the input reached a sink"},
			{Name: "severity", Type: queries.Enum, Values: Severities(), Ordered: true, Column: "severity", Doc: "severity"},
			{Name: "ip", Type: queries.IP, Column: "ip", Doc: "client address, or CIDR"},
			{Name: "user", Column: "user", Doc: "user"},
			{Name: "method", Aliases: []string{"verb"}, Column: "method", Doc: "HTTP method"},
			{Name: "path", Column: "path", Doc: "path of the request"},
			{Name: "route", Column: "route", Doc: "route pattern"},
			{Name: "status", Type: queries.Number, Column: "status", Doc: "HTTP status of the answer"},
			{Name: "host", Column: "host", Doc: "host asked"},
			{Name: "agent", Aliases: []string{"user_agent"}, Column: "user_agent", Doc: "user agent"},
			{Name: "request", Aliases: []string{"rid"}, Column: "request", Doc: "id of the request"},
			{Name: "param", Column: "param", Doc: "input an attack came through"},
			{Name: "message", Column: "message", Doc: "reason"},
			{Name: "weight", Type: queries.Number, Column: "weight", Doc: "facts the event stands for"},
		},
	}
}

// Values makes an Event a queries.Record over EventSchema.
func (e *Event) Values(field string) []any {
	switch field {
	case "id":
		return []any{e.Pos}
	case "at":
		return instant(e.At)
	case "received":
		return instant(e.Received)
	case "blocked":
		return []any{e.Blocked}
	case "reached":
		return []any{e.Reached}
	case "weight":
		return []any{e.Weight}
	case "status":
		if e.Status == 0 {
			return nil
		}
		return []any{int64(e.Status)}
	case "ip":
		if !e.IP.IsValid() {
			return nil
		}
		return []any{e.IP}
	default:
		return word(e.text(field))
	}
}

func (e *Event) text(field string) string {
	switch field {
	case "app":
		return e.App
	case "env":
		return e.Env
	case "instance":
		return e.Instance
	case "kind":
		return e.Kind
	case "name":
		return e.Name
	case "attack":
		return e.Attack
	case "protection":
		return e.Protection
	case "rule":
		return e.Rule
	case "severity":
		return string(e.Severity)
	case "user":
		return e.User
	case "method":
		return e.Method
	case "path":
		return e.Path
	case "route":
		return e.Route
	case "host":
		return e.Host
	case "agent":
		return e.UserAgent
	case "request":
		return e.Request
	case "param":
		return e.Param
	case "message":
		return e.Message
	}
	return ""
}

func word(s string) []any {
	if s == "" {
		return nil
	}
	return []any{s}
}

func instant(t time.Time) []any {
	if t.IsZero() {
		return nil
	}
	return []any{t}
}

// IncidentSchema is what the query language knows of an Incident. Columns are
// those of a store's incidents table.
func IncidentSchema() *queries.Schema {
	return &queries.Schema{
		Name: "incidents", TimeField: "last_seen", FreeText: []string{"title", "kind", "assignee"},
		Fields: []queries.Field{
			{Name: "id", Type: queries.Number, Column: "id", Doc: "number of the incident"},
			{Name: "app", Column: "app", Doc: "name of the app"},
			{Name: "env", Aliases: []string{"environment"}, Column: "env", Doc: "environment"},
			{Name: "kind", Aliases: []string{"type", "attack"}, Column: "kind", Doc: "kind: sqli, http_scan, credential_stuffing, ..."},
			{Name: "title", Column: "title", Doc: "title"},
			{Name: "severity", Type: queries.Enum, Values: Severities(), Ordered: true, Column: "severity", Doc: "severity"},
			{Name: "state", Aliases: []string{"status", "is"}, Type: queries.Enum, Values: IncidentStates(), Column: "state", Doc: "state"},
			{Name: "assignee", Column: "assignee", Doc: "who takes care of it"},
			{Name: "first_seen", Type: queries.Time, Column: "first_seen", Doc: "time of its first event"},
			{Name: "last_seen", Aliases: []string{"at"}, Type: queries.Time, Column: "last_seen", Doc: "time of its latest event"},
			{Name: "events", Aliases: []string{"count"}, Type: queries.Number, Column: "events", Doc: "number of events"},
			{Name: "blocked", Type: queries.Number, Column: "blocked", Doc: "events that were blocked"},
			{Name: "reached", Type: queries.Number, Column: "reached", Doc: "events that reached a sink"},
			{Name: "exploited", Type: queries.Number, Column: "exploited", Doc: "events that reached a sink and were not blocked"},
			{Name: "ip", Type: queries.IP, Column: "ip", Doc: "address of the main actor"},
		},
	}
}

// ActionSchema is what the query language knows of an Action. Actions are
// filtered in memory.
func ActionSchema() *queries.Schema {
	kinds := []string{wire.ActionBlockIP, wire.ActionBlockUser, wire.ActionRedirectIP, wire.ActionRedirectUser}
	return &queries.Schema{
		Name: "actions", TimeField: "created", FreeText: []string{"target", "reason", "by"},
		Fields: []queries.Field{
			{Name: "id", Doc: "id of the action"},
			{Name: "kind", Type: queries.Enum, Values: kinds, Doc: "kind"},
			{Name: "target", Doc: "address, CIDR or user"},
			{Name: "ip", Type: queries.IP, Doc: "address it blocks"},
			{Name: "app", Doc: "app it is limited to"},
			{Name: "env", Doc: "environment it is limited to"},
			{Name: "reason", Doc: "reason"},
			{Name: "by", Doc: "who made it"},
			{Name: "incident", Type: queries.Number, Doc: "incident it answers"},
			{Name: "state", Type: queries.Enum, Values: []string{"active", "expired", "revoked"}, Doc: "state"},
			{Name: "created", Aliases: []string{"at"}, Type: queries.Time, Doc: "when it was made"},
			{Name: "expires", Type: queries.Time, Doc: "when it ends"},
			{Name: "hits", Type: queries.Number, Doc: "requests it answered"},
		},
	}
}

// ActionRecord is an Action at a time, which decides its state.
type ActionRecord struct {
	Action *Action
	Now    time.Time
}

// Values makes an ActionRecord a queries.Record over ActionSchema.
func (r ActionRecord) Values(field string) []any {
	a := r.Action
	switch field {
	case "id":
		return word(a.ID)
	case "kind":
		return word(a.Kind)
	case "target":
		return word(a.Target)
	case "ip":
		if p, err := ParsePrefix(a.Target); err == nil {
			return []any{p.Addr()}
		}
	case "app":
		return word(a.App)
	case "env":
		return word(a.Env)
	case "reason":
		return word(a.Reason)
	case "by":
		return word(a.By)
	case "incident":
		if a.Incident != 0 {
			return []any{a.Incident}
		}
	case "state":
		return []any{a.State(r.Now)}
	case "created":
		return instant(a.Created)
	case "expires":
		return instant(a.Expires)
	case "hits":
		return []any{a.Hits}
	}
	return nil
}

// State is "active", "expired" or "revoked".
func (a *Action) State(now time.Time) string {
	switch {
	case !a.Revoked.IsZero():
		return "revoked"
	case a.InForce(now):
		return "active"
	}
	return "expired"
}
