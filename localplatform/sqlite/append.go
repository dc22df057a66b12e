package sqlite

import (
	"bytes"
	"context"
	"math"
	"slices"

	"github.com/sqreen/sqreen/localplatform"
)

// Append stores a batch and returns when it is durable. Concurrent batches are
// committed together. When the queue is full, it waits until ctx ends; a batch
// whose caller has given up may be stored all the same, and repeating it is
// then answered with Duplicate.
func (l *eventLog) Append(ctx context.Context, b localplatform.Batch) (localplatform.AppendResult, error) {
	if l.writer == nil {
		return localplatform.AppendResult{}, unavailable("the data directory is open for reading only")
	}
	if err := check(&b); err != nil {
		return localplatform.AppendResult{}, err
	}
	p := &pending{batch: l.own(b), done: make(chan appended, 1)}
	if err := l.writer.queue.put(ctx, p); err != nil {
		return localplatform.AppendResult{}, err
	}
	select {
	case a := <-p.done:
		return a.result, a.err
	case <-ctx.Done():
		return localplatform.AppendResult{}, ctx.Err()
	}
}

func check(b *localplatform.Batch) error {
	if b.Seq == 0 || b.Seq > math.MaxInt64 {
		return localplatform.Errorf(localplatform.CodeInvalid, "a batch needs a sequence number of 1 or more")
	}
	if len(b.Events) > maxBatch {
		return localplatform.Errorf(localplatform.CodeTooLarge, "a batch holds at most %d events, this one has %d", maxBatch, len(b.Events))
	}
	for _, c := range b.Counters {
		if math.IsNaN(c.Value) || math.IsInf(c.Value, 0) {
			return localplatform.Errorf(localplatform.CodeInvalid, "counter %q is not a finite number", c.Name)
		}
	}
	return nil
}

// maxBatch bounds the events of one batch; agents send far fewer.
const maxBatch = 100_000

// own copies what the caller may use again and fills in what the store decides.
func (l *eventLog) own(b localplatform.Batch) localplatform.Batch {
	if b.Received.IsZero() {
		b.Received = l.now()
	}
	b.Received = microTime(b.Received.UnixMicro())
	b.Events = slices.Clone(b.Events)
	for i := range b.Events {
		normalise(&b.Events[i], &b)
		b.Events[i].Detail = bytes.Clone(b.Events[i].Detail)
	}
	b.Counters = slices.Clone(b.Counters)
	for i := range b.Counters {
		c := &b.Counters[i]
		if c.App == "" {
			c.App = b.App
		}
		if c.Env == "" {
			c.Env = b.Env
		}
	}
	return b
}

// LastSeq is the highest batch stored for an instance, 0 for none.
func (l *eventLog) LastSeq(ctx context.Context, app, env, instance string) (seq uint64, err error) {
	err = l.query(ctx, func(views []view) error {
		if len(views) == 0 {
			return nil
		}
		return l.read(ctx, views[len(views)-1].segment, func(c *conn, _ *segment) error {
			seq, err = lastSeq(c, source{app, env, instance})
			return err
		})
	})
	return seq, err
}
