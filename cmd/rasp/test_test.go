package rasp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
)

const pairs = `{"statement": "SELECT * FROM users WHERE id = 1 OR 1=1", "input": "1 OR 1=1", "attack": true, "kind": "numeric"}
{"statement": "SELECT * FROM users WHERE name = 'O''Brien'", "input": "O'Brien", "attack": false, "kind": "string"}
{"statement": "SELECT * FROM users WHERE name = 'x' OR 'a'='a'", "input": "x' OR 'a'='a", "attack": false, "kind": "string"}
{"statement": "SELECT * FROM users WHERE id = ?", "input": "1 OR 1=1", "attack": true}
`

// write makes a file, and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const hint = "hint: --misses FILE lists what was judged wrongly: 2 lines\n"

func TestScreens(t *testing.T) {
	path := write(t, pairs)
	for _, dialect := range []string{"sqlite", "postgresql", "mysql", "mssql", "oracle"} {
		r := cmdtest.New(t, nil)
		line := "rasp test --dialect " + dialect + " --pairs " + path
		r.Want(line, 0, "(none)\t1\t0\t0\t0\nnumeric\t1\t1\t0\t0\nstring\t0\t0\t2\t1\ntotal\t2\t1\t2\t1\n", hint)
		r.IO.SetTerminal(100)
		r.Want(line, 0, `
KIND     ATTACKS  DETECTED     RATE  LEGITIMATE  FLAGGED     RATE
(none)         1         0      0 %           0        0        -
numeric        1         1    100 %           0        0        -
string         0         0        -           2        1  50.00 %
total          2         1  50.00 %           2        1  50.00 %
`, hint)
	}
}

func TestJSON(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Screen.In.WriteString(strings.Split(pairs, "\n")[0])
	r.Want("rasp test --json --dialect sqlite --pairs -", 0, `
{
  "attacks": 1,
  "detected": 1,
  "legitimate": 0,
  "flagged": 0,
  "skipped": 0,
  "by_kind": {
    "numeric": {
      "attacks": 1,
      "detected": 1,
      "legitimate": 0,
      "flagged": 0
    }
  }
}
`, "")
}

func TestMisses(t *testing.T) {
	r := cmdtest.New(t, nil)
	out := filepath.Join(t.TempDir(), "misses.jsonl")
	if code := r.Run("rasp test --dialect sqlite --jq .flagged --misses " + out + " --pairs " + write(t, pairs)); code != 0 {
		t.Fatalf("exit code %d: %s", code, &r.Screen.ErrOut)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], `{"line":3,"statement":"SELECT * FROM users WHERE name = 'x' OR 'a'='a'","input":"x' OR 'a'='a","attack":false,"kind":"string","matches":[{"rule":`) ||
		lines[1] != `{"line":4,"statement":"SELECT * FROM users WHERE id = ?","input":"1 OR 1=1","attack":true,"matches":[]}` {
		t.Errorf("the misses are\n%s", text)
	}
	r.Want("rasp test --dialect sqlite --jq .attacks --pairs "+out, 0, "1\n", "") // misses can be tried again
}

func TestBadInput(t *testing.T) {
	const lineHint = `hint: a line looks like {"statement": "SELECT * FROM users WHERE id = 1 OR 1=1", "input": "1 OR 1=1", "attack": true}; --skip-bad leaves out those that do not` + "\n"
	r := cmdtest.New(t, nil)
	for text, want := range map[string]string{
		`{"input": "", "attack": true}`:     `"statement" is missing`,
		`{"statement": "", "attack": true}`: `"input" is missing`,
		`{"statement": "", "input": ""}`:    `"attack" is missing`,
		`{"statement": 1}`:                  `"statement" is a JSON number and should be a string`,
		`SELECT 1`:                          `not JSON: invalid character 'S' looking for beginning of value`,
	} {
		path := write(t, pairs+text)
		r.Want("rasp test --dialect mysql --pairs "+path, 1, "", "sqreen: "+path+": line 5: "+want+"\n"+lineHint)
		r.Want("rasp test --dialect mysql --skip-bad --jq .skipped --pairs "+path, 0, "1\n", "note: 1 line skipped, the first at line 5: "+want+"\n")
	}
	r.Want("rasp test --dialect mysql", 1, "", "sqreen: nothing to test\nhint: sqreen rasp test --dialect postgresql --pairs FILE\n")
	r.Want("rasp test --pairs x", 1, "", "sqreen: --dialect is missing\nhint: use sqlite, postgresql, mysql, mssql, oracle\n")
	r.Want("rasp test --pairs x --dialect postgres", 1, "", "sqreen: unknown dialect \"postgres\"\nhint: did you mean \"postgresql\"? There are: sqlite, postgresql, mysql, mssql, oracle\n")
	r.Want("rasp test --pairs x --dialect mysql attacks", 1, "", "sqreen: unknown command \"attacks\" for \"sqreen rasp test\"\nhint: the file goes into --pairs FILE, and fields of --json follow =\n")
}
