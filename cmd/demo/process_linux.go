package demo

import (
	"os/exec"
	"syscall"
)

// setProcessAttributes puts a shop into a process group of its own, so that
// Ctrl-C reaches this process alone, which then takes the stage down in order;
// and has the kernel end it should this process die.
func setProcessAttributes(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
