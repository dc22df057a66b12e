package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
	"github.com/sqreen/sqreen/localplatform/server"
)

// Every test that leaves something running fails the package.
func TestMain(m *testing.M) {
	if runChild() {
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
		os.Exit(code)
	}), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func TestFirstStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "data")
	r := start(t, server.Options{Data: dir})
	info := r.Info()
	if !info.First || info.Data != dir || info.TokenFile != filepath.Join(dir, "operator-token") || info.Socket != filepath.Join(dir, "sqreen.sock") || info.URL != "http://"+r.Addr() {
		t.Errorf("info %+v", info)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, info.TokenFile: 0o600, info.Socket: 0o600} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
	p, err := server.Connect(t.Context(), server.ConnectOptions{URL: info.URL, TokenFile: info.TokenFile})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if _, err := p.Tokens(t.Context()); err != nil { // which needs an admin
		t.Errorf("Tokens: %v", err)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(info.Socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	again := start(t, server.Options{Data: dir})
	if i := again.Info(); i.First || i.TokenFile == "" {
		t.Errorf("second start: %+v", i)
	}
	// A token file that was removed stays away.
	if err := os.Remove(info.TokenFile); err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i := start(t, server.Options{Data: dir}).Info(); i.First || i.TokenFile != "" {
		t.Errorf("third start: %+v", i)
	}
}

func TestSecondServerSaysWhoHoldsTheData(t *testing.T) {
	r := start(t, server.Options{})
	_, err := server.New(server.Options{Data: r.Info().Data, Listen: r.Addr()})
	if localplatform.ErrorCode(err) != localplatform.CodeUnavailable || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) ||
		!strings.Contains(localplatform.ErrorHint(err), r.Info().URL) {
		t.Errorf("got %v, hint %q", err, localplatform.ErrorHint(err))
	}
	_, err = server.New(server.Options{Data: t.TempDir(), Listen: r.Addr()})
	if localplatform.ErrorCode(err) != localplatform.CodeUnavailable || !strings.Contains(err.Error(), "cannot listen") {
		t.Errorf("same port: %v", err)
	}
	if _, err := r.Platform().Apps(localplatform.WithCaller(t.Context(), r.admin), ""); err != nil {
		t.Errorf("the first server is hurt: %v", err)
	}
}

func TestWhereToListen(t *testing.T) {
	for listen, want := range map[string]string{
		"0.0.0.0:0": "without TLS", ":0": "without TLS", "[::]:0": "without TLS", "192.0.2.1:0": "without TLS", "shop.example:0": "without TLS",
		"7777": "not an address", "127.0.0.1:99999": "cannot listen",
	} {
		_, err := server.New(server.Options{Data: t.TempDir(), Listen: listen})
		if err == nil || !strings.Contains(err.Error(), want) || localplatform.ErrorHint(err) == "" {
			t.Errorf("%s: %v", listen, err)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "localhost:0"} {
		start(t, server.Options{Listen: listen})
	}
	start(t, server.Options{Listen: "0.0.0.0:0", Insecure: true})
	if _, err := server.New(server.Options{Data: t.TempDir(), TLSCert: "cert.pem"}); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
		t.Errorf("certificate without key: %v", err)
	}
	if _, err := server.New(server.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", TLSCert: "no.pem", TLSKey: "no.pem"}); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
		t.Errorf("certificate that is not there: %v", err)
	}
}

// writeCertificate makes a certificate for 127.0.0.1 with a serial number.
func writeCertificate(t *testing.T, dir string, serial int64) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "sqreen"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

