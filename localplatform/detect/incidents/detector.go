// Package incidents gathers attacks that belong together. It reads events in
// the order they were stored, from a cursor that is saved in the same
// transaction as the incidents they change, so that every event counts once
// whatever happens to the process.
//
// An attack joins the live incident of its app, environment, kind and actor
// when it is at most [Options.Gap] away from it, or opens a new one. Login
// failures and guessed paths open an incident when a window of event time holds
// enough of them; windows do not care in which order events arrive.
package incidents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// Options set when things become incidents. Zero fields take the defaults.
type Options struct {
	Now    func() time.Time
	Logger *slog.Logger
	Gap    time.Duration // quiet time after which the same actor opens a new incident; 1 hour
	Limits Limits
}

// Limits are the thresholds of what is only an incident in numbers.
type Limits struct {
	Window           time.Duration // of event time, for all below; 10 minutes
	LoginFailures    int64         // per address or per account; 10
	StuffedAccounts  int           // different accounts that make failures from one address stuffing; 5
	SpreadFailures   int64         // over the whole app, for attacks from many addresses; 60
	SpreadAccounts   int           // with so many accounts; 25
	SpreadAddresses  int           // and so many addresses; 10
	ScannedPaths     int           // different paths answered 404 to one address; 20
	ScannerMatches   int64         // requests that look like a scanner's; 3
	DistributedAbove int           // so many live incidents of one kind in an app make the next actors share one; 25
	Keys             int           // windows kept at the same time; 100,000
}

func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Gap == 0 {
		o.Gap = time.Hour
	}
	if o.Limits == (Limits{}) {
		o.Limits = Limits{
			Window: 10 * time.Minute, LoginFailures: 10, StuffedAccounts: 5, SpreadFailures: 60, SpreadAccounts: 25,
			SpreadAddresses: 10, ScannedPaths: 20, ScannerMatches: 3, DistributedAbove: 25, Keys: 100_000,
		}
	}
}

// readBatch is how many events are handled in one transaction.
const readBatch = 2000

// idleSave is how many events without consequence may pass before the cursor
// is saved all the same; after a crash so many are read again, harmlessly.
const idleSave = 50_000

// Names of the detector's values in the control store.
const cursorName = "incidents.cursor"

// cursor is where the detector stands. ReplayFrom is the first event that an
// open window may still hold.
type cursor struct {
	Pos        int64 `json:"pos"`
	ReplayFrom int64 `json:"replay_from"`
}

// Detector raises and updates incidents. Use New; one Detector per store may
// run at a time. Only Evicted is safe for concurrent use.
type Detector struct {
	store  localplatform.Store
	opt    Options
	schema *queries.Schema

	evicted atomic.Int64
	loaded  bool
	cur     cursor
	saved   cursor
	windows *windows
	marks   []mark          // arrival marks, to know where windows begin
	byKey   map[key]liveRef // live incident of a key, as far as known
}

// liveRef points at an incident that takes events in.
type liveRef struct {
	id   int64 // pending while it is about to be opened
	last time.Time
}

// mark remembers which event was read when.
type mark struct {
	pos int64
	at  time.Time // highest event time seen up to pos
}

// New makes a detector on a store. Call CatchUp or Run.
func New(store localplatform.Store, opt Options) *Detector {
	opt.setDefaults()
	return &Detector{store: store, opt: opt, schema: localplatform.IncidentSchema()}
}

// Evicted counts windows given up because more than Limits.Keys were open at a
// time. It may be called beside Run.
func (d *Detector) Evicted() int64 { return d.evicted.Load() }

// Run catches up and then handles events as they come, until ctx ends. Errors
// of the store are logged and tried again.
func (d *Detector) Run(ctx context.Context) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return d.save(context.WithoutCancel(ctx))
		case <-pause.C:
		}
		wait := time.Duration(0)
		if err := d.CatchUp(ctx); err != nil && ctx.Err() == nil {
			d.opt.Logger.Error("detecting incidents", "err", err, "pos", d.cur.Pos)
			wait = time.Second
		} else {
			d.waitForMore(ctx)
		}
		pause.Reset(wait)
	}
}

// waitForMore returns on the next event, or after a while so that snoozed
// incidents wake up.
func (d *Detector) waitForMore(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, _ = d.store.Wait(ctx, d.cur.Pos) // only a reason to look again
}

// CatchUp handles everything stored so far and wakes snoozed incidents whose
// time is up.
func (d *Detector) CatchUp(ctx context.Context) error {
	if err := d.load(ctx); err != nil {
		return err
	}
	for {
		events, err := d.store.Read(ctx, d.cur.Pos, readBatch)
		if err != nil {
			return fmt.Errorf("read events after %d: %w", d.cur.Pos, err)
		}
		if len(events) == 0 {
			break
		}
		if err := d.handle(ctx, events); err != nil {
			d.loaded = false // windows have seen events that were not saved: begin again from the cursor
			return err
		}
	}
	return d.wakeSnoozed(ctx)
}

