package agentkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/agenttest"
	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// query stands for a database behind a hook.
func query(ctx context.Context, statement string) error {
	return engine.FromContext(ctx).Check(wire.ProtectionSQLi, func(in *rasp.Inputs) *wire.Attack {
		return rasp.SQL(in, "sqlite", statement)
	})
}

// noWAF leaves only what reaches the sink to be judged.
func noWAF() wire.Instructions {
	return wire.Instructions{Policy: wire.Policy{Modes: map[string]string{wire.ProtectionWAF: wire.ModeOff, wire.ProtectionSQLi: wire.ModeBlock}}}
}

const injection = "x' UNION SELECT name, email FROM users --"

func statement(value string) string { return "SELECT * FROM products WHERE name = '" + value + "'" }

func form(t *testing.T, before int) (contentType string, body io.Reader) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := m.CreateFormFile("photo", "cat.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(make([]byte, before))
	_ = m.WriteField("name", injection)
	_ = m.Close()
	return m.FormDataContentType(), &b
}

// Whatever part of a request the handler builds its statement from, the attack
// is seen before the statement would run.
func TestInputsOfEveryKindAreSeenAtTheSink(t *testing.T) {
	read := func(r *http.Request) []byte {
		b, _ := io.ReadAll(r.Body)
		return b
	}
	multi, body := form(t, 3<<20)
	for name, c := range map[string]struct {
		request *http.Request
		value   func(r *http.Request) string
		param   string
	}{
		"query": {
			httptest.NewRequest(http.MethodGet, "/p?q="+url.QueryEscape(injection), nil),
			func(r *http.Request) string { return r.FormValue("q") }, "query.q",
		},
		"name of a parameter": {
			httptest.NewRequest(http.MethodGet, "/p?"+url.QueryEscape(injection)+"=1", nil),
			func(r *http.Request) string {
				for k := range r.URL.Query() {
					return k
				}
				return ""
			}, "query." + injection,
		},
		"form": {
			httptest.NewRequest(http.MethodPost, "/p", strings.NewReader("a=1&name="+url.QueryEscape(injection))),
			func(r *http.Request) string { return r.PostFormValue("name") }, "form.name",
		},
		"multipart field behind a large file": {
			httptest.NewRequest(http.MethodPost, "/p", body),
			func(r *http.Request) string { return r.FormValue("name") }, "form.name",
		},
		"JSON": {
			httptest.NewRequest(http.MethodPost, "/p", strings.NewReader(`{"filter":[{"n":1},{"name":"`+injection+`"}],"z":true}`)),
			func(r *http.Request) string {
				var v struct{ Filter []struct{ Name string } }
				if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
					t.Error(err)
				}
				return v.Filter[1].Name
			}, "json.filter[1].name",
		},
		"JSON of which only the beginning is read": {
			httptest.NewRequest(http.MethodPost, "/p", io.MultiReader(strings.NewReader(`{"name":"`+injection+`",`), strings.NewReader(strings.Repeat(" ", 1<<20)))),
			func(r *http.Request) string {
				d := json.NewDecoder(r.Body)
				for range 2 {
					_, _ = d.Token()
				}
				v, _ := d.Token()
				return v.(string)
			}, "json.name",
		},
		"XML": {
			httptest.NewRequest(http.MethodPost, "/p", strings.NewReader("<o><name>"+injection+"</name></o>")),
			func(r *http.Request) string {
				s := string(read(r))
				return s[len("<o><name>") : len(s)-len("</name></o>")]
			}, "xml.o.name",
		},
		"plain text": {
			httptest.NewRequest(http.MethodPost, "/p", strings.NewReader(injection)),
			func(r *http.Request) string { return string(read(r)) }, "body",
		},
		"header": {
			with(httptest.NewRequest(http.MethodGet, "/p", nil), "X-Tenant", injection),
			func(r *http.Request) string { return r.Header.Get("X-Tenant") }, "header.X-Tenant",
		},
		"cookie": {
			with(httptest.NewRequest(http.MethodGet, "/p", nil), "Cookie", "a=b; tenant="+url.QueryEscape(strings.ReplaceAll(injection, " ", "/**/"))),
			func(r *http.Request) string {
				c, _ := r.Cookie("tenant")
				v, _ := url.QueryUnescape(c.Value)
				return v
			}, "cookie.tenant",
		},
		"basic authentication": {
			func() *http.Request {
				r := httptest.NewRequest(http.MethodGet, "/p", nil)
				r.SetBasicAuth(injection, "pw")
				return r
			}(),
			func(r *http.Request) string { u, _, _ := r.BasicAuth(); return u }, "header.Authorization",
		},
		"path value": {
			httptest.NewRequest(http.MethodGet, "/by-name/"+url.PathEscape(injection)+"/x", nil),
			func(r *http.Request) string { return r.PathValue("name") }, "route.name",
		},
		"rest of the path": {
			httptest.NewRequest(http.MethodGet, "/rest/x'/**/UNION/**/SELECT/**/1,2/**/--", nil),
			func(r *http.Request) string { return r.PathValue("rest") }, "route.rest",
		},
	} {
		t.Run(name, func(t *testing.T) {
			rec := agenttest.NewRecorder(t)
			rec.Instruct(noWAF())
			switch name {
			case "form":
				c.request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			case "multipart field behind a large file":
				c.request.Header.Set("Content-Type", multi)
			case "plain text":
				c.request.Header.Set("Content-Type", "text/plain")
			case "XML":
				c.request.Header.Set("Content-Type", "application/xml")
			}
			handler := func(w http.ResponseWriter, r *http.Request) {
				v := c.value(r)
				if !strings.Contains(v, "UNION") {
					t.Errorf("the handler got %q", v)
				}
				if err := query(r.Context(), statement(v)); !agentkit.Blocked(err) {
					t.Errorf("err = %v, want it blocked", err)
				}
			}
			mux := http.NewServeMux()
			mux.HandleFunc("/p", handler)
			mux.HandleFunc("/by-name/{name}/x", handler)
			mux.HandleFunc("/rest/{rest...}", handler)
			w := httptest.NewRecorder()
			rec.Middleware(mux).ServeHTTP(w, c.request)
			a := rec.WantAttack(wire.AttackSQLi)
			if a.Param != c.param || !a.Blocked || !a.Reached || a.Protection != "rasp" {
				t.Errorf("attack = %+v, want parameter %q", a, c.param)
			}
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "Uh oh!") {
				t.Errorf("answer %d %.100q", w.Code, w.Body)
			}
		})
	}
}

