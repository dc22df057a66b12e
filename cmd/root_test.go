package cmd_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/localplatform"
)

// every calls fn for each command below root.
func every(root *cobra.Command, fn func(*cobra.Command)) {
	fn(root)
	for _, c := range root.Commands() {
		every(c, fn)
	}
}

// TestHelpIsComplete holds every command to what people expect of help: a line,
// a reason, examples that begin like the command, and no flag without words.
func TestHelpIsComplete(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	every(cmd.NewRoot(r.Factory), func(c *cobra.Command) {
		name := c.CommandPath()
		if !c.IsAvailableCommand() || c.Name() == "help" {
			return
		}
		if c.Short == "" || len(c.Short) > 70 || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", name, c.Short)
		}
		if c.Long == "" && c.Name() != "version" {
			t.Errorf("%s has no long help", name)
		}
		for line := range strings.Lines(c.Long) {
			if len(strings.TrimRight(line, "\n")) > 85 {
				t.Errorf("%s: a line of the help is %d long: %s", name, len(line), line)
			}
		}
		if !strings.Contains(c.Example, "$ ") || !strings.Contains(c.Example, "sqreen") {
			t.Errorf("%s has no example", name)
		}
	})
}

// TestExamplesParse holds the examples of the help to the commands and flags
// that there are.
func TestExamplesParse(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	every(cmd.NewRoot(r.Factory), func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "$ "))
			words, ok := strings.CutPrefix(line, "sqreen ")
			if !ok {
				continue
			}
			words, _, _ = strings.Cut(words, " > ")
			words, _, _ = strings.Cut(words, " #")
			root := cmd.NewRoot(r.Factory)
			found, rest, err := root.Find(cmdtest.Split(strings.ReplaceAll(words, `"`, "'")))
			if err != nil || found == root {
				t.Errorf("%s: example %q: no such command", c.CommandPath(), line)
				continue
			}
			if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%s: example %q: %v", c.CommandPath(), line, err)
			}
			if found.Args != nil {
				if err := found.Args(found, found.Flags().Args()); err != nil {
					t.Errorf("%s: example %q: %v", c.CommandPath(), line, err)
				}
			}
		}
	})
}

func TestUnknownCommand(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Want("inventroy", 1, "", "sqreen: unknown command \"inventroy\" for sqreen\nhint: did you mean sqreen inventory?\n")
	r.Want("xyzzy", 1, "", "sqreen: unknown command \"xyzzy\" for sqreen\nhint: sqreen --help\n")
	r.Want("--version", 0, "sqreen 1.2.3\n", "")
	r.Want("version", 0, "sqreen 1.2.3\ncommit:\tabc\ndate:\t2026-11-20\ngo:\tgo1.26 linux/amd64\n", "")
}

func TestBareCommandWithoutTerminalHelps(t *testing.T) {
	r := cmdtest.New(t, &fakeplatform.Platform{})
	if code := r.Run(""); code != 0 || !strings.Contains(r.Screen.Out.String(), "Usage:") {
		t.Errorf("exit code %d, %s", code, &r.Screen.Out)
	}
}

func TestBrokenConfigStopsWhatUsesIt(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Config = func() (cmdutil.Config, error) { return nil, errors.New("/x/.sqreen.yaml: line 1: what?") }
	r.Want("inventory", 1, "", "sqreen: /x/.sqreen.yaml: line 1: what?\n")
	if code := r.Run("version"); code != 0 {
		t.Errorf("version: exit code %d", code)
	}
}

func TestInterruptIs130(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	r.Platform = func(context.Context) (localplatform.Platform, error) {
		cancel()
		return nil, errors.New("dial: operation was canceled")
	}
	root := cmd.NewRoot(r.Factory)
	root.SetArgs([]string{"status"})
	if code := cmd.Run(ctx, r.Factory, root); code != cmdutil.ExitInterrupted || r.Screen.ErrOut.Len() > 0 {
		t.Errorf("exit code %d, said %q", code, &r.Screen.ErrOut)
	}
}

func TestNoColour(t *testing.T) {
	st := func() (localplatform.Status, error) { return localplatform.Status{Mode: "server"}, nil }
	r := cmdtest.New(t, &fakeplatform.Platform{StatusF: st})
	r.IO.SetTerminal(80)
	r.IO.SetColorEnabled(true)
	if r.Run("status"); !strings.Contains(r.Screen.Out.String(), "\x1b[32mrunning") {
		t.Errorf("no colour: %q", &r.Screen.Out)
	}
	r.Screen.Out.Reset()
	if r.Run("status --no-color"); strings.Contains(r.Screen.Out.String(), "\x1b") {
		t.Errorf("colour despite --no-color: %q", &r.Screen.Out)
	}
}

// TestNoSecretsInFlags holds that no flag takes a secret, which others could see
// in the list of processes.
func TestNoSecretsInFlags(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	every(cmd.NewRoot(r.Factory), func(c *cobra.Command) {
		for _, name := range []string{"token", "secret", "password"} {
			if c.Flags().Lookup(name) != nil || c.PersistentFlags().Lookup(name) != nil {
				t.Errorf("%s --%s", c.CommandPath(), name)
			}
		}
	})
}
