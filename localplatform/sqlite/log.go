package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// eventLog is the sequence of segments of a data directory. One goroutine, the
// writer, appends; any number read.
type eventLog struct {
	dir     string
	now     func() time.Time
	logger  *slog.Logger
	opts    Options
	readers *readerPool

	mu       sync.Mutex
	segments []*segment // ascending; the last one is hot
	lastPos  int64
	changed  chan struct{} // closed and replaced when lastPos grows
	problems []string
	drops    map[string]int64

	writer *writer // nil when only read
}

// openLog opens the segments of a directory and, unless only reading, starts the writer.
func openLog(dir string, opts Options) (*eventLog, error) {
	l := &eventLog{
		dir: dir, now: opts.Now, logger: opts.Logger, opts: opts, readers: &readerPool{max: maxIdleReaders},
		changed: make(chan struct{}), drops: map[string]int64{},
	}
	if err := l.load(); err != nil {
		return nil, err
	}
	if opts.ReadOnly {
		return l, nil
	}
	w, err := startWriter(l)
	if err != nil {
		return nil, err
	}
	l.writer = w
	return l, nil
}

// load finds the segments and reads what they say of themselves. One that
// cannot be read is set aside (or, when only reading, left out) and reported.
func (l *eventLog) load() error {
	numbers, err := listSegments(l.dir)
	if err != nil {
		return fmt.Errorf("list event files: %w", err)
	}
	for _, n := range numbers {
		s := &segment{number: n, path: segmentPath(l.dir, n)}
		b, err := l.describe(s)
		switch {
		case err == nil:
			s.bounds = b
			l.segments = append(l.segments, s)
			l.lastPos = max(l.lastPos, b.last)
		case damaged(err):
			if err := l.setAside(s, err); err != nil {
				return err
			}
		default:
			return translate(err)
		}
	}
	return nil
}

func (l *eventLog) describe(s *segment) (b bounds, err error) {
	err = l.readers.use(context.Background(), s, func(c *conn) error {
		b, err = readBounds(c)
		return err
	})
	return b, err
}

// setAside renames a damaged segment, so that it is kept for rescue and out of the way.
func (l *eventLog) setAside(s *segment, cause error) error {
	l.readers.retire(s)
	name := filepath.Base(s.path)
	if l.opts.ReadOnly {
		l.problem(fmt.Sprintf("event file %s is damaged and left out: %v", name, cause))
		return nil
	}
	aside := fmt.Sprintf("%s.damaged-%s", s.path, l.now().UTC().Format("20060102T150405"))
	if err := os.Rename(s.path, aside); err != nil {
		return fmt.Errorf("set a damaged event file aside: %w", err)
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Rename(s.path+suffix, aside+suffix); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("set a damaged event file aside: %w", err)
		}
	}
	l.problem(fmt.Sprintf("event file %s is damaged and was set aside as %s: %v", name, filepath.Base(aside), cause))
	return syncDir(l.dir)
}

// problem notes what an operator must know; the same text is noted once.
func (l *eventLog) problem(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.problems, text) {
		l.problems = append(l.problems, text)
		l.logger.Error("event store", "problem", text)
	}
}

// snapshot returns the segments as they are now, ascending, with copies of
// their bounds, and the highest position.
func (l *eventLog) snapshot() ([]view, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	views := make([]view, len(l.segments))
	for i, s := range l.segments {
		views[i] = view{segment: s, bounds: s.bounds}
	}
	return views, l.lastPos
}

// view is a segment with its bounds at one moment.
type view struct {
	*segment
	bounds bounds
}

// LastPos is the highest Pos stored.
func (l *eventLog) LastPos() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastPos
}

// Wait returns the highest Pos once it is above after, or ctx's error.
func (l *eventLog) Wait(ctx context.Context, after int64) (int64, error) {
	for {
		l.mu.Lock()
		last, changed := l.lastPos, l.changed
		l.mu.Unlock()
		if last > after {
			return last, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// advance publishes what the writer has made durable.
func (l *eventLog) advance(s *segment, b bounds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.bounds = b
	if b.last > l.lastPos {
		l.lastPos = b.last
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

func (l *eventLog) close() error {
	var err error
	if l.writer != nil {
		err = l.writer.stop()
	}
	return errors.Join(err, l.readers.close())
}

// read runs fn with a connection to a segment. A segment that was removed
// meanwhile reads as empty.
func (l *eventLog) read(ctx context.Context, s *segment, fn func(*conn) error) error {
	err := l.readers.use(ctx, s, fn)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case l.removed(s):
		return nil
	}
	return translate(err)
}

func (l *eventLog) removed(s *segment) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.Contains(l.segments, s)
}

// unavailable is the answer while the store shuts down.
func unavailable(text string) error {
	return localplatform.Errorf(localplatform.CodeUnavailable, "%s", text)
}
