package sqlite

// WaitSealed returns when every segment but the hot one is sealed.
func (s *Store) WaitSealed() {
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
