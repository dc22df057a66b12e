package incidents_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/localplatform"
)

func incident(id int64, severity localplatform.Severity, state localplatform.IncidentState) localplatform.Incident {
	now := cmdtest.Now()
	return localplatform.Incident{
		ID: id, App: "shop", Env: "prod", Kind: "sqli", Title: "SQL injection by 203.0.113.7", Severity: severity, State: state,
		FirstSeen: now.Add(-2 * time.Hour), LastSeen: now.Add(-time.Minute), Events: 12, Blocked: 10, Reached: 3, Exploited: 2,
		Actors: []localplatform.IncidentActor{{Kind: "ip", Value: "203.0.113.7", Events: 12, Blocked: 10, First: now.Add(-2 * time.Hour), Last: now.Add(-time.Minute)}},
		Paths:  []localplatform.Count{{Value: "/search\x1b[2J", Count: 12}},
		Evidence: []localplatform.Evidence{{
			Pos: 7, At: now.Add(-time.Minute), Summary: "a quote", Param: "query.q", Payload: "'\x1b]0;x\x07", Statement: "SELECT ''", Frame: "shop.search (shop/catalogue.go:87)",
		}},
		Advice: []string{"Fix the code."}, MITRE: []string{"T1190"}, CWE: []string{"CWE-89"}, Query: "app:shop attack:sqli",
		Timeline: []localplatform.TimelineEntry{{At: now.Add(-2 * time.Hour), By: "detector", What: "opened", Text: "first attack"}},
	}
}

// asked is a platform that lists incidents and notes how it was asked.
func asked(queries *[]localplatform.IncidentQuery, list ...localplatform.Incident) *fakeplatform.Platform {
	return &fakeplatform.Platform{
		IncidentsF: func(q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
			*queries = append(*queries, q)
			page := localplatform.IncidentPage{Total: len(list)}
			if q.Offset < len(list) {
				page.Incidents = slices.Clone(list[q.Offset:])
			}
			return page, nil
		},
		IncidentF: func(id int64) (localplatform.Incident, error) {
			i := slices.IndexFunc(list, func(i localplatform.Incident) bool { return i.ID == id })
			if i < 0 {
				return localplatform.Incident{}, localplatform.Errorf(localplatform.CodeNotFound, "there is no incident %d", id)
			}
			return list[i], nil
		},
	}
}

