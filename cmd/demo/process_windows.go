package demo

import (
	"os/exec"
	"syscall"
)

// setProcessAttributes puts a shop into a process group of its own, so that
// Ctrl-C reaches this process alone, which then takes the stage down in order.
func setProcessAttributes(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
