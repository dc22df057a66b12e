package actions_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/localplatform"
)

// responder is a platform that notes actions and numbers them.
func responder(added *[]localplatform.Action, mode string) *fakeplatform.Platform {
	now := cmdtest.Now()
	return &fakeplatform.Platform{
		StatusF: func() (localplatform.Status, error) { return localplatform.Status{Mode: mode, Config: 9}, nil },
		PoliciesF: func() ([]localplatform.Policy, error) {
			return []localplatform.Policy{{IPPasslist: []string{"198.51.100.0/24"}}}, nil
		},
		AddActionF: func(a localplatform.Action) (localplatform.Action, error) {
			*added = append(*added, a)
			a.ID, a.Version = "a-"+string(rune('0'+len(*added))), 9
			return a, nil
		},
		InstancesF: func(string, string) ([]localplatform.Instance, error) {
			return []localplatform.Instance{
				{ID: "i-1", App: "shop", Env: "prod", LastSeen: now, Applied: 9, Sent: 9},
				{ID: "i-2", App: "shop", Env: "prod", LastSeen: now, Applied: 9, Sent: 9},
				{ID: "gone", App: "shop", Env: "prod", LastSeen: now.Add(-time.Hour), Applied: 2},
			}, nil
		},
	}
}

func TestBlock(t *testing.T) {
	var added []localplatform.Action
	r := cmdtest.New(t, responder(&added, "server"))
	r.Want("actions block 203.0.113.7 user:alice --for 24h --reason 'SQL injection' --app shop/prod --incident 12", 0, "", `
Blocked 203.0.113.7 in shop/prod until 2026-11-22T12:00:00Z: action a-1.
Blocked alice in shop/prod until 2026-11-22T12:00:00Z: action a-2.
In force on 2 of 2 connected instances.
hint: sqreen actions revoke a-1 a-2 takes it back
`)
	until := cmdtest.Now().Add(24 * time.Hour)
	want := []localplatform.Action{
		{Kind: "block_ip", Target: "203.0.113.7", App: "shop", Env: "prod", Reason: "SQL injection", Incident: 12, Expires: until},
		{Kind: "block_user", Target: "alice", App: "shop", Env: "prod", Reason: "SQL injection", Incident: 12, Expires: until},
	}
	if diff := cmp.Diff(want, added); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBlockForGoodIsConfirmed(t *testing.T) {
	var added []localplatform.Action
	r := cmdtest.New(t, responder(&added, "local"))
	r.Want("actions block 203.0.113.7", 1, "", "sqreen: for how long?\nhint: add --for 24h, or --permanent\n")
	r.Want("actions block 203.0.113.0/24 --permanent", 0, "", `
Blocked 203.0.113.0/24 in all apps permanently: action a-1.
No platform is running on this data: agents get it when one does (sqreen serve).
hint: sqreen actions revoke a-1 takes it back
`)
	r.IO.SetTerminal(80)
	r.Screen.In.WriteString("n\n")
	r.Want("actions block 203.0.113.7", 1, "", "Block 203.0.113.7 permanently? [y/N] sqreen: nothing was changed\n")
	r.Screen.In.WriteString("y\n")
	r.Want("actions redirect --user alice --to /sorry", 0, "", `
Redirect alice permanently? [y/N] Redirected alice in all apps permanently: action a-2.
No platform is running on this data: agents get it when one does (sqreen serve).
hint: sqreen actions revoke a-2 takes it back
`)
	if len(added) != 2 || added[1].URL != "/sorry" || added[1].Kind != "redirect_user" {
		t.Errorf("added %+v", added)
	}
}

func TestAddressesOnesOwnAreRefused(t *testing.T) {
	var added []localplatform.Action
	r := cmdtest.New(t, responder(&added, "local"))
	for target, why := range map[string]string{
		"127.0.0.1": "127.0.0.1 is a loopback address, behind which this machine's own programs are", "::1": "::1 is a loopback address, behind which this machine's own programs are",
		"10.1.2.3": "10.1.2.3 is private, so that a proxy or load balancer of your own may be behind it", "fd00::1": "fd00::1 is private, so that a proxy or load balancer of your own may be behind it",
		"169.254.1.1": "169.254.1.1 is a link-local address", "0.0.0.0/0": "0.0.0.0/0 is everybody", "8.0.0.0/8": "8.0.0.0/8 is a very large network (/8)",
		"::ffff:192.168.1.1": "192.168.1.1 is private, so that a proxy or load balancer of your own may be behind it", "100.64.1.1": "100.64.1.1 is shared by the customers of a provider",
		"2001:db8::/16": "2001::/16 is a very large network (/16)", "224.0.0.1": "224.0.0.1 is no address of a client",
	} {
		r.Want("actions block "+target+" --for 1h", 1, "", "sqreen: "+why+"\nhint: if you mean it: add --force\n")
	}
	if added != nil {
		t.Fatalf("added %+v", added)
	}
	if code := r.Run("actions block 10.1.2.3 --for 1h --force"); code != 0 || len(added) != 1 {
		t.Errorf("--force: exit code %d, added %+v", code, added)
	}
}

func TestBlockMistakes(t *testing.T) {
	var added []localplatform.Action
	r := cmdtest.New(t, responder(&added, "local"))
	r.Want("actions block alice --for 1h", 1, "", "sqreen: \"alice\" is not an address\nhint: for a user: sqreen actions block user:alice\n")
	r.Want("actions block 203.0.113.777 --for 1h", 1, "", "sqreen: \"203.0.113.777\" is not an address or a CIDR\nhint: for example 203.0.113.7 or 2001:db8::/32\n")
	r.Want("actions block 203.0.113.7 --for soon", 1, "", "sqreen: \"soon\" is not a length of time\nhint: for example 45m, 24h, 30d or 1d12h\n")
	r.Want("actions block 203.0.113.7 --for 1h --permanent", 1, "", "sqreen: --permanent excludes --for and --until\nhint: sqreen actions block --help\n")
	r.Want("actions block 203.0.113.7 --for 1h --env prod", 1, "", "sqreen: --env needs --app\nhint: sqreen actions block --help\n")
	r.Want("actions redirect 203.0.113.7 --for 1h --to javascript:x", 1, "", "sqreen: \"javascript:x\" is not a place to redirect to\nhint: give a path such as /sorry, or an http(s) URL\n")
	if added != nil {
		t.Errorf("added %+v", added)
	}
}

func TestPasslistIsMentioned(t *testing.T) {
	var added []localplatform.Action
	r := cmdtest.New(t, responder(&added, "local"))
	r.Want("actions block 198.51.100.7 --for 1h --wait 0 --json id,target", 0, "[\n  {\n    \"id\": \"a-1\",\n    \"target\": \"198.51.100.7\"\n  }\n]\n", `
warning: 198.51.100.7 is in the passlist of all (198.51.100.0/24), where no action answers it.
Blocked 198.51.100.7 in all apps until 2026-11-21T13:00:00Z: action a-1.
`)
}

func listed() []localplatform.Action {
	now := cmdtest.Now()
	return []localplatform.Action{
		{ID: "a-7", Kind: "block_ip", Target: "203.0.113.7", Reason: "why\x1b[2J", By: "ada", Created: now.Add(-time.Hour), Expires: now.Add(23 * time.Hour), Hits: 1200, Incident: 12, Version: 9},
		{ID: "a-8", Kind: "redirect_user", Target: "alice", URL: "/sorry", App: "shop", Env: "prod", By: "ada", Created: now.Add(-2 * time.Hour), Version: 10},
	}
}

func TestListAndShow(t *testing.T) {
	var added []localplatform.Action
	var asked []string
	p := responder(&added, "server")
	p.ActionsF = func(q string) ([]localplatform.Action, error) {
		asked = append(asked, q)
		return listed(), nil
	}
	r := cmdtest.New(t, p)
	r.Want("actions list", 0, "a-7\tblock_ip\t203.0.113.7\tall\tactive\t2026-11-22T11:00:00Z\t1200\tada\twhy\\x1b[2J\t12\t2026-11-21T11:00:00Z\n"+
		"a-8\tredirect_user\talice\tshop/prod\tactive\t\t0\tada\t\t\t2026-11-21T10:00:00Z\n", "")
	r.IO.SetTerminal(110)
	r.Want("actions list --all --app shop", 0, `
ID   KIND           TARGET       SCOPE      STATE   EXPIRES   HITS  BY   REASON      INCIDENT  CREATED
a-7  block ip       203.0.113.7  all        active  in 23h   1,200  ada  why\x1b[2J  12        1h ago
a-8  redirect user  alice        shop/prod  active  never        0  ada                        2h ago

2 actions
`, "")
	r.Want("actions show 8", 0, `
Action a-8: redirect user alice
state         active
scope         shop/prod
redirects to  /sorry
by            ada
created       2026-11-21 10:00:00 (2h ago)
expires       never
hits          0

IN FORCE
on 0 of 2 connected instances
APP        INSTANCE  HOST  LAST SEEN  STATUS
shop/prod  i-1             now        pending
shop/prod  i-2             now        pending
shop/prod  gone            1h ago     silent since 2026-11-21T11:00:00Z
`, "")
	r.Want("actions show a-9", 1, "", "sqreen: there is no action a-9\nhint: sqreen actions list --all\n")
	if diff := cmp.Diff([]string{"", "app:shop state:(active,expired,revoked)", "state:(active,expired,revoked) id:a-8", "state:(active,expired,revoked) id:a-9"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestRevoke(t *testing.T) {
	var revoked []string
	var added []localplatform.Action
	p := responder(&added, "server")
	p.ActionsF = func(string) ([]localplatform.Action, error) { return listed(), nil }
	p.RevokeActionF = func(id string) (localplatform.Action, error) {
		revoked = append(revoked, id)
		return localplatform.Action{ID: id, Target: "203.0.113.7", Version: 9}, nil
	}
	r := cmdtest.New(t, p)
	r.Want("actions revoke 203.0.113.7 user:alice", 0, "", "Revoked action a-7 on 203.0.113.7.\nRevoked action a-8 on 203.0.113.7.\nIn force on 2 of 2 connected instances.\n")
	r.Want("actions revoke 7 a-99", 1, "", "sqreen: no action in force is a-99 or on it\nhint: sqreen actions list\n")
	if diff := cmp.Diff([]string{"a-7", "a-8"}, revoked); diff != "" {
		t.Errorf("revoked (-want +got):\n%s", diff)
	}
}