// load reads the cursor and rebuilds the windows by reading again what they may hold.
func (d *Detector) load(ctx context.Context) error {
	if d.loaded {
		return nil
	}
	d.cur, d.byKey, d.marks = cursor{}, map[key]liveRef{}, nil
	d.windows = newWindows(d.opt.Limits.Window, d.opt.Limits.Keys, &d.evicted)
	if err := d.store.View(ctx, d.loadState); err != nil {
		return fmt.Errorf("read the cursor and live incidents: %w", err)
	}
	d.saved = d.cur
	if err := d.replay(ctx); err != nil {
		return err
	}
	d.loaded = true
	return nil
}

func (d *Detector) loadState(tx localplatform.ControlTx) error {
	live, err := tx.LiveIncidents()
	if err != nil {
		return err
	}
	for i := range live {
		d.byKey[keyOf(&live[i])] = liveRef{live[i].ID, live[i].LastSeen}
	}
	v, err := tx.Value(cursorName)
	if err != nil || v == nil {
		return err
	}
	return json.Unmarshal(v, &d.cur)
}

func (d *Detector) replay(ctx context.Context) error {
	for pos := d.cur.ReplayFrom; pos < d.cur.Pos; {
		events, err := d.store.Read(ctx, pos, readBatch)
		if err != nil {
			return fmt.Errorf("read events after %d again: %w", pos, err)
		}
		if len(events) == 0 {
			return nil
		}
		for i := range events {
			if events[i].Pos > d.cur.Pos {
				return nil
			}
			d.windows.observe(&events[i])
			d.mark(&events[i])
		}
		pos = events[len(events)-1].Pos
	}
	return nil
}

// handle applies one batch in one transaction. When nothing in it matters, no
// transaction is made until enough has passed.
func (d *Detector) handle(ctx context.Context, events []localplatform.Event) error {
	last := events[len(events)-1].Pos
	var hits []hit
	for i := range events {
		hits = append(hits, d.classify(&events[i])...)
		d.mark(&events[i])
	}
	next := cursor{Pos: last, ReplayFrom: d.replayFrom()}
	if len(hits) == 0 {
		d.cur = next
		if next.Pos-d.saved.Pos < idleSave {
			return nil
		}
		return d.save(ctx)
	}
	err := d.store.Update(ctx, func(tx localplatform.ControlTx) error {
		f := newFolder(d, tx)
		for i := range hits {
			if err := f.fold(&hits[i]); err != nil {
				return err
			}
		}
		if err := f.flush(); err != nil {
			return err
		}
		return putCursor(tx, next)
	})
	if err != nil {
		return fmt.Errorf("update incidents up to event %d: %w", last, err)
	}
	d.cur, d.saved = next, next
	return nil
}

func putCursor(tx localplatform.ControlTx, c cursor) error {
	v, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return tx.PutValue(cursorName, v)
}

// save writes the cursor when it has moved.
func (d *Detector) save(ctx context.Context) error {
	if !d.loaded || d.cur == d.saved {
		return nil
	}
	err := d.store.Update(ctx, func(tx localplatform.ControlTx) error { return putCursor(tx, d.cur) })
	if err != nil {
		return fmt.Errorf("save the cursor of incidents: %w", err)
	}
	d.saved = d.cur
	return nil
}

// mark keeps about one mark for a tenth of the window, and drops those whose
// events no window can hold any more.
func (d *Detector) mark(e *localplatform.Event) {
	w := d.opt.Limits.Window
	if n := len(d.marks); n == 0 || e.At.Sub(d.marks[n-1].at) > w/10 {
		d.marks = append(d.marks, mark{pos: e.Pos - 1, at: e.At})
	}
	newest := d.marks[len(d.marks)-1].at
	for len(d.marks) > 1 && newest.Sub(d.marks[1].at) > 2*w {
		d.marks = d.marks[1:]
	}
}

func (d *Detector) replayFrom() int64 {
	if len(d.marks) == 0 {
		return d.cur.Pos
	}
	return d.marks[0].pos
}

// wakeSnoozed opens snoozed incidents again whose time is up.
func (d *Detector) wakeSnoozed(ctx context.Context) error {
	var due []int64
	now := d.opt.Now()
	f, err := queries.Compile("state:snoozed", d.schema, now)
	if err != nil {
		return err
	}
	err = d.store.View(ctx, func(tx localplatform.ControlTx) error {
		snoozed, _, err := tx.Incidents(f, localplatform.IncidentQuery{Limit: 10_000})
		for _, i := range snoozed {
			if !now.Before(i.SnoozedUntil) {
				due = append(due, i.ID)
			}
		}
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	return d.store.Update(ctx, func(tx localplatform.ControlTx) error { return wake(tx, due, now) })
}

func wake(tx localplatform.ControlTx, ids []int64, now time.Time) error {
	var errs []error
	for _, id := range ids {
		i, err := tx.Incident(id)
		if err != nil || i.State != localplatform.StateSnoozed || now.Before(i.SnoozedUntil) {
			errs = append(errs, err)
			continue
		}
		i.State, i.SnoozedUntil, i.Updated = localplatform.StateOpen, time.Time{}, now
		entry := localplatform.TimelineEntry{At: now, By: detectorName, What: "opened", Text: "open again after its snooze"}
		errs = append(errs, tx.PutIncident(&i), tx.AddTimeline(id, entry))
	}
	return errors.Join(errs...)
}

// detectorName signs timeline entries.
const detectorName = "detector"
