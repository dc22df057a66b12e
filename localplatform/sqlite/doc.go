// Package sqlite stores everything in one directory of SQLite files, for a
// platform on one machine. It is the only package that knows the SQLite driver.
//
// The directory holds:
//
//	lock                   who has the directory open for writing
//	control.db             apps, incidents, actions, policies, tokens, audit (package sqlstore)
//	events-000001.db       a sealed segment of events: indexed, never changed again
//	events-000002-hot.db   the hot segment, with its write-ahead log
//	*.damaged-*            segments that were set aside because they could not be read
//
// # An event's way
//
// Append copies the batch and puts it in a bounded queue. One goroutine, the
// writer, takes what waits, gives each event its position and commits it all in
// one transaction with synchronous=FULL, together with the number of the batch
// (so that it is never stored twice) and with counts per minute (so that charts
// need not read events). Only then are the callers of Append answered. Nothing
// waits for a group to gather: a lone batch is committed at once, and while that
// is being made durable the next ones come together.
//
// The hot segment has no index, because four of them would cost five times what
// storing the events does. What queries need of it, they find in memory: some 40
// bytes for each event (type recent). The events committed last are kept whole,
// for detectors and live views (type tail).
//
// After 250,000 events or a day the writer begins a new segment, carrying the
// numbers of batches along, and the sealer copies the old one in the background,
// sorted into indexes, to its final file. Every file is made under a temporary
// name, synced and renamed; whatever moment the process is killed at, the next
// start finds each segment whole in one of its two forms.
//
// # Positions
//
// Pos is the rowid. It grows by one with each event, over all segments, and is
// never given twice: what a transaction that failed would have used was seen by
// nobody, and after a segment that is lost the next one begins at its number
// times 2^24, beyond all that the lost one can have given.
//
// # Queries
//
// A filter is taken apart first (type plan): which times, users, requests,
// addresses it demands, and what it says of the fields by which events are
// counted (app, environment, kind, name, attack, severity, blocked; together a
// series). Segments outside of its times are skipped, and so are those none of
// whose series matches. A filter on nothing but series and times is answered
// from counts. Otherwise the positions of candidates come from an index when
// they are few, and events are read in order when they are many.
//
// Retention removes whole segments, with their counts and counters.
//
// Front ends may open the directory with Options.ReadOnly at any time, also
// while a platform writes.
package sqlite
