// Gen writes what packages install beside the binary:
//
//	go run ./cmd/internal/gen completions DIR
//	go run ./cmd/internal/gen man DIR VERSION
//
// Completions are committed and a test holds them to the commands; man pages are
// made for each release.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd"
	"github.com/sqreen/sqreen/cmd/completion"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/manpage"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	root := cmd.NewRoot(cmdutil.NewFactory(cmdutil.Build{}))
	switch {
	case len(args) == 2 && args[0] == "completions":
		return completions(root, args[1])
	case len(args) == 3 && args[0] == "man":
		return manpage.WriteAll(root, args[1], args[2])
	}
	return fmt.Errorf("usage: gen completions DIR | gen man DIR VERSION")
}

func completions(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // everybody may read it
		return err
	}
	for _, shell := range completion.Shells() {
		f, err := os.Create(filepath.Join(dir, completion.FileName(shell)))
		if err != nil {
			return err
		}
		if err := completion.Write(root, f, shell); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
