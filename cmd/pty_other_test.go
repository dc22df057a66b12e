//go:build !linux

package cmd_test

import "errors"

// haveTerminal says that runOnTerminal does not work here.
const haveTerminal = false

func runOnTerminal(string, []string, string, ...string) (screen string, code int, err error) {
	return "", 0, errors.New("there is no terminal for tests on this system")
}
