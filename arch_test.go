package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sqreen/sqreen"

// layer is one line of the import table: packages at or below Path may import
// those of this module at or below one of May, and themselves. The longest
// matching Path counts.
type layer struct {
	path string
	may  []string
	why  string
}

// layers is the decision who may import whom. A new edge is a new decision:
// explain it in ARCHITECTURE.md.
var layers = []layer{
	{".", []string{"cmd"}, "main only starts the command"},
	{"queries", nil, "the query language knows columns only through the schema it is given"},
	{"inventory", []string{"queries", "agentkit/wire"}, "pure functions over values"},
	{"localplatform", []string{"inventory", "queries", "agentkit/wire"}, "domain words, without I/O"},
	{"localplatform/sqlstore", []string{"localplatform", "queries", "agentkit/wire", "inventory"}, "one SQL implementation behind a dialect"},
	{"localplatform/sqlite", []string{"localplatform", "localplatform/sqlstore", "queries", "agentkit/wire"}, "the SQLite driver lives here"},
	{"localplatform/storetest", []string{"localplatform", "queries", "agentkit/wire", "inventory"}, "the contract of every store"},
	{"localplatform/ingest", []string{"localplatform", "localplatform/policy", "agentkit/wire"}, "the only reader of signals from the wire"},
	{"localplatform/policy", []string{"localplatform", "agentkit/wire"}, "policies and actions as instructions"},
	{"localplatform/detect", []string{"localplatform", "queries", "agentkit/wire"}, "detectors read the store"},
	{"localplatform/api", []string{"localplatform", "inventory", "queries", "agentkit/wire"}, "Platform on a store"},
	{"localplatform/client", []string{"localplatform", "inventory", "queries"}, "Platform over HTTP"},
	{"localplatform/server", []string{
		"localplatform", "localplatform/api", "localplatform/client", "localplatform/detect", "localplatform/ingest", "localplatform/policy",
		"localplatform/sqlite", "inventory", "queries", "agentkit",
	}, "the only composer"},
	{"tui", []string{"localplatform", "inventory", "queries", "agentkit/wire"}, "the explorer sees the Platform interface only"},
	{"cmd", []string{"cmd", "tui", "localplatform", "localplatform/server", "inventory", "queries", "agentkit"}, "commands see the Platform interface; serve, demo and doctor start the server"},
	{"completions", nil, "generated files"},
}

// drivers are imported in the packages named and nowhere else, tests aside.
var drivers = map[string][]string{
	"modernc.org/sqlite": {"localplatform/sqlite", "cmd/demo"},
}

// exactly lists the places whose subpackages are not meant by naming them: a
// command may import localplatform, but not the store below it.
var exactly = []string{"localplatform", "agentkit/wire"}

func TestImports(t *testing.T) {
	for file, imports := range importsOfModule(t) {
		dir := path.Dir(file)
		l, ok := layerOf(dir)
		if !ok {
			t.Errorf("%s: no line in the import table for %s; add one and say why", file, dir)
			continue
		}
		for _, imp := range imports {
			for driver, owners := range drivers {
				if within(imp, driver) && !slices.ContainsFunc(owners, func(o string) bool { return within(dir, o) }) {
					t.Errorf("%s imports the driver %s; only %v may", file, imp, owners)
				}
			}
			rel, ours := strings.CutPrefix(imp, module+"/")
			if ours && !allowed(l, rel) {
				t.Errorf("%s may not import %s: %s is for %s and may import %v", file, rel, l.path, l.why, l.may)
			}
		}
	}
}

// TestLayersExist keeps the table from outliving its packages.
func TestLayersExist(t *testing.T) {
	seen := map[string]bool{}
	for file := range importsOfModule(t) {
		if l, ok := layerOf(path.Dir(file)); ok {
			seen[l.path] = true
		}
	}
	for _, l := range layers {
		if !seen[l.path] && l.path != "completions" {
			t.Errorf("the import table has a line for %s, where there is no Go file", l.path)
		}
	}
}

func allowed(l layer, rel string) bool {
	if within(rel, l.path) && l.path != "." && !slices.Contains(exactly, l.path) {
		return true
	}
	return slices.ContainsFunc(l.may, func(m string) bool {
		return rel == m || (within(rel, m) && !slices.Contains(exactly, m))
	})
}

func layerOf(dir string) (best layer, ok bool) {
	for _, l := range layers {
		if (dir == l.path || (l.path != "." && within(dir, l.path))) && len(l.path) >= len(best.path) {
			best, ok = l, true
		}
	}
	return best, ok
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

// importsOfModule maps each Go file of the root module that is not a test to its imports.
func importsOfModule(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (d.Name() == "testdata" || d.Name() == "agentkit" || d.Name()[0] == '.' || isModule(p)):
			return filepath.SkipDir
		case !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		imports := []string{}
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, imp)
		}
		out[filepath.ToSlash(p)] = imports
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func isModule(dir string) bool {
	matches, err := filepath.Glob(filepath.Join(dir, "go.mod"))
	return err == nil && len(matches) > 0
}
