//go:build unix

package demo

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

const guestbookDir = "testdata/guestbook"

func TestAnotherAppNeedsFiveLines(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(guestbookDir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	marked := 0
	for line := range strings.Lines(string(source)) {
		isMarked := strings.HasSuffix(strings.TrimSpace(line), "// agent")
		if isMarked {
			marked++
		}
		if mentions := strings.Contains(line, "agentkit") || strings.Contains(line, "agent."); mentions && !isMarked {
			t.Errorf("a line for the agent that is not marked: %s", line)
		}
	}
	if marked == 0 || marked > 5 {
		t.Errorf("the guestbook has %d lines for the agent", marked)
	}

	app := inventoried(t, buildGuestbook(t))
	if app.Technology != "Go" || !strings.HasPrefix(app.Runtime, "go1.") || !strings.HasPrefix(app.Agent, "agentkit-go ") {
		t.Errorf("technology %q, runtime %q, agent %q", app.Technology, app.Runtime, app.Agent)
	}
	if !slices.Contains(app.Hooks, "middleware") || app.Requests24h != 1 {
		t.Errorf("hooks %v, %d requests", app.Hooks, app.Requests24h)
	}
	hasBart := func(c wire.Component) bool { return c.Name == "github.com/gaissmai/bart" }
	hasSQLite := func(c wire.Component) bool { return strings.Contains(c.Name, "sqlite") }
	if !slices.ContainsFunc(app.Packages, hasBart) || slices.ContainsFunc(app.Packages, hasSQLite) {
		t.Errorf("packages %v", app.Packages)
	}
}

// buildGuestbook builds the other application as its owner would: outside of
// this repository's workspace, from a copy that may be changed.
func buildGuestbook(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(guestbookDir)); err != nil {
		t.Fatal(err)
	}
	kit, err := filepath.Abs("../../agentkit")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod = []byte(strings.Replace(string(mod), "../../../../agentkit", kit, 1))
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "guestbook", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return filepath.Join(dir, "guestbook")
}

// inventoried runs an application for one request against a platform and returns
// what the inventory then says.
func inventoried(t *testing.T, program string) inventory.App {
	t.Helper()
	ctx := asAdmin(t.Context())
	s, err := server.New(server.Options{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	token, err := s.Platform().CreateToken(ctx, localplatform.Token{Kind: localplatform.TokenAgent, App: "guestbook", Env: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	visit(t, program, "SQREEN_URL="+s.Info().URL, "SQREEN_TOKEN="+token.Secret)
	apps, err := s.Platform().Apps(ctx, "name:guestbook env:prod hook:middleware")
	if err != nil || len(apps) != 1 {
		t.Fatalf("%d apps, %v", len(apps), err)
	}
	return apps[0]
}

// visit starts an application, asks it for a page and interrupts it. Its agent
// has handed in what it knows when it is gone.
func visit(t *testing.T, program string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(withoutSqreen(os.Environ()), env...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(strings.TrimSpace(address))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the guestbook answers %s", res.Status)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the guestbook ended with %v", err)
	}
}
