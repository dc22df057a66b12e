package tui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

// slot is a place on the screen that one request at a time fills.
type slot string

// ticket names a request. Its answer carries it, and is dropped when a newer
// request took its slot.
type ticket struct {
	slot slot
	id   int64
}

func (t ticket) asked() ticket { return t }

// answer is a message that a request led to.
type answer interface{ asked() ticket }

// source is the one way to the platform. Its maps belong to Update; what runs
// in commands is guarded.
type source struct {
	ctx      context.Context //nolint:containedctx // it is the life of Run, which all requests share
	stop     context.CancelFunc
	platform localplatform.Platform
	last     int64
	open     map[slot]pending
	later    func(ctx context.Context, d time.Duration) bool // waits; false when ctx ended before

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

type pending struct {
	id     int64
	cancel context.CancelFunc
}

func newSource(ctx context.Context, p localplatform.Platform) *source {
	s := &source{platform: p, open: map[slot]pending{}, later: pause}
	s.ctx, s.stop = context.WithCancel(ctx)
	return s
}

// begin takes a slot for a new request, cancelling the one before.
func (s *source) begin(sl slot) (context.Context, ticket) {
	s.cancel(sl)
	s.last++
	ctx, cancel := context.WithCancel(s.ctx)
	s.open[sl] = pending{s.last, cancel}
	return ctx, ticket{sl, s.last}
}

// cancel ends the request of a slot, if there is one.
func (s *source) cancel(sl slot) {
	if p, ok := s.open[sl]; ok {
		p.cancel()
		delete(s.open, sl)
	}
}

// settle reports whether an answer is still waited for, and frees its slot.
func (s *source) settle(t ticket) bool {
	if s.open[t.slot].id != t.id {
		return false
	}
	s.cancel(t.slot)
	return true
}

// busy reports whether a slot waits for an answer.
func (s *source) busy(sl slot) bool {
	_, ok := s.open[sl]
	return ok
}

// cmd makes a command that close waits for.
func (s *source) cmd(fn func() tea.Msg) tea.Cmd {
	return func() tea.Msg {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil
		}
		s.running.Add(1)
		s.mu.Unlock()
		defer s.running.Done()
		return fn()
	}
}

// afterCmd delivers a message later, unless its slot is taken or Run ends.
func (s *source) afterCmd(sl slot, d time.Duration, msg func(ticket) tea.Msg) tea.Cmd {
	ctx, t := s.begin(sl)
	return s.cmd(func() tea.Msg {
		if !s.later(ctx, d) {
			return nil
		}
		return msg(t)
	})
}

// pause waits, and reports whether it was left to.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// close cancels everything and waits until no command runs.
func (s *source) close() {
	s.stop()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
}

// ask makes the command for one call of the platform.
func ask[T any](s *source, sl slot, call func(context.Context, localplatform.Platform) (T, error), msg func(ticket, T, error) tea.Msg) tea.Cmd {
	ctx, t := s.begin(sl)
	return s.cmd(func() tea.Msg {
		v, err := call(ctx, s.platform)
		if ctx.Err() != nil {
			return nil
		}
		return msg(t, v, err)
	})
}
