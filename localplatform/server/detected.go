package server

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/sqreen/sqreen/localplatform"
)

// detectedName is under which the control store keeps the position up to which
// all detectors had read when their process ended well. A command that finds it
// behind lets them catch up.
const detectedName = "server.detected"

func detectedPos(tx localplatform.ControlTx) (pos int64, err error) {
	text, err := tx.Value(detectedName)
	if err != nil || text == nil {
		return 0, err
	}
	return pos, json.Unmarshal(text, &pos)
}

func saveDetected(ctx context.Context, store localplatform.ControlStore, pos int64) error {
	err := store.Update(ctx, func(tx localplatform.ControlTx) error {
		old, err := detectedPos(tx)
		if err != nil || old >= pos {
			return err
		}
		text, err := json.Marshal(pos)
		if err != nil {
			return err
		}
		return tx.PutValue(detectedName, text)
	})
	if err != nil {
		return fmt.Errorf("note what detectors have read: %w", err)
	}
	return nil
}

// readMark notes how far the detectors have read. They ask for what comes after
// a place once they have handled everything up to it.
type readMark struct {
	localplatform.Store
	pos atomic.Int64
}

// Read reads on, and tells thereby that everything before is handled.
func (m *readMark) Read(ctx context.Context, after int64, limit int) ([]localplatform.Event, error) {
	m.reached(after)
	return m.Store.Read(ctx, after, limit)
}

// Wait waits for more.
func (m *readMark) Wait(ctx context.Context, after int64) (int64, error) {
	m.reached(after)
	return m.Store.Wait(ctx, after)
}

// reached raises the mark: after a restart, windows are rebuilt from events
// that have been handled before.
func (m *readMark) reached(pos int64) {
	for {
		old := m.pos.Load()
		if pos <= old || m.pos.CompareAndSwap(old, pos) {
			return
		}
	}
}
