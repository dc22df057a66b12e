package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// maxIdleReaders bounds the connections kept open for reading. One takes some
// 100 KB.
const maxIdleReaders = 64

// readerPool keeps connections to segments for reading, the longest unused one
// being closed first.
type readerPool struct {
	max int

	mu     sync.Mutex
	idle   []idleReader // oldest first
	closed bool
}

type idleReader struct {
	segment *segment
	conn    *conn
}

// use runs fn with a connection to s that nobody else uses meanwhile. When ctx
// ends, what runs on it is interrupted.
func (p *readerPool) use(ctx context.Context, s *segment, fn func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := p.get(s)
	if err != nil {
		return err
	}
	done := c.interruptible(ctx)
	err = fn(c)
	done()
	if err != nil && damaged(err) {
		return errors.Join(err, c.close())
	}
	p.put(s, c)
	return err
}

func (p *readerPool) get(s *segment) (*conn, error) {
	p.mu.Lock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if p.idle[i].segment == s {
			c := p.idle[i].conn
			p.idle = slices.Delete(p.idle, i, i+1)
			p.mu.Unlock()
			return c, nil
		}
	}
	p.mu.Unlock()
	c, err := openConn(s.path, openReadOnly)
	if err != nil {
		return nil, err
	}
	if err := c.exec("PRAGMA cache_size=-1024"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (p *readerPool) put(s *segment, c *conn) {
	p.mu.Lock()
	var out *conn
	switch {
	case p.closed || s.retired:
		out = c
	case len(p.idle) >= p.max:
		out = p.idle[0].conn
		p.idle = slices.Delete(p.idle, 0, 1)
		fallthrough
	default:
		p.idle = append(p.idle, idleReader{s, c})
	}
	p.mu.Unlock()
	if out != nil {
		out.close() //nolint:errcheck // it was only read from
	}
}

// retire closes the connections to a segment, those in use when they come back.
func (p *readerPool) retire(s *segment) {
	p.mu.Lock()
	s.retired = true
	var out []*conn
	p.idle = slices.DeleteFunc(p.idle, func(r idleReader) bool {
		if r.segment == s {
			out = append(out, r.conn)
		}
		return r.segment == s
	})
	p.mu.Unlock()
	for _, c := range out {
		c.close() //nolint:errcheck // it was only read from
	}
}

func (p *readerPool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, r := range p.idle {
		errs = append(errs, r.conn.close())
	}
	p.idle = nil
	return errors.Join(errs...)
}
