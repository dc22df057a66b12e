package ingest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// Every counter that package wire names is known here.
func TestCountersOfTheWireAreKnown(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../../agentkit/wire/wire.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(v.Names[0].Name, "Counter") {
			return true
		}
		name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found++
		if !knownCounter(name) {
			t.Errorf("%s (%q) is not known", v.Names[0].Name, name)
		}
		return true
	})
	if found < 10 || knownCounter("made_up") {
		t.Errorf("found %d", found)
	}
}
