package sqlite

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/sqreen/sqreen/localplatform"
)

// pending is a batch on its way to the writer.
type pending struct {
	batch  localplatform.Batch
	weight int64
	series []uint32      // of each event, set by the writer
	done   chan appended // has room for the answer
}

type appended struct {
	result localplatform.AppendResult
	err    error
}

// queue holds batches until the writer takes them. It is bounded by the memory
// they use: when full, callers wait.
type queue struct {
	room *semaphore.Weighted
	size int64

	mu      sync.Mutex
	waiting []*pending
	closed  bool
	wake    chan struct{} // has room for one
}

func newQueue(size int64) *queue {
	return &queue{room: semaphore.NewWeighted(size), size: size, wake: make(chan struct{}, 1)}
}

// put waits for room and hands p to the writer.
func (q *queue) put(ctx context.Context, p *pending) error {
	p.weight = min(weigh(&p.batch), q.size)
	if err := q.room.Acquire(ctx, p.weight); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.room.Release(p.weight)
		return unavailable("the store is closed")
	}
	q.waiting = append(q.waiting, p)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil
}

// take removes batches with up to rows events in all, but at least one batch.
func (q *queue) take(rows int) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, events := 0, 0
	for n < len(q.waiting) && (n == 0 || events+len(q.waiting[n].batch.Events) <= rows) {
		events += len(q.waiting[n].batch.Events)
		n++
	}
	taken := q.waiting[:n:n]
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil // or what was taken would stay in memory
	}
	return taken
}

// answer tells the caller of Append and makes its room available.
func (q *queue) answer(p *pending, a appended) {
	q.room.Release(p.weight)
	p.done <- a
}

// close refuses further batches. Those that wait can still be taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// weigh estimates the memory a batch holds.
func weigh(b *localplatform.Batch) int64 {
	n := int64(256)
	for i := range b.Events {
		e := &b.Events[i]
		n += 512 + int64(len(e.Detail)+len(e.Path)+len(e.UserAgent)+len(e.Message))
	}
	return n + 64*int64(len(b.Counters))
}
