package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/localplatform/storetest"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func stats(t *testing.T, s *sqlite.Store) localplatform.StoreStats {
	t.Helper()
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestSegmentsEndByAgeAndForgetSilentInstances(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := open(t, t.TempDir(), sqlite.Options{Now: c.Now, SegmentAge: time.Hour})
	g := storetest.NewGenerator(1)
	send := func(instance string, seq uint64) localplatform.AppendResult {
		b := batchOf(instance, seq, g, 1)
		b.Received = c.Now()
		return mustAppend(t, s, b)
	}
	send("silent", 7)
	c.advance(59 * time.Minute)
	send("busy", 1)
	if n := stats(t, s).Segments; n != 1 {
		t.Errorf("%d segments before an hour is over", n)
	}
	c.advance(time.Minute)
	send("busy", 2)
	c.advance(29 * 24 * time.Hour)
	send("busy", 3)
	if r := send("silent", 7); !r.Duplicate {
		t.Error("an instance was forgotten within 30 days")
	}
	c.advance(2 * 24 * time.Hour)
	send("busy", 4)
	if err := s.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last, err := s.LastSeq(t.Context(), "shop", "prod", "silent"); err != nil || last != 0 {
		t.Errorf("LastSeq of an instance silent for 31 days = %d, %v", last, err)
	}
	if last, err := s.LastSeq(t.Context(), "shop", "prod", "busy"); err != nil || last != 4 {
		t.Errorf("LastSeq = %d, %v, want 4", last, err)
	}
	if n := stats(t, s).Drops["instances_forgotten"]; n != 1 {
		t.Errorf("%d instances are counted as forgotten", n)
	}
}

// Anyone can invent names of custom events. Beyond a number of them they are
// not told apart in sums any more, and answers stay right all the same.
func TestMoreNamesThanSeries(t *testing.T) {
	s := open(t, t.TempDir(), sqlite.Options{SegmentRows: 1 << 20})
	const names = 20_500
	var events []localplatform.Event
	for i := range names {
		events = append(events, localplatform.Event{At: storetest.Start, Kind: "event", Name: fmt.Sprintf("n%d", i), App: "shop", Env: "prod"})
	}
	for i := range 5 {
		events = append(events, localplatform.Event{At: storetest.Start, Kind: "event", App: "shop", Env: fmt.Sprint("e", i)})
	}
	b := batchOf("a", 1, storetest.NewGenerator(1), 0)
	b.Events = events
	mustAppend(t, s, b)
	check := func() {
		t.Helper()
		for text, want := range map[string]int64{
			"name:n1": 1, "name:n20400": 1, "name:n2040*": 11, "-name:*": 5, "kind:event": names + 5, "app:shop -name:n3": names + 4, "name:nothing": 0,
		} {
			if n, err := s.CountEvents(t.Context(), compile(t, text)); err != nil || n != want {
				t.Errorf("CountEvents(%s) = %d, %v, want %d", text, n, err, want)
			}
			h, err := s.Histogram(t.Context(), compile(t, text), localplatform.HistogramQuery{})
			if err != nil || h.Total != want {
				t.Errorf("Histogram(%s) counts %d, %v, want %d", text, h.Total, err, want)
			}
		}
		f, err := s.Facets(t.Context(), nil, localplatform.FacetQuery{Fields: []string{"name"}, Limit: 2})
		if err != nil || f[0].Absent != 5 || f[0].Others != names-2 {
			t.Errorf("Facets = %+v, %v", f, err)
		}
	}
	check()
	if err := s.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.WaitSealed()
	check()
}

// When the queue is full, callers wait, and give up when their context ends.
func TestFullQueueMakesCallersWait(t *testing.T) {
	var once sync.Once
	held, hold := make(chan struct{}), make(chan struct{})
	opts := sqlite.WithSteps(sqlite.Options{QueueBytes: 100_000}, func(point string) {
		if point == "begin" {
			once.Do(func() { close(held); <-hold })
		}
	})
	s := open(t, t.TempDir(), opts)
	var wg sync.WaitGroup
	for i := range 30 { // about 10 KB each: three times what the queue holds
		wg.Go(func() {
			if _, err := s.Append(t.Context(), batchOf(fmt.Sprint("w", i), 1, storetest.NewGenerator(1), 12)); err != nil {
				t.Error(err)
			}
		})
	}
	<-held
	for s.QueueHasRoom(10_000) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = s.Append(ctx, batchOf("yield", 1, storetest.NewGenerator(1), 1)) // lets the others run
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.Append(ctx, batchOf("late", 1, storetest.NewGenerator(1), 12)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Append on a full queue: %v, want the context's error", err)
	}
	close(hold)
	wg.Wait()
	mustCheck(t, s, 30*12)
}

