package cmd_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestJSONFieldsAreKept holds the names that scripts use with --json. New ones
// may be added at any time (and noted with go test ./cmd -run JSONFields -update);
// one that is gone breaks somebody's script.
func TestJSONFieldsAreKept(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	fields := map[string][]string{}
	var now strings.Builder
	every(cmd.NewRoot(r.Factory), func(c *cobra.Command) {
		if f := cmdutil.JSONFields(c); f != nil {
			fields[c.CommandPath()] = f
			fmt.Fprintf(&now, "%s: %s\n", c.CommandPath(), strings.Join(f, " "))
		}
	})
	path := filepath.Join("testdata", "json-fields.golden")
	if *update {
		if err := os.WriteFile(path, []byte(now.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		command, names, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for name := range strings.FieldsSeq(names) {
			if !slices.Contains(fields[command], name) {
				t.Errorf("%s --json %s is gone", command, name)
			}
		}
	}
}
