package sqlite_test

import (
	"fmt"
	"os"
	"testing"
)

// childVariable tells the test binary that it was started by one of its tests,
// and what to do.
const childVariable = "SQREEN_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	if kind := os.Getenv(childVariable); kind != "" {
		if err := child(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if benchDir.path != "" {
		os.RemoveAll(benchDir.path)
	}
	os.Exit(code)
}