func with(r *http.Request, header, value string) *http.Request {
	r.Header.Set(header, value)
	return r
}

// shop is a handler with a hole.
func shop(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Set-Cookie", "session=secret")
	w.Header().Set("Content-Length", "11")
	w.Header().Set("X-Frame-Options", "DENY")
	if err := query(r.Context(), statement(r.FormValue("q"))); err != nil {
		http.Error(w, "database: "+err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, "two results")
}

func attack(h http.Handler, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/p?q="+url.QueryEscape(injection), nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTheBlockingPage(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	h := rec.Middleware(http.HandlerFunc(shop))
	rec.Instruct(noWAF())
	w := attack(h, "text/html,*/*")
	want := "Uh oh! Sqreen has detected an attack. If you are the application owner, check the Sqreen dashboard for more information."
	if w.Code != 403 || !strings.Contains(w.Body.String(), want) || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("page: %d %v %s", w.Code, w.Header(), w.Body)
	}
	if h := w.Header(); h.Get("Set-Cookie") != "" || h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" || h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
		t.Errorf("header %v", h)
	}
	if strings.Contains(w.Body.String(), "UNION") || strings.Contains(w.Body.String(), "database") {
		t.Error("the page tells about the attack")
	}
	w = attack(h, "application/json")
	var body wire.ErrorReply
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Error.Message != want || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("JSON: %v %s", err, w.Body)
	}
	in := noWAF()
	in.Policy.BlockStatus, in.Policy.BlockPage = 418, "<p>custom</p>"
	rec.Instruct(in)
	if w = attack(h, ""); w.Code != 418 || w.Body.String() != "<p>custom</p>" {
		t.Errorf("custom page: %d %s", w.Code, w.Body)
	}
	in.Policy.KillSwitch = true
	rec.Reset()
	rec.Instruct(in)
	if w = attack(h, ""); w.Code != 200 || w.Body.String() != "two results" {
		t.Errorf("with the kill switch: %d %s", w.Code, w.Body)
	}
	if a := rec.WantAttack(wire.AttackSQLi); a.Blocked {
		t.Error("blocked in spite of the kill switch")
	}
}

