package cmd_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/cmd/internal/seed"
	"github.com/sqreen/sqreen/localplatform/server"
)

// docPages are the pages whose examples are run.
var docPages = []string{"inventory.md", "incidents.md", "gate-ci.md", "block-actors.md", "test-detection.md"}

// TestDocs runs the examples of the pages for users, one after the other, against
// the platform of the seeded shop. A block that begins with
//
//	```console
//	```console exit=2
//
// holds commands after "$ " and what a terminal of 100 columns shows for them. A
// line "..." stands for any lines, and within a line for any text. The code is
// that of each command in the block.
func TestDocs(t *testing.T) {
	for _, page := range docPages {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "docs", page))
			if err != nil {
				t.Fatal(err)
			}
			examples := parseDoc(t, string(text))
			if len(examples) < 5 {
				t.Errorf("%s has %d examples", page, len(examples))
			}
			env, dir := docPlatform(t)
			for _, e := range examples {
				e.run(t, page, dir, env)
			}
		})
	}
}

// docExample is one command of a page.
type docExample struct {
	line    int
	command string
	want    []string
	code    int
}

func parseDoc(t *testing.T, text string) []docExample {
	t.Helper()
	var out []docExample
	inside, code := false, 0
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```console"):
			inside, code = true, 0
			if n, ok := strings.CutPrefix(line, "```console exit="); ok {
				var err error
				if code, err = strconv.Atoi(n); err != nil {
					t.Fatalf("line %d: %v", i+1, err)
				}
			}
		case strings.HasPrefix(line, "```"):
			inside = false
		case inside && strings.HasPrefix(line, "$ "):
			out = append(out, docExample{line: i + 1, command: line[2:], code: code})
		case inside && len(out) > 0:
			e := &out[len(out)-1]
			e.want = append(e.want, line)
		}
	}
	return out
}

// docPlatform serves the seeded shop, with agents that take instructions, for
// the commands of one page.
func docPlatform(t *testing.T) (env []string, dir string) {
	t.Helper()
	dir = t.TempDir()
	data := filepath.Join(dir, "data")
	s, err := server.New(server.Options{Data: data, Listen: "127.0.0.1:0", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime)
	t.Cleanup(func() {
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	agents, err := seed.Shop(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	following, stop := context.WithCancel(ctx)
	ended := make(chan error, len(agents))
	for _, a := range agents {
		go func() { ended <- a.Follow(following) }()
	}
	t.Cleanup(func() {
		stop()
		for range agents {
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("an agent ended: %v", err)
			}
		}
	})
	return append(os.Environ(), "SQREEN_DATA="+data, "HOME="+dir, "XDG_CONFIG_HOME="+dir, "SQREEN_SYSTEM_CONFIG="+filepath.Join(dir, "none"),
		"TZ=UTC", "NO_COLOR=1", "PAGER="), dir
}

func (e docExample) run(t *testing.T, page, dir string, env []string) {
	t.Helper()
	at := fmt.Sprintf("%s:%d: %s", page, e.line, e.command)
	if !haveTerminal {
		c := exec.CommandContext(t.Context(), "sh", "-c", e.command)
		c.Dir, c.Env = dir, env
		if out, err := c.CombinedOutput(); c.ProcessState == nil || c.ProcessState.ExitCode() != e.code {
			t.Errorf("%s: %v\n%s", at, err, out)
		}
		return
	}
	screen, code, err := runOnTerminal(dir, env, "", "sh", "-c", e.command)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	if code != e.code {
		t.Errorf("%s: exit code %d, want %d\n%s", at, code, e.code, screen)
	}
	screen = progress.ReplaceAllString(screen, "")
	got := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	want := e.want
	for len(want) > 0 && want[len(want)-1] == "" {
		want = want[:len(want)-1]
	}
	if len(want) > 0 && !matches(want, got) {
		t.Errorf("%s shows\n%s\nthe page says\n%s", at, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// progress is what the terminal is told while something takes long, and its end.
var progress = regexp.MustCompile("(?:\r[^\r\n]*)*\r\x1b\\[K")

// matches compares lines; "..." in want stands for any lines.
func matches(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case want[0] == "...":
		for i := range len(got) + 1 {
			if matches(want[1:], got[i:]) {
				return true
			}
		}
		return false
	case len(got) == 0:
		return false
	}
	return sameLine(strings.TrimRight(want[0], " "), strings.TrimRight(got[0], " ")) && matches(want[1:], got[1:])
}

func sameLine(want, got string) bool {
	parts := strings.Split(want, "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(got)
}
