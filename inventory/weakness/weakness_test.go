package weakness_test

import (
	"slices"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/inventory/weakness"
)

// sound is an app nothing is wrong with.
func sound() inventory.App {
	return inventory.App{
		Name: "shop", Env: "prod", Status: "connected", Enabled: true, Runtime: "go1.99.1",
		RASP: wire.ModeBlock, WAF: wire.ModeBlock, CSP: wire.ModeBlock, Headers: wire.ModeBlock,
		Drivers: []wire.Component{{Name: "github.com/jackc/pgx/v5"}}, Hooks: []string{"middleware", "sqlhook"}, Uses: []string{"sql"},
	}
}

func TestFind(t *testing.T) {
	for name, test := range map[string]struct {
		change func(a *inventory.App)
		want   []string
	}{
		"a sound app":                {func(*inventory.App) {}, nil},
		"no agent yet":               {func(a *inventory.App) { *a = inventory.App{Status: "waiting"} }, []string{"no-agent"}},
		"disabled":                   {func(a *inventory.App) { a.Enabled = false }, []string{"disabled"}},
		"off and silent":             {func(a *inventory.App) { a.RASP, a.Status = wire.ModeOff, "silent" }, []string{"rasp-off", "silent"}},
		"a driver nobody watches":    {func(a *inventory.App) { a.Hooks, a.Uses = []string{"middleware"}, nil }, []string{"unhooked-driver"}},
		"an old runtime":             {func(a *inventory.App) { a.Runtime = "go1.17.3" }, []string{"old-runtime"}},
		"a runtime we cannot read":   {func(a *inventory.App) { a.Runtime = "devel +abc" }, nil},
		"pages without any headers":  {func(a *inventory.App) { a.CSP, a.Headers = wire.ModeOff, wire.ModeOff }, []string{"no-csp", "no-headers"}},
		"watching only, and no WAF":  {func(a *inventory.App) { a.RASP, a.WAF = wire.ModeMonitor, wire.ModeOff }, []string{"rasp-monitor", "waf-off"}},
		"a driver used through hook": {func(a *inventory.App) { a.Hooks = []string{"middleware"} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := sound()
			test.change(&a)
			var got []string
			for _, w := range weakness.Find(&a) {
				got = append(got, w.ID)
				if w.Text == "" || w.Remedy == "" || w.Severity == "" {
					t.Errorf("%s is incomplete: %+v", w.ID, w)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