func TestList(t *testing.T) {
	var got []localplatform.IncidentQuery
	r := cmdtest.New(t, asked(&got, incident(12, "high", "open"), incident(3, "low", "acknowledged")))
	r.Want("incidents list", 0, "12\thigh\topen\tshop\tprod\tSQL injection by 203.0.113.7\t203.0.113.7\t12\t2\t2026-11-21T11:59:00Z\n"+
		"3\tlow\tacknowledged\tshop\tprod\tSQL injection by 203.0.113.7\t203.0.113.7\t12\t2\t2026-11-21T11:59:00Z\n", "")
	r.Want("incidents list --env prod --severity high,medium --sort severity -L 5 --columns id", 0, "12\n3\n", "")
	r.Want("incidents list state:resolved --columns id", 0, "12\n3\n", "")
	r.Want("incidents list --all --since 24h --columns id", 0, "12\n3\n", "")
	want := []localplatform.IncidentQuery{
		{Query: "state:(open,acknowledged,snoozed)", Sort: "last", Limit: 100},
		{Query: "env:prod severity:(high,medium) state:(open,acknowledged,snoozed)", Sort: "severity", Limit: 5},
		{Query: "state:resolved", Sort: "last", Limit: 100},
		{Query: "since:24h", Sort: "last", Limit: 100},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	r.Want("incidents list --sort sevrity", 1, "", "sqreen: unknown order \"sevrity\"\nhint: did you mean \"severity\"? There are: last, severity, first, events, id\n")
	r.Want("incidents lsit", 1, "", "sqreen: unknown command \"lsit\" for sqreen incidents\nhint: did you mean sqreen incidents list?\n")
}

func TestListOnTerminal(t *testing.T) {
	var got []localplatform.IncidentQuery
	r := cmdtest.New(t, asked(&got, incident(12, "high", "open"), incident(3, "low", "acknowledged")))
	r.IO.SetTerminal(110)
	r.Want("incidents list", 0, `
ID  SEVERITY  STATE         APP   ENV   TITLE                         ACTOR        EVENTS  EXPLOITED  LAST
12  high      open          shop  prod  SQL injection by 203.0.113.7  203.0.113.7      12          2  1m ago
 3  low       acknowledged  shop  prod  SQL injection by 203.0.113.7  203.0.113.7      12          2  1m ago

2 incidents
`, "")
	r = cmdtest.New(t, asked(&got))
	r.IO.SetTerminal(110)
	r.Want("incidents list", 0, "", "No live incident matches.\nhint: --all lists resolved and ignored ones too\n")
}

func TestShow(t *testing.T) {
	var got []localplatform.IncidentQuery
	r := cmdtest.New(t, asked(&got, incident(12, "high", "open")))
	r.IO.SetTerminal(80)
	r.Want("incidents show '#12'", 0, `
Incident 12: SQL injection by 203.0.113.7
app           shop/prod
severity      high
state         open
kind          sqli
first seen    2026-11-21 10:00:00 (2h ago)
last seen     2026-11-21 11:59:00 (1m ago)
events        12, 10 blocked, 2 got through
MITRE ATT&CK  T1190
CWE           CWE-89

ACTORS
KIND  ACTOR        EVENTS  BLOCKED  FIRST   LAST
ip    203.0.113.7  12      10       2h ago  1m ago

PATHS
     12  /search\x1b[2J

EVIDENCE
a quote  not blocked  event 7, 1m ago
    query.q: '\x1b]0;x\x07
    statement: SELECT ''
    in: shop.search (shop/catalogue.go:87)

ADVICE
- Fix the code.

TIMELINE
2026-11-21 10:00:00  detector  opened  first attack

NEXT
sqreen actions block 203.0.113.7 --for 24h --incident 12
sqreen events 'app:shop attack:sqli'
sqreen incidents ack 12
sqreen incidents resolve 12 --note ...
`, "")
	r.Want("incidents show 13", 1, "", "sqreen: there is no incident 13\n")
	r.Want("incidents show twelve", 1, "", "sqreen: \"twelve\" is not the number of an incident\n")
}

// changer notes changes; incident 13 cannot be changed.
func changer(changes *[]any, list ...localplatform.Incident) *fakeplatform.Platform {
	var queries []localplatform.IncidentQuery
	p := asked(&queries, list...)
	p.ChangeIncidentF = func(id int64, c localplatform.IncidentChange) (localplatform.Incident, error) {
		if id == 13 {
			return localplatform.Incident{}, localplatform.Errorf(localplatform.CodeNotFound, "there is no incident 13").WithHint("sqreen incidents list")
		}
		*changes = append(*changes, id, c)
		i := incident(id, "high", c.State)
		if c.Assignee != nil {
			i.Assignee = *c.Assignee
		}
		i.SnoozedUntil = c.SnoozedUntil
		return i, nil
	}
	return p
}

func TestVerbs(t *testing.T) {
	alice, nobody := "alice", ""
	for _, tt := range []struct {
		line string
		want localplatform.IncidentChange
		says string
	}{
		{"ack 12", localplatform.IncidentChange{State: "acknowledged"}, "Acknowledged incident 12: SQL injection by 203.0.113.7 on shop/prod\n"},
		{"resolve 12 --note done", localplatform.IncidentChange{State: "resolved", Note: "done"}, "Resolved incident 12: SQL injection by 203.0.113.7 on shop/prod\n"},
		{"reopen 12", localplatform.IncidentChange{State: "open"}, "Reopened incident 12: SQL injection by 203.0.113.7 on shop/prod\n"},
		{"ignore 12", localplatform.IncidentChange{State: "ignored"}, "Ignored incident 12: SQL injection by 203.0.113.7 on shop/prod\n"},
		{
			"snooze 12 --for 4h",
			localplatform.IncidentChange{State: "snoozed", SnoozedUntil: cmdtest.Now().Add(4 * time.Hour)},
			"Snoozed incident 12: SQL injection by 203.0.113.7 on shop/prod, until 2026-11-21T16:00:00Z\n",
		},
		{"assign 12 --to alice", localplatform.IncidentChange{Assignee: &alice}, "Assigned incident 12: SQL injection by 203.0.113.7 on shop/prod, assigned to alice\n"},
		{"assign 12 --to nobody", localplatform.IncidentChange{Assignee: &nobody}, "Assigned incident 12: SQL injection by 203.0.113.7 on shop/prod\n"},
		{"note 12 -m 'a b'", localplatform.IncidentChange{Note: "a b"}, "Noted on incident 12: SQL injection by 203.0.113.7 on shop/prod\n"},
	} {
		var changes []any
		cmdtest.New(t, changer(&changes)).Want("incidents "+tt.line, 0, "", tt.says)
		if diff := cmp.Diff([]any{int64(12), tt.want}, changes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.line, diff)
		}
	}
}

