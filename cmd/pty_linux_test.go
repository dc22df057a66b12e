package cmd_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// onTerminal runs a command on a terminal of its own, 100 columns wide, and
// leaves what the terminal received in the file "screen". With -in, what a
// person types is read from a file:
//
//	terminal [-in FILE] CODE COMMAND [ARG...]
func onTerminal(ts *testscript.TestScript, neg bool, args []string) {
	typed := ""
	if len(args) > 2 && args[0] == "-in" {
		typed, args = ts.ReadFile(args[1]), args[2:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: terminal [-in FILE] CODE COMMAND [ARG...]")
	}
	master, slave, err := openPTY(100, 40)
	ts.Check(err)
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	c := exec.Command(path, args[2:]...)
	c.Args[0] = args[1]
	c.Env = scriptEnv(ts)
	c.Dir = ts.Getenv("WORK")
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(c.Start())
	ts.Check(slave.Close())
	_, err = io.WriteString(master, typed)
	ts.Check(err)
	screen, err := io.ReadAll(master)
	// The kernel reports the end of a terminal as EIO.
	if err != nil && !strings.Contains(err.Error(), "input/output error") {
		ts.Fatalf("read the terminal: %v", err)
	}
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(strings.ReplaceAll(string(screen), "\r\n", "\n")), 0o600))
	_ = c.Wait() // the code is looked at below
	ts.Logf("[screen]\n%q", screen)
	if got := fmt.Sprint(c.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
	ts.Check(master.Close())
}

// scriptEnv is the environment of the script, as far as commands look at it.
func scriptEnv(ts *testscript.TestScript) []string {
	var env []string
	for _, k := range []string{"PATH", "HOME", "TMPDIR", "WORK", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "SQREEN_SYSTEM_CONFIG", "SQREEN_DATA", "TZ", "TERM", "NO_COLOR", "PAGER"} {
		if v := ts.Getenv(k); v != "" {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// openPTY makes a terminal of a size; see pts(4).
func openPTY(columns, rows uint16) (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		return nil, nil, err
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	return os.NewFile(uintptr(fd), "/dev/ptmx"), slave, err
}
