package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/localplatform/storetest"
)

// One store writes, rotates and seals; another, opened only for reading as
// another process would, sees every event once, in order, whatever files move
// meanwhile.
func TestReadingBesideAWriter(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, sqlite.Options{SegmentRows: 60})
	r := open(t, dir, sqlite.Options{ReadOnly: true})
	const batches, size = 300, 9
	var wg sync.WaitGroup
	wg.Go(func() {
		g := storetest.NewGenerator(1)
		for seq := uint64(1); seq <= batches; seq++ {
			if _, err := w.Append(t.Context(), batchOf("a", seq, g, size)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	attacks := compile(t, "kind:attack")
	var last, counted, attacked int64
	for last < batches*size && !t.Failed() {
		pos, err := r.Wait(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		events, err := r.Read(t.Context(), last, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(events)) < min(pos-last, 1000) {
			t.Fatalf("Wait says %d, but after %d there are %d events", pos, last, len(events))
		}
		for _, e := range events {
			if last++; e.Pos != last {
				t.Fatalf("position %d where %d was expected", e.Pos, last)
			}
		}
		n, err := r.CountEvents(t.Context(), nil)
		if err != nil || n < counted || n < last {
			t.Fatalf("CountEvents = %d, %v after %d, and %d were read", n, err, counted, last)
		}
		counted = n
		if n, err = r.CountEvents(t.Context(), attacks); err != nil || n < attacked {
			t.Fatalf("attacks = %d, %v after %d", n, err, attacked)
		}
		attacked = n
	}
	wg.Wait()
	w.WaitSealed()
	if err := r.Check(t.Context()); err != nil {
		t.Error(err)
	}
	wantAttacks, err := w.CountEvents(t.Context(), attacks)
	if n, err2 := r.CountEvents(t.Context(), attacks); errors.Join(err, err2) != nil || n != wantAttacks {
		t.Errorf("the reader counts %d attacks, the writer %d (%v, %v)", n, wantAttacks, err, err2)
	}
}

// Queries, appends, retention and sealing at once, in one process.
func TestEverythingAtOnce(t *testing.T) {
	s := open(t, t.TempDir(), sqlite.Options{SegmentRows: 80})
	ctx, stop := context.WithCancel(t.Context())
	var writers, others sync.WaitGroup
	for i := range 3 {
		writers.Go(func() {
			g := storetest.NewGenerator(uint64(i))
			for seq := uint64(1); seq <= 150; seq++ {
				b := batchOf(fmt.Sprint("w", i), seq, g, 5)
				b.Received = storetest.Start.Add(time.Duration(seq) * time.Second)
				if _, err := s.Append(t.Context(), b); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i, fn := range []func(ctx context.Context) error{
		func(ctx context.Context) error {
			_, err := s.Events(ctx, compile(t, "user:user7 OR ip:203.0.1.0/24"), localplatform.EventQuery{})
			return err
		},
		func(ctx context.Context) error {
			_, err := s.Histogram(ctx, compile(t, "kind:attack"), localplatform.HistogramQuery{By: "attack"})
			return err
		},
		func(ctx context.Context) error {
			_, err := s.Facets(ctx, nil, localplatform.FacetQuery{Fields: []string{"ip", "app"}})
			return err
		},
		func(ctx context.Context) error { _, err := s.Stats(ctx); return err },
		func(ctx context.Context) error {
			_, err := s.Retain(ctx, storetest.Start.Add(40*time.Second), 0)
			return err
		},
	} {
		others.Go(func() {
			for ctx.Err() == nil {
				if err := fn(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("%d: %v", i, err)
					return
				}
			}
		})
	}
	writers.Wait()
	stop()
	others.Wait()
	s.WaitSealed()
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	st, err := s.Stats(t.Context())
	if err != nil || len(st.Problems) > 0 {
		t.Errorf("%+v, %v", st, err)
	}
	events, err := s.Read(t.Context(), 0, 10_000)
	if err != nil || len(events) == 0 || int64(len(events)) != st.Events || events[len(events)-1].Pos != 3*150*5 {
		t.Errorf("%d events, %d by Stats, %v", len(events), st.Events, err)
	}
	for i := 1; i < len(events); i++ {
		if events[i].Pos != events[i-1].Pos+1 {
			t.Fatalf("position %d after %d", events[i].Pos, events[i-1].Pos)
		}
	}
}

// What a query counts in sums, in memory and in files is the same, in every
// state a segment can be in.
func TestAnswersStayWhenSegmentsAreSealed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Options{SegmentRows: 1 << 20})
	g := storetest.NewGenerator(9)
	all := storetest.Fill(t, s, g, 3000, 100)
	check := func(state string, s *sqlite.Store) {
		t.Helper()
		for _, text := range g.Queries() {
			f := compile(t, text)
			var want, first int64
			for i := range all {
				if f.Match(&all[i]) {
					want++
					first = all[i].Pos
				}
			}
			n, err := s.CountEvents(t.Context(), f)
			if err != nil || n != want {
				t.Errorf("%s: CountEvents(%q) = %d, %v, want %d", state, text, n, err, want)
			}
			page, err := s.Events(t.Context(), f, localplatform.EventQuery{Limit: 1})
			if err != nil || len(page.Events) != int(min(want, 1)) || want > 0 && page.Events[0].Pos != first {
				t.Errorf("%s: newest of %q is %v, %v, want %d", state, text, page.Events, err, first)
			}
			h, err := s.Histogram(t.Context(), f, localplatform.HistogramQuery{From: storetest.Start.Add(-1000 * time.Hour), To: storetest.Start.Add(1000 * time.Hour)})
			if err != nil || h.Total != want {
				t.Errorf("%s: Histogram(%q) counts %d, %v, want %d", state, text, h.Total, err, want)
			}
		}
	}
	check("indexed in memory", s)
	check("hot, read by another", open(t, dir, sqlite.Options{ReadOnly: true}))
	if err := s.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.WaitSealed()
	check("sealed", s)
	check("sealed, read by another", open(t, dir, sqlite.Options{ReadOnly: true}))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check("sealed, opened again", open(t, dir, sqlite.Options{}))
}

func TestCloseEndsEverything(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, err := sqlite.Open(t.TempDir(), sqlite.Options{SegmentRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, s, storetest.NewGenerator(1), 100, 10)
	waiting := make(chan error, 1)
	go func() {
		_, err := s.Wait(t.Context(), 1000)
		waiting <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-waiting; err == nil {
		t.Error("Wait on a closed store returned no error")
	}
	if _, err := s.Append(t.Context(), batchOf("late", 1, storetest.NewGenerator(1), 1)); localplatform.ErrorCode(err) != localplatform.CodeUnavailable {
		t.Errorf("Append on a closed store: %v", err)
	}
	if _, err := s.CountEvents(t.Context(), compile(t, "path:*x*")); err == nil {
		t.Error("a query on a closed store succeeded")
	}
}
