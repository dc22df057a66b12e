package ring

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
)

func sig(i int) *wire.Signal { return &wire.Signal{Name: fmt.Sprint("n", i)} }

func names(list []*wire.Signal) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Name)
	}
	return strings.Join(out, " ")
}

func TestRingKeepsOrderAndDropsTheOldest(t *testing.T) {
	lost := 0
	r := New(100, 1<<20, func(n int) { lost += n })
	for i := range 250 {
		r.Push(sig(i))
	}
	if lost != 150 {
		t.Errorf("lost %d, want 150", lost)
	}
	if got := names(r.Take(3, 1<<20)); got != "n150 n151 n152" {
		t.Errorf("oldest = %s", got)
	}
	for i := 250; i < 253; i++ {
		r.Push(sig(i))
	}
	rest := r.Take(1000, 1<<20)
	if len(rest) != 100 || rest[0].Name != "n153" || rest[99].Name != "n252" {
		t.Errorf("%d left, from %s to %s", len(rest), rest[0].Name, rest[len(rest)-1].Name)
	}
	if n, b := r.Len(); n != 0 || b != 0 {
		t.Errorf("empty ring has %d signals of %d bytes", n, b)
	}
}

func TestRingIsBoundedByBytes(t *testing.T) {
	lost := 0
	r := New(1000, 10_000, func(n int) { lost += n })
	big := &wire.Signal{Name: "big", Attack: &wire.Attack{Payload: strings.Repeat("x", 3000)}}
	for range 10 {
		r.Push(big)
	}
	if n, b := r.Len(); b > 10_000 || n == 0 || n+lost != 10 {
		t.Errorf("%d signals, %d bytes, %d lost", n, b, lost)
	}
	r.Push(&wire.Signal{Attack: &wire.Attack{Payload: strings.Repeat("x", 20_000)}})
	if n, _ := r.Len(); n+lost != 11 || n == 0 {
		t.Error("a signal that can never fit must not push out the others")
	}
	if got := r.Take(1000, 5_000); len(got) != 1 {
		t.Errorf("took %d, want one of 3 kB within 5 kB", len(got))
	}
	if got := r.Take(1000, 10); len(got) != 1 {
		t.Errorf("took %d, want one even when it is larger than asked", len(got))
	}
}

func TestRingLosesNothingUncounted(t *testing.T) {
	var mu sync.Mutex
	lost := 0
	r := New(500, 1<<20, func(n int) { mu.Lock(); lost += n; mu.Unlock() })
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 1000 {
				r.Push(sig(i))
			}
		}()
	}
	done := make(chan int)
	stop := make(chan struct{})
	go func() {
		taken := 0
		for {
			taken += len(r.Take(50, 1<<20))
			select {
			case <-stop:
				done <- taken + len(r.Take(10000, 1<<30))
				return
			default:
			}
		}
	}()
	wg.Wait()
	close(stop)
	if taken := <-done; taken+lost != 8000 {
		t.Errorf("taken %d + lost %d, want 8000", taken, lost)
	}
}

func BenchmarkPush(b *testing.B) {
	r := New(10000, 8<<20, func(int) {})
	s := sig(1)
	b.ReportAllocs()
	for b.Loop() {
		r.Push(s)
	}
}
