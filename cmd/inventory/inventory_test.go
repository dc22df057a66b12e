package inventory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// apps are two apps, the second with a name that would clear a terminal.
func apps() []inventory.App {
	now := cmdtest.Now()
	return []inventory.App{
		{
			Name: "blog", Env: "prod", Risk: inventory.RiskLow, RiskScore: 12, Attacks24h: 1234567, FirstSeen: now.Add(-50 * time.Hour), LastSeen: now.Add(-3 * time.Second),
			Instances: 2, Status: "connected", Enabled: true, RASP: "block", WAF: "monitor", CSP: "off", Headers: "off", Technology: "Go", Runtime: "go1.26.8",
			Agent: "agentkit-go 0.1.0", Frameworks: []wire.Component{{Name: "github.com/go-chi/chi/v5", Version: "v5.5.0"}}, Uses: []string{"files", "sql"},
		},
		{
			Name: "shop\x1b[2J", Env: "prod", Group: "pay", Risk: inventory.RiskHigh, RiskScore: 80, Incidents: 3, BlockedActors: 1, LastSeen: now.Add(-time.Hour),
			Weaknesses: []inventory.Weakness{{ID: "no-csp", Severity: "low", Text: "no CSP", Remedy: "set it"}},
			Status:     "silent", RASP: "mixed", WAF: "off", CSP: "off", Headers: "off",
		},
	}
}

func lister(t *testing.T, want string) *fakeplatform.Platform {
	return &fakeplatform.Platform{AppsF: func(query string) ([]inventory.App, error) {
		if query != want {
			t.Errorf("the platform was asked %q, want %q", query, want)
		}
		return apps(), nil
	}}
}

func TestListOnTerminal(t *testing.T) {
	r := cmdtest.New(t, lister(t, ""))
	r.IO.SetTerminal(100)
	r.Want("inventory", 0, `
NAME         ENV   RISK  INCIDENTS  WEAK  ACTORS    ATTACKS  STATUS     RASP   WAF      FRAMEWORKS
blog         prod  low           0     0       0  1,234,567  connected  block  monitor  chi
shop\x1b[2J  prod  high          3     1       1          0  silent     mixed  off

2 apps
`, "")
	if strings.Contains(r.Screen.Out.String(), "\x1b") {
		t.Error("an escape sequence of the data reached the terminal")
	}
}

func TestListOnNarrowTerminal(t *testing.T) {
	r := cmdtest.New(t, lister(t, ""))
	r.IO.SetTerminal(64)
	r.Want("inventory", 0, `
NAME         ENV   RISK  INCIDENTS  STATUS     RASP   WAF
blog         prod  low           0  connected  block  monitor
shop\x1b[2J  prod  high          3  silent     mixed  off

2 apps; no room for frameworks, blocked_actors, weaknesses, attacks_24h (-o wide shows all)
`, "")
}

func TestListInPipe(t *testing.T) {
	r := cmdtest.New(t, lister(t, ""))
	r.Want("inventory", 0, "blog\tprod\tlow\t0\t0\t0\t1234567\tconnected\tblock\tmonitor\tgithub.com/go-chi/chi/v5@v5.5.0\n"+
		"shop\\x1b[2J\tprod\thigh\t3\t1\t1\t0\tsilent\tmixed\toff\t\n", "")
	r.Want("inventory --columns name,first_connected", 0, "blog\t2026-11-19T10:00:00Z\nshop\\x1b[2J\t\n", "")
}

func TestFlagsAndQueryCombine(t *testing.T) {
	r := cmdtest.New(t, lister(t, "(uses:sql -orm:*) env:(prod,staging) risk:high"))
	r.Want("inventory 'uses:sql -orm:*' --env prod,staging --risk high --json name", 0, `
[
  {
    "name": "blog"
  },
  {
    "name": "shop\u001b[2J"
  }
]
`, "")
}

func TestStructured(t *testing.T) {
	r := cmdtest.New(t, lister(t, ""))
	for _, terminal := range []bool{false, true} {
		if terminal {
			r.IO.SetTerminal(80)
		}
		r.Want("inventory --json name,env,risk,incidents --jq '.[]|[.name,.incidents]'", 0, "[\"blog\",0]\n[\"shop\\u001b[2J\",3]\n", "")
		r.Want("inventory --template '{{range .}}{{.env}} {{timeago .last_seen}} {{join \"+\" .uses}};{{end}}'", 0, "prod 3s ago files+sql;prod 1h ago ;", "")
		r.Want("inventory --sort -risk --columns risk,packages -o csv", 0, "risk,packages\nhigh,\nlow,\n", "")
		r.Want("inventory --limit 1 --json name,risk_score,first_connected,packages -o yaml", 0, "- name: blog\n  risk_score: 12\n  first_connected: \"2026-11-19T10:00:00Z\"\n  packages: []\n", "")
	}
}

func TestLimitIsTold(t *testing.T) {
	r := cmdtest.New(t, lister(t, ""))
	r.IO.SetTerminal(100)
	r.Want("inventory --limit 1 --columns name", 0, "NAME\nblog\n\nshowing 1 of 2 apps\n", "")
}

