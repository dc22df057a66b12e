package inventory

import (
	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/queries"
)

// Schema is what the query language knows of an App. Apps are filtered in memory.
func Schema() *queries.Schema {
	risks := []string{string(RiskLow), string(RiskMedium), string(RiskHigh)}
	modes := []string{wire.ModeOff, wire.ModeMonitor, wire.ModeBlock, "mixed"}
	return &queries.Schema{
		Name: "apps", TimeField: "last_seen", FreeText: []string{"name", "group", "framework", "package", "orm", "driver"},
		Fields: []queries.Field{
			{Name: "name", Aliases: []string{"app"}, Doc: "name of the app"},
			{Name: "env", Aliases: []string{"environment"}, Doc: "environment"},
			{Name: "group", Doc: "security group"},
			{Name: "risk", Type: queries.Enum, Values: risks, Ordered: true, Doc: "risk band"},
			{Name: "score", Aliases: []string{"risk_score"}, Type: queries.Number, Doc: "risk score, 0 to 100"},
			{Name: "incidents", Type: queries.Number, Doc: "live incidents"},
			{Name: "weaknesses", Type: queries.Number, Doc: "number of weaknesses"},
			{Name: "weakness", Multi: true, Doc: "a weakness by its id"},
			{Name: "blocked_actors", Type: queries.Number, Doc: "blocks and redirects in force"},
			{Name: "requests", Type: queries.Number, Doc: "requests in the last 24 hours"},
			{Name: "attacks", Type: queries.Number, Doc: "attacks in the last 24 hours"},
			{Name: "blocked", Type: queries.Number, Doc: "requests blocked in the last 24 hours"},
			{Name: "first_connected", Aliases: []string{"first_seen"}, Type: queries.Time, Doc: "first connection of an agent"},
			{Name: "last_seen", Type: queries.Time, Doc: "latest word from an agent"},
			{Name: "instances", Type: queries.Number, Doc: "running processes"},
			{Name: "status", Type: queries.Enum, Values: []string{"connected", "silent", "waiting"}, Doc: "whether agents report"},
			{Name: "enabled", Type: queries.Bool, Doc: "whether protection is on"},
			{Name: "rasp", Type: queries.Enum, Values: modes, Doc: "mode of runtime protection"},
			{Name: "waf", Type: queries.Enum, Values: modes, Doc: "mode of the WAF"},
			{Name: "csp", Type: queries.Enum, Values: modes, Doc: "mode of the content security policy"},
			{Name: "headers", Type: queries.Enum, Values: modes, Doc: "mode of the security headers"},
			{Name: "overhead", Type: queries.Number, Doc: "percent of request time spent in checks"},
			{Name: "tech", Aliases: []string{"technology"}, Doc: "technology"},
			{Name: "runtime", Doc: "language runtime and version"},
			{Name: "agent", Doc: "agent and version"},
			{Name: "framework", Aliases: []string{"frameworks"}, Multi: true, Doc: "web framework"},
			{Name: "package", Aliases: []string{"packages"}, Multi: true, Doc: "linked package, also with its version: name@v1.2.3"},
			{Name: "orm", Aliases: []string{"orms"}, Multi: true, Doc: "object-relational mapper"},
			{Name: "template", Aliases: []string{"templates"}, Multi: true, Doc: "templating engine"},
			{Name: "driver", Aliases: []string{"drivers"}, Multi: true, Doc: "database driver"},
			{Name: "uses", Multi: true, Doc: "what really ran: sql, shell, files, http-client, templates"},
			{Name: "hook", Aliases: []string{"hooks"}, Multi: true, Doc: "instrumentation in place"},
		},
	}
}

// Values makes an App a queries.Record over Schema.
func (a *App) Values(field string) []any {
	switch field {
	case "name":
		return one(a.Name)
	case "env":
		return one(a.Env)
	case "group":
		return one(a.Group)
	case "risk":
		return one(string(a.Risk))
	case "score":
		return []any{int64(a.RiskScore)}
	case "incidents":
		return []any{int64(a.Incidents)}
	case "weaknesses":
		return []any{int64(len(a.Weaknesses))}
	case "weakness":
		return each(a.Weaknesses, func(w Weakness) []any { return []any{w.ID} })
	case "blocked_actors":
		return []any{int64(a.BlockedActors)}
	case "requests":
		return []any{a.Requests24h}
	case "attacks":
		return []any{a.Attacks24h}
	case "blocked":
		return []any{a.Blocked24h}
	case "instances":
		return []any{int64(a.Instances)}
	case "enabled":
		return []any{a.Enabled}
	case "overhead":
		return []any{a.Overhead}
	default:
		return a.stackValues(field)
	}
}

func (a *App) stackValues(field string) []any {
	switch field {
	case "first_connected":
		if !a.FirstSeen.IsZero() {
			return []any{a.FirstSeen}
		}
	case "last_seen":
		if !a.LastSeen.IsZero() {
			return []any{a.LastSeen}
		}
	case "status":
		return one(a.Status)
	case "rasp":
		return one(a.RASP)
	case "waf":
		return one(a.WAF)
	case "csp":
		return one(a.CSP)
	case "headers":
		return one(a.Headers)
	case "tech":
		return one(a.Technology)
	case "runtime":
		return one(a.Runtime)
	case "agent":
		return one(a.Agent)
	case "framework":
		return components(a.Frameworks)
	case "package":
		return components(a.Packages)
	case "orm":
		return components(a.ORMs)
	case "template":
		return components(a.Templates)
	case "driver":
		return components(a.Drivers)
	case "uses":
		return each(a.Uses, func(s string) []any { return []any{s} })
	case "hook":
		return each(a.Hooks, func(s string) []any { return []any{s} })
	}
	return nil
}

func one(s string) []any {
	if s == "" {
		return nil
	}
	return []any{s}
}

func each[T any](list []T, f func(T) []any) []any {
	var out []any
	for _, v := range list {
		out = append(out, f(v)...)
	}
	return out
}

// components are found by name, by the last part of the name, and with their version.
func components(list []wire.Component) []any {
	return each(list, func(c wire.Component) []any {
		out := []any{c.Name, c.Name + "@" + c.Version}
		for i := len(c.Name) - 1; i > 0; i-- {
			if c.Name[i] == '/' {
				return append(out, c.Name[i+1:])
			}
		}
		return out
	})
}
