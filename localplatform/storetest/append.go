package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sqreen/sqreen/localplatform"
)

// batch is the seq-th batch of an instance.
func batch(instance string, seq uint64, events []localplatform.Event) localplatform.Batch {
	return localplatform.Batch{
		App: "shop", Env: "prod", Instance: instance, Seq: seq, Events: events,
		Received: Start.Add(time.Duration(seq) * time.Second),
	}
}

func mustAppend(t testing.TB, s localplatform.Store, b localplatform.Batch) localplatform.AppendResult {
	t.Helper()
	r, err := s.Append(t.Context(), b)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return r
}

// Fill stores n events in batches of size and returns them as they were stored.
func Fill(t testing.TB, s localplatform.Store, g *Generator, n, size int) []localplatform.Event {
	t.Helper()
	seq := uint64(0)
	for stored := 0; stored < n; stored += size {
		seq++
		mustAppend(t, s, batch("fill", seq, g.Events(min(size, n-stored))))
	}
	all, err := s.Read(t.Context(), 0, n+1)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if len(all) != n {
		t.Fatalf("Read returned %d events, want %d", len(all), n)
	}
	return all
}

func testOnce(t *testing.T, s localplatform.Store) {
	g := NewGenerator(1)
	first := batch("one", 1, g.Events(3))
	r := mustAppend(t, s, first)
	if r.Duplicate || r.Last-r.First != 2 {
		t.Fatalf("first batch: %+v", r)
	}
	if r := mustAppend(t, s, first); !r.Duplicate || r.First != 0 {
		t.Errorf("same batch again: %+v, want a duplicate", r)
	}
	if r := mustAppend(t, s, batch("one", 5, g.Events(1))); r.Duplicate {
		t.Errorf("a later number: %+v, want it stored", r)
	}
	if r := mustAppend(t, s, batch("one", 4, g.Events(1))); !r.Duplicate {
		t.Errorf("a number below the last: %+v, want a duplicate", r)
	}
	other := batch("one", 1, g.Events(2))
	other.Env = "staging"
	if r := mustAppend(t, s, other); r.Duplicate {
		t.Errorf("the same instance name in another environment: %+v, want it stored", r)
	}
	if r := mustAppend(t, s, batch("quiet", 1, nil)); r.Duplicate || r.First != 0 || r.Last != 0 {
		t.Errorf("a batch without events: %+v, want no positions", r)
	}
	if r := mustAppend(t, s, batch("quiet", 1, nil)); !r.Duplicate {
		t.Errorf("a batch without events again: %+v, want a duplicate", r)
	}
	wantCount(t, s, 6)
	for who, want := range map[string]uint64{"one": 5, "quiet": 1, "nobody": 0} {
		if got, err := s.LastSeq(t.Context(), "shop", "prod", who); err != nil || got != want {
			t.Errorf("LastSeq(%s) = %d, %v, want %d", who, got, err, want)
		}
	}
}

func wantCount(t *testing.T, s localplatform.Store, want int64) {
	t.Helper()
	if got, err := s.CountEvents(t.Context(), nil); err != nil || got != want {
		t.Fatalf("CountEvents = %d, %v, want %d", got, err, want)
	}
}

// testConcurrentAppend sends every batch from two callers at once.
func testConcurrentAppend(t *testing.T, s localplatform.Store) {
	const instances, batches, size = 8, 25, 7
	var wg sync.WaitGroup
	fresh := make([]int, instances)
	for i := range instances {
		wg.Go(func() {
			g := NewGenerator(uint64(i))
			for seq := uint64(1); seq <= batches; seq++ {
				b := batch(fmt.Sprintf("c-%d", i), seq, g.Events(size))
				var twice sync.WaitGroup
				results := make([]localplatform.AppendResult, 2)
				for j := range results {
					twice.Go(func() {
						var err error
						if results[j], err = s.Append(t.Context(), b); err != nil {
							t.Error(err)
						}
					})
				}
				twice.Wait()
				for _, r := range results {
					if !r.Duplicate {
						fresh[i]++
					}
				}
			}
		})
	}
	wg.Wait()
	for i, n := range fresh {
		if n != batches {
			t.Errorf("instance %d: %d batches stored as new, want %d", i, n, batches)
		}
	}
	wantCount(t, s, instances*batches*size)
	all, err := s.Read(t.Context(), 0, instances*batches*size+10)
	if err != nil || len(all) != instances*batches*size {
		t.Fatalf("Read = %d events, %v", len(all), err)
	}
	for i := 1; i < len(all); i++ {
		if all[i].Pos <= all[i-1].Pos {
			t.Fatalf("positions do not grow: %d after %d", all[i].Pos, all[i-1].Pos)
		}
	}
	if s.LastPos() != all[len(all)-1].Pos {
		t.Errorf("LastPos = %d, want %d", s.LastPos(), all[len(all)-1].Pos)
	}
}