func TestMistakes(t *testing.T) {
	r := cmdtest.New(t, lister(t, ""))
	r.Want("inventory 'env:prod rsk:high'", 1, "", `
sqreen: query: apps have no field "rsk"
  env:prod rsk:high
           ^^^
hint: did you mean "risk"?
`)
	r.Want("inventory --json nme", 1, "", "sqreen: unknown JSON field \"nme\"\nhint: did you mean \"name\"? There are: "+strings.Join(jsonFields(), ", ")+"\n")
	r.Want("inventory --json", 0, strings.Join(jsonFields(), "\n")+"\n", "")
	r.Want("inventory --json --jq .", 1, "", "sqreen: --json is followed by --jq instead of field names\nhint: name the fields, as in --json name,env,group, or use --jq alone for all fields\n")
	r.Want("inventory -orm:*", 1, "", "sqreen: unknown output format \"rm:*\"\nhint: a query that begins with - goes after --, in quotes: -- '-orm:*'\n")
	r.Want("inventory -uses:sql", 1, "", "sqreen: unknown shorthand flag: 'u' in -uses:sql\nhint: a query that begins with - goes after --, in quotes: sqreen inventory -- '-orm:*'\n")
	r.Want("inventory --envi prod", 1, "", "sqreen: unknown flag: --envi\nhint: did you mean --env?\n")
	r.Want("inventory --columns nam", 1, "", "sqreen: unknown column \"nam\"\nhint: did you mean \"name\"? There are: "+
		"name, env, group, risk, risk_score, incidents, weaknesses, blocked_actors, requests_24h, attacks_24h, blocked_24h, first_connected, last_seen, instances, status, "+
		"enabled, rasp, waf, csp, headers, overhead_percent, technology, runtime, agent, frameworks, orms, templates, drivers, uses, hooks, packages\n")
}

// jsonFields are the names that scripts rely on: none of them may go or change.
func jsonFields() []string {
	return strings.Fields(`name env group risk risk_score risk_reasons incidents weaknesses blocked_actors requests_24h attacks_24h blocked_24h
		first_connected last_seen instances status enabled rasp waf csp headers modes overhead_percent technology runtime agent
		frameworks packages orms templates drivers uses hooks`)
}

func TestNothingFound(t *testing.T) {
	none := &fakeplatform.Platform{AppsF: func(string) ([]inventory.App, error) { return nil, nil }}
	r := cmdtest.New(t, none)
	r.Want("inventory name:x", 0, "", "")
	r.Want("inventory name:x --json name", 0, "[]\n", "")
	r.IO.SetTerminal(80)
	r.Want("inventory name:x", 0, "", "No app matches.\nhint: sqreen inventory lists all of them\n")
	r.Want("inventory shw shop", 0, "", "No app matches.\nhint: did you mean sqreen inventory show?\n")
	r.Want("inventory", 0, "", "No app has connected yet.\nhint: sqreen tokens create --app NAME --env ENV\n")
	if none.Closed != 5 {
		t.Errorf("the platform was closed %d times, want 5", none.Closed)
	}
}

func TestErrorsOfThePlatform(t *testing.T) {
	r := cmdtest.New(t, &fakeplatform.Platform{AppsF: func(string) ([]inventory.App, error) {
		return nil, localplatform.Errorf(localplatform.CodeUnauthorized, "no valid token").WithHint("--token-file FILE")
	}})
	r.Want("inventory", 4, "", "sqreen: no valid token\nhint: --token-file FILE\n")
}

func shown(t *testing.T) *fakeplatform.Platform {
	return &fakeplatform.Platform{AppF: func(name, env string) (localplatform.AppDetail, error) {
		if name != "shop" || env != "prod" {
			t.Errorf("the platform was asked for %s/%s", name, env)
		}
		now := cmdtest.Now()
		a := apps()[0]
		a.Name, a.RiskReasons = "shop", []inventory.Reason{{Points: 12, Text: "old runtime", Remedy: "update Go"}}
		a.Modes = map[string]string{wire.ProtectionWAF: "monitor", wire.ProtectionSQLi: "block"}
		return localplatform.AppDetail{App: a, Version: 5, Instances: []localplatform.Instance{
			{ID: "i-1", Stack: wire.Stack{Hostname: "web-1", OS: "linux/amd64"}, Started: now.Add(-2 * time.Hour), LastSeen: now.Add(-5 * time.Second), Sent: 5, Applied: 4},
		}}, nil
	}}
}

func TestShowOnTerminal(t *testing.T) {
	r := cmdtest.New(t, shown(t))
	r.IO.SetTerminal(80)
	r.Want("inventory show shop/prod", 0, `
shop/prod
status           connected
risk             low (12 of 100)
incidents        0
blocked actors   0
last 24 hours    0 requests, 1,234,567 attacks, 0 blocked
overhead         0.00 % of request time
first connected  2026-11-19 10:00:00 (2d ago)
last seen        2026-11-21 11:59:57 (3s ago)

RISK
POINTS  BECAUSE      WHAT LOWERS IT
+12     old runtime  update Go

PROTECTION
rasp.sqli  block
waf        monitor

STACK
technology  Go go1.26.8
agent       agentkit-go 0.1.0
frameworks  github.com/go-chi/chi/v5@v5.5.0
uses        files, sql

INSTANCES
INSTANCE  HOST   OS           STARTED  LAST SEEN  POLICY
i-1       web-1  linux/amd64  2h ago   5s ago     sent
`, "")
}

func TestShowStructured(t *testing.T) {
	r := cmdtest.New(t, shown(t))
	r.Want("app show shop --env prod --json name,env,version,policy", 0, `
{
  "name": "shop",
  "env": "prod",
  "version": 5,
  "policy": {
    "scope": {}
  }
}
`, "")
	r.Want("inventory show shop/prod -o csv", 1, "", "sqreen: csv is for lists\nhint: use -o json or -o yaml\n")
	r.Want("inventory show", 1, "", "sqreen: accepts 1 arg(s), received 0\nhint: name one app, as in shop/prod\n")
	r.Want("inventory show shop/prod --env staging", 1, "", "sqreen: shop/prod names environment prod, and --env staging\n")
}