func TestTLS(t *testing.T) {
	cert, key, pool := writeCertificate(t, t.TempDir(), 1)
	r := start(t, server.Options{Listen: "0.0.0.0:0", TLSCert: cert, TLSKey: key})
	_, port, err := net.SplitHostPort(r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Info().URL, "https://") {
		t.Errorf("URL %s", r.Info().URL)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	p, err := client.New("https://127.0.0.1:"+port, client.Options{Token: r.operator(localplatform.RoleViewer), Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if _, err := p.Status(t.Context()); err != nil {
		t.Errorf("Status: %v", err)
	}
	plain, err := client.New("http://127.0.0.1:"+port, client.Options{Token: "x"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	if _, err := plain.Status(t.Context()); err == nil {
		t.Error("plain HTTP got an answer")
	}
	old := &tls.Dialer{Config: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}} //nolint:gosec // to be refused
	if c, err := old.DialContext(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func TestLongPathOfTheSocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	r := start(t, server.Options{Data: dir})
	if len(r.Info().Socket) > 103 {
		t.Fatalf("socket %s", r.Info().Socket)
	}
	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if st, err := p.Status(t.Context()); err != nil || st.Mode != "server" {
		t.Errorf("status %+v, %v", st, err)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(r.Info().Socket)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket's directory is still there: %v", err)
	}
}

// A socket that a killed platform left behind is in nobody's way, but a file is.
func TestSocketLeftBehind(t *testing.T) {
	dir := t.TempDir()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(dir, "sqreen.sock"))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	start(t, server.Options{Data: dir})
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "sqreen.sock"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.New(server.Options{Data: other, Listen: "127.0.0.1:0"}); localplatform.ErrorCode(err) != localplatform.CodeConflict {
		t.Errorf("file in the way: %v", err)
	}
}

func TestNoSocket(t *testing.T) {
	r := start(t, server.Options{NoSocket: true})
	r.login("i-1")
	if r.Info().Socket != "" {
		t.Errorf("socket %s", r.Info().Socket)
	}
	// Commands on the same machine can still read.
	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: r.Info().Data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if apps, err := p.Apps(t.Context(), ""); err != nil || len(apps) != 1 {
		t.Errorf("apps %+v, %v", apps, err)
	}
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestLogNamesNoSecrets(t *testing.T) {
	var log syncBuffer
	r := start(t, server.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	r.seed()
	admin := r.operator(localplatform.RoleAdmin)
	_, h, _ := r.do(http.MethodGet, client.Prefix+"/events?q=user:grace", admin, "")
	r.do(http.MethodGet, client.Prefix+"/events?q=(", admin, "")
	r.do(http.MethodPost, wire.PathHeartbeat, r.agent, `{"secret payload`)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	for _, secret := range []string{admin, r.agent, "grace", "secret payload", "203.0.113.7", "altered a statement"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log contains %q", secret)
		}
	}
	if id := h.Get("Sqreen-Request-Id"); id == "" || !strings.Contains(text, id) {
		t.Errorf("the log does not know request %q", id)
	}
}

func TestStopTwice(t *testing.T) {
	r := start(t, server.Options{})
	for range 2 {
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := r.Start(t.Context()); localplatform.ErrorCode(err) != localplatform.CodeConflict {
		t.Errorf("started again: %v", err)
	}
}

func TestStopWithoutStart(t *testing.T) {
	s, err := server.New(server.Options{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRetention(t *testing.T) {
	dir := t.TempDir()
	now := noon
	clock := func() time.Time { return now }
	r := start(t, server.Options{Data: dir, Now: clock, Retention: 24 * time.Hour})
	r.seed()
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = noon.Add(40 * 24 * time.Hour)
	r = start(t, server.Options{Data: dir, Now: clock, Retention: 24 * time.Hour})
	r.metric("sqreen_retention_removed_total", "36")
	ctx := localplatform.WithCaller(t.Context(), r.admin)
	if n, err := r.Platform().CountEvents(ctx, ""); err != nil || n != 0 {
		t.Errorf("%d events left, %v", n, err)
	}
	for {
		list, err := r.Platform().Instances(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
	}
	if page, err := r.Platform().Incidents(ctx, localplatform.IncidentQuery{}); err != nil || page.Total == 0 {
		t.Errorf("incidents are gone with their events: %+v, %v", page, err)
	}
}

func TestHealth(t *testing.T) {
	r := start(t, server.Options{Version: "1.2.3"})
	if status, h, body := r.do(http.MethodGet, "/healthz", "", ""); status != http.StatusOK || !strings.Contains(body, "1.2.3") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %s", status, body)
	}
	for _, path := range []string{"/", "/api/v1/nothing", "/agent/v1/login", "/favicon.ico"} {
		if status, _, body := r.do(http.MethodGet, path, "", ""); status != http.StatusNotFound || !strings.Contains(body, `"not_found"`) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// Metrics are for this machine, or for who has a token: a page in a browser
// that points its name at 127.0.0.1 is neither.
func TestMetricsAreNotForEverybody(t *testing.T) {
	r := start(t, server.Options{})
	r.seed()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("another host's name: %d", res.StatusCode)
	}
	_, _, text := r.do(http.MethodGet, "/metrics", "", "")
	checkExposition(t, text)
	for _, want := range []string{
		"sqreen_signals_stored_total 36", `sqreen_agent_signals_total{app="shop",env="prod",outcome="stored"} 36`, "sqreen_detector_lag_events 0", "sqreen_events 36",
		`sqreen_http_requests_total{route="POST /agent/v1/heartbeat",status="2xx"} 1`, `sqreen_drops_total{reason="signal_refused_syntax"} 0`, "sqreen_instances 1",
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %q", want)
		}
	}
}

// checkExposition checks the grammar: every sample follows the HELP and TYPE of
// its family, no sample comes twice.
func checkExposition(t *testing.T, text string) {
	t.Helper()
	family := ""
	seen := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		switch f := strings.Fields(line); {
		case strings.HasPrefix(line, "# HELP "):
			family = f[2]
		case strings.HasPrefix(line, "# TYPE "):
			if f[2] != family || f[3] != "counter" && f[3] != "gauge" || (f[3] == "counter") != strings.HasSuffix(family, "_total") {
				t.Errorf("bad line %q", line)
			}
		default:
			name, _, _ := strings.Cut(f[0], "{")
			sample := line[:strings.LastIndexByte(line, ' ')]
			if name != family || seen[sample] {
				t.Errorf("bad line %q", line)
			}
			seen[sample] = true
		}
	}
}

func TestConnectCreatesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nothing")
	_, err := server.Connect(t.Context(), server.ConnectOptions{Data: dir})
	if localplatform.ErrorCode(err) != localplatform.CodeNotFound || !strings.Contains(localplatform.ErrorHint(err), "sqreen demo") {
		t.Errorf("got %v, hint %q", err, localplatform.ErrorHint(err))
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s was made: %v", dir, err)
	}
}

func TestDefaultData(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/tmp/state")
	if got, err := server.DefaultData(); err != nil || got != "/tmp/state/sqreen" {
		t.Errorf("got %s, %v", got, err)
	}
	t.Setenv("XDG_STATE_HOME", "relative") // which the specification says to ignore
	t.Setenv("HOME", "/home/ada")
	if got, err := server.DefaultData(); err != nil || got != "/home/ada/.local/state/sqreen" {
		t.Errorf("got %s, %v", got, err)
	}
}

// Commands on a directory that nobody serves: readers need no lock, writers
// take turns, and when a platform starts meanwhile they talk to it.
func TestCommandsWithoutServer(t *testing.T) {
	dir := t.TempDir()
	now := noon
	var mu sync.Mutex
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	r := start(t, server.Options{Data: dir, Now: clock})
	r.seed()
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			p, err := server.Connect(t.Context(), server.ConnectOptions{Data: dir, Now: clock})
			if err != nil {
				t.Errorf("Connect: %v", err)
				return
			}
			defer func() { _ = p.Close() }()
			if apps, err := p.Apps(t.Context(), ""); err != nil || len(apps) != 2 {
				t.Errorf("apps: %d, %v", len(apps), err)
			}
			if _, err := p.AddAction(t.Context(), localplatform.Action{Kind: wire.ActionBlockUser, Target: fmt.Sprint(n)}); err != nil {
				t.Errorf("action: %v", err)
			}
			if _, err := p.ChangeIncident(t.Context(), 1, localplatform.IncidentChange{Note: fmt.Sprint("note ", n)}); err != nil {
				t.Errorf("incident: %v", err)
			}
		})
	}
	wg.Wait()
	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if list, err := p.Actions(t.Context(), ""); err != nil || len(list) != 8 {
		t.Errorf("%d actions, %v", len(list), err)
	}
	if st, err := p.Status(t.Context()); err != nil || st.Mode != "local" {
		t.Errorf("status %+v, %v", st, err)
	}
	r = start(t, server.Options{Data: dir, Now: clock})
	if _, err := p.AddAction(t.Context(), localplatform.Action{Kind: wire.ActionBlockUser, Target: "9"}); err != nil {
		t.Errorf("action with a server: %v", err)
	}
	mu.Lock()
	now = now.Add(5 * time.Second)
	mu.Unlock()
	if st, err := p.Status(t.Context()); err != nil || st.Mode != "server" {
		t.Errorf("status %+v, %v", st, err)
	}
	if list, err := r.Platform().Actions(localplatform.WithCaller(t.Context(), r.admin), ""); err != nil || len(list) != 9 {
		t.Errorf("%d actions on the server, %v", len(list), err)
	}
}

// Events that a platform stored and was killed before it looked at them are
// looked at by the next command.
func TestCommandsCatchUp(t *testing.T) {
	dir := t.TempDir()
	child := startChild(t, dir)
	child.login("i-1")
	reply := child.beat("i-1", 1, attackSignal(time.Now(), 1), attackSignal(time.Now(), 2))
	if reply.Stored != 2 {
		t.Fatalf("reply %+v", reply)
	}
	child.kill()
	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	page, err := p.Incidents(t.Context(), localplatform.IncidentQuery{})
	if err != nil || page.Total != 1 || page.Incidents[0].Events != 2 {
		t.Errorf("incidents %+v, %v", page, err)
	}
}

func TestDoctor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	status := func(o server.ConnectOptions) map[string]string {
		out := map[string]string{}
		for _, c := range server.Doctor(context.Background(), o) {
			if out[c.Name] != "failed" {
				out[c.Name] = c.Status
			}
			if c.Detail == "" || (c.Status != server.CheckOK) != (c.Fix != "") {
				t.Errorf("check %+v", c)
			}
		}
		return out
	}
	if got := status(server.ConnectOptions{Data: dir}); got["data directory"] != server.CheckWarning || len(got) != 1 {
		t.Errorf("without data: %v", got)
	}
	r := start(t, server.Options{Data: dir})
	r.login("i-1")
	for name, got := range status(server.ConnectOptions{Data: dir}) {
		want := server.CheckOK
		if name == "configuration" || name == "disk space" { // nothing has been put in force; the disk is the machine's
			continue
		}
		if got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	ctx := localplatform.WithCaller(t.Context(), r.admin)
	if _, err := r.Platform().AddAction(ctx, localplatform.Action{Kind: wire.ActionBlockUser, Target: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "operator-token"), 0o644); err != nil { //nolint:gosec // to be found
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // to be found
		t.Fatal(err)
	}
	got := status(server.ConnectOptions{Data: dir, Now: func() time.Time { return time.Now().Add(time.Hour) }})
	for name, want := range map[string]string{
		"data directory": server.CheckWarning, "operator token file": server.CheckFailed, "clock": server.CheckWarning, "configuration": server.CheckWarning, "store": server.CheckOK,
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if got := status(server.ConnectOptions{URL: "http://127.0.0.1:1"}); got["platform"] != server.CheckFailed || len(got) != 1 {
		t.Errorf("nobody there: %v", got)
	}
}
