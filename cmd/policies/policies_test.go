package policies_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// kept is a platform that keeps policies as a store would: by scope.
func kept(policies map[string]localplatform.Policy) *fakeplatform.Platform {
	return &fakeplatform.Platform{
		StatusF: func() (localplatform.Status, error) { return localplatform.Status{Mode: "server", Config: 4}, nil },
		PoliciesF: func() (out []localplatform.Policy, err error) {
			for _, p := range policies {
				out = append(out, p)
			}
			return out, nil
		},
		SetPolicyF: func(p localplatform.Policy) (localplatform.Policy, error) {
			p.By, p.Updated = "ada", cmdtest.Now()
			policies[p.Scope.String()] = p
			return p, nil
		},
		EffectivePolicyF: func(app, env string) (localplatform.Policy, error) {
			var list []localplatform.Policy
			for _, p := range policies {
				list = append(list, p)
			}
			return localplatform.EffectivePolicy(list, app, env, "pay"), nil
		},
		AppsF: func(string) ([]inventory.App, error) {
			return []inventory.App{{Name: "shop", Env: "prod", Group: "pay"}, {Name: "shop", Env: "staging"}}, nil
		},
		InstancesF: func(app, env string) ([]localplatform.Instance, error) {
			return []localplatform.Instance{{ID: "i-1", App: "shop", Env: "prod", LastSeen: cmdtest.Now(), Applied: 4}}, nil
		},
	}
}