func testBadBatch(t *testing.T, s localplatform.Store) {
	g := NewGenerator(3)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := s.Append(t.Context(), batch(fmt.Sprintf("good-%d", i), 1, NewGenerator(uint64(i)).Events(5))); err != nil {
				t.Errorf("good batch: %v", err)
			}
		})
	}
	if _, err := s.Append(t.Context(), batch("bad", 0, g.Events(1))); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
		t.Errorf("a batch without a number: %v, want CodeInvalid", err)
	}
	wg.Wait()
	wantCount(t, s, 100)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, batch("late", 1, g.Events(1))); err == nil {
		t.Error("Append with an ended context succeeded")
	}
}

func testEventRoundTrip(t *testing.T, s localplatform.Store) {
	g := NewGenerator(4)
	events := g.Events(200)
	events[3].Detail = nil
	events[4] = localplatform.Event{At: Start, Kind: "event", Name: "bare", App: "shop", Env: "prod", Instance: "x", Weight: 1}
	events[5].Path, events[5].User, events[5].Message = "/a\x00b\xff", "Ünïcode 漢字 \U0001F600", "line\nbreak 'quote' \"double\" --"
	events[6].At = time.Date(1969, 7, 20, 20, 17, 40, 999999000, time.UTC)
	events[7].At = time.Date(2262, 1, 1, 0, 0, 0, 1000, time.FixedZone("x", 3600))
	b := batch("rt", 1, events)
	r := mustAppend(t, s, b)
	got, err := s.Read(t.Context(), r.First-1, 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]localplatform.Event, len(events))
	copy(want, events)
	for i := range want {
		want[i].Pos, want[i].Received = r.First+int64(i), b.Received
	}
	if d := cmp.Diff(want, got, eventOptions()...); d != "" {
		t.Fatalf("events read differ (-want +got):\n%s", d)
	}
	one, err := s.Event(t.Context(), r.First+9)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want[9], one, eventOptions()...); d != "" {
		t.Errorf("Event differs (-want +got):\n%s", d)
	}
	page, err := s.Events(t.Context(), nil, localplatform.EventQuery{Limit: 1})
	if err != nil || len(page.Events) != 1 || page.Events[0].Detail != nil {
		t.Errorf("a page has detail nobody asked for: %+v, %v", page.Events, err)
	}
}

func eventOptions() []cmp.Option {
	return []cmp.Option{cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()}
}

func testNoEvent(t *testing.T, s localplatform.Store) {
	if _, err := s.Event(t.Context(), 1); localplatform.ErrorCode(err) != localplatform.CodeNotFound {
		t.Errorf("Event of an empty store: %v, want CodeNotFound", err)
	}
	Fill(t, s, NewGenerator(5), 10, 5)
	for _, pos := range []int64{-1, 0, s.LastPos() + 1} {
		if _, err := s.Event(t.Context(), pos); localplatform.ErrorCode(err) != localplatform.CodeNotFound {
			t.Errorf("Event(%d): %v, want CodeNotFound", pos, err)
		}
	}
}

func testWait(t *testing.T, s localplatform.Store) {
	g := NewGenerator(6)
	r := mustAppend(t, s, batch("w", 1, g.Events(2)))
	if last, err := s.Wait(t.Context(), 0); err != nil || last != r.Last {
		t.Fatalf("Wait for what is there = %d, %v, want %d", last, err, r.Last)
	}
	type answer struct {
		last int64
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		last, err := s.Wait(t.Context(), r.Last)
		got <- answer{last, err}
	}()
	r2 := mustAppend(t, s, batch("w", 2, g.Events(1)))
	if a := <-got; a.err != nil || a.last != r2.Last {
		t.Errorf("Wait = %d, %v, want %d", a.last, a.err, r2.Last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := s.Wait(ctx, r2.Last); err == nil {
		t.Error("Wait with an ended context returned no error")
	}
}