// In monitor mode the answer is the application's, byte for byte.
func TestMonitoringChangesNothing(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	want := attack(http.HandlerFunc(shop), "")
	got := attack(rec.Middleware(http.HandlerFunc(shop)), "")
	if got.Code != want.Code || got.Body.String() != want.Body.String() || fmt.Sprint(got.Header()) != fmt.Sprint(want.Header()) {
		t.Errorf("answer %d %v %s, want %d %v %s", got.Code, got.Header(), got.Body, want.Code, want.Header(), want.Body)
	}
	rec.WantAttack(wire.AttackSQLi)
}

func TestEvidence(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	rec.Instruct(noWAF())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /search/{kind}", func(w http.ResponseWriter, r *http.Request) {
		if err := agentkit.FromContext(r.Context()).Identify(map[string]string{"id": "42"}); err != nil {
			t.Error(err)
		}
		shop(w, r)
	})
	r := httptest.NewRequest(http.MethodPost, "/search/lamps?page=1", strings.NewReader("password=hunter2&q="+url.QueryEscape(injection)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "test/1")
	r.Header.Set("X-Internal", "stays here")
	r.RemoteAddr = "203.0.113.7:1234"
	r.Host = "shop.example.com:8080"
	rec.Middleware(mux).ServeHTTP(httptest.NewRecorder(), r)
	var s wire.Signal
	for _, s = range rec.Signals() {
		if s.Attack != nil {
			break
		}
	}
	if s.Attack == nil {
		t.Fatal("no attack")
	}
	q := s.Request
	if s.IP != "203.0.113.7" || s.User["id"] != "42" || s.Kind != wire.KindAttack || s.Name != wire.NameAttack || s.Time.IsZero() {
		t.Errorf("signal = %+v", s)
	}
	if q.Method != http.MethodPost || q.Path != "/search/lamps" || q.Query != "page=1" || q.Route != "POST /search/{kind}" || q.Host != "shop.example.com" || q.Port != "8080" ||
		q.UserAgent != "test/1" || q.Status != 403 || !q.Blocked || q.ID == "" || q.Remote != "203.0.113.7:1234" {
		t.Errorf("request = %+v", q)
	}
	if got := q.Params["form.password"]; len(got) != 1 || got[0] != wire.Redacted {
		t.Errorf("password = %q", got)
	}
	if _, ok := q.Headers["X-Internal"]; ok {
		t.Error("a header that helps nobody was sent")
	}
	found := false
	for _, f := range s.Stack {
		if strings.HasSuffix(f.Function, ".shop") {
			found = f.InApp && strings.HasSuffix(f.File, "protect_test.go") && f.Line > 0
		}
	}
	if !found || !strings.HasSuffix(s.Stack[0].Function, ".query") {
		t.Errorf("stack = %+v", s.Stack)
	}
	for _, other := range rec.Signals() {
		if other.Request.ID != q.ID {
			t.Error("signals of one request have different ids")
		}
	}
	raw, _ := json.Marshal(rec.Signals())
	if strings.Contains(string(raw), "hunter2") {
		t.Error("the password left the process")
	}
}

func TestAChildGoroutineIsCovered(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	rec.Instruct(noWAF())
	h := rec.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			cancel(query(ctx, statement(r.URL.Query().Get("q"))))
		}()
		wg.Wait()
		if r.Context().Err() == nil {
			t.Error("the request's context is not cancelled")
		}
		if err := context.Cause(r.Context()); !agentkit.Blocked(err) {
			t.Errorf("cause = %v", err)
		}
		n, err := w.Write([]byte("leak"))
		if n != 0 || !agentkit.Blocked(err) {
			t.Errorf("Write = %d, %v", n, err)
		}
	}))
	if w := attack(h, ""); w.Code != 403 || strings.Contains(w.Body.String(), "leak") {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
}

func TestAHandlerThatWaitsForItsContextIsWokenByABlock(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	rec.Instruct(noWAF())
	h := rec.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		waiting := make(chan struct{})
		woken := make(chan struct{})
		go func() {
			child, cancel := context.WithCancel(r.Context())
			defer cancel()
			close(waiting)
			<-child.Done()
			close(woken)
		}()
		<-waiting
		_ = query(r.Context(), statement(r.URL.Query().Get("q")))
		<-woken
	}))
	if w := attack(h, ""); w.Code != 403 {
		t.Errorf("answer %d", w.Code)
	}
}

