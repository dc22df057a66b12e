package sqlite

import (
	"context"
	"slices"
	"time"
)

// Retain removes whole segments, oldest first: those whose events all arrived
// before a time, and more while the store takes more than maxBytes. Sums and
// counters go with their segment. Events newer than the time stay, also when
// they share a segment with older ones, unless maxBytes demands otherwise.
func (l *eventLog) Retain(ctx context.Context, before time.Time, maxBytes int64) (removed int64, err error) {
	if l.writer == nil {
		return 0, unavailable("the data directory is open for reading only")
	}
	limit := before.UnixMicro()
	err = l.writer.do(ctx, func() { l.writer.retireHot(limit) })
	if err != nil {
		return 0, err
	}
	views, _ := l.snapshot()
	total := int64(0)
	for _, v := range views {
		total += fileBytes(v.path)
	}
	for _, v := range views[:max(len(views)-1, 0)] {
		if !v.bounds.old(limit) && (maxBytes <= 0 || total <= maxBytes) {
			break
		}
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		total -= fileBytes(v.path)
		if l.remove(v.number) {
			removed += v.bounds.rows()
		}
	}
	return removed, nil
}

// old reports whether everything in a segment arrived before a time.
func (b *bounds) old(limit int64) bool {
	if b.rows() == 0 {
		return b.created < limit
	}
	return b.maxReceived < limit
}

// retireHot begins a new segment when the hot one holds nothing but what is to
// be removed. The numbers of batches move on to the new one.
func (w *writer) retireHot(limit int64) {
	if !w.stored || !w.bounds.old(limit) {
		return
	}
	if err := w.rotate(); err != nil {
		w.log.logger.Warn("no new event file could be begun", "error", err)
	}
}

// remove takes a segment out of use, and deletes its file when its last reader is done.
func (l *eventLog) remove(number int) bool {
	l.mu.Lock()
	at := slices.IndexFunc(l.segments, func(s *segment) bool { return s.number == number })
	var s *segment
	if at >= 0 {
		s = l.segments[at]
		l.segments = slices.Delete(slices.Clone(l.segments), at, at+1)
	}
	l.mu.Unlock()
	if s == nil {
		return false
	}
	l.tail.forget(s.bounds.last)
	l.readers.retire(s, func() { l.cache.forget(s); l.erase(s) })
	return true
}
