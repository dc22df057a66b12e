package sqlite

import (
	"context"
	"path/filepath"
	"time"
)

// sealedTables is what a sealed segment has beyond a hot one. The index over
// times is over an expression, so that only statements that mean it use it: for
// a page, SQLite would rather sort half a segment than read it in order.
const sealedTables = `
CREATE TABLE sums (id INTEGER PRIMARY KEY CHECK (id = 1), data BLOB NOT NULL);
CREATE INDEX events_at ON events (at+0, series);
CREATE INDEX events_series ON events (series);
CREATE INDEX events_ip ON events (ip) WHERE ip IS NOT NULL;
CREATE INDEX events_user ON events (user) WHERE user IS NOT NULL;
CREATE INDEX events_request ON events (request) WHERE request IS NOT NULL;`

// sealer finishes full segments, one after the other, in the background.
type sealer struct {
	log   *eventLog
	wake  chan struct{} // has room for one
	ended chan struct{}
}

// retrySealing is how long a failed attempt is left alone.
const retrySealing = 30 * time.Second

func startSealer(l *eventLog) *sealer {
	s := &sealer{log: l, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.loop()
	return s
}

// nudge tells the sealer that there may be something to do.
func (s *sealer) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *sealer) loop() {
	defer close(s.ended)
	retry := time.NewTimer(retrySealing)
	defer retry.Stop()
	for s.log.ctx.Err() == nil {
		if next := s.log.unsealed(); next != nil {
			err := s.log.seal(s.log.ctx, next)
			if err == nil {
				continue
			}
			if s.log.ctx.Err() == nil {
				s.log.logger.Warn("event file not sealed", "file", filepath.Base(next.path), "error", err)
			}
		}
		retry.Reset(retrySealing)
		select {
		case <-s.wake:
		case <-retry.C:
		case <-s.log.ctx.Done():
		}
	}
}

// unsealed is the oldest segment that is full and not sealed, nil for none.
func (l *eventLog) unsealed() *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments[:max(len(l.segments)-1, 0)] {
		if !s.sealed {
			return s
		}
	}
	return nil
}

// seal copies a full segment into one with indexes and puts that in its place.
// Whatever moment the process is killed at, one of the two files is whole; when
// both are, the next start removes the one that is not sealed.
func (l *eventLog) seal(ctx context.Context, s *segment) error {
	path := sealedPath(l.dir, s.number)
	var b bounds
	err := l.build(path, func(c *conn) (err error) {
		defer c.interruptible(ctx)()
		b, err = copySegment(c, s.path)
		return err
	})
	if damaged(err) {
		return l.giveUp(s, err)
	}
	if err != nil {
		return err
	}
	l.opts.step("replace " + s.path)
	if !l.replace(s, &segment{number: s.number, path: path, sealed: true, bounds: b}) {
		return removeDatabase(path) // it was removed meanwhile
	}
	return nil
}

// copySegment fills a new database with the segment at path.
func copySegment(c *conn, path string) (b bounds, err error) {
	// Until it is whole nobody relies on the new file: a crash starts it over.
	setup := "PRAGMA main.journal_mode=OFF; PRAGMA main.synchronous=OFF; PRAGMA main.locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY; PRAGMA main.cache_size=-32768"
	if err := c.exec(setup); err != nil {
		return b, err
	}
	if err := c.run("ATTACH ? AS hot", fileURI(path, openReadOnly)); err != nil {
		return b, err
	}
	// The tables are the same, so SELECT * copies rows as they are.
	if err := c.exec("BEGIN;" + eventsTable + ";" + seriesTables + `
		INSERT INTO events SELECT * FROM hot.events;
		INSERT INTO segment SELECT * FROM hot.segment;
		INSERT INTO batches SELECT * FROM hot.batches;
		INSERT INTO series SELECT * FROM hot.series;
		INSERT INTO counter_series SELECT * FROM hot.counter_series;
		INSERT INTO counters SELECT * FROM hot.counters;
		UPDATE segment SET sealed = 1;` + sealedTables); err != nil {
		return b, err
	}
	if b, err = readBounds(c); err != nil {
		return b, err
	}
	sums, err := makeSums(c)
	if err != nil {
		return b, err
	}
	if err := c.run(`INSERT INTO sums VALUES (1, ?)`, sums.pack(b.first)); err != nil {
		return b, err
	}
	if err := c.exec("PRAGMA analysis_limit=1000; ANALYZE main; COMMIT"); err != nil {
		return b, err
	}
	n, err := c.int(`SELECT count(*) FROM events INDEXED BY events_series`)
	if err == nil && n != b.rows() {
		err = damage("it holds %d events and not %d", n, b.rows())
	}
	return b, err
}