func TestDirectoryNamesThatMeanSomethingToSQLite(t *testing.T) {
	for _, name := range []string{"with space", "50%", "what?mode=ro", "a#b", "x&y=z", "ünï", "%41", "a;b", "file:x"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			s := open(t, dir, sqlite.Options{SegmentRows: 5})
			mustAppend(t, s, batchOf("a", 1, storetest.NewGenerator(1), 8))
			s.WaitSealed()
			mustCheck(t, s, 8)
			for _, file := range []string{"control.db", "events-000001.db", "events-000002-hot.db", "lock"} {
				if found, err := filepath.Glob(filepath.Join(dir, file)); err != nil || len(found) != 1 {
					t.Errorf("%s is not in the directory: %v, %v", file, found, err)
				}
			}
		})
	}
}

func TestBatchesThatAreRefused(t *testing.T) {
	s := open(t, t.TempDir(), sqlite.Options{})
	for name, c := range map[string]struct {
		batch localplatform.Batch
		code  localplatform.Code
	}{
		"no number":              {localplatform.Batch{}, localplatform.CodeInvalid},
		"a number too large":     {localplatform.Batch{Seq: 1 << 63}, localplatform.CodeInvalid},
		"too many events":        {localplatform.Batch{Seq: 1, Events: make([]localplatform.Event, 100_001)}, localplatform.CodeTooLarge},
		"a counter not finite":   {localplatform.Batch{Seq: 1, Counters: []localplatform.Counter{{Value: nan()}}}, localplatform.CodeInvalid},
		"a context that is over": {localplatform.Batch{Seq: 1}, localplatform.CodeInternal},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if name == "a context that is over" {
			cancel()
		}
		_, err := s.Append(ctx, c.batch)
		wantCode(t, name, err, c.code)
		cancel()
	}
	mustCheck(t, s, 0)
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func TestRetainEmptiesAQuietStore(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := open(t, t.TempDir(), sqlite.Options{Now: c.Now})
	last := mustAppend(t, s, batchOf("a", 1, storetest.NewGenerator(1), 20)).Last
	for _, before := range []time.Time{storetest.Start.Add(-time.Hour), storetest.Start} {
		if n, err := s.Retain(t.Context(), before, 0); err != nil || n != 0 {
			t.Errorf("Retain(%s) = %d, %v, want nothing removed", before, n, err)
		}
	}
	mustCheck(t, s, 20)
	if n, err := s.Retain(t.Context(), storetest.Start.Add(time.Second), 0); err != nil || n != 20 {
		t.Errorf("Retain = %d, %v, want 20", n, err)
	}
	mustCheck(t, s, 0)
	if _, err := s.Event(t.Context(), last); localplatform.ErrorCode(err) != localplatform.CodeNotFound {
		t.Errorf("an event that was removed: %v", err)
	}
	if events, err := s.Read(t.Context(), 0, 100); err != nil || len(events) != 0 {
		t.Errorf("Read = %d events, %v", len(events), err)
	}
	if r := mustAppend(t, s, batchOf("a", 1, storetest.NewGenerator(1), 1)); !r.Duplicate {
		t.Error("the number of a removed batch is forgotten")
	}
	if r := mustAppend(t, s, batchOf("a", 2, storetest.NewGenerator(1), 1)); r.First != last+1 {
		t.Errorf("position %d after %d", r.First, last)
	}
}

func TestRetainBySize(t *testing.T) {
	s := open(t, t.TempDir(), sqlite.Options{SegmentRows: 100})
	g := storetest.NewGenerator(1)
	for seq := uint64(1); seq <= 10; seq++ {
		mustAppend(t, s, batchOf("a", seq, g, 100))
	}
	s.WaitSealed()
	if n, err := s.Retain(t.Context(), time.Time{}, 1<<40); err != nil || n != 0 {
		t.Errorf("Retain within the limit = %d, %v", n, err)
	}
	st := stats(t, s)
	n, err := s.Retain(t.Context(), time.Time{}, st.Bytes/2)
	if err != nil || n < 400 || n > 700 || n%100 != 0 {
		t.Errorf("Retain by half = %d, %v", n, err)
	}
	mustCheck(t, s, 1000-n)
	events, err := s.Read(t.Context(), 0, 1)
	if err != nil || len(events) != 1 || events[0].Pos != n+1 {
		t.Errorf("the oldest left is %v, %v, want %d", events, err, n+1)
	}
	if now := stats(t, s); now.Events != 1000-n || now.Segments != st.Segments-int(n/100) {
		t.Errorf("%+v", now)
	}
}
