// Package safe keeps faults of the agent away from the program it lives in.
//
// A Runner runs a function so that neither a panic nor an endless loop in it
// reaches the caller. A Breaker counts the faults of one check and says when it
// is better left out.
package safe

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Fate says how a function that a Runner ran came to its end.
type Fate int

// The fates of a function.
const (
	Returned  Fate = iota // it returned
	Panicked              // it panicked, or ended its goroutine
	Abandoned             // it ran for too long and nobody waits for it any more
)

// Task is what a Runner runs. A pointer costs no allocation.
type Task interface{ Run() }

// Func is a function as a Task.
type Func func()

// Run calls f.
func (f Func) Run() { f() }

// Outcome is the end of one Run.
type Outcome struct {
	Fate    Fate
	Message string // what the panic was and where, without values of the host
}

// Runner runs functions on goroutines of its own, one per function, which it
// keeps for the next one. Handing over costs less than half a microsecond,
// because the scheduler switches directly between the two goroutines. A function
// that does not come back cannot be stopped in Go, but its caller can go on.
type Runner struct {
	limit time.Duration

	armed atomic.Bool // the watchdog's timer is running

	mu     sync.Mutex
	idle   []*worker
	all    map[*worker]struct{}
	closed bool
	timer  *time.Timer
}

// maxIdle bounds the goroutines kept for later.
const maxIdle = 64

// NewRunner returns a Runner that gives up on a function after limit, and
// before twice as long has passed.
func NewRunner(limit time.Duration) *Runner {
	return &Runner{limit: limit, all: make(map[*worker]struct{})}
}

// worker is one goroutine and the way to it.
type worker struct {
	start chan Task
	done  chan Outcome // has room for one, so that nobody blocks on it
	state atomic.Int32
	runs  atomic.Uint64
	seen  uint64 // runs at the watchdog's last look; owned by the watchdog
	dead  bool   // its goroutine has ended; written before done, read after
}

const (
	stateIdle int32 = iota
	stateRunning
	stateAbandoned
)

// Run runs a task and waits for it, but not for ever. What the task was to give
// back is complete only when the outcome is Returned; after Abandoned, it may
// still be writing to it.
func (r *Runner) Run(t Task) Outcome {
	w := r.take()
	if w == nil {
		return contain(t)
	}
	w.runs.Add(1)
	w.state.Store(stateRunning)
	if !r.armed.Load() {
		r.arm()
	}
	w.start <- t
	out := <-w.done
	if out.Fate != Abandoned {
		r.give(w)
	}
	return out
}

// take returns a worker that is idle, or nil when the Runner is closed.
func (r *Runner) take() *worker {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	if n := len(r.idle); n > 0 {
		w := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return w
	}
	w := &worker{start: make(chan Task), done: make(chan Outcome, 1)}
	r.all[w] = struct{}{}
	go w.loop()
	return w
}

// give puts a worker back, or lets it go when there are enough.
func (r *Runner) give(w *worker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !w.dead && !r.closed && len(r.idle) < maxIdle {
		r.idle = append(r.idle, w)
		return
	}
	delete(r.all, w)
	close(w.start)
}

// Close ends the goroutines that are idle; the others end when their function
// does. A Runner that is closed still runs functions, on the caller's goroutine.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, w := range r.idle {
		delete(r.all, w)
		close(w.start)
	}
	r.idle = nil
	if r.timer != nil {
		r.timer.Stop()
	}
}

// arm starts the watchdog if it is not running.
func (r *Runner) arm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.armed.CompareAndSwap(false, true) {
		return
	}
	if r.timer == nil {
		r.timer = time.AfterFunc(r.limit, r.watch)
		return
	}
	r.timer.Reset(r.limit)
}

// watch gives up on the workers that have been at the same function since its
// last look, and goes to sleep when nothing runs. It needs no clock in the hot
// path: a worker only counts its runs.
func (r *Runner) watch() {
	r.mu.Lock()
	defer r.mu.Unlock()
	busy := false
	for w := range r.all {
		runs := w.runs.Load()
		if w.state.Load() == stateRunning && w.seen == runs && w.state.CompareAndSwap(stateRunning, stateAbandoned) {
			delete(r.all, w)
			w.done <- Outcome{Fate: Abandoned, Message: "did not end within " + r.limit.String()}
			continue
		}
		busy = busy || w.seen != runs
		w.seen = runs
	}
	if busy && !r.closed {
		r.timer.Reset(r.limit)
		return
	}
	r.armed.Store(false)
	for w := range r.all { // one may have started before it could see that nobody watches
		if w.state.Load() == stateRunning && !r.closed && r.armed.CompareAndSwap(false, true) {
			r.timer.Reset(r.limit)
		}
	}
}

// loop runs what comes in until start is closed, the worker is abandoned, or a
// function ends the goroutine.
func (w *worker) loop() {
	finished := false
	defer func() {
		if !finished { // runtime.Goexit: contain has recovered everything else
			w.dead = true
			w.finish(Outcome{Fate: Panicked, Message: "ended its goroutine"})
		}
	}()
	for t := range w.start {
		if !w.finish(contain(t)) {
			break
		}
	}
	finished = true
}

// finish reports an outcome to the caller that waits, if one still does.
func (w *worker) finish(out Outcome) bool {
	if !w.state.CompareAndSwap(stateRunning, stateIdle) {
		return false
	}
	w.done <- out
	return true
}

// contain runs a task and turns a panic into an outcome.
func contain(t Task) (out Outcome) {
	defer func() {
		if v := recover(); v != nil {
			out = Outcome{Fate: Panicked, Message: Describe(v)}
		}
	}()
	t.Run()
	return Outcome{}
}

// Describe says what a panic was and where it began, for a report that leaves
// the process: the text of a runtime error and the type of anything else,
// because a value may hold data of the host's users. It must be called by the
// deferred function that recovered.
func Describe(v any) string {
	text := fmt.Sprintf("panic of type %T", v)
	if e, ok := v.(runtime.Error); ok {
		text = e.Error()
	}
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for after := false; ; {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime."):
			after = after || f.Function == "runtime.gopanic"
		case after:
			return fmt.Sprintf("%s in %s:%d", text, f.Function, f.Line)
		}
		if !more {
			return text
		}
	}
}
