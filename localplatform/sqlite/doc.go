// Package sqlite stores everything in one directory of SQLite files, for a
// platform on one machine. It is the only package that knows the SQLite driver.
//
// The directory holds:
//
//	lock               who has the directory open for writing
//	control.db         apps, incidents, actions, policies, tokens, audit (package sqlstore)
//	events-000001.db   events, in segments; the last one is hot, the others are sealed
//
// An event's way: Append copies the batch and puts it in a bounded queue. One
// goroutine, the writer, takes what waits, gives each event its position and
// commits it all in one transaction with synchronous=FULL, together with the
// number of the batch (so that it is never stored twice) and with sums per
// minute (so that charts need not read events). Only then are the callers of
// Append answered. Nothing waits when nothing is queued: a lone batch is
// committed at once, and while that is being made durable the next group gathers.
//
// Front ends may open the directory with Options.ReadOnly at any time, also
// while a platform writes.
package sqlite
