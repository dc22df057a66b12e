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

type column = printer.Column[inventory.App]

// columns are the columns of the inventory, in the order of the sections people
// know: app, security, protection, stack.
func columns() []column {
	return slices.Concat(appColumns(), protectionColumns(), stackColumns())
}

func appColumns() []column {
	return []column{
		text("name", func(a inventory.App) string { return a.Name }, func(c *column) { c.Min = 8 }),
		text("env", func(a inventory.App) string { return a.Env }, func(c *column) { c.Min = 4 }),
		text("group", func(a inventory.App) string { return a.Group }, wide),
		{
			Name: "risk", Text: func(a inventory.App) string { return string(a.Risk) },
			Show: func(a inventory.App, p printer.Pen) string { return p.Word(string(a.Risk)) },
			Cmp:  func(a, b inventory.App) int { return cmp.Compare(a.RiskScore, b.RiskScore) },
		},
		number("score", func(a inventory.App) int64 { return int64(a.RiskScore) }, wide),
		number("incidents", func(a inventory.App) int64 { return int64(a.Incidents) }, nil),
		number("weaknesses", func(a inventory.App) int64 { return int64(len(a.Weaknesses)) }, func(c *column) { c.Head, c.Drop = "WEAK", 5 }),
		number("blocked_actors", func(a inventory.App) int64 { return int64(a.BlockedActors) }, func(c *column) { c.Head, c.Drop = "ACTORS", 6 }),
		number("requests_24h", func(a inventory.App) int64 { return a.Requests24h }, wide),
		number("attacks_24h", func(a inventory.App) int64 { return a.Attacks24h }, func(c *column) { c.Head, c.Drop = "ATTACKS", 4 }),
		number("blocked_24h", func(a inventory.App) int64 { return a.Blocked24h }, wide),
		instant("first_connected", func(a inventory.App) time.Time { return a.FirstSeen }),
		instant("last_seen", func(a inventory.App) time.Time { return a.LastSeen }),
		number("instances", func(a inventory.App) int64 { return int64(a.Instances) }, wide),
		word("status", func(a inventory.App) string { return a.Status }, func(c *column) { c.Drop = 3 }),
	}
}

func protectionColumns() []column {
	return []column{
		{
			Name: "enabled", Wide: true,
			Text: func(a inventory.App) string { return strconv.FormatBool(a.Enabled) },
			Show: func(a inventory.App, p printer.Pen) string {
				if a.Enabled {
					return p.Good("yes")
				}
				return p.Bad("no")
			},
		},
		word("rasp", func(a inventory.App) string { return a.RASP }, func(c *column) { c.Drop = 1 }),
		word("waf", func(a inventory.App) string { return a.WAF }, func(c *column) { c.Drop = 2 }),
		word("csp", func(a inventory.App) string { return a.CSP }, wide),
		word("headers", func(a inventory.App) string { return a.Headers }, wide),
		{
			Name: "overhead_percent", Head: "OVERHEAD", Wide: true, Num: true,
			Text: func(a inventory.App) string { return strconv.FormatFloat(a.Overhead, 'f', 2, 64) },
			Cmp:  func(a, b inventory.App) int { return cmp.Compare(a.Overhead, b.Overhead) },
		},
	}
}

func stackColumns() []column {
	return []column{
		text("technology", func(a inventory.App) string { return a.Technology }, wide),
		text("runtime", func(a inventory.App) string { return a.Runtime }, wide),
		text("agent", func(a inventory.App) string { return a.Agent }, wide),
		components("frameworks", func(a inventory.App) []wire.Component { return a.Frameworks }, func(c *column) { c.Drop, c.Min = 7, 8 }),
		components("orms", func(a inventory.App) []wire.Component { return a.ORMs }, wide),
		components("templates", func(a inventory.App) []wire.Component { return a.Templates }, wide),
		components("drivers", func(a inventory.App) []wire.Component { return a.Drivers }, wide),
		text("uses", func(a inventory.App) string { return strings.Join(a.Uses, ",") }, wide),
		text("hooks", func(a inventory.App) string { return strings.Join(a.Hooks, ",") }, wide),
		{
			Name: "packages", Wide: true, Text: func(a inventory.App) string { return join(a.Packages, versioned) },
			Show: func(a inventory.App, _ printer.Pen) string { return strconv.Itoa(len(a.Packages)) },
			Cmp:  func(a, b inventory.App) int { return cmp.Compare(len(a.Packages), len(b.Packages)) },
		},
	}
}

func wide(c *column) { c.Wide = true }

func apply(c column, more func(*column)) column {
	if more != nil {
		more(&c)
	}
	return c
}

func text(name string, get func(inventory.App) string, more func(*column)) column {
	return apply(column{Name: name, Text: get}, more)
}

func word(name string, get func(inventory.App) string, more func(*column)) column {
	return apply(column{
		Name: name, Text: get,
		Show: func(a inventory.App, p printer.Pen) string { return p.Word(printer.Clean(get(a))) },
	}, more)
}

func number(name string, get func(inventory.App) int64, more func(*column)) column {
	return apply(column{
		Name: name, Num: true,
		Text: func(a inventory.App) string { return strconv.FormatInt(get(a), 10) },
		Show: func(a inventory.App, _ printer.Pen) string { return printer.Thousands(get(a)) },
		Cmp:  func(a, b inventory.App) int { return cmp.Compare(get(a), get(b)) },
	}, more)
}

func instant(name string, get func(inventory.App) time.Time) column {
	return column{
		Name: name, Wide: true,
		Text: func(a inventory.App) string { return printer.Stamp(get(a)) },
		Show: func(a inventory.App, p printer.Pen) string { return p.When(get(a)) },
		Cmp:  func(a, b inventory.App) int { return get(a).Compare(get(b)) },
	}
}

func components(name string, get func(inventory.App) []wire.Component, more func(*column)) column {
	return apply(column{
		Name: name, Text: func(a inventory.App) string { return join(get(a), versioned) },
		Show: func(a inventory.App, _ printer.Pen) string { return printer.Clean(join(get(a), short)) },
	}, more)
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

// short is the last part of a name that says something: github.com/go-chi/chi/v5 is chi.
func short(c wire.Component) string {
	parts := strings.Split(c.Name, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9' {
		last = parts[len(parts)-2]
	}
	return last
}
