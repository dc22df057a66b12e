//go:build race

package sqlite_test

// underRace says that the race detector slows SQLite down tenfold.
const underRace = true
