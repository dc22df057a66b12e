package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// A segment is one file of events, "events-000017.db" for number 17. Only the
// segment with the highest number, the hot one, is written to.
//
// Beside the events it holds what must change in the same transaction: the
// highest batch stored for each instance, sums for charts, and one row that
// describes the segment itself.
type segment struct {
	number int
	path   string
	bounds bounds // of a hot segment: only the writer's goroutine changes it, under log.mu

	retired bool // connections to it are not kept; guarded by readerPool.mu
}

// bounds describe what a segment holds; queries skip segments by them.
type bounds struct {
	first, last              int64 // Pos; last is first-1 when there is no event
	rows                     int64
	minAt, maxAt             int64 // microseconds, meaningful when there are rows
	minReceived, maxReceived int64
	created                  int64
	sealed                   bool
	namesCut                 bool // series has stopped telling names apart
}

// segmentTables creates everything but the events.
const segmentTables = `
CREATE TABLE segment (
	id           INTEGER PRIMARY KEY CHECK (id = 1),
	format       INTEGER NOT NULL,
	first_pos    INTEGER NOT NULL,
	last_pos     INTEGER NOT NULL,
	rows         INTEGER NOT NULL,
	min_at       INTEGER NOT NULL,
	max_at       INTEGER NOT NULL,
	min_received INTEGER NOT NULL,
	max_received INTEGER NOT NULL,
	created      INTEGER NOT NULL,
	sealed       INTEGER NOT NULL,
	names_cut    INTEGER NOT NULL
);
CREATE TABLE batches (
	app      TEXT NOT NULL,
	env      TEXT NOT NULL,
	instance TEXT NOT NULL,
	seq      INTEGER NOT NULL,
	received INTEGER NOT NULL,
	PRIMARY KEY (app, env, instance)
) WITHOUT ROWID;
CREATE TABLE series (
	id       INTEGER PRIMARY KEY,
	app      TEXT NOT NULL,
	env      TEXT NOT NULL,
	kind     TEXT NOT NULL,
	name     TEXT NOT NULL,
	attack   TEXT NOT NULL,
	severity TEXT NOT NULL,
	blocked  INTEGER NOT NULL
);
CREATE TABLE rollups (
	minute INTEGER NOT NULL,
	series INTEGER NOT NULL,
	events INTEGER NOT NULL,
	PRIMARY KEY (minute, series)
) WITHOUT ROWID;
CREATE TABLE counter_series (
	id   INTEGER PRIMARY KEY,
	app  TEXT NOT NULL,
	env  TEXT NOT NULL,
	name TEXT NOT NULL,
	key  TEXT NOT NULL
);
CREATE TABLE counters (
	minute INTEGER NOT NULL,
	series INTEGER NOT NULL,
	value  REAL NOT NULL,
	PRIMARY KEY (minute, series)
) WITHOUT ROWID;`

// segmentFormat counts up when the tables of a segment change in a way that
// older binaries cannot read.
const segmentFormat = 1

// posStride separates the positions of segments when the end of the one before
// is unknown because its file is damaged. No segment holds that many events,
// so segment n always begins at or below n*posStride, and positions that a
// lost segment may have given out are never given again.
const posStride = 1 << 24

var segmentName = regexp.MustCompile(`^events-(\d{6,9})\.db$`)

func segmentPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("events-%06d.db", number))
}

// listSegments finds the numbers of segment files in dir, ascending.
func listSegments(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		if m := segmentName.FindStringSubmatch(e.Name()); m != nil {
			n, _ := strconv.Atoi(m[1])
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// readBounds reads a segment's description of itself.
func readBounds(c *conn) (b bounds, err error) {
	found := false
	err = c.query(`SELECT format, first_pos, last_pos, rows, min_at, max_at, min_received, max_received, created, sealed, names_cut
		FROM segment`, nil, func(s *stmt) error {
		found = true
		if format := s.int(0); format > segmentFormat {
			return localplatform.Errorf(localplatform.CodeVersion, "an event file was written by a newer sqreen (format %d, this one knows %d)", format, segmentFormat).
				WithHint("install the newer sqreen again, or use another directory with --data DIR")
		}
		b = bounds{
			first: s.int(1), last: s.int(2), rows: s.int(3), minAt: s.int(4), maxAt: s.int(5),
			minReceived: s.int(6), maxReceived: s.int(7), created: s.int(8), sealed: s.bool(9), namesCut: s.bool(10),
		}
		return errStop
	})
	if err == nil && !found {
		err = &sqliteError{code: 11, msg: "the segment does not describe itself"} // SQLITE_CORRUPT
	}
	return b, err
}

// createSegment writes an empty segment under a temporary name, makes it
// durable and gives it its real name, so that a segment file is whole or absent.
func createSegment(dir string, number int, first int64, now time.Time, fill func(*conn) error) error {
	tmp := segmentPath(dir, number) + ".new"
	if err := removeDatabase(tmp); err != nil {
		return err
	}
	c, err := openConn(tmp, openReadWrite)
	if err != nil {
		return err
	}
	err = c.exec("PRAGMA synchronous=FULL; BEGIN IMMEDIATE;" + eventsTable + ";" + segmentTables)
	if err == nil {
		err = c.run(`INSERT INTO segment VALUES (1, ?, ?, ?, 0, 0, 0, 0, 0, ?, 0, 0)`, segmentFormat, first, first-1, now.UnixMicro())
	}
	if err == nil && fill != nil {
		err = fill(c)
	}
	if err == nil {
		err = c.run("COMMIT")
	}
	if closeErr := c.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, segmentPath(dir, number)); err != nil {
		return err
	}
	return syncDir(dir)
}

// removeDatabase removes a database file with what SQLite keeps beside it.
func removeDatabase(path string) error {
	for _, suffix := range []string{"-journal", "-wal", "-shm", ""} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// syncDir makes names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // only read
	return d.Sync()
}
