package sqlite

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"

	lib "modernc.org/sqlite/lib"
)

// maxIdleReaders bounds the connections kept open for reading. One takes some
// 100 KB.
const maxIdleReaders = 64

// readerPool keeps connections to segments for reading, the longest unused one
// being closed first.
type readerPool struct {
	max int

	mu     sync.Mutex
	idle   []idleReader // longest unused first
	used   map[*conn]bool
	closed bool
	busy   sync.WaitGroup
}

type idleReader struct {
	segment *segment
	conn    *conn
}

// errRetired says that a segment takes no new readers.
var errRetired = errors.New("the segment is retired")

// use runs fn with a connection to s that nobody else uses meanwhile. When ctx
// ends, what runs on it is interrupted.
func (p *readerPool) use(ctx context.Context, s *segment, fn func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := p.enter(s)
	if err != nil {
		return err
	}
	defer p.busy.Done()
	if c == nil {
		if c, err = openReader(s); err != nil {
			p.leave(s, nil)
			return err
		}
	}
	done := c.interruptible(ctx)
	p.began(c)
	defer func() { // also when fn panics
		done()
		p.ended(c)
		if damaged(err) {
			_ = c.close()
			c = nil
		}
		p.leave(s, c)
	}()
	err = fn(c)
	return err
}

// enter counts a reader of s and takes an idle connection, nil when there is none.
func (p *readerPool) enter(s *segment) (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, unavailable("the store is closed")
	}
	if s.retired {
		return nil, errRetired
	}
	s.users++
	p.busy.Add(1)
	for i, r := range slices.Backward(p.idle) {
		if r.segment == s {
			p.idle = slices.Delete(p.idle, i, i+1)
			return r.conn, nil
		}
	}
	return nil, nil
}

// began notes a connection in use, so that close can interrupt it.
func (p *readerPool) began(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used == nil {
		p.used = map[*conn]bool{}
	}
	p.used[c] = true
	if p.closed {
		c.interrupt()
	}
}

func (p *readerPool) ended(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.used, c)
}

// openReader opens a segment for reading. A hot segment in a directory where
// SQLite cannot keep its lock file is read without locks when it has no log:
// then nobody is writing it.
func openReader(s *segment) (*conn, error) {
	if s.sealed {
		return openForReading(s.path, openImmutable)
	}
	c, err := openForReading(s.path, openReadOnly)
	if err != nil && noLocks(err) && !hasLog(s.path) {
		return openForReading(s.path, openImmutable)
	}
	return c, err
}

func openForReading(path string, mode openMode) (*conn, error) {
	c, err := openConn(path, mode)
	if err != nil {
		return nil, err
	}
	// Counting makes SQLite look at the file now.
	if err := c.exec("PRAGMA cache_size=-1024; PRAGMA query_only=1; SELECT count(*) FROM sqlite_schema"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// noLocks reports whether err is what opening a database with a write-ahead
// log gives in a directory that cannot be written.
func noLocks(err error) bool {
	c := code(err)
	return c == lib.SQLITE_CANTOPEN || c == lib.SQLITE_READONLY
}

func hasLog(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0 || err != nil && !errors.Is(err, os.ErrNotExist)
}

// leave gives a connection (nil: none) back, and lets go of a retired segment
// with its last reader.
func (p *readerPool) leave(s *segment, c *conn) {
	p.mu.Lock()
	s.users--
	out := c
	if c != nil && !p.closed && !s.retired {
		out = nil
		if len(p.idle) >= p.max {
			out = p.idle[0].conn
			p.idle = slices.Delete(p.idle, 0, 1)
		}
		p.idle = append(p.idle, idleReader{s, c})
	}
	var drop func()
	if s.retired && s.users == 0 {
		drop, s.drop = s.drop, nil
	}
	p.mu.Unlock()
	if out != nil {
		_ = out.close() // it was only read from
	}
	if drop != nil {
		drop()
	}
}

// retire lets no new readers use s, closes its idle connections and runs drop
// (nil: nothing) as soon as nobody reads s any more.
func (p *readerPool) retire(s *segment, drop func()) {
	p.mu.Lock()
	s.retired = true
	var out []*conn
	p.idle = slices.DeleteFunc(p.idle, func(r idleReader) bool {
		if r.segment == s {
			out = append(out, r.conn)
		}
		return r.segment == s
	})
	if s.users > 0 {
		s.drop, drop = drop, nil
	}
	p.mu.Unlock()
	for _, c := range out {
		_ = c.close() // it was only read from
	}
	if drop != nil {
		drop()
	}
}

// close interrupts the readers, waits for them and closes all connections.
func (p *readerPool) close() error {
	p.mu.Lock()
	p.closed = true
	for c := range p.used {
		c.interrupt()
	}
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	var errs []error
	for _, r := range idle {
		errs = append(errs, r.conn.close())
	}
	p.busy.Wait()
	return errors.Join(errs...)
}
