package inventory

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/inventory"
)

type (
	app    = inventory.App
	column = printer.Column[app]
)

// columns are the columns of the inventory, in the order of the sections people
// know: app, security, protection, stack.
func columns() []column {
	return slices.Concat(appColumns(), protectionColumns(), stackColumns())
}

func appColumns() []column {
	return []column{
		printer.Text("name", func(a app) string { return a.Name }).Cut(8),
		printer.Text("env", func(a app) string { return a.Env }).Cut(4),
		printer.Text("group", func(a app) string { return a.Group }).InWide(),
		printer.Word("risk", func(a app) string { return string(a.Risk) }).By(byScore),
		printer.Number("risk_score", func(a app) int64 { return int64(a.RiskScore) }).InWide().Titled("SCORE"),
		printer.Number("incidents", func(a app) int64 { return int64(a.Incidents) }),
		printer.Number("weaknesses", func(a app) int64 { return int64(len(a.Weaknesses)) }).Titled("WEAK").Yields(5),
		printer.Number("blocked_actors", func(a app) int64 { return int64(a.BlockedActors) }).Titled("ACTORS").Yields(6),
		printer.Number("requests_24h", func(a app) int64 { return a.Requests24h }).InWide().Titled("REQUESTS"),
		printer.Number("attacks_24h", func(a app) int64 { return a.Attacks24h }).Titled("ATTACKS").Yields(4),
		printer.Number("blocked_24h", func(a app) int64 { return a.Blocked24h }).InWide().Titled("BLOCKED"),
		printer.Time("first_connected", func(a app) time.Time { return a.FirstSeen }).InWide(),
		printer.Time("last_seen", func(a app) time.Time { return a.LastSeen }).InWide(),
		printer.Number("instances", func(a app) int64 { return int64(a.Instances) }).InWide(),
		printer.Word("status", func(a app) string { return a.Status }).Yields(3),
	}
}

func byScore(a, b app) int { return cmp.Compare(a.RiskScore, b.RiskScore) }

func protectionColumns() []column {
	return []column{
		printer.YesNo("enabled", func(a app) bool { return a.Enabled }, true).InWide(),
		printer.Word("rasp", func(a app) string { return a.RASP }).Yields(1),
		printer.Word("waf", func(a app) string { return a.WAF }).Yields(2),
		printer.Word("csp", func(a app) string { return a.CSP }).InWide(),
		printer.Word("headers", func(a app) string { return a.Headers }).InWide(),
		{
			Name: "overhead_percent", Head: "OVERHEAD", Wide: true, Num: true,
			Text: func(a app) string { return strconv.FormatFloat(a.Overhead, 'f', 2, 64) },
			Cmp:  func(a, b app) int { return cmp.Compare(a.Overhead, b.Overhead) },
		},
	}
}

func stackColumns() []column {
	return []column{
		printer.Text("technology", func(a app) string { return a.Technology }).InWide(),
		printer.Text("runtime", func(a app) string { return a.Runtime }).InWide(),
		printer.Text("agent", func(a app) string { return a.Agent }).InWide(),
		components("frameworks", func(a app) []wire.Component { return a.Frameworks }).Yields(7).Cut(8),
		components("orms", func(a app) []wire.Component { return a.ORMs }).InWide(),
		components("templates", func(a app) []wire.Component { return a.Templates }).InWide(),
		components("drivers", func(a app) []wire.Component { return a.Drivers }).InWide(),
		printer.Text("uses", func(a app) string { return strings.Join(a.Uses, ",") }).InWide(),
		printer.Text("hooks", func(a app) string { return strings.Join(a.Hooks, ",") }).InWide(),
		printer.Text("packages", func(a app) string { return join(a.Packages, versioned) }).InWide().
			Shown(func(a app, _ printer.Pen) string { return strconv.Itoa(len(a.Packages)) }).
			By(func(a, b app) int { return cmp.Compare(len(a.Packages), len(b.Packages)) }),
	}
}

func components(name string, get func(app) []wire.Component) column {
	return printer.Text(name, func(a app) string { return join(get(a), versioned) }).
		Shown(func(a app, _ printer.Pen) string { return printer.Clean(join(get(a), short)) })
}

func join(list []wire.Component, f func(wire.Component) string) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = f(c)
	}
	return strings.Join(parts, ",")
}

func versioned(c wire.Component) string {
	if c.Version == "" {
		return c.Name
	}
	return c.Name + "@" + c.Version
}

// short is the last part of a name that says something: github.com/go-chi/chi/v5
// is chi. Packages of the standard library keep their whole name.
func short(c wire.Component) string {
	parts := strings.Split(c.Name, "/")
	if !strings.Contains(parts[0], ".") {
		return c.Name
	}
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9' {
		last = parts[len(parts)-2]
	}
	return last
}
