package cmd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sqreen/sqreen/cmd"
	"github.com/sqreen/sqreen/cmd/completion"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
)

// TestCompletionsAreFresh holds the committed scripts to the commands.
func TestCompletionsAreFresh(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	for _, shell := range completion.Shells() {
		var want bytes.Buffer
		if err := completion.Write(cmd.NewRoot(r.Factory), &want, shell); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("..", "completions", completion.FileName(shell))
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is stale: run go generate .", path)
		}
	}
	entries, err := os.ReadDir(filepath.Join("..", "completions"))
	if err != nil || len(entries) != len(completion.Shells()) {
		t.Errorf("completions/ holds %d files, want one for each of %v (%v)", len(entries), completion.Shells(), err)
	}
}

// TestCompletionsLoad lets the shells that are here read their scripts.
func TestCompletionsLoad(t *testing.T) {
	loaded := 0
	for shell, args := range map[string][]string{
		"bash": {"bash", "-n"}, "zsh": {"zsh", "-n"}, "fish": {"fish", "--no-execute"},
	} {
		program, err := exec.LookPath(args[0])
		if err != nil {
			t.Logf("no %s here", shell)
			continue
		}
		loaded++
		path := filepath.Join("..", "completions", completion.FileName(shell))
		if out, err := exec.CommandContext(t.Context(), program, args[1], path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
	if loaded == 0 {
		t.Log("none of the shells is here")
	}
}