func TestVerbsNeedTheirWords(t *testing.T) {
	var changes []any
	r := cmdtest.New(t, changer(&changes))
	r.Want("incidents snooze 12", 1, "", "sqreen: snooze for how long?\nhint: add --for 4h\n")
	r.Want("incidents note 12", 1, "", "sqreen: the note is empty\nhint: add --note TEXT\n")
	r.Want("incidents assign 12", 1, "", "sqreen: required flag(s) \"to\" not set\n")
	r.Want("incidents ack", 1, "", "sqreen: name incidents by their numbers, or say --all\nhint: sqreen incidents list shows the numbers\n")
	r.Want("incidents ack 12 --all", 1, "", "sqreen: name incidents by their numbers, or say --all\nhint: sqreen incidents list shows the numbers\n")
	r.Want("incidents ack 12 --query app:x", 1, "", "sqreen: --query and the filters select with --all\nhint: sqreen incidents ack --help\n")
	if changes != nil {
		t.Errorf("changed %v", changes)
	}
}

func TestOneFailureDoesNotKeepOthers(t *testing.T) {
	var changes []any
	r := cmdtest.New(t, changer(&changes))
	r.Want("incidents ack 12 13 14", 1, "", `
Acknowledged incident 12: SQL injection by 203.0.113.7 on shop/prod
Acknowledged incident 14: SQL injection by 203.0.113.7 on shop/prod
sqreen: there is no incident 13
hint: sqreen incidents list
`)
}

func TestAllAsks(t *testing.T) {
	var changes []any
	p := changer(&changes, incident(1, "high", "open"), incident(2, "low", "open"))
	r := cmdtest.New(t, p)
	r.Want("incidents resolve --all", 1, "", "sqreen: Resolve 2 incidents?: this needs a yes, and nobody can be asked\nhint: add --yes\n")
	if changes != nil {
		t.Fatalf("changed %v", changes)
	}
	r.Want("incidents resolve --all --query env:prod --yes --json id,state", 0, `
[
  {
    "id": 1,
    "state": "resolved"
  },
  {
    "id": 2,
    "state": "resolved"
  }
]
`, "Resolved incident 1: SQL injection by 203.0.113.7 on shop/prod\nResolved incident 2: SQL injection by 203.0.113.7 on shop/prod\n")
	r.IO.SetTerminal(80)
	r.Screen.In.WriteString("n\n")
	r.Want("incidents ignore --all", 1, "", "Ignore 2 incidents? [y/N] sqreen: nothing was changed\n")
	r = cmdtest.New(t, changer(&changes))
	r.Want("incidents ack --all", 0, "", "No incident matches; nothing was changed.\n")
}

func TestCompletion(t *testing.T) {
	var got []localplatform.IncidentQuery
	r := cmdtest.New(t, asked(&got, incident(12, "high", "open"), incident(13, "low", "open"), incident(2, "low", "open")))
	r.Want("__complete incidents ack 12 1", 0, "13\tSQL injection by 203.0.113.7 on shop/prod, low\n:36\n", "Completion ended with directive: ShellCompDirectiveNoFileComp, ShellCompDirectiveKeepOrder\n")
	broken := &fakeplatform.Platform{IncidentsF: func(localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
		return localplatform.IncidentPage{}, errors.New("down")
	}}
	r = cmdtest.New(t, broken)
	r.Want("__complete incidents show ''", 0, ":36\n", "Completion ended with directive: ShellCompDirectiveNoFileComp, ShellCompDirectiveKeepOrder\n")
	if out := r.Screen.Out.String(); strings.Contains(out, "down") {
		t.Error("an error of the platform reached the shell")
	}
}
