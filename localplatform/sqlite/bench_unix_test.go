//go:build unix

package sqlite_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used so far: on a busy machine a
// better measure of a query than the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
