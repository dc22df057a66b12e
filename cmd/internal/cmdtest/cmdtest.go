// Package cmdtest runs command lines in tests: a string in, a screen out.
package cmdtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/cmd"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
)

// Now is the time in tests of commands.
func Now() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// Runner runs command lines on a platform.
type Runner struct {
	*cmdutil.Factory
	Screen *iostreams.Screen
	Env    map[string]string
	t      testing.TB
}

// New makes a Runner on a platform. Streams are pipes until SetTerminal.
func New(t testing.TB, p localplatform.Platform) *Runner {
	ios, screen := iostreams.Test()
	r := &Runner{Screen: screen, Env: map[string]string{}, t: t}
	r.Factory = &cmdutil.Factory{
		IO: ios, Now: Now, Dir: t.TempDir(), Build: cmdutil.Build{Version: "1.2.3", Commit: "abc", Date: "2026-11-20", Go: "go1.26", OS: "linux", Arch: "amd64"},
		Getenv:   func(k string) string { return r.Env[k] },
		Config:   func() (cmdutil.Config, error) { return nil, nil },
		Platform: func(context.Context) (localplatform.Platform, error) { return p, nil },
	}
	return r
}

// Run runs a command line, as Split reads it, and returns its exit code.
func (r *Runner) Run(line string) int {
	r.t.Helper()
	r.Global = &cmdutil.Global{}
	root := cmd.NewRoot(r.Factory)
	root.SetArgs(Split(line))
	return cmd.Run(r.t.Context(), r.Factory, root)
}

// Split cuts a command line into words: blanks separate, single quotes keep together.
func Split(line string) []string {
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	for _, c := range line {
		switch {
		case c == '\'':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// Want runs a command line and compares exit code, standard output and standard
// error with what is wanted.
func (r *Runner) Want(line string, code int, out, errOut string) {
	r.t.Helper()
	r.Screen.Out.Reset()
	r.Screen.ErrOut.Reset()
	if got := r.Run(line); got != code {
		r.t.Errorf("sqreen %s: exit code %d, want %d\nstdout: %s\nstderr: %s", line, got, code, &r.Screen.Out, &r.Screen.ErrOut)
	}
	if diff := cmp.Diff(strings.TrimPrefix(out, "\n"), r.Screen.Out.String()); diff != "" {
		r.t.Errorf("sqreen %s: standard output (-want +got):\n%s", line, diff)
	}
	if diff := cmp.Diff(strings.TrimPrefix(errOut, "\n"), r.Screen.ErrOut.String()); diff != "" {
		r.t.Errorf("sqreen %s: standard error (-want +got):\n%s", line, diff)
	}
}
