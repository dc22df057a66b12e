package heartbeat_test

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/agenttest"
	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/internal/heartbeat"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// connect starts an agent on a real connection, emits a signal, and wants it
// stored after Close.
func connect(t *testing.T, p *agenttest.Platform, url string, tls heartbeat.TLS) {
	t.Helper()
	e := engine.New(engine.Config{})
	t.Cleanup(e.Close)
	c, err := heartbeat.New(heartbeat.Config{URL: url, Token: agenttest.Token, Engine: e, TLS: tls})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	c.Emit(&wire.Signal{Kind: wire.KindEvent, Name: strings.Repeat("n", 100)})
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(p.Signals()); got != 1 {
		t.Errorf("%d signals stored, want 1", got)
	}
}

func TestHTTP(t *testing.T) {
	p := agenttest.NewPlatform()
	connect(t, p, p.Start(t)+"/", heartbeat.TLS{})
}

func TestHTTPSWithOwnCertificates(t *testing.T) {
	p := agenttest.NewPlatform()
	s := httptest.NewTLSServer(p)
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	connect(t, p, s.URL, heartbeat.TLS{CAFile: ca, ServerName: "example.com"})
}

func TestUnixSocket(t *testing.T) {
	p := agenttest.NewPlatform()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(p)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	defer s.Close()
	connect(t, p, "unix://"+socket, heartbeat.TLS{})
}

func TestARedirectDoesNotCarryTheTokenAway(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the request went to %s with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	s := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	e := engine.New(engine.Config{})
	defer e.Close()
	c, err := heartbeat.New(heartbeat.Config{URL: s.URL, Token: "secret", Engine: e})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	if err := c.Close(t.Context()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("err = %v", err)
	}
}

func TestURLsThatCannotBeUsed(t *testing.T) {
	for _, url := range []string{"", "platform.example.com", "ftp://x", "https://", "unix://", "http://[::1", "://"} {
		if _, err := heartbeat.New(heartbeat.Config{URL: url}); err == nil || !strings.Contains(err.Error(), "want https://") {
			t.Errorf("New(%q) = %v", url, err)
		}
	}
	if _, err := heartbeat.New(heartbeat.Config{URL: "https://x", TLS: heartbeat.TLS{CAFile: "/nowhere"}}); err == nil {
		t.Error("a missing file of certificates is not noticed")
	}
	if _, err := heartbeat.New(heartbeat.Config{URL: "https://user:secret@"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("err = %v", err)
	}
}
