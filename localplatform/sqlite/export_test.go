package sqlite

import "context"

// WaitSealed returns when every segment but the hot one is sealed.
func (s *Store) WaitSealed() {
	// The writer rotates after it has answered.
	_ = s.writer.do(context.Background(), func() {})
	for {
		s.eventLog.mu.Lock()
		changed := s.sealed
		done := true
		for _, seg := range s.segments[:max(len(s.segments)-1, 0)] {
			done = done && seg.sealed
		}
		s.eventLog.mu.Unlock()
		if done {
			return
		}
		<-changed
	}
}

// Dir is the data directory.
func (s *Store) Dir() string { return s.dir }

// WithSteps has fn called before each step that changes files.
func WithSteps(o Options, fn func(point string)) Options {
	o.step = fn
	return o
}

// OnWriter runs statements on the writer's connection.
func (s *Store) OnWriter(ctx context.Context, statements string) error {
	var err error
	if e := s.writer.do(ctx, func() { err = s.writer.conn.exec(statements) }); e != nil {
		return e
	}
	return err
}

// Rotate begins a new segment.
func (s *Store) Rotate(ctx context.Context) error {
	var err error
	if e := s.writer.do(ctx, func() { err = s.writer.rotate() }); e != nil {
		return e
	}
	return err
}

// Reconnect makes the writer begin from what the hot segment holds.
func (s *Store) Reconnect(ctx context.Context) error {
	return s.writer.do(ctx, func() { s.writer.disconnect() })
}

// QueueHasRoom reports whether n more bytes fit into the queue.
func (s *Store) QueueHasRoom(n int64) bool {
	if !s.writer.queue.room.TryAcquire(n) {
		return false
	}
	s.writer.queue.room.Release(n)
	return true
}
