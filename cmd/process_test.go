package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// command is `sqreen ARGS` as a process of its own, with a data directory.
func command(ctx context.Context, t *testing.T, data string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := exec.LookPath("sqreen") // put in PATH by testscript.Main
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(ctx, self, args...)
	home := t.TempDir()
	c.Env = append(os.Environ(), "SQREEN_DATA="+data, "HOME="+home, "XDG_CONFIG_HOME="+home, "SQREEN_SYSTEM_CONFIG="+filepath.Join(home, "none"))
	c.Dir = home
	return c
}

// serving is a running `sqreen serve`.
type serving struct {
	*exec.Cmd
	lines *bufio.Scanner
	said  strings.Builder
}

// serve starts `sqreen serve` and returns when it has said how it is reached.
func serve(t *testing.T, data string) *serving {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	s := &serving{Cmd: command(ctx, t, data, "serve", "--listen", "127.0.0.1:0")}
	pipe, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.lines = bufio.NewScanner(pipe)
	s.readUntil(t, "Ctrl-C stops.")
	return s
}

func (s *serving) readUntil(t *testing.T, line string) {
	t.Helper()
	for s.lines.Scan() {
		s.said.WriteString(s.lines.Text() + "\n")
		if s.lines.Text() == line {
			return
		}
	}
	t.Fatalf("it ended without %q:\n%s", line, s.said.String())
}

func TestServeProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("signals cannot be sent to another process here")
		return
	}
	data := filepath.Join(t.TempDir(), "data")
	s := serve(t, data)
	if !strings.Contains(s.said.String(), "(created just now)") || !strings.Contains(s.said.String(), "tokens create --app shop --env prod") {
		t.Errorf("it does not say how to connect an app:\n%s", s.said.String())
	}
	out, err := command(t.Context(), t, data, "status", "--jq", ".mode").Output()
	if err != nil || string(out) != "server\n" {
		t.Errorf("status through the running platform: %q, %v", out, err)
	}

	// A second platform on the same data says who holds it.
	var talk bytes.Buffer
	second := command(t.Context(), t, data, "serve", "--listen", "127.0.0.1:0")
	second.Stderr = &talk
	if err := second.Run(); second.ProcessState.ExitCode() != 1 || !strings.Contains(talk.String(), "process ") {
		t.Errorf("a second serve: %v, %s", err, &talk)
	}

	if err := s.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	s.readUntil(t, "Stopped; everything acknowledged is stored.")
	if err := s.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
	out, err = command(t.Context(), t, data, "status", "--jq", ".mode").Output()
	if err != nil || string(out) != "local\n" {
		t.Errorf("status without a platform: %q, %v", out, err)
	}
}

// TestInterruptStopsAtOnce holds that a command that waits for the platform ends
// on Ctrl-C, with the code for it.
func TestInterruptStopsAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("signals cannot be sent to another process here")
		return
	}
	data := filepath.Join(t.TempDir(), "data")
	s := serve(t, data)
	var out lineWriter
	out.first = make(chan struct{})
	if err := command(t.Context(), t, data, "tokens", "create", "--app", "shop", "--env", "prod").Run(); err != nil {
		t.Fatal(err)
	}
	watch := command(t.Context(), t, data, "inventory", "--watch=10s")
	watch.Stdout = &out
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	<-out.first
	if err := watch.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := watch.Wait(); watch.ProcessState.ExitCode() != 130 {
		t.Errorf("exit code %d, want 130: %v", watch.ProcessState.ExitCode(), err)
	}
	if err := s.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

// lineWriter tells when the first bytes come.
type lineWriter struct {
	first chan struct{}
	begun bool
}

func (w *lineWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		close(w.first)
	}
	return len(p), nil
}
