package activity_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/localplatform"
)

func request() localplatform.Activity {
	at := cmdtest.Now().Add(-time.Minute)
	return localplatform.Activity{
		Request: "r-1", At: at, App: "shop", Env: "prod", Method: "POST", Path: "/login\x1b[2J", Status: 401, Severity: "high", IP: netip.MustParseAddr("203.0.113.7"), User: "alice",
		Tags: []string{"sqli", wire.NameLoginFailure}, Incident: 12, First: 3,
		Events: []localplatform.Event{
			{Pos: 3, At: at, Name: wire.NameAttack, Attack: "sqli", Severity: "high", Blocked: true, Method: "POST", Path: "/login", Message: "changes the statement", Detail: []byte(`{"attack":{"param":"form.name","payload":"'\u001b[2J"}}`)},
			{Pos: 4, At: at.Add(time.Millisecond), Name: wire.NameLoginFailure},
		},
	}
}

func TestList(t *testing.T) {
	calls := 0
	r := cmdtest.New(t, &fakeplatform.Platform{ActivityF: func(q localplatform.EventQuery) (localplatform.ActivityPage, error) {
		calls++
		if q.Query != "(method:POST) user:alice" {
			t.Errorf("asked %q", q.Query)
		}
		return localplatform.ActivityPage{Activities: []localplatform.Activity{request()}, More: calls%2 == 1, Next: 3}, nil
	}})
	const line = "activity method:POST --user alice"
	const row = "2026-11-21T11:59:00Z\tshop\tprod\tPOST\t/login\\x1b[2J\t401\tfalse\t203.0.113.7\talice\tsqli,app.sqreen.users.login.failure\t12\n"
	r.Want(line, 0, row+row, "")
	r.IO.SetTerminal(120)
	r.Want(line+" --limit 1", 0, `
WHEN    APP   ENV   METHOD  PATH           STATUS  BLOCKED  IP           USER   TAGS                       INCIDENT
1m ago  shop  prod  POST    /login\x1b[2J     401  no       203.0.113.7  alice  sqli, users.login.failure  12

showing 1 request, there are more
`, "")
}

func TestShow(t *testing.T) {
	r := cmdtest.New(t, &fakeplatform.Platform{RequestF: func(id string) (localplatform.Activity, error) {
		if id != "r-1" {
			return localplatform.Activity{}, localplatform.Errorf(localplatform.CodeNotFound, "no request %s", id)
		}
		return request(), nil
	}})
	r.IO.SetTerminal(80)
	r.Want("activity show r-1", 0, `
POST /login\x1b[2J
at        2026-11-21 11:59:00 (1m ago)
app       shop/prod
severity  high
address   203.0.113.7
user      alice
tags      sqli, app.sqreen.users.login.failure
incident  12 (sqreen incidents show 12)

REQUEST
request  POST /login

TIMELINE
11:59:00.000  sqli  high  blocked  event 3
    changes the statement
    form.name = '\x1b[2J
11:59:00.001  login failure  event 4
`, "")
	r.Want("activity show r-2", 1, "", "sqreen: no request r-2\n")
}
