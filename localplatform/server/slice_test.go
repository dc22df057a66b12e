package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// running is a server on a data directory of its own, with an agent's token.
type running struct {
	*server.Server
	t     testing.TB
	url   string
	agent string // secret of a token for shop in prod
	admin localplatform.Caller
}

func start(t testing.TB, o server.Options) *running {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	s, err := server.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("Start: %v", err)
	}
	r := &running{Server: s, t: t, url: s.Info().URL, admin: localplatform.Caller{Name: "ada", Role: localplatform.RoleAdmin}}
	tok, err := s.Platform().CreateToken(localplatform.WithCaller(t.Context(), r.admin), localplatform.Token{Kind: localplatform.TokenAgent, App: "shop", Env: "prod"})
	if err != nil {
		t.Fatalf("CreateToken: %v", err)
	}
	r.agent = tok.Secret
	return r
}

// post sends JSON as an agent and reads the answer into out.
func (r *running) post(path string, in, out any) int {
	r.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.agent)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("POST %s: %v", path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		r.t.Fatalf("POST %s: %s: %v", path, text, err)
	}
	return res.StatusCode
}

func attackSignal(at time.Time, n int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"kind":"attack","name":"app.sqreen.plugins.attack","time":%q,"ip":"203.0.113.7",
		"request":{"id":"r-%d","method":"GET","path":"/search","host":"shop.example","status":403,"blocked":true},
		"attack":{"kind":"sqli","protection":"rasp","rule":"rasp.sqli","blocked":true,"reached":true,"param":"query.q","message":"input altered a statement"}}`,
		at.UTC().Format(time.RFC3339Nano), n))
}

func TestSignalBecomesIncident(t *testing.T) {
	r := start(t, server.Options{})
	var login wire.LoginReply
	if got := r.post(wire.PathLogin, wire.Login{Version: wire.Version, Instance: "i-1", Stack: wire.Stack{Technology: "Go"}}, &login); got != http.StatusOK || login.App != "shop" {
		t.Fatalf("login: %d %+v", got, login)
	}
	now := time.Now()
	h := wire.Heartbeat{Version: wire.Version, Instance: "i-1", Seq: 1, Sent: now, Signals: []json.RawMessage{
		attackSignal(now, 1), json.RawMessage(`{"kind":"nonsense"}`), attackSignal(now, 2), attackSignal(now, 3),
	}}
	var reply wire.HeartbeatReply
	if got := r.post(wire.PathHeartbeat, h, &reply); got != http.StatusOK || reply.Stored != 3 || len(reply.Refused) != 1 || reply.Refused[0].Index != 1 {
		t.Fatalf("heartbeat: %d %+v", got, reply)
	}
	ctx := localplatform.WithCaller(t.Context(), r.admin)
	p := r.Platform()
	for n := int64(0); n < 3; {
		st, err := p.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n = st.Detected
	}
	page, err := p.Incidents(ctx, localplatform.IncidentQuery{})
	if err != nil || page.Total != 1 || page.Incidents[0].Kind != "sqli" {
		t.Fatalf("incidents: %+v, %v", page, err)
	}
	apps, err := p.Apps(ctx, "name:shop")
	if err != nil || len(apps) != 1 || apps[0].Status != "connected" || apps[0].Incidents != 1 {
		t.Fatalf("apps: %+v, %v", apps, err)
	}
	act, err := p.Activity(ctx, localplatform.EventQuery{})
	if err != nil || len(act.Activities) != 3 || act.Activities[0].Incident != page.Incidents[0].ID {
		t.Fatalf("activity: %+v, %v", act, err)
	}
	if !strings.HasPrefix(r.url, "http://127.0.0.1:") {
		t.Errorf("URL %q", r.url)
	}
}
