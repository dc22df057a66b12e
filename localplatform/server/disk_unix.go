//go:build linux || darwin

package server

import "syscall"

// diskFree is how many bytes are free for us where a directory is.
func diskFree(dir string) (free int64, known bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true //nolint:gosec,unconvert // types differ between systems
}
