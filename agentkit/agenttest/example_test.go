package agenttest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/agenttest"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// login is the code under test: it tells the agent about logins.
func login(w http.ResponseWriter, r *http.Request) {
	user := map[string]string{"email": r.FormValue("email")}
	told := agentkit.FromContext(r.Context())
	if r.FormValue("password") != "correct horse" {
		told.TrackLoginFailure(user)
		http.Error(w, "wrong email or password", http.StatusUnauthorized)
		return
	}
	told.TrackLoginSuccess(user)
	told.Track("newsletter.offered", agentkit.WithProperties(map[string]any{"variant": "b"}))
	fmt.Fprint(w, "welcome")
}

func post(h http.Handler, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestLoginTellsTheAgent(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	h := rec.Middleware(http.HandlerFunc(login))
	post(h, url.Values{"email": {"ada@example.com"}, "password": {"guess"}})
	rec.WantUser(wire.NameLoginFailure, map[string]string{"email": "ada@example.com"})

	rec.Reset()
	post(h, url.Values{"email": {"ada@example.com"}, "password": {"correct horse"}})
	rec.WantUser(wire.NameLoginSuccess, map[string]string{"email": "ada@example.com"})
	if got := rec.WantEvent("newsletter.offered")["variant"]; got != "b" {
		t.Errorf("variant = %v", got)
	}
	for _, s := range rec.Signals() {
		if s.Request.Path != "/login" {
			t.Errorf("signal of %q", s.Request.Path)
		}
	}
}

// The assertions must be able to fail.
func TestAssertionsFail(t *testing.T) {
	fake := &fakeT{TB: t}
	rec := agenttest.NewRecorder(fake)
	rec.WantEvent("x")
	rec.WantUser(wire.NameSignup, map[string]string{"id": "1"})
	rec.WantAttack(wire.AttackSQLi)
	post(rec.Middleware(http.HandlerFunc(login)), url.Values{"email": {"a"}})
	rec.WantNone()
	if fake.failures != 4 {
		t.Errorf("%d of 4 assertions failed", fake.failures)
	}
}

type fakeT struct {
	testing.TB
	failures int
}

func (f *fakeT) Errorf(string, ...any) { f.failures++ }
func (f *fakeT) Helper()               {}

func TestRecorderBlocks(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	rec.Block(wire.ProtectionWAF)
	rec.Block(wire.ProtectionSQLi)
	if m := rec.Agent().Engine().Begin(httptest.NewRequest(http.MethodGet, "/", nil), netip.Addr{}).Mode(wire.ProtectionWAF); m != wire.ModeBlock {
		t.Errorf("mode %q: the second Block undid the first", m)
	}
}

func Example() {
	run := func(t *testing.T) {
		rec := agenttest.NewRecorder(t)
		h := rec.Middleware(http.HandlerFunc(login))
		post(h, url.Values{"email": {"ada@example.com"}, "password": {"guess"}})
		rec.WantUser(wire.NameLoginFailure, map[string]string{"email": "ada@example.com"})
	}
	ok := testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "login", F: run}})
	fmt.Println(ok)
	// Output: true
}