// What a handler does with the error does not change what the client gets.
func TestHandlersThatPanicOnTheErrorStillGiveThePage(t *testing.T) {
	for name, wrap := range map[string]func(error) any{
		"the error":      func(err error) any { return err },
		"wrapped":        func(err error) any { return fmt.Errorf("query: %w", err) },
		"something else": func(error) any { return "must not fail" },
	} {
		rec := agenttest.NewRecorder(t)
		rec.Instruct(noWAF())
		s := httptest.NewUnstartedServer(rec.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := query(r.Context(), statement(r.FormValue("q"))); err != nil {
				panic(wrap(err))
			}
		})))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Start()
		resp, err := s.Client().Get(s.URL + "/?q=" + url.QueryEscape(injection))
		if err != nil {
			t.Fatal(name, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		s.Close()
		if resp.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "Uh oh!") || err != nil {
			t.Errorf("%s: %d %q %v", name, resp.StatusCode, body, err)
		}
	}
}

func TestAnAnswerThatHasBegunIsCutOff(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	rec.Instruct(noWAF())
	h := rec.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "begun ")
		_ = query(r.Context(), statement(r.FormValue("q")))
		fmt.Fprint(w, "leak")
		w.WriteHeader(http.StatusInternalServerError)
	}))
	if w := attack(h, ""); w.Code != 200 || w.Body.String() != "begun " {
		t.Errorf("answer %d %q", w.Code, w.Body)
	}
}

func TestTheErrorTellsTheAppAndNotThePayload(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	rec.Instruct(noWAF())
	attack(rec.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		err := fmt.Errorf("search: %w", query(r.Context(), statement(r.FormValue("q"))))
		var blocked *agentkit.BlockedError
		if !errors.As(err, &blocked) || blocked.Attack.Kind != wire.AttackSQLi {
			t.Fatalf("err = %v", err)
		}
		if s := err.Error(); !strings.Contains(s, "sqli") || !strings.Contains(s, "query.q") || strings.Contains(s, "UNION") {
			t.Errorf("text %q", s)
		}
	})), "")
}

func TestTheFirewallBlocksBeforeTheHandler(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	ran := false
	h := rec.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true }))
	if w := attack(h, ""); w.Code != 200 || !ran {
		t.Errorf("monitoring: %d, handler ran %v", w.Code, ran)
	}
	if a := rec.WantAttack(wire.AttackSQLi); a.Protection != "waf" || a.Param != "query.q" || a.Blocked {
		t.Errorf("attack = %+v", a)
	}
	ran = false
	rec.Block(wire.ProtectionWAF)
	if w := attack(h, ""); w.Code != 403 || ran {
		t.Errorf("blocking: %d, handler ran %v", w.Code, ran)
	}
}

func TestTheFirewallBlocksABodyWhenItsEndIsRead(t *testing.T) {
	multi, body := form(t, 100)
	for name, c := range map[string]struct {
		kind string
		body io.Reader
		want string
	}{
		"JSON":      {"application/json", strings.NewReader(`{"a":["` + injection + `"]}`), "json.a[0]"},
		"form":      {"application/x-www-form-urlencoded", strings.NewReader("name=" + url.QueryEscape(injection)), "form.name"},
		"multipart": {multi, body, "form.name"},
		"chunked":   {"application/json", struct{ io.Reader }{strings.NewReader(`{"a":["` + injection + `"]}`)}, "json.a[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := agenttest.NewRecorder(t)
			rec.Block(wire.ProtectionWAF)
			h := rec.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := io.ReadAll(r.Body)
				if !agentkit.Blocked(err) {
					t.Errorf("err = %v", err)
				}
				fmt.Fprint(w, "stored")
			}))
			r := httptest.NewRequest(http.MethodPost, "/", c.body)
			r.Header.Set("Content-Type", c.kind)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 403 || strings.Contains(w.Body.String(), "stored") {
				t.Errorf("answer %d %s", w.Code, w.Body)
			}
			if a := rec.WantAttack(wire.AttackSQLi); a.Param != c.want || !a.Blocked {
				t.Errorf("attack = %+v", a)
			}
		})
	}
}

