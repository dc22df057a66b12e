package manpage_test

import (
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/manpage"
)

func TestPage(t *testing.T) {
	root := &cobra.Command{Use: "tool", Short: "Do things"}
	sub := &cobra.Command{
		Use: "sub ARG", Short: "Do one-thing", Run: func(*cobra.Command, []string) {},
		Long: "First line\nsecond line with a \\ and a-dash.\n\n.dot begins this one.\n\n  kept   as it is\n  'too", Example: "  $ tool sub x",
	}
	sub.Flags().StringP("name", "n", "", "the `word` to use")
	root.AddCommand(sub)
	want := `.TH "TOOL-SUB" 1 "" "sqreen 1.0" "sqreen manual"
.nh
.ad l
.SH NAME
tool\-sub \- Do one\-thing
.SH SYNOPSIS
.B tool sub ARG [flags]
.SH DESCRIPTION
.PP
First line
second line with a \e and a\-dash.
.PP
\&.dot begins this one.
.PP
.nf
  kept   as it is
  'too
.fi
.SH OPTIONS
.TP
.B \-n, \-\-name \fIword\fR
the word to use
.SH EXAMPLES
.nf
  $ tool sub x
.fi
.SH SEE ALSO
tool(1)
`
	if diff := cmp.Diff(want, manpage.Page(sub, "1.0")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAllPages(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	dir := t.TempDir()
	if err := manpage.WriteAll(cmd.NewRoot(r.Factory), dir, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sqreen", "sqreen-inventory-show", "sqreen-incidents-check", "sqreen-policies-passlist-add"} {
		if _, err := os.Stat(filepath.Join(dir, name+".1.gz")); err != nil {
			t.Error(err)
		}
	}
	text := unpack(t, filepath.Join(dir, "sqreen-incidents-check.1.gz"))
	if !strings.Contains(text, ".SH EXIT STATUS") || !strings.Contains(text, `\-\-fail\-on \fIseverity\fR`) {
		t.Errorf("page:\n%s", text)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("no groff here: the pages were not typeset")
		return
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder // in one run: starting groff takes longer than the pages
	for _, p := range pages {
		all.WriteString(unpack(t, p))
	}
	c := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-ww", "-z")
	c.Stdin = strings.NewReader(all.String())
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func unpack(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
