package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	lib "modernc.org/sqlite/lib"

	"github.com/sqreen/sqreen/localplatform"
)

// A segment is one file of events. The one with the highest number is hot: the
// writer appends to "events-000017-hot.db", which has no index but its rowid.
// When it is full the next one becomes hot, and the sealer copies it, with
// indexes, to "events-000017.db", which never changes again.
//
// Beside the events a segment holds what must change in the same transaction:
// the highest batch stored for each instance, sums for charts, and one row that
// describes the segment itself. Positions of its events have no gaps.
type segment struct {
	number int
	path   string
	sealed bool
	bounds bounds                 // of a hot segment: changed by the writer, under eventLog.mu
	recent atomic.Pointer[recent] // nil when only read, and when sealed
	sums   sumsCache              // of a sealed segment

	next *segment // what has taken its place; guarded by eventLog.mu

	users   int    // guarded by readerPool.mu, as is the rest
	retired bool   // takes no new readers
	drop    func() // runs when the last reader of a retired segment is done
}

// bounds describe what a segment holds; queries skip segments by them.
type bounds struct {
	first, last              int64 // Pos; last is first-1 when there is no event
	minAt, maxAt             int64 // microseconds, meaningful when there are events
	minReceived, maxReceived int64
	created                  int64
	sealed                   bool
	namesCut                 bool // some series stand for several names
}

// rows is how many events there are.
func (b *bounds) rows() int64 { return b.last - b.first + 1 }

// add widens the bounds by the event after the last one.
func (b *bounds) add(e *localplatform.Event) {
	at, received := e.At.UnixMicro(), e.Received.UnixMicro()
	if b.rows() == 0 {
		b.minAt, b.maxAt, b.minReceived, b.maxReceived = at, at, received, received
	}
	b.last++
	b.minAt, b.maxAt = min(b.minAt, at), max(b.maxAt, at)
	b.minReceived, b.maxReceived = min(b.minReceived, received), max(b.maxReceived, received)
}

// seriesTables is what hot and sealed segments have beside the events.
const seriesTables = `
CREATE TABLE segment (
	id           INTEGER PRIMARY KEY CHECK (id = 1),
	format       INTEGER NOT NULL,
	first_pos    INTEGER NOT NULL,
	last_pos     INTEGER NOT NULL,
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

// hotTables is what only hot segments have; the packed sums of a sealed one take its place.
const hotTables = `
CREATE TABLE rollups (
	minute INTEGER NOT NULL,
	series INTEGER NOT NULL,
	events INTEGER NOT NULL,
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

func hotPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("events-%06d-hot.db", number))
}

func sealedPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("events-%06d.db", number))
}

// unfinished is the suffix of files that are being made.
const unfinished = ".new"

// damagedSuffix begins the suffix of files that were set aside.
const damagedSuffix = ".damaged-"

var segmentName = regexp.MustCompile(`^events-(\d{6,9})(-hot)?\.db(\.damaged-\w+)?$`)

// segmentFiles are the files of a directory that have one number.
type segmentFiles struct {
	number      int
	hot, sealed bool
}

// findSegments lists the numbers that files in dir have, ascending, those of
// damaged files included.
func findSegments(dir string) ([]segmentFiles, error) {
	entries, err := os.ReadDir(dir) // sorted by name, so numbers come in groups
	if err != nil {
		return nil, err
	}
	var out []segmentFiles
	for _, e := range entries {
		m := segmentName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			continue
		}
		if len(out) == 0 || out[len(out)-1].number != n {
			out = append(out, segmentFiles{number: n})
		}
		f := &out[len(out)-1]
		f.hot = f.hot || m[2] != "" && m[3] == ""
		f.sealed = f.sealed || m[2] == "" && m[3] == ""
	}
	return out, nil
}

// readBounds reads a segment's description of itself. It reports damage when
// the events do not end where they are said to.
func readBounds(c *conn) (b bounds, err error) {
	found := false
	err = c.query(`SELECT format, first_pos, last_pos, min_at, max_at, min_received, max_received, created, sealed, names_cut,
		(SELECT max(pos) FROM events) FROM segment`, nil, func(s *stmt) error {
		found = true
		if format := s.int(0); format > segmentFormat {
			return localplatform.Errorf(localplatform.CodeVersion, "an event file was written by a newer sqreen (format %d, this one knows %d)", format, segmentFormat).
				WithHint("install the newer sqreen again, or use another directory with --data DIR")
		}
		b = bounds{
			first: s.int(1), last: s.int(2), minAt: s.int(3), maxAt: s.int(4), minReceived: s.int(5), maxReceived: s.int(6),
			created: s.int(7), sealed: s.bool(8), namesCut: s.bool(9),
		}
		if end := s.int(10); b.rows() != 0 && end != b.last || b.rows() == 0 && !s.null(10) {
			return damage("its events end at %d and not at %d", end, b.last)
		}
		return nil
	})
	if err == nil && !found {
		err = damage("it does not say what it holds")
	}
	return b, foreign(err)
}

// foreign makes damage of the error that a database gives which does not have our tables.
func foreign(err error) error {
	if code(err) == lib.SQLITE_ERROR {
		return damage("%v", err)
	}
	return err
}

// damage is an error like those of SQLite for a file that is no database.
func damage(format string, args ...any) error {
	return &sqliteError{code: lib.SQLITE_CORRUPT, msg: fmt.Sprintf(format, args...)}
}

// createHot writes an empty segment under a temporary name, makes it durable
// and gives it its real name, so that the file is whole or absent.
func (l *eventLog) createHot(number int, first int64, batches map[source]batchMark) error {
	path := hotPath(l.dir, number)
	err := l.build(path, func(c *conn) error {
		if err := c.exec("PRAGMA synchronous=OFF; BEGIN;" + eventsTable + ";" + seriesTables + hotTables); err != nil {
			return err
		}
		err := c.run(`INSERT INTO segment VALUES (1, ?, ?, ?, 0, 0, 0, 0, ?, 0, 0)`, segmentFormat, first, first-1, l.now().UnixMicro())
		if err != nil {
			return err
		}
		for from, mark := range batches {
			if err := putBatch(c, from, mark); err != nil {
				return err
			}
		}
		return c.run("COMMIT")
	})
	if err != nil {
		return fmt.Errorf("create %s: %w", filepath.Base(path), err)
	}
	return nil
}

// build lets fill write a new database, makes that durable and moves it to path.
func (l *eventLog) build(path string, fill func(*conn) error) error {
	tmp := path + unfinished
	l.opts.step("create " + tmp)
	if err := removeDatabase(tmp); err != nil {
		return err
	}
	if err := makePrivate(tmp); err != nil {
		return err
	}
	c, err := openConn(tmp, openReadWrite)
	if err != nil {
		return err
	}
	stop := flushing(tmp)
	err = fill(c)
	stop()
	if closeErr := c.close(); err == nil {
		err = closeErr
	}
	if err == nil {
		l.opts.step("sync " + tmp)
		err = syncFile(tmp)
	}
	if err == nil {
		l.opts.step("rename " + tmp)
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = removeDatabase(tmp) // the next attempt tries again
		return err
	}
	l.opts.step("sync directory after " + tmp)
	return syncDir(filepath.Dir(path))
}

// makePrivate creates a file that only its owner may read, unless it is there.
// What SQLite keeps beside it gets the same permissions.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// flushing has a file written out little by little, until stop is called:
// hundreds of megabytes at once would keep the writer's small syncs waiting.
func flushing(path string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = syncFile(path) // the last one, whose error counts, is yet to come
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-ended }
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

// syncFile makes a file's content durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
