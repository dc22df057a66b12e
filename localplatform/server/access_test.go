package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
	"github.com/sqreen/sqreen/localplatform/server"
)

// do asks with a token and returns status, headers and body.
func (r *running) do(method, path, token, body string) (int, http.Header, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

// Every operation against every kind of caller.
func TestRoles(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	tokens := map[localplatform.Role]string{}
	for _, role := range localplatform.Roles() {
		tokens[localplatform.Role(role)] = r.operator(localplatform.Role(role))
	}
	for _, op := range server.Operations() {
		path := client.Prefix + strings.NewReplacer("{name}", "shop", "{id}", "1", "{pos}", "1").Replace(op.Path)
		for role, token := range tokens {
			status, _, body := r.do(op.Method, path, token, "{}")
			allowed := status != http.StatusForbidden && status != http.StatusUnauthorized
			if want := role.Allows(op.Role); allowed != want {
				t.Errorf("%s as %s: %d, want allowed %v: %s", op.ID, role, status, want, body)
			}
		}
		if status, h, _ := r.do(op.Method, path, "", "{}"); status != http.StatusUnauthorized || h.Get("WWW-Authenticate") == "" {
			t.Errorf("%s without a token: %d", op.ID, status)
		}
		if status, _, body := r.do(op.Method, path, r.agent, "{}"); status != http.StatusForbidden {
			t.Errorf("%s with an agent's token: %d %s", op.ID, status, body)
		}
		if status, _, _ := r.do(op.Method, path, "sqo_guessed", "{}"); status != http.StatusUnauthorized {
			t.Errorf("%s with a made-up token: %d", op.ID, status)
		}
	}
}

func TestOperatorsCannotReport(t *testing.T) {
	r := start(t, server.Options{})
	admin := r.operator(localplatform.RoleAdmin)
	for _, c := range []struct{ method, path string }{
		{http.MethodPost, wire.PathLogin}, {http.MethodPost, wire.PathHeartbeat}, {http.MethodGet, wire.PathInstructions + "?instance=i-1&have=0"},
	} {
		for token, want := range map[string]int{admin: http.StatusForbidden, "": http.StatusUnauthorized, strings.Repeat("x", 10_000): http.StatusUnauthorized} {
			if status, _, body := r.do(c.method, c.path, token, "{}"); status != want {
				t.Errorf("%s: got %d %s, want %d", c.path, status, body, want)
			}
		}
	}
}

// An agent's token decides whose events they are, whatever the agent says.
func TestAgentReportsForItsAppOnly(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	var refused wire.ErrorReply
	if got := r.post(wire.PathLogin, wire.Login{Version: 1, Instance: "i-2", App: "bank", Env: "prod"}, &refused); got != http.StatusForbidden || refused.Error.Code != "forbidden" || !strings.Contains(refused.Error.Hint, "--app bank") {
		t.Errorf("login for another app: %d %+v", got, refused)
	}
	status, _, _ := r.do(http.MethodPost, wire.PathHeartbeat, r.agent, `{"version":1,"instance":"i-1","seq":1,"app":"bank","env":"prod","signals":[`+string(attackSignal(time.Now(), 1))+`],
		"counters":[{"name":"requests","app":"bank","minute":"2026-11-20T12:00:00Z","value":3}]}`)
	if status != http.StatusOK {
		t.Fatalf("heartbeat: %d", status)
	}
	page, err := r.Platform().Events(localplatform.WithCaller(t.Context(), r.admin), localplatform.EventQuery{})
	if err != nil || len(page.Events) != 1 || page.Events[0].App != "shop" || page.Events[0].Env != "prod" {
		t.Errorf("events %+v, %v", page.Events, err)
	}
}

func TestRevokedTokensOpenNothing(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	viewer := r.operator(localplatform.RoleViewer)
	if status, _, _ := r.do(http.MethodGet, client.Prefix+"/status", viewer, ""); status != http.StatusOK {
		t.Fatalf("before: %d", status)
	}
	polled := make(chan int, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+wire.PathInstructions+"?instance=i-1&have=0", nil)
		if err != nil {
			polled <- -1
			return
		}
		req.Header.Set("Authorization", "Bearer "+r.agent)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			polled <- -1
			return
		}
		_ = res.Body.Close()
		polled <- res.StatusCode
	}()
	r.metric("sqreen_agents_polling", "1")
	ctx := localplatform.WithCaller(t.Context(), r.admin)
	tokens, err := r.Platform().Tokens(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range tokens {
		if err := r.Platform().RevokeToken(ctx, tok.ID); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, _ := r.do(http.MethodGet, client.Prefix+"/status", viewer, ""); status != http.StatusUnauthorized {
		t.Errorf("viewer: %d", status)
	}
	if status, _, _ := r.do(http.MethodPost, wire.PathHeartbeat, r.agent, `{"version":1,"instance":"i-1","seq":1}`); status != http.StatusUnauthorized {
		t.Errorf("agent: %d", status)
	}
	// The poll that was held open gets nothing either.
	if _, err := r.Platform().AddAction(ctx, localplatform.Action{Kind: wire.ActionBlockIP, Target: "203.0.113.7"}); err != nil {
		t.Fatal(err)
	}
	if got := <-polled; got != http.StatusUnauthorized {
		t.Errorf("poll: %d", got)
	}
}

func TestExpiredTokensOpenNothing(t *testing.T) {
	now := noon
	r := start(t, server.Options{Now: func() time.Time { return now }})
	tok, err := r.Platform().CreateToken(localplatform.WithCaller(t.Context(), r.admin), localplatform.Token{
		Kind: localplatform.TokenOperator, Name: "bob", Role: localplatform.RoleViewer, Expires: noon.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := r.do(http.MethodGet, client.Prefix+"/status", tok.Secret, ""); status != http.StatusOK {
		t.Errorf("before: %d", status)
	}
	now = noon.Add(time.Hour)
	if status, _, _ := r.do(http.MethodGet, client.Prefix+"/status", tok.Secret, ""); status != http.StatusUnauthorized {
		t.Errorf("after: %d", status)
	}
}

func TestNobodyMayDoNothing(t *testing.T) {
	r := start(t, server.Options{})
	if _, err := r.Platform().Apps(t.Context(), ""); localplatform.ErrorCode(err) != localplatform.CodeUnauthorized {
		t.Errorf("apps: %v", err)
	}
	viewer := localplatform.WithCaller(t.Context(), localplatform.Caller{Name: "vi", Role: localplatform.RoleViewer})
	_, err := r.Platform().AddAction(viewer, localplatform.Action{Kind: wire.ActionBlockIP, Target: "203.0.113.7"})
	if localplatform.ErrorCode(err) != localplatform.CodeForbidden || !strings.Contains(err.Error(), "vi is a viewer") {
		t.Errorf("action: %v", err)
	}
}

// A platform that cannot be reached, or is something else, is told apart.
func TestClientErrors(t *testing.T) {
	closed := "http://127.0.0.1:1"
	other := httptestServer(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case client.Prefix + "/status":
			_, _ = io.WriteString(w, "<html>hello")
		case client.Prefix + "/apps":
			http.Redirect(w, q, "https://example.com", http.StatusFound)
		default:
			http.Error(w, "nothing here", http.StatusBadGateway)
		}
	})
	for name, c := range map[string]struct {
		url  string
		ask  func(p localplatform.Platform, ctx context.Context) error
		code localplatform.Code
		hint string
	}{
		"nobody there": {closed, func(p localplatform.Platform, ctx context.Context) error { return drop(p.Status(ctx)) }, localplatform.CodeUnavailable, "sqreen serve"},
		"not JSON":     {other, func(p localplatform.Platform, ctx context.Context) error { return drop(p.Status(ctx)) }, localplatform.CodeUnavailable, "is that the address"},
		"redirect":     {other, func(p localplatform.Platform, ctx context.Context) error { return drop(p.Apps(ctx, "")) }, localplatform.CodeInvalid, "address of the platform itself"},
		"proxy":        {other, func(p localplatform.Platform, ctx context.Context) error { return drop(p.Policies(ctx)) }, localplatform.CodeUnavailable, "is that the address"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := server.Connect(t.Context(), server.ConnectOptions{URL: c.url, Token: "x"})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			err = c.ask(p, t.Context())
			if localplatform.ErrorCode(err) != c.code || !strings.Contains(localplatform.ErrorHint(err), c.hint) {
				t.Errorf("got %v (%s), hint %q", err, localplatform.ErrorCode(err), localplatform.ErrorHint(err))
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.ask(p, gone); !errors.Is(err, context.Canceled) {
				t.Errorf("given up: %v", err)
			}
		})
	}
	for _, bad := range []string{"", "127.0.0.1:7777", "ftp://x", "http://", "http://a:b@c", "http://x?y=z", "unix://", "unix://host/path", "http://%zz"} {
		if _, err := client.New(bad, client.Options{}); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	var seen []int
	for _, code := range []localplatform.Code{
		localplatform.CodeInvalid, localplatform.CodeNotFound, localplatform.CodeConflict, localplatform.CodeUnauthorized, localplatform.CodeForbidden,
		localplatform.CodeTooLarge, localplatform.CodeUnavailable, localplatform.CodeVersion, localplatform.CodeInternal,
	} {
		status := client.StatusOf(code)
		if slices.Contains(seen, status) {
			t.Errorf("%s shares its status %d", code, status)
		}
		seen = append(seen, status)
	}
	if client.StatusOf(localplatform.CodeInvalidQuery) != http.StatusBadRequest {
		t.Error("a bad query is not a bad request")
	}
}
