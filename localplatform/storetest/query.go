package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// compile reads a query over events, relative times counted from Start.
func compile(t testing.TB, text string) *queries.Filter {
	t.Helper()
	f, err := queries.Compile(text, localplatform.EventSchema(), Start)
	if err != nil {
		t.Fatalf("query %q: %v", text, err)
	}
	return f
}

// matching are the events that f matches, in order of position.
func matching(all []localplatform.Event, f *queries.Filter) []localplatform.Event {
	return slices.DeleteFunc(slices.Clone(all), func(e localplatform.Event) bool { return !f.Match(&e) })
}

func positions(events []localplatform.Event) []int64 {
	out := make([]int64, len(events))
	for i, e := range events {
		out[i] = e.Pos
	}
	return out
}

func testFilters(t *testing.T, s localplatform.Store) {
	g := NewGenerator(10)
	all := Fill(t, s, g, 2000, 90)
	for _, text := range g.Queries() {
		t.Run(text, func(t *testing.T) {
			f := compile(t, text)
			want := matching(all, f)
			if got, err := s.CountEvents(t.Context(), f); err != nil || got != int64(len(want)) {
				t.Errorf("CountEvents = %d, %v, want %d", got, err, len(want))
			}
			tail, err := s.Events(t.Context(), f, localplatform.EventQuery{After: all[0].Pos - 1 + 100, Limit: 5000})
			if err != nil {
				t.Fatal(err)
			}
			above := slices.DeleteFunc(slices.Clone(want), func(e localplatform.Event) bool { return e.Pos <= all[0].Pos-1+100 })
			if d := cmp.Diff(positions(above), positions(tail.Events)); d != "" {
				t.Errorf("tail differs (-want +got):\n%s", d)
			}
			page, err := s.Events(t.Context(), f, localplatform.EventQuery{Limit: 5000})
			if err != nil {
				t.Fatal(err)
			}
			slices.Reverse(want)
			if d := cmp.Diff(positions(want), positions(page.Events)); d != "" {
				t.Errorf("page differs (-want +got):\n%s", d)
			}
		})
	}
}

func testPages(t *testing.T, s localplatform.Store) {
	all := Fill(t, s, NewGenerator(11), 1000, 33)
	for _, text := range []string{"", "attack:sqli", "user:user7", "app:nothing", "path:/item/*"} {
		f := compile(t, text)
		want := positions(matching(all, f))
		for _, size := range []int{1, 7, 100, 999, 1000, 1001} {
			if size == 1 && len(want) > 500 {
				continue
			}
			t.Run(fmt.Sprintf("%q by %d", text, size), func(t *testing.T) {
				if d := cmp.Diff(want, walk(t, s, f, size, true)); d != "" {
					t.Errorf("oldest first (-want +got):\n%s", d)
				}
				back := walk(t, s, f, size, false)
				slices.Reverse(back)
				if d := cmp.Diff(want, back); d != "" {
					t.Errorf("newest first (-want +got):\n%s", d)
				}
			})
		}
	}
}

// walk turns all pages. Oldest first it begins at the second position at the
// earliest, since After 0 means newest first; the first is read beforehand.
func walk(t *testing.T, s localplatform.Store, f *queries.Filter, size int, up bool) []int64 {
	t.Helper()
	out := []int64{}
	q := localplatform.EventQuery{Limit: size}
	if up {
		first, err := s.Read(t.Context(), 0, 1)
		if err != nil || len(first) != 1 {
			t.Fatalf("Read = %v, %v", first, err)
		}
		if f.Match(&first[0]) {
			out = append(out, first[0].Pos)
		}
		q.After = first[0].Pos
	}
	for {
		page, err := s.Events(t.Context(), f, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > size {
			t.Fatalf("page of %d events, asked for %d", len(page.Events), size)
		}
		out = append(out, positions(page.Events)...)
		if !page.More {
			return out
		}
		if len(page.Events) != size {
			t.Fatalf("page of %d of %d events says there is more", len(page.Events), size)
		}
		if up {
			q.After = page.Next
		} else {
			q.Before = page.Next
		}
	}
}

func testPagesWhileAppending(t *testing.T, s localplatform.Store) {
	g := NewGenerator(12)
	before := positions(Fill(t, s, g, 600, 50))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		g := NewGenerator(13)
		for seq := uint64(1); ; seq++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.Append(t.Context(), batch("busy", seq, g.Events(10))); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	for range 5 {
		got := []int64{}
		q := localplatform.EventQuery{Limit: 100, Before: before[len(before)-1] + 1}
		for {
			page, err := s.Events(t.Context(), nil, q)
			if err != nil {
				t.Fatal(err)
			}
			if page.Last < before[len(before)-1] {
				t.Fatalf("Last = %d", page.Last)
			}
			got = append(got, positions(page.Events)...)
			if !page.More {
				break
			}
			q.Before = page.Next
		}
		slices.Reverse(got)
		if d := cmp.Diff(before, got); d != "" {
			t.Fatalf("pages while events arrive (-want +got):\n%s", d)
		}
		tail, err := s.Events(t.Context(), nil, localplatform.EventQuery{After: before[len(before)-1], Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range tail.Events {
			if e.Pos != before[len(before)-1]+1+int64(i) {
				t.Fatalf("tail has a gap: %v", positions(tail.Events))
			}
		}
	}
}

func testCancel(t *testing.T, s localplatform.Store) {
	Fill(t, s, NewGenerator(14), 100, 50)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := compile(t, "path:*nowhere*")
	if _, err := s.Events(ctx, f, localplatform.EventQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Events: %v, want context.Canceled", err)
	}
	if _, err := s.CountEvents(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("CountEvents: %v, want context.Canceled", err)
	}
	if _, err := s.Facets(ctx, f, localplatform.FacetQuery{Fields: []string{"ip"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Facets: %v, want context.Canceled", err)
	}
	wantCount(t, s, 100) // the connections still work
}
