package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/localplatform/server"
)

// block is a fenced block of a document.
type block struct {
	language, text string
	line           int
}

func blocks(t *testing.T, path string) []block {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	open := false
	for i, line := range strings.Split(string(raw), "\n") {
		switch {
		case strings.HasPrefix(line, "```") && !open:
			open = true
			out = append(out, block{language: strings.TrimPrefix(line, "```"), line: i + 1})
		case strings.HasPrefix(line, "```"):
			open = false
		case open:
			out[len(out)-1].text += line + "\n"
		}
	}
	return out
}

// TestExamplesOfTheDocumentation runs every shell example of docs/api.md with
// curl against a real platform. The last answer must hold what the document
// shows behind it.
func TestExamplesOfTheDocumentation(t *testing.T) {
	r := start(t, server.Options{})
	token, err := os.ReadFile(r.Info().TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "URL="+r.url, "TOKEN="+strings.TrimSpace(string(token)), "AGENT_TOKEN="+r.agent, "DATA="+r.Info().Data)
	list := blocks(t, "../../docs/api.md")
	ran := 0
	for i, b := range list {
		if b.language != "sh" {
			continue
		}
		ran++
		cmd := exec.CommandContext(t.Context(), "sh", "-euc", b.text) //nolint:gosec // our own document
		cmd.Env = env
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("docs/api.md:%d: %v (this test needs curl)\n%s%s", b.line, err, out, stderr.String())
		}
		if i+1 == len(list) || list[i+1].language != "json" {
			t.Errorf("docs/api.md:%d: no answer is shown", b.line)
			continue
		}
		for _, wrong := range compareShown(t, list[i+1], lastValue(t, out)) {
			t.Errorf("docs/api.md:%d: %s\n%s", list[i+1].line, wrong, out)
		}
	}
	if ran < 10 {
		t.Errorf("only %d examples", ran)
	}
}

// lastValue is the last of the JSON values in an output.
func lastValue(t *testing.T, out []byte) any {
	t.Helper()
	var v any
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		v = nil
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return v
}

func compareShown(t *testing.T, b block, got any) []string {
	t.Helper()
	var shown any
	if err := json.Unmarshal([]byte(b.text), &shown); err != nil {
		t.Fatalf("docs/api.md:%d: %v", b.line, err)
	}
	return contains(got, shown, "answer")
}

// contains reports what of shown is not in got. "..." is anything but nothing.
func contains(got, shown any, where string) (wrong []string) {
	switch want := shown.(type) {
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			return []string{where + " is no object"}
		}
		for k, v := range want {
			if _, ok := m[k]; !ok {
				if v == float64(0) || v == false { // which answers leave out
					continue
				}
				wrong = append(wrong, where+"."+k+" is missing")
				continue
			}
			wrong = append(wrong, contains(m[k], v, where+"."+k)...)
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) < len(want) || len(want) == 0 && len(list) != 0 {
			return []string{fmt.Sprintf("%s is not a list of %d", where, len(want))}
		}
		for i := range want {
			wrong = append(wrong, contains(list[i], want[i], fmt.Sprintf("%s[%d]", where, i))...)
		}
	default:
		if shown == "..." {
			if got == nil || got == "" {
				return []string{where + " is empty"}
			}
			return nil
		}
		if got != shown {
			return []string{fmt.Sprintf("%s is %v, the document shows %v", where, got, shown)}
		}
	}
	return wrong
}

// Every operation stands in the document's table, with its role.
func TestOperationsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range server.Operations() {
		if row := fmt.Sprintf("| `%s %s` | %s |", op.Method, op.Path, op.Role); !strings.Contains(string(raw), row) {
			t.Errorf("no row %s", row)
		}
	}
	if rows := strings.Count(string(raw), "\n| `"); rows < len(server.Operations()) {
		t.Errorf("%d rows", rows)
	}
}

// Every metric that the document names is one.
func TestDocumentedMetricsExist(t *testing.T) {
	r := start(t, server.Options{})
	r.seed()
	_, _, text := r.do("GET", "/metrics", "", "")
	raw, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, word := range strings.FieldsFunc(string(raw), func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') }) {
		if strings.HasPrefix(word, "sqreen_") {
			named++
			if !strings.Contains(text, "# TYPE "+word+" ") {
				t.Errorf("there is no metric %s", word)
			}
		}
		if strings.HasPrefix(word, "signal_refused_") || strings.HasPrefix(word, "clock_") || word == "stack_cut" || word == "counter_refused" || word == "column_clipped" {
			if !strings.Contains(text, `sqreen_drops_total{reason="`+word+`"}`) {
				t.Errorf("there is no reason %s", word)
			}
		}
	}
	if named < 5 {
		t.Errorf("only %d metrics", named)
	}
}
