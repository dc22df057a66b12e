package server

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

const (
	cleanEvery    = 10 * time.Minute
	keepInstances = 24 * time.Hour // instances unheard of longer are forgotten: each start of an app makes a new one
)

// janitor removes what is older or more than the operator wants to keep.
type janitor struct {
	store localplatform.Store
	keep  time.Duration // negative: for ever
	most  int64         // negative: no limit
	now   func() time.Time
	log   *slog.Logger

	removed atomic.Int64
	mu      sync.Mutex
	problem string // of the last round
}

// run cleans now and then until ctx ends.
func (j *janitor) run(ctx context.Context) {
	tick := time.NewTicker(cleanEvery)
	defer tick.Stop()
	for {
		j.clean(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (j *janitor) clean(ctx context.Context) {
	err := j.cleanEvents(ctx)
	if err == nil {
		err = j.store.Update(ctx, func(tx localplatform.ControlTx) error {
			_, err := tx.DeleteInstances(j.now().Add(-keepInstances))
			return err
		})
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.problem = ""
	if err != nil && ctx.Err() == nil {
		j.problem = "old events cannot be removed: " + err.Error()
		j.log.Error("old events cannot be removed", "error", err)
	}
}

func (j *janitor) cleanEvents(ctx context.Context) error {
	if j.keep < 0 && j.most < 0 {
		return nil
	}
	before := time.Time{}
	if j.keep >= 0 {
		before = j.now().Add(-j.keep)
	}
	n, err := j.store.Retain(ctx, before, max(j.most, 0))
	j.removed.Add(n)
	if n > 0 {
		j.log.Info("removed old events", "events", n)
	}
	return err
}

func (j *janitor) trouble() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.problem
}
