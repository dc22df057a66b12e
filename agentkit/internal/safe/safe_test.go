//go:build go1.25

package safe

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunnerReturnsWhatTheFunctionDid(t *testing.T) {
	r := NewRunner(time.Second)
	defer r.Close()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for i := range 100 {
				got := 0
				if out := r.Run(Func(func() { got = i })); out.Fate != Returned || got != i {
					t.Errorf("Run = %v, got %d, want %d", out, got, i)
				}
			}
		})
	}
	wg.Wait()
}

func TestRunnerContainsPanics(t *testing.T) {
	r := NewRunner(time.Second)
	defer r.Close()
	var none []int
	out := r.Run(Func(func() { none[3] = 1 }))
	if out.Fate != Panicked || !strings.Contains(out.Message, "index out of range") || !strings.Contains(out.Message, "TestRunnerContainsPanics") {
		t.Errorf("outcome of a runtime error = %+v", out)
	}
	out = r.Run(Func(func() { panic(errors.New("card 4111111111111111")) }))
	if out.Fate != Panicked || strings.Contains(out.Message, "4111") {
		t.Errorf("outcome of a panic = %+v, which must not hold the value", out)
	}
	out = r.Run(Func(runtime.Goexit))
	if out.Fate != Panicked {
		t.Errorf("outcome of Goexit = %+v", out)
	}
	if out := r.Run(Func(func() {})); out.Fate != Returned {
		t.Errorf("after that, outcome = %+v", out)
	}
}

func TestRunnerGoesOnWhenAFunctionDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRunner(time.Second)
		defer r.Close()
		release := make(chan struct{})
		start := time.Now()
		out := r.Run(Func(func() { <-release }))
		if took := time.Since(start); out.Fate != Abandoned || took < time.Second || took > 2*time.Second {
			t.Errorf("outcome = %+v after %v", out, took)
		}
		if out := r.Run(Func(func() {})); out.Fate != Returned {
			t.Errorf("next outcome = %+v", out)
		}
		close(release)
		synctest.Wait() // the abandoned goroutine ends by itself
	})
}

// A long series of short functions on one worker must not look like one long
// function, and the watchdog must come back after it went to sleep.
func TestRunnerWatchesAgainAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRunner(time.Second)
		defer r.Close()
		for range 10 {
			if out := r.Run(Func(func() { <-time.After(900 * time.Millisecond) })); out.Fate != Returned {
				t.Fatalf("outcome = %+v", out)
			}
		}
		<-time.After(time.Hour)
		release := make(chan struct{})
		defer close(release)
		if out := r.Run(Func(func() { <-release })); out.Fate != Abandoned {
			t.Errorf("outcome after the pause = %+v", out)
		}
	})
}

func TestRunnerThatIsClosedRunsInline(t *testing.T) {
	r := NewRunner(time.Second)
	r.Run(Func(func() {}))
	r.Close()
	ran := false
	if out := r.Run(Func(func() { ran = true; panic("x") })); !ran || out.Fate != Panicked {
		t.Errorf("ran = %v, outcome = %+v", ran, out)
	}
}

func TestBreaker(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	var b Breaker
	for i := range 4 {
		if b.Fault(Panicked, now) || b.Off(clock) {
			t.Fatalf("off after %d panics", i+1)
		}
	}
	if !b.Fault(Panicked, now) || !b.Off(clock) {
		t.Fatal("still on after 5 panics")
	}
	now = now.Add(firstPause)
	if b.Off(clock) {
		t.Fatal("still off after the pause")
	}
	if !b.Fault(Panicked, now) {
		t.Fatal("a fault on probation did not switch it off")
	}
	now = now.Add(firstPause)
	if !b.Off(clock) {
		t.Fatal("the second pause is not longer than the first")
	}
	b.Reset()
	if b.Off(clock) {
		t.Fatal("off after Reset")
	}
	if b.Fault(Abandoned, now) || !b.Fault(Abandoned, now) {
		t.Fatal("want the second endless loop to switch it off")
	}
	b.Reset()
	for range 20 { // rare faults never add up
		now = now.Add(faultWindow + time.Second)
		if b.Fault(Panicked, now) {
			t.Fatal("rare faults switched it off")
		}
	}
}

func BenchmarkRunner(b *testing.B) {
	r := NewRunner(time.Second)
	defer r.Close()
	b.ReportAllocs()
	for b.Loop() {
		r.Run(Func(func() {}))
	}
}
