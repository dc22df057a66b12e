//go:build !linux && !darwin

package server

// diskFree is not asked for on this system.
func diskFree(string) (free int64, known bool) { return 0, false }
