package safe

import (
	"sync"
	"sync/atomic"
	"time"
)

// How a Breaker judges. One endless loop costs a processor for good, so two of
// them are enough; five panics within the window are.
const (
	tripScore   = 5
	panicScore  = 1
	stuckScore  = 3
	faultWindow = 10 * time.Minute
	firstPause  = 10 * time.Minute
	longestStop = 6 * time.Hour
)

// Breaker switches a check off that keeps failing, and on again after a while.
// Its zero value is on. Asking it costs one atomic load while all is well.
type Breaker struct {
	off atomic.Bool

	mu    sync.Mutex
	score int
	since time.Time // beginning of the window that score belongs to
	until time.Time // when to try again
	pause time.Duration
}

// Off reports whether the check is switched off. now is asked only when it may
// be time to try again.
func (b *Breaker) Off(now func() time.Time) bool {
	if !b.off.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if now().Before(b.until) {
		return true
	}
	b.score = tripScore - 1 // on probation: the next fault switches it off again
	b.since = now()
	b.off.Store(false)
	return false
}

// Fault counts a fault at now and reports whether it switched the check off.
func (b *Breaker) Fault(fate Fate, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.since) > faultWindow {
		b.score, b.since = 0, now
	}
	b.score += panicScore
	if fate == Abandoned {
		b.score += stuckScore - panicScore
	}
	if b.score < tripScore || b.off.Load() {
		return false
	}
	b.pause = min(max(2*b.pause, firstPause), longestStop)
	b.until = now.Add(b.pause)
	b.off.Store(true)
	return true
}

// Reset forgets all faults and switches the check on.
func (b *Breaker) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.score, b.pause = 0, 0
	b.off.Store(false)
}
