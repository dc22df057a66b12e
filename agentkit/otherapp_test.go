package agentkit_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/agenttest"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// buildOther makes a module of its own out of testdata/otherapp, with or
// without the lines that the agent takes, and returns its program.
func buildOther(t *testing.T, protected bool) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("testdata/otherapp/main.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(string(source), "// sqreen\n")
	if lines > 5 {
		t.Errorf("the agent takes %d lines, want at most 5", lines)
	}
	module := "module example.com/otherapp\n\ngo 1.24.0\n"
	if protected {
		sums, err := os.ReadFile("go.mod")
		if err != nil {
			t.Fatal(err)
		}
		module += "require github.com/sqreen/sqreen/agentkit v0.0.0\nreplace github.com/sqreen/sqreen/agentkit => " + here + "\n" +
			regexp.MustCompile(`(?s)require \(.*?\)`).FindString(string(sums)) + "\n"
	} else {
		source = regexp.MustCompile(`(?m)^.*// sqreen\n`).ReplaceAll(source, nil)
		source = []byte(strings.Replace(string(source), "import (", "import (\n\t\"context\"", 1))
		source = []byte(strings.Replace(string(source), "listener, err", "server := &http.Server{Handler: mux}\n\tlistener, err", 1))
	}
	dir := t.TempDir()
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"main.go": string(source), "go.mod": module, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "otherapp")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, ".")
	build.Dir = dir
	build.Env = append(build.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// An application in a module of its own, five lines longer, appears at the
// platform with what it is made of, and what happened is there when it ends.
func TestAnotherModuleIsProtectedByFiveLines(t *testing.T) {
	p := agenttest.NewPlatform()
	program := exec.Command(buildOther(t, true))
	program.Env = append(program.Environ(), "SQREEN_URL="+p.Start(t), "SQREEN_TOKEN="+agenttest.Token, "SQREEN_APP=other")
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + strings.TrimSpace(address)
	get := func(method, path string) int {
		req, _ := http.NewRequestWithContext(t.Context(), method, url+path, nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if code := get(http.MethodGet, "/hello/x'%20OR%201=1%20--"); code != http.StatusOK {
		t.Errorf("answer %d", code)
	}
	get(http.MethodPost, "/quit")
	if err := program.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(p.Logins()) == 0 {
		t.Fatal("it never appeared")
	}
	l := p.Logins()[0]
	if l.App != "other" || l.Stack.Module != "example.com/otherapp" || l.Stack.Technology != "Go" || !slices.Contains(l.Stack.Hooks, "middleware") {
		t.Errorf("login = %+v", l)
	}
	if !slices.ContainsFunc(p.Signals(), func(s wire.Signal) bool { return s.Attack != nil && s.Attack.Kind == wire.AttackSQLi }) {
		t.Errorf("no attack arrived among %d signals", len(p.Signals()))
	}
	if got := p.Counter(wire.CounterRequests, ""); got != 2 {
		t.Errorf("%v requests counted", got)
	}
}

// What the agent adds to a program is bounded.
func TestSizeOfTheProgram(t *testing.T) {
	size := func(protected bool) int64 {
		info, err := os.Stat(buildOther(t, protected))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	with, without := size(true), size(false)
	t.Logf("%.1f MB with the agent, %.1f MB without", float64(with)/1e6, float64(without)/1e6)
	if grown := with - without; grown > 3_000_000 {
		t.Errorf("the agent adds %d bytes, want at most 3,000,000", grown)
	}
}
