package exechook_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/exechook"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// request returns a context of a request whose parameter q is value, while the
// protection of commands is in the given mode.
func request(tb testing.TB, mode, value string) context.Context {
	tb.Helper()
	e := engine.New(engine.Config{})
	for _, err := range e.Apply(wire.Instructions{Version: 1, Full: true, Policy: wire.Policy{
		Modes: map[string]string{wire.ProtectionShell: mode, wire.ProtectionWAF: wire.ModeOff},
	}}) {
		tb.Fatal(err)
	}
	q := e.Begin(httptest.NewRequest(http.MethodGet, "/", nil), netip.MustParseAddr("192.0.2.1"))
	q.AddInput("query.q", value)
	tb.Cleanup(func() { q.End(200, "/") })
	return engine.NewContext(tb.Context(), q)
}

// starts are the ways to start a command.
var starts = map[string]func(*exec.Cmd) error{
	"run":             (*exec.Cmd).Run,
	"start":           (*exec.Cmd).Start,
	"output":          func(c *exec.Cmd) error { _, err := c.Output(); return err },
	"combined output": func(c *exec.Cmd) error { _, err := c.CombinedOutput(); return err },
}

func TestChangedCommandNeverRuns(t *testing.T) {
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ran")
			input := "x; touch " + file
			err := start(exechook.CommandContext(request(t, wire.ModeBlock, input), "sh", "-c", "echo "+input))
			var blocked *engine.BlockedError
			if !errors.As(err, &blocked) || blocked.Attack.Param != "query.q" || blocked.Attack.Kind != wire.AttackShell {
				t.Errorf("error %v, want a BlockedError", err)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("the command ran")
			}
		})
	}
}

func TestOtherCommandsRun(t *testing.T) {
	for _, tt := range []struct{ mode, input, script string }{
		{wire.ModeBlock, "a;b", "echo 'a;b'"},
		{wire.ModeBlock, "harmless", "echo harmless"},
		{wire.ModeMonitor, "a;echo b", "echo a;echo b"},
		{wire.ModeOff, "a;echo b", "echo a;echo b"},
	} {
		out, err := exechook.CommandContext(request(t, tt.mode, tt.input), "sh", "-c", tt.script).Output()
		if err != nil || len(out) == 0 {
			t.Errorf("%s %q: %q, %v", tt.mode, tt.script, out, err)
		}
	}
	out, err := exechook.CommandContext(request(t, wire.ModeBlock, "a; id"), "sh", "-c", `printf %s "$1"`, "sh", "a; id").Output()
	if err != nil || string(out) != "a; id" {
		t.Errorf("a parameter of the script: %q, %v", out, err)
	}
}

func TestShellsAreRecognised(t *testing.T) {
	ctx := request(t, wire.ModeBlock, "a; id")
	for _, args := range [][]string{
		{"bash", "-c", "ls a; id"},
		{"/bin/dash", "-ec", "ls a; id"},
		{`C:\git\bin\bash.exe`, "-lc", "ls a; id"},
		{"bash", "-o", "pipefail", "-c", "ls a; id"},
		{"bash", "-c", "-e", "ls a; id"},
		{"bash", "-euo", "pipefail", "-c", "ls a; id"},
		{"zsh", "-c", "--", "ls a; id"},
		{"busybox", "sh", "-c", "ls a; id"},
		{"env", "A=b", "bash", "-c", "ls a; id"},
		{"sudo", "-n", "/bin/sh", "-c", "ls a; id"},
		{"docker", "exec", "web", "sh", "-c", "ls a; id"},
	} {
		if cmd := exechook.CommandContext(ctx, args[0], args[1:]...); !engine.Blocked(cmd.Err) {
			t.Errorf("%q is not blocked", args)
		}
	}
	for _, args := range [][]string{
		{"bash", "script.sh", "-c", "a; id"},
		{"echo", "-c", "ls a; id"},
		{"bash"},
		{"bash", "-c"},
		{"env"},
	} {
		if cmd := exechook.CommandContext(ctx, args[0], args[1:]...); engine.Blocked(cmd.Err) {
			t.Errorf("%q is blocked: %v", args, cmd.Err)
		}
	}
	option := "--upload-pack=id"
	if cmd := exechook.CommandContext(request(t, wire.ModeBlock, option), "git", "fetch", option); !engine.Blocked(cmd.Err) {
		t.Error("an option is not blocked")
	}
}

func TestCommandsWithoutARequestAreCounted(t *testing.T) {
	before := exechook.Unchecked()
	cmd := exechook.CommandContext(t.Context(), "no-such-program", "-x")
	if got := exechook.Unchecked() - before; got != 1 {
		t.Errorf("%d commands unchecked, want 1", got)
	}
	if !errors.Is(cmd.Err, exec.ErrNotFound) || !slices.Equal(cmd.Args, []string{"no-such-program", "-x"}) {
		t.Errorf("command %+v", cmd)
	}
	if uses, _ := engine.Used(); !slices.Contains(uses, "shell") {
		t.Errorf("uses %v", uses)
	}
}

func TestBlockedSaysNothingOfThePayload(t *testing.T) {
	err := exechook.CommandContext(request(t, wire.ModeBlock, "a; secret"), "sh", "-c", "ls a; secret").Err
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

func BenchmarkCommandContext(b *testing.B) {
	ctx := request(b, wire.ModeBlock, "ceramic mug")
	b.ReportAllocs()
	for b.Loop() {
		exechook.CommandContext(ctx, "/bin/sh", "-c", "convert a.jpg -resize 320x240 b.jpg")
	}
}
