package queries_test

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/queries"
)

var update = flag.Bool("update", false, "rewrite testdata/golden; review the difference")

// TestGolden compares what queries become with testdata/golden. In these files a line "> query" asks, and
// the lines up to the next one are the answer.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := answerAll(string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil { //nolint:gosec // as readable as the rest of the repository
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got; if it is right, run: go test ./queries -run TestGolden -update\n%s", diff)
			}
		})
	}
}

// answerAll answers each question of a golden file anew; comments stay.
func answerAll(file string) string {
	var b strings.Builder
	for line := range strings.Lines(file) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
			b.WriteString(line + "\n\n")
		case strings.HasPrefix(line, "> "), line == ">":
			text := strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
			b.WriteString(line + "\n" + answer(text) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func answer(text string) string {
	f, err := queries.Compile(text, testSchema(), testNow)
	var e *queries.Error
	if errors.As(err, &e) {
		return "  " + strings.ReplaceAll(e.Render(), "\n", "\n  ") + "\n  expected: " + e.Expected + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "text      %s\n", f.Text())
	where, args, err := f.SQL(queries.SQLite)
	if err != nil {
		fmt.Fprintf(&b, "sql       %v\n", err)
		return b.String()
	}
	pg, _, err := f.SQL(queries.Postgres)
	fmt.Fprintf(&b, "sqlite    %s\npostgres  %s\n", where, pg)
	if err != nil {
		fmt.Fprintf(&b, "postgres  %v\n", err)
	}
	for i, a := range args {
		if raw, ok := a.([]byte); ok {
			a = "x'" + hex.EncodeToString(raw) + "'"
		} else {
			a = fmt.Sprintf("%#v", a)
		}
		fmt.Fprintf(&b, "argument  %d = %s\n", i+1, a)
	}
	return b.String()
}
