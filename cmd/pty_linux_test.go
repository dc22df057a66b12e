package cmd_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// haveTerminal says that runOnTerminal works here.
const haveTerminal = true

// runOnTerminal runs a command on a terminal of its own, 100 columns wide, types
// a text, and returns what the terminal received and the exit code.
func runOnTerminal(dir string, env []string, typed string, args ...string) (screen string, code int, err error) {
	master, slave, err := openPTY(100, 40)
	if err != nil {
		return "", 0, err
	}
	defer master.Close()
	path, err := exec.LookPath(args[0])
	if err != nil {
		return "", 0, err
	}
	c := exec.Command(path, args[1:]...)
	c.Dir, c.Env = dir, env
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = c.Start()
	slave.Close()
	if err != nil {
		return "", 0, err
	}
	if _, err := io.WriteString(master, typed); err != nil {
		return "", 0, err
	}
	text, err := io.ReadAll(master)
	// The kernel reports the end of a terminal as EIO.
	if err != nil && !strings.Contains(err.Error(), "input/output error") {
		return "", 0, fmt.Errorf("read the terminal: %w", err)
	}
	if err := c.Wait(); err != nil && c.ProcessState == nil {
		return "", 0, err
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n"), c.ProcessState.ExitCode(), nil
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
