package cmd_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sqreen/sqreen/cmd"
	"github.com/sqreen/sqreen/cmd/internal/seed"
	"github.com/sqreen/sqreen/localplatform/server"
)

// scriptTime bounds what a script waits for.
const scriptTime = time.Minute

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sqreen": func() { os.Exit(cmd.Main()) }})
}

// TestScripts runs the whole binary against real platforms and data directories.
func TestScripts(t *testing.T) {
	testscript.Run(t, params("testdata/script"))
}

func params(dir string) testscript.Params {
	return testscript.Params{
		Dir:   dir,
		Setup: setup,
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"platform": platform, "seed": seedShop, "exits": exits, "terminal": onTerminal},
	}
}

// setup keeps scripts away from the files and variables of whoever runs them.
func setup(env *testscript.Env) error {
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
	env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
	env.Setenv("SQREEN_SYSTEM_CONFIG", filepath.Join(env.WorkDir, "none.yaml"))
	env.Setenv("SQREEN_DATA", filepath.Join(env.WorkDir, "data"))
	env.Setenv("TZ", "UTC")
	env.Values[platformKey{}] = &running{}
	return nil
}

type platformKey struct{}

// running is the platform of one script.
type running struct {
	*server.Server
	agents []*seed.Agent
	cancel context.CancelFunc
	follow chan error
}

func runningOf(ts *testscript.TestScript) *running { return ts.Value(platformKey{}).(*running) }

// platform starts or stops the platform of a script:
//
//	platform start    serves $SQREEN_DATA; its URL is in $URL
//	platform follow   lets the agents of `seed` take instructions as they come
//	platform stop
func platform(ts *testscript.TestScript, neg bool, args []string) {
	r := runningOf(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: platform start|follow|stop")
	}
	switch args[0] {
	case "start":
		s, err := server.New(server.Options{Data: ts.Getenv("SQREEN_DATA"), Listen: "127.0.0.1:0", Version: "test"})
		ts.Check(err)
		r.Server = s
		ts.Defer(func() { r.stop(ts) })
		ts.Check(s.Start(context.Background()))
		ts.Setenv("URL", s.Info().URL)
	case "follow":
		r.startFollowing()
	case "stop":
		r.stop(ts)
	default:
		ts.Fatalf("platform %s: unknown", args[0])
	}
}

func (r *running) startFollowing() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.follow = cancel, make(chan error, len(r.agents))
	for _, a := range r.agents {
		go func() { r.follow <- a.Follow(ctx) }()
	}
}

func (r *running) stop(ts *testscript.TestScript) {
	if r.cancel != nil {
		r.cancel()
		for range r.agents {
			if err := <-r.follow; err != nil && !errors.Is(err, context.Canceled) {
				ts.Logf("an agent ended: %v", err)
			}
		}
		r.cancel = nil
	}
	if r.Server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime)
	defer cancel()
	ts.Check(r.Stop(ctx))
	r.Server = nil
}

// seedShop plays the attacked shop on the platform of the script.
func seedShop(ts *testscript.TestScript, neg bool, args []string) {
	r := runningOf(ts)
	if neg || len(args) != 0 || r.Server == nil {
		ts.Fatalf("usage, after platform start: seed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime)
	defer cancel()
	agents, err := seed.Shop(ctx, r.Server)
	ts.Check(err)
	r.agents = agents
}

// exits runs a command and checks its exit code:
//
//	exits 2 sqreen incidents check
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	var exit interface{ ExitCode() int }
	switch {
	case errors.As(err, &exit):
		code = strconv.Itoa(exit.ExitCode())
	case err != nil:
		ts.Fatalf("%s: %v", strings.Join(args[1:], " "), err)
	}
	if code != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// onTerminal runs a command on a terminal of its own and leaves what the terminal
// received in the file "screen". With -in, what a person types is in a file:
//
//	terminal [-in FILE] CODE COMMAND [ARG...]
func onTerminal(ts *testscript.TestScript, neg bool, args []string) {
	typed := ""
	if len(args) > 2 && args[0] == "-in" {
		typed, args = ts.ReadFile(args[1]), args[2:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: terminal [-in FILE] CODE COMMAND [ARG...]")
	}
	screen, code, err := runOnTerminal(ts.Getenv("WORK"), scriptEnv(ts), typed, args[1:]...)
	ts.Check(err)
	ts.Logf("[screen]\n%q", screen)
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(screen), 0o600))
	if got := strconv.Itoa(code); got != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// scriptEnv is the environment of the script, as far as commands look at it.
func scriptEnv(ts *testscript.TestScript) []string {
	var env []string
	for _, k := range []string{"PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "SQREEN_SYSTEM_CONFIG", "SQREEN_DATA", "TZ", "TERM", "NO_COLOR", "PAGER"} {
		if v := ts.Getenv(k); v != "" {
			env = append(env, k+"="+v)
		}
	}
	return env
}