func TestActors(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	h := rec.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.URL.Query().Get("user"); id != "" {
			if err := agentkit.FromContext(r.Context()).Identify(map[string]string{"id": id}); err != nil {
				http.Error(w, "denied by the app", http.StatusTeapot)
				return
			}
		}
		_ = query(r.Context(), statement(r.FormValue("q")))
		fmt.Fprint(w, "welcome")
	}))
	in := wire.Instructions{
		Actions: []wire.Action{
			{ID: "a1", Kind: wire.ActionBlockIP, CIDR: "203.0.113.0/24"},
			{ID: "a2", Kind: wire.ActionRedirectIP, CIDR: "198.51.100.1", URL: "https://example.com/help"},
			{ID: "a3", Kind: wire.ActionBlockUser, User: "id=42"},
			{ID: "a4", Kind: wire.ActionRedirectUser, User: "43", URL: "/verify"},
		},
		IPPasslist:   []string{"192.0.2.0/24"},
		PathPasslist: []string{"/health", "/static/*"},
	}
	get := func(ip, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = ip + ":1"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	bad := "/?q=" + url.QueryEscape(injection)
	rec.Instruct(in)
	for name, c := range map[string]struct {
		ip, path string
		status   int
		location string
		signal   string
	}{
		"blocked network":                {"203.0.113.9", "/", 403, "", wire.NameBlockIP},
		"redirected address":             {"198.51.100.1", "/", 303, "https://example.com/help", wire.NameRedirectIP},
		"blocked user":                   {"192.168.1.1", "/?user=42", 403, "", wire.NameBlockUser},
		"redirected user":                {"192.168.1.1", "/?user=43", 303, "/verify", wire.NameRedirectUser},
		"another user":                   {"192.168.1.1", "/?user=44", 200, "", wire.NameIdentify},
		"attack from elsewhere":          {"192.168.1.1", bad, 200, "", wire.NameAttack},
		"attack from a passlisted IP":    {"192.0.2.1", bad, 200, "", ""},
		"attack on a passlisted path":    {"192.168.1.1", "/health" + bad[1:], 200, "", ""},
		"blocked IP on a passlisted one": {"203.0.113.9", "/static/x", 200, "", ""},
	} {
		rec.Reset()
		w := get(c.ip, c.path)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s: answer %d to %q", name, w.Code, w.Header().Get("Location"))
		}
		if (w.Code == 200) != (w.Body.String() == "welcome") {
			t.Errorf("%s: body %q", name, w.Body)
		}
		if c.signal == "" {
			rec.WantNone()
		} else if len(rec.Named(c.signal)) != 1 && c.signal != wire.NameAttack {
			t.Errorf("%s: no signal %s", name, c.signal)
		}
	}
	if got := rec.Agent().Engine().Counters(); !hasCounter(got, wire.CounterActionHits, "a1", 1) || !hasCounter(got, wire.CounterPasslisted, "", 3) || !hasCounter(got, wire.CounterBlocked, "", 4) {
		t.Errorf("counters %+v", got)
	}
	for name, change := range map[string]func(*wire.Policy){
		"kill switch":  func(p *wire.Policy) { p.KillSwitch = true },
		"monitor mode": func(p *wire.Policy) { p.Modes = map[string]string{wire.ProtectionActors: wire.ModeMonitor} },
		"off":          func(p *wire.Policy) { p.Modes = map[string]string{wire.ProtectionActors: wire.ModeOff} },
		"disabled":     func(p *wire.Policy) { p.Disabled = true },
	} {
		next := in
		change(&next.Policy)
		rec.Instruct(next)
		rec.Reset()
		for _, req := range [][2]string{{"203.0.113.9", "/"}, {"198.51.100.1", "/"}, {"192.168.1.1", "/?user=42"}} {
			if w := get(req[0], req[1]); w.Code != 200 {
				t.Errorf("%s: answer %d to %v", name, w.Code, req)
			}
		}
		want := 0
		if name == "kill switch" || name == "monitor mode" {
			want = 1
		}
		if got := len(rec.Named(wire.NameBlockIP)); got != want {
			t.Errorf("%s: %d signals of a hit, want %d", name, got, want)
		}
	}
}

func hasCounter(list []wire.Counter, name, key string, value float64) bool {
	for _, c := range list {
		if c.Name == name && c.Key == key && c.Value == value {
			return true
		}
	}
	return false
}

func TestTrustedProxies(t *testing.T) {
	rec := agenttest.NewRecorderConfig(t, agentkit.Config{TrustedProxies: []string{"10.0.0.0/8"}})
	rec.Instruct(wire.Instructions{Actions: []wire.Action{{ID: "a", Kind: wire.ActionBlockIP, CIDR: "203.0.113.7"}}})
	h := rec.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for remote, want := range map[string]int{"10.1.2.3:5": 403, "192.0.2.1:5": 200, "@": 200} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", "6.6.6.6, 203.0.113.7")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("from %s: %d, want %d", remote, w.Code, want)
		}
	}
}
