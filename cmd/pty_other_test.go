//go:build !linux

package cmd_test

import "github.com/rogpeppe/go-internal/testscript"

// onTerminal needs a pseudo-terminal; scripts that use it are for Linux.
func onTerminal(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("there is no terminal for tests on this system")
}
