// Package weakness finds what makes an app easier to attack, from what its
// agents report and the policy in force. Each finding says how to mend it.
package weakness

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/inventory"
)

// check is one thing that may be wrong. applies and wrong look at an app whose
// facts and modes are filled in.
type check struct {
	id, severity string
	wrong        func(a *inventory.App) bool
	text, remedy func(a *inventory.App) string
}

// Find lists the weaknesses of an app that an agent has reported for, the
// gravest first. An app without any agent yet has only that one.
func Find(a *inventory.App) []inventory.Weakness {
	out := []inventory.Weakness{}
	if a.Status == "waiting" {
		return append(out, inventory.Weakness{
			ID: "no-agent", Severity: "medium", Text: "no agent has connected yet",
			Remedy: "start the app with SQREEN_URL and SQREEN_TOKEN set",
		})
	}
	for _, c := range checks() {
		if c.wrong(a) {
			out = append(out, inventory.Weakness{ID: c.id, Severity: c.severity, Text: c.text(a), Remedy: c.remedy(a)})
		}
	}
	return out
}

func checks() []check {
	return []check{
		{
			"disabled", "high", func(a *inventory.App) bool { return !a.Enabled },
			says("protection is switched off"), policy("enabled=true"),
		},
		{
			"rasp-off", "high", func(a *inventory.App) bool { return a.Enabled && a.RASP == wire.ModeOff },
			says("runtime protection is off"), policy("rasp=block"),
		},
		{
			"unhooked-driver", "high", unhookedDriver,
			func(a *inventory.App) string {
				return fmt.Sprintf("driver %s is linked, but no statement passes through the agent", a.Drivers[0].Name)
			},
			says("open the database through sqlhook; see docs/protect.md"),
		},
		{
			"silent", "medium", func(a *inventory.App) bool { return a.Status == "silent" },
			says("no instance has been heard of lately"), says("check that the app runs and can reach the platform"),
		},
		{
			"rasp-monitor", "medium", func(a *inventory.App) bool { return a.RASP == wire.ModeMonitor || a.RASP == "mixed" },
			says("runtime protection only watches some attacks"), policy("rasp=block"),
		},
		{
			"waf-off", "medium", func(a *inventory.App) bool { return a.WAF == wire.ModeOff },
			says("the in-app WAF is off"), policy("waf=monitor"),
		},
		{
			"old-runtime", "medium", oldRuntime,
			func(a *inventory.App) string { return a.Runtime + " no longer gets security fixes" },
			says("build with a supported Go release"),
		},
		{
			"no-csp", "low", func(a *inventory.App) bool { return a.CSP == wire.ModeOff },
			says("no content security policy is set"), policy("csp=monitor"),
		},
		{
			"no-headers", "low", func(a *inventory.App) bool { return a.Headers == wire.ModeOff },
			says("security headers are not set"), policy("headers=block"),
		},
	}
}

func says(text string) func(*inventory.App) string {
	return func(*inventory.App) string { return text }
}

func policy(setting string) func(*inventory.App) string {
	return func(a *inventory.App) string {
		return fmt.Sprintf("sqreen policies set %s/%s %s", a.Name, a.Env, setting)
	}
}

// unhookedDriver is true when a database driver is linked and the app has run
// for a while without its SQL being seen.
func unhookedDriver(a *inventory.App) bool {
	return len(a.Drivers) > 0 && len(a.Hooks) > 0 && !slices.Contains(a.Hooks, "sqlhook") && !slices.Contains(a.Uses, "sql")
}

// oldRuntime compares with the release this binary was built with: Go supports
// the two newest releases, so one that is more than one behind gets no fixes
// (go.dev/doc/devel/release).
func oldRuntime(a *inventory.App) bool {
	theirs, ok1 := goMinor(a.Runtime)
	ours, ok2 := goMinor(runtime.Version())
	return ok1 && ok2 && theirs < ours-1
}

func goMinor(version string) (int, bool) {
	rest, ok := strings.CutPrefix(version, "go1.")
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	n, err := strconv.Atoi(rest)
	return n, err == nil
}
