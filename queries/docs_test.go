package queries_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/queries"
)

// docsSchema has the fields that docs/query.md uses.
func docsSchema() *queries.Schema {
	levels := []string{"low", "medium", "high", "critical"}
	return &queries.Schema{
		Name: "events", FreeText: []string{"path", "message", "ip"}, TimeField: "at",
		Fields: []queries.Field{
			{Name: "app"},
			{Name: "env", Aliases: []string{"environment"}},
			{Name: "risk", Type: queries.Enum, Values: levels, Ordered: true},
			{Name: "severity", Type: queries.Enum, Values: levels, Ordered: true},
			{Name: "kind", Type: queries.Enum, Values: []string{"sqli", "xss"}},
			{Name: "path"},
			{Name: "url"},
			{Name: "user"},
			{Name: "message"},
			{Name: "status", Type: queries.Number},
			{Name: "count", Type: queries.Number},
			{Name: "blocked", Type: queries.Bool},
			{Name: "duration", Type: queries.Duration},
			{Name: "at", Type: queries.Time},
			{Name: "last_seen", Type: queries.Time},
			{Name: "ip", Type: queries.IP},
			{Name: "package", Multi: true},
			{Name: "orm", Multi: true},
		},
		Dynamic: &queries.DynamicField{Prefix: "prop."},
	}
}

// Every example of the users' page compiles, and every error in it is drawn as it is there.
func TestDocsExamples(t *testing.T) {
	page, err := os.ReadFile("../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := docsQueries(string(page))
	if len(examples) < 60 {
		t.Errorf("found only %d examples: %q", len(examples), examples)
	}
	for _, text := range examples {
		if _, err := queries.Compile(text, docsSchema(), testNow); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	failures := docsBlocks(string(page), "error")
	if len(failures) < 3 {
		t.Errorf("found only %d errors", len(failures))
	}
	for _, block := range failures {
		text, _, _ := strings.Cut(block, "\n")
		_, err := queries.Compile(text, docsSchema(), testNow)
		var e *queries.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an error", text, err)
		} else if got := e.Render() + "\n"; got != block {
			t.Errorf("the page says\n%s\nbut it is\n%s", block, got)
		}
	}
}

// docsBlocks returns the fenced blocks of a kind.
func docsBlocks(page, kind string) (blocks []string) {
	for _, part := range strings.Split(page, "\n```"+kind+"\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	return blocks
}

// docsQueries returns the lines of query blocks, and the code in the text that is a query: in the first
// column of the tables all of it, elsewhere what begins like a term on a field.
func docsQueries(page string) (examples []string) {
	for _, block := range docsBlocks(page, "query") {
		examples = append(examples, strings.Split(strings.TrimSpace(block), "\n")...)
	}
	code := regexp.MustCompile("`([^`\n]+)`")
	term := regexp.MustCompile(`^[-!(]*(NOT )?[a-z_.]+(:|!=|>)[^ ]`)
	for line := range strings.Lines(page) {
		for i, m := range code.FindAllStringSubmatch(line, -1) {
			if i == 0 && strings.HasPrefix(line, "| `") || term.MatchString(m[1]) {
				examples = append(examples, m[1])
			}
		}
	}
	return examples
}