func TestSetKeepsTheRest(t *testing.T) {
	on := true
	stored := map[string]localplatform.Policy{"shop/prod": {
		Scope: localplatform.PolicyScope{App: "shop", Env: "prod"}, Modes: map[string]string{wire.ProtectionCSP: "monitor"}, Disabled: &on, ScrubKeys: []string{"ssn"},
	}}
	r := cmdtest.New(t, kept(stored))
	page := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(page, []byte("<p>no</p>"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Want("policies set shop/prod waf=block rasp.sqli=monitor disabled=off budget_us=500 cpu_share=0.05 block_status=451 block_page=@"+page, 0, "",
		"shop/prod: csp=monitor rasp.sqli=monitor waf=block disabled=off budget_us=500 cpu_share=0.05 block_status=451 block_page=(9 bytes) scrub_keys=ssn\nIn force on 1 of 1 connected instance.\n")
	p := stored["shop/prod"]
	if *p.BlockPage != "<p>no</p>" || *p.CPUShare != 0.05 || p.Modes[wire.ProtectionCSP] != "monitor" {
		t.Errorf("stored %+v", p)
	}
	r.Want("policies unset shop/prod csp scrub_keys disabled budget_us cpu_share block_status block_page", 0, "", "shop/prod: rasp.sqli=monitor waf=block\nIn force on 1 of 1 connected instance.\n")
	r.Want("policies unset shop/prod", 1, "", "sqreen: Remove the whole policy of shop/prod?: this needs a yes, and nobody can be asked\nhint: add --yes\n")
	r.Want("policies unset shop/prod --yes", 0, "", "shop/prod: nothing is set any more, wider scopes and defaults hold\nIn force on 1 of 1 connected instance.\n")
}

func TestRASPStandsForAllOfThem(t *testing.T) {
	stored := map[string]localplatform.Policy{}
	r := cmdtest.New(t, kept(stored))
	if code := r.Run("policies set all rasp=monitor"); code != 0 {
		t.Fatal(r.Screen.ErrOut.String())
	}
	for _, k := range localplatform.Protections() {
		_, set := stored["all"].Modes[k.Name]
		if want := strings.HasPrefix(k.Name, "rasp."); set != want {
			t.Errorf("%s set: %v, want %v", k.Name, set, want)
		}
	}
	r.Run("policies unset all rasp")
	if len(stored["all"].Modes) != 0 {
		t.Errorf("after unset: %v", stored["all"].Modes)
	}
}

func TestSetMistakes(t *testing.T) {
	stored := map[string]localplatform.Policy{}
	r := cmdtest.New(t, kept(stored))
	for line, want := range map[string]string{
		"shop/prod wfa=block":      "sqreen: unknown setting \"wfa\"\nhint: did you mean \"waf\"?",
		"shop/prod waf=bolck":      "sqreen: waf: \"bolck\" is not off, monitor or block\n",
		"shop/prod waf":            "sqreen: \"waf\" is not NAME=VALUE\nhint: for example waf=block\n",
		"a/b/c waf=block":          "sqreen: \"a/b/c\" is not a policy scope\nhint: use all, group:NAME, APP or APP/ENV\n",
		"all block_status=200":     "sqreen: block status 200 is not an error status\n",
		"all cpu_share=5":          "sqreen: CPU share 5 is not between 0 and 1\n",
		"all budget_us=x":          "sqreen: budget_us: \"x\" is not a whole number\n",
		"all disabled=maybe":       "sqreen: disabled: \"maybe\" is not on or off\n",
		"all block_page=x":         "sqreen: block_page: \"x\" is not a file: write block_page=@page.html\n",
		"all ip_passlist=nonsense": "sqreen: \"nonsense\" is not an address or a CIDR\n",
	} {
		r.Screen.ErrOut.Reset()
		if code := r.Run("policies set " + line); code != 1 || !strings.HasPrefix(r.Screen.ErrOut.String(), want) {
			t.Errorf("set %s: exit code %d, %s", line, code, &r.Screen.ErrOut)
		}
	}
	if len(stored) != 0 {
		t.Errorf("stored %v", stored)
	}
	r.Want("policies set shop/prd waf=block", 0, "", "shop/prd: waf=block\nwarning: no app is in shop/prd yet. Did you mean shop/prod?\nIn force on 1 of 1 connected instance.\n")
}

func TestKillSwitch(t *testing.T) {
	stored := map[string]localplatform.Policy{}
	r := cmdtest.New(t, kept(stored))
	r.Want("policies kill-switch on", 0, "", "all: kill_switch=on\nIn force on 1 of 1 connected instance.\n")
	r.Want("policies kill-switch off shop/prod", 0, "", "shop/prod: kill_switch=off\nIn force on 1 of 1 connected instance.\n")
	if eff := localplatform.EffectivePolicy([]localplatform.Policy{stored["all"], stored["shop/prod"]}, "shop", "prod", ""); *eff.KillSwitch {
		t.Error("off in a narrow scope does not overrule on everywhere")
	}
	r.Want("policies kill-switch off", 0, "", "all: nothing is set any more, wider scopes and defaults hold\nIn force on 1 of 1 connected instance.\n")
	r.Want("policies kill-switch maybe", 1, "", "sqreen: say on or off, not \"maybe\"\nhint: sqreen policies kill-switch --help\n")
}

func TestPasslist(t *testing.T) {
	stored := map[string]localplatform.Policy{}
	r := cmdtest.New(t, kept(stored))
	r.Want("policies passlist add shop/prod 198.51.100.7/24 /health 2001:DB8::1 /health", 0, "", "shop/prod: ip_passlist=198.51.100.0/24,2001:db8::1 path_passlist=/health\nIn force on 1 of 1 connected instance.\n")
	r.Want("policies passlist remove shop/prod 198.51.100.0/24", 0, "", "shop/prod: ip_passlist=2001:db8::1 path_passlist=/health\nIn force on 1 of 1 connected instance.\n")
	r.Want("policies passlist remove shop/prod /nope", 1, "", "sqreen: /nope is not in the passlist of shop/prod\nhint: sqreen policies show shop/prod\n")
	if diff := cmp.Diff([]string{"2001:db8::1"}, stored["shop/prod"].IPPasslist); diff != "" {
		t.Error(diff)
	}
}

func TestShow(t *testing.T) {
	on := true
	stored := map[string]localplatform.Policy{
		"all":       {KillSwitch: &on, Modes: map[string]string{wire.ProtectionWAF: "off"}},
		"shop/prod": {Scope: localplatform.PolicyScope{App: "shop", Env: "prod"}, Modes: map[string]string{wire.ProtectionCSP: "monitor"}, By: "ada", Updated: cmdtest.Now(), PathPasslist: []string{"/health"}},
	}
	r := cmdtest.New(t, kept(stored))
	r.IO.SetTerminal(80)
	r.Want("policies show shop/prod", 0, `
Policy of shop/prod
changed      2026-11-21 12:00:00 (now) by ada
kill switch  on: nothing blocks

PROTECTIONS
rasp.sqli      block
rasp.nosqli    block
rasp.shell     block
rasp.lfi       block
rasp.ssrf      block
rasp.xss       block
rasp.template  block
rasp.xxe       block
waf            off  set in a wider scope
csp            monitor  set here
headers        off
users          monitor
actions        block
path_passlist  /health

IN FORCE
on 1 of 1 connected instance
APP        INSTANCE  HOST  LAST SEEN  STATUS
shop/prod  i-1             now        in force
`, "")
	r.Want("policies show shop/prod --jq .modes.csp", 0, "monitor\n", "")
	r.Want("policies list --columns scope,says", 0, "SCOPE      SAYS\nall        waf=off kill_switch=on\nshop/prod  csp=monitor path_passlist=/health\n\n2 policies\n", "")
}
