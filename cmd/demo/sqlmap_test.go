//go:build sqlmap

package demo

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// TestSqlmap has sqlmap (Debian's package of that name) attack the search of the
// shop, which the demo's own injector has no hand in:
//
//	go test -tags sqlmap -run Sqlmap ./cmd/demo
func TestSqlmap(t *testing.T) {
	if _, err := exec.LookPath("sqlmap"); err != nil {
		t.Fatal("this test needs sqlmap: apt-get install sqlmap")
	}
	hard := []string{"--dbms=sqlite", "--level=3", "--risk=3", "--ignore-code=403,500"}
	for _, c := range []struct {
		name  string
		o     Options
		args  []string
		dumps bool
	}{
		{name: "without an agent it dumps the customers", o: Options{Unprotected: true}, dumps: true},
		{name: "runtime protection alone", o: Options{modes: map[string]string{wire.ProtectionWAF: wire.ModeOff}}},
		{name: "runtime protection alone against more payloads", o: Options{modes: map[string]string{wire.ProtectionWAF: wire.ModeOff}}, args: hard},
		{name: "runtime protection alone against disguises", o: Options{modes: map[string]string{wire.ProtectionWAF: wire.ModeOff}}, args: append(hard, "--tamper=space2comment,randomcase,between")},
		{name: "everything in block mode", args: hard},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := stageFor(t, c.o)
			said, dumped := sqlmap(t, st.stands[0].process.url, c.args)
			if injectable := strings.Contains(said, "is vulnerable"); injectable != c.dumps {
				t.Errorf("found the injection: %v, want %v\n%s", injectable, c.dumps, said)
			}
			want := 0
			if c.dumps {
				want = len(planted.Users())
			}
			if dumped != want {
				t.Errorf("dumped %d customers, want %d\n%s", dumped, want, said)
			}
		})
	}
}

// sqlmap runs the tool and returns what it said and how many customers' addresses
// are anywhere in what it wrote.
func sqlmap(t *testing.T, shop string, more []string) (string, int) {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"-u", shop + "/search?q=lamp", "-p", "q", "--batch", "--dump", "-T", "users", "--disable-coloring", "--flush-session", "--output-dir=" + dir}, more...)
	cmd := exec.CommandContext(t.Context(), "sqlmap", args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sqlmap: %v\n%s", err, out)
	}
	var wrote strings.Builder
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		wrote.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, u := range planted.Users() {
		if strings.Contains(wrote.String()+string(out), u.Email) {
			n++
		}
	}
	return string(out), n
}
