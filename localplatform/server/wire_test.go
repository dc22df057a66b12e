package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

func httptestServer(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// metric waits until a metric has a value.
func (r *running) metric(name, want string) {
	r.t.Helper()
	for {
		_, _, text := r.do(http.MethodGet, "/metrics", "", "")
		if strings.Contains(text, "\n"+name+" "+want+"\n") {
			return
		}
	}
}

// send posts a body as it is.
func (r *running) send(path string, body io.Reader, header map[string]string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.agent)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("POST %s: %v", path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func gzipped(t *testing.T, body []byte) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestBodies(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	seq := uint64(0)
	heartbeat := func(extra string) []byte {
		seq++
		return []byte(fmt.Sprintf(`{"version":1,"instance":"i-1","seq":%d,"signals":[%s]%s}`, seq, attackSignal(time.Now(), int(seq)), extra))
	}
	padding := func(n int) string { return `,"padding":"` + strings.Repeat("x", n) + `"` }
	for _, c := range []struct {
		name   string
		body   io.Reader
		header map[string]string
		status int
		want   string
	}{
		{"plain", bytes.NewReader(heartbeat("")), nil, 200, `"stored":1`},
		{"gzip", gzipped(t, heartbeat("")), map[string]string{"Content-Encoding": "gzip"}, 200, `"stored":1`},
		{"gzip that unpacks to much", gzipped(t, heartbeat(padding(4<<20))), map[string]string{"Content-Encoding": "GZIP"}, 200, `"stored":1`},
		{"length unknown", io.MultiReader(bytes.NewReader(heartbeat(padding(1 << 20)))), nil, 200, `"stored":1`},
		{"gzip bomb", gzipped(t, bytes.Repeat([]byte("x"), 64<<20)), map[string]string{"Content-Encoding": "gzip"}, 413, `"too_large"`},
		{"too long", bytes.NewReader(heartbeat(padding(wire.MaxBodyBytes))), nil, 413, `"too_large"`},
		{"too long, length unknown", io.MultiReader(bytes.NewReader(heartbeat(padding(wire.MaxBodyBytes)))), nil, 413, `"too_large"`},
		{"not gzip", bytes.NewReader(heartbeat("")), map[string]string{"Content-Encoding": "gzip"}, 400, "not gzip"},
		{"gzip cut off", bytes.NewReader(gzipped(t, heartbeat("")).Bytes()[:40]), map[string]string{"Content-Encoding": "gzip"}, 400, "not received whole"},
		{"unknown encoding", bytes.NewReader(heartbeat("")), map[string]string{"Content-Encoding": "br"}, 400, "Content-Encoding"},
		{"not JSON", strings.NewReader("hello"), nil, 400, "not a heartbeat"},
		{"nothing", strings.NewReader(""), nil, 400, "not a heartbeat"},
		{"newer protocol", strings.NewReader(`{"version":99,"instance":"i-1","seq":1}`), nil, 426, `"version"`},
		{"unknown instance", strings.NewReader(`{"version":1,"instance":"i-9","seq":1}`), nil, 409, "has not logged in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, text := r.send(wire.PathHeartbeat, c.body, c.header)
			if status != c.status || !strings.Contains(text, c.want) {
				t.Errorf("got %d %s", status, text)
			}
		})
	}
	if status, text := r.send(wire.PathLogin, strings.NewReader("[]"), nil); status != 400 || !strings.Contains(text, "not a login") {
		t.Errorf("login: %d %s", status, text)
	}
}

// A connected agent hears of a change long before its next heartbeat, and what
// became of the change is known of each instance.
func TestPush(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	ctx := localplatform.WithCaller(t.Context(), r.admin)
	poll := func(have uint64) <-chan wire.Instructions {
		out := make(chan wire.Instructions, 1)
		go func() {
			defer close(out)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s%s?instance=i-1&have=%d", r.url, wire.PathInstructions, have), nil)
			if err != nil {
				return
			}
			req.Header.Set("Authorization", "Bearer "+r.agent)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return
			}
			defer res.Body.Close()
			var i wire.Instructions
			if json.NewDecoder(res.Body).Decode(&i) == nil {
				out <- i
			}
		}()
		return out
	}
	status := func(version uint64) string {
		for {
			list, err := r.Platform().Instances(ctx, "shop", "prod")
			if err != nil || len(list) != 1 {
				t.Fatalf("instances %+v, %v", list, err)
			}
			if s := list[0].PushStatus(version, time.Now()); s != "pending" {
				return s
			}
		}
	}
	waiting := poll(0)
	r.metric("sqreen_agents_polling", "1")
	a, err := r.Platform().AddAction(ctx, localplatform.Action{Kind: wire.ActionBlockIP, Target: "203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	i, ok := <-waiting
	if !ok || i.Version != a.Version || len(i.Actions) != 1 || i.Actions[0].CIDR != "203.0.113.7" {
		t.Fatalf("pushed %+v", i)
	}
	if got := status(a.Version); got != "sent" {
		t.Errorf("status %q", got)
	}
	var reply wire.HeartbeatReply
	r.post(wire.PathHeartbeat, wire.Heartbeat{Version: 1, Instance: "i-1", Seq: 1, Applied: i.Version}, &reply)
	for status(a.Version) != "in force" { // which is written within a second
		continue
	}
	if _, err := r.Platform().RevokeAction(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if i := <-poll(a.Version); i.Full || len(i.Removed) != 1 || i.Removed[0] != a.ID {
		t.Errorf("pushed %+v", i)
	}
	for _, bad := range []string{"?instance=i-1&have=x", "?have=0", "?instance=i-9&have=0"} {
		if got, _, body := r.do(http.MethodGet, wire.PathInstructions+bad, r.agent, ""); got != 400 && got != 409 {
			t.Errorf("%s: %d %s", bad, got, body)
		}
	}
}

// Polls and tails that are held open do not hold up the end.
func TestStopLetsLongPollsGo(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	viewer := r.connect(r.operator(localplatform.RoleViewer))
	r.beat("i-1", 1, []json.RawMessage{attackSignal(time.Now(), 1)})
	polled, tailed := make(chan int, 1), make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.url+wire.PathInstructions+"?instance=i-1&have=0", nil)
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
	go func() {
		_, err := viewer.Events(context.Background(), localplatform.EventQuery{After: 1, Wait: 30 * time.Second})
		tailed <- err
	}()
	r.metric("sqreen_agents_polling", "1")
	// Were they held to their end, Stop would cut them off.
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if got := <-polled; got != http.StatusNoContent {
		t.Errorf("poll: %d", got)
	}
	// The tail may have come before or after the end of accepting.
	if err := <-tailed; localplatform.ErrorCode(err) != localplatform.CodeUnavailable {
		t.Errorf("tail: %v", err)
	}
	if err := r.Wait(); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

func TestLiveTail(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	p := r.connect(r.operator(localplatform.RoleViewer))
	pages := make(chan localplatform.EventPage, 1)
	go func() {
		page, err := p.Events(t.Context(), localplatform.EventQuery{After: -1, Query: "kind:attack", Wait: 30 * time.Second})
		if err != nil {
			t.Error(err)
		}
		pages <- page
	}()
	r.beat("i-1", 1, []json.RawMessage{json.RawMessage(`{"kind":"event","name":"other","time":"` + time.Now().UTC().Format(time.RFC3339) + `"}`)})
	r.beat("i-1", 2, []json.RawMessage{attackSignal(time.Now(), 1)})
	if page := <-pages; len(page.Events) != 1 || page.Events[0].Pos != 2 || page.Next != 2 {
		t.Errorf("page %+v", page)
	}
}

// A client that sends its head slowly, or never ends its body, does not stay.
func TestHalfARequestIsNoHarm(t *testing.T) {
	r := start(t, server.Options{})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\n{", wire.PathHeartbeat, r.agent); err != nil {
		t.Fatal(err)
	}
	if status, _, body := r.do(http.MethodGet, "/healthz", "", ""); status != http.StatusOK || !strings.Contains(body, `"ok"`) {
		t.Errorf("healthz: %d %s", status, body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}
