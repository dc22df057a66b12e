package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// eventLog is the sequence of segments of a data directory. One goroutine, the
// writer, appends; another, the sealer, finishes segments that are full; any
// number read.
type eventLog struct {
	dir     string
	now     func() time.Time
	logger  *slog.Logger
	opts    Options
	readers *readerPool
	cache   *sumsList
	tail    *tail
	ctx     context.Context
	cancel  context.CancelFunc

	loading sync.Mutex // one load at a time, so that an older list never replaces a newer one

	mu       sync.Mutex
	segments []*segment // ascending
	highest  int        // number of any file, damaged ones included
	lastPos  int64
	changed  chan struct{} // closed and replaced when lastPos grows
	sealed   chan struct{} // closed and replaced when a segment has been sealed
	problems []string
	drops    map[string]int64
	hotBad   error // why the hot segment has to be given up, found by a reader

	writer *writer // nil when only read
	sealer *sealer // nil when only read
}

// openLog opens the segments of a directory and, unless only reading, starts
// the writer and the sealer.
func openLog(dir string, opts Options) (*eventLog, error) {
	l := &eventLog{
		dir: dir, now: opts.Now, logger: opts.Logger, opts: opts, readers: &readerPool{max: maxIdleReaders}, cache: &sumsList{max: maxCachedCells}, tail: &tail{max: tailBytes},
		changed: make(chan struct{}), sealed: make(chan struct{}), drops: map[string]int64{},
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	if err := l.start(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *eventLog) start() (err error) {
	if !l.opts.ReadOnly {
		if err := l.tidy(); err != nil {
			return err
		}
	}
	if err := l.load(); err != nil {
		return err
	}
	if l.opts.ReadOnly {
		return nil
	}
	if l.writer, err = startWriter(l); err != nil {
		return err
	}
	l.sealer = startSealer(l)
	return nil
}

// tidy removes what a process that was killed has left: files being made, and
// hot segments that have been sealed.
func (l *eventLog) tidy() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name, _, ok := strings.Cut(e.Name(), unfinished); ok && strings.HasPrefix(name, "events-") {
			if err := removeDatabase(filepath.Join(l.dir, name+unfinished)); err != nil {
				return err
			}
		}
	}
	files, err := findSegments(l.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.sealed {
			if err := removeDatabase(hotPath(l.dir, f.number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// load brings the list of segments up to date with the directory. A segment
// that cannot be read is set aside (when only reading: left out) and reported.
func (l *eventLog) load() error {
	l.loading.Lock()
	defer l.loading.Unlock()
	files, err := findSegments(l.dir)
	if err != nil {
		return translate(err)
	}
	known := map[string]*segment{}
	l.mu.Lock()
	for _, s := range l.segments {
		known[s.path] = s
	}
	l.mu.Unlock()
	var segments []*segment
	for _, f := range files {
		if !f.sealed && !f.hot {
			continue
		}
		s, err := l.loadOne(f, known)
		if err != nil {
			return translate(err)
		}
		if s != nil {
			segments = append(segments, s)
		}
	}
	l.install(files, segments, known)
	return nil
}

// install makes segments the list and retires those that are gone.
func (l *eventLog) install(files []segmentFiles, segments []*segment, known map[string]*segment) {
	l.mu.Lock()
	l.segments = segments
	if len(files) > 0 {
		l.highest = max(l.highest, files[len(files)-1].number)
	}
	for _, s := range segments {
		l.lastPos = max(l.lastPos, s.bounds.last)
		delete(known, s.path)
	}
	l.mu.Unlock()
	for _, s := range known {
		l.readers.retire(s, nil)
	}
}

// loadOne makes a segment of a file, nil when it is damaged. When only reading,
// a sealed segment that is known is taken as it is.
func (l *eventLog) loadOne(f segmentFiles, known map[string]*segment) (*segment, error) {
	s := &segment{number: f.number, path: hotPath(l.dir, f.number)}
	if f.sealed {
		s.path, s.sealed = sealedPath(l.dir, f.number), true
	}
	if k := known[s.path]; k != nil {
		if k.sealed {
			return k, nil
		}
		s = k
	}
	var b bounds
	err := l.readers.use(l.ctx, s, func(c *conn) (err error) {
		b, err = readBounds(c)
		return err
	})
	switch {
	case err == nil:
		l.mu.Lock()
		s.bounds = b
		l.mu.Unlock()
		return s, nil
	case damaged(err):
		return nil, l.setAside(s, err)
	case l.opts.ReadOnly && vanished(s):
		return nil, errMoved
	}
	return nil, err
}

// setAside renames a damaged segment, so that it is kept for rescue and out of the way.
func (l *eventLog) setAside(s *segment, cause error) error {
	l.readers.retire(s, func() { l.cache.forget(s) })
	l.tail.forget(s.bounds.last)
	name := filepath.Base(s.path)
	if l.opts.ReadOnly {
		l.problem(fmt.Sprintf("event file %s is damaged and left out: %v", name, cause))
		return nil
	}
	aside := s.path + damagedSuffix + l.now().UTC().Format("20060102T150405")
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
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

func (l *eventLog) dropped(reason string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drops[reason] += n
}

// view is a segment with its bounds at one moment.
type view struct {
	*segment
	bounds bounds
}

// snapshot returns the segments as they are now, ascending, and the highest position.
func (l *eventLog) snapshot() ([]view, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	views := make([]view, len(l.segments))
	for i, s := range l.segments {
		views[i] = view{segment: s, bounds: s.bounds}
	}
	return views, l.lastPos
}

// query runs fn on the segments. When only reading, the list is brought up to
// date first, and fn may run again when the other process has moved a file
// meanwhile; it must start from nothing each time.
func (l *eventLog) query(ctx context.Context, fn func(views []view) error) error {
	for attempt := 0; ; attempt++ {
		err := l.refresh()
		if err == nil {
			views, _ := l.snapshot()
			err = fn(views)
		}
		if !errors.Is(err, errMoved) || attempt == maxMoves {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// maxMoves bounds how often a query starts again. Files move once in seconds at most.
const maxMoves = 10

// errMoved says that another process has sealed or removed a segment while it was read.
var errMoved = errors.New("an event file was moved while it was read")

// refresh brings the list of segments up to date when another process writes it.
func (l *eventLog) refresh() error {
	if !l.opts.ReadOnly {
		return nil
	}
	return l.load()
}

// read runs fn with a connection to a segment, or to what has taken its place:
// fn gets the segment that is read. One that was removed is skipped, and one
// that turns out to be damaged is set aside.
func (l *eventLog) read(ctx context.Context, s *segment, fn func(c *conn, s *segment) error) error {
	for {
		err := l.readers.use(ctx, s, func(c *conn) error { return fn(c, s) })
		switch {
		case errors.Is(err, errRetired) && l.opts.ReadOnly:
			return errMoved
		case errors.Is(err, errRetired):
			if s = l.successor(s); s == nil {
				return nil
			}
			continue
		case ctx.Err() != nil:
			return ctx.Err()
		case l.opts.ReadOnly && vanished(s):
			return errMoved
		case damaged(err):
			return l.giveUp(s, err)
		}
		return translate(err)
	}
}

// vanished reports whether a segment has left the directory. What was read from
// a hot one may then lack its log.
func vanished(s *segment) bool {
	_, err := os.Stat(s.path)
	return errors.Is(err, os.ErrNotExist)
}

func (l *eventLog) successor(s *segment) *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.next
}

// giveUp takes a segment that a reader found damaged out of use. The hot one is
// left to the writer, which owns it.
func (l *eventLog) giveUp(s *segment, cause error) error {
	l.mu.Lock()
	at := slices.Index(l.segments, s)
	hot := at >= 0 && at == len(l.segments)-1 && !s.sealed
	if hot {
		l.hotBad = cause
	} else if at >= 0 {
		l.segments = slices.Delete(slices.Clone(l.segments), at, at+1)
	}
	l.mu.Unlock()
	if at < 0 || hot && !l.opts.ReadOnly {
		return nil
	}
	return l.setAside(s, cause)
}

// replace puts one segment in the place of another and removes the file of the
// old one when its last reader is done. It reports false when the old one is gone.
func (l *eventLog) replace(old, sealed *segment) bool {
	l.mu.Lock()
	at := slices.Index(l.segments, old)
	if at >= 0 {
		l.segments = slices.Clone(l.segments)
		l.segments[at] = sealed
		old.next = sealed
		close(l.sealed)
		l.sealed = make(chan struct{})
	}
	l.mu.Unlock()
	if at >= 0 {
		l.readers.retire(old, func() { l.erase(old) })
	}
	return at >= 0
}

// erase deletes a segment's files. When that fails the next start tries again.
func (l *eventLog) erase(s *segment) {
	l.opts.step("erase " + s.path)
	err := errors.Join(removeDatabase(s.path), syncDir(l.dir))
	l.opts.step("erased " + s.path)
	if err != nil {
		l.logger.Warn("an event file could not be deleted", "file", filepath.Base(s.path), "error", err)
	}
}

// LastPos is the highest Pos stored.
func (l *eventLog) LastPos() int64 {
	if err := l.refresh(); err != nil {
		l.logger.Warn("event files could not be listed", "error", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastPos
}

// pollEvery is how often a process that only reads looks for what another wrote.
const pollEvery = 100 * time.Millisecond

// Wait returns the highest Pos once it is above after, or ctx's error.
func (l *eventLog) Wait(ctx context.Context, after int64) (int64, error) {
	var tick <-chan time.Time
	if l.opts.ReadOnly {
		t := time.NewTicker(pollEvery)
		defer t.Stop()
		tick = t.C
	}
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		if last := l.LastPos(); last > after {
			return last, nil
		}
		select {
		case <-changed:
		case <-tick:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-l.ctx.Done():
			return 0, unavailable("the store is closed")
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
	l.cancel()
	if l.sealer != nil {
		<-l.sealer.ended
	}
	return errors.Join(err, l.readers.close())
}

func unavailable(text string) error {
	return localplatform.Errorf(localplatform.CodeUnavailable, "%s", text)
}
