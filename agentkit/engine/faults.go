package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/internal/safe"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// maxFaults bounds how many different faults are kept until they are reported.
const maxFaults = 64

// faults holds a breaker for each check and what there is to report.
type faults struct {
	now      func() time.Time
	breakers map[string]*safe.Breaker // one for each protection, made once

	mu     sync.Mutex
	report map[faultKey]*wire.Fault
}

type faultKey struct{ check, message string }

func newFaults(now func() time.Time) *faults {
	f := &faults{now: now, breakers: make(map[string]*safe.Breaker), report: make(map[faultKey]*wire.Fault)}
	for protection := range DefaultModes() {
		f.breakers[protection] = &safe.Breaker{}
	}
	return f
}

// off reports whether a check is switched off after faults.
func (f *faults) off(check string) bool {
	b := f.breakers[check]
	return b != nil && b.Off(f.now)
}

// add records a fault and reports whether it switched the check off.
func (f *faults) add(check string, out safe.Outcome) bool {
	now := f.now()
	tripped := false
	if b := f.breakers[check]; b != nil {
		tripped = b.Fault(out.Fate, now)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	k := faultKey{check, out.Message}
	r := f.report[k]
	if r == nil {
		if len(f.report) >= maxFaults && !tripped {
			return tripped
		}
		r = &wire.Fault{Check: check, Message: out.Message}
		f.report[k] = r
	}
	r.Count++
	r.At = stamp(now)
	r.Disabled = r.Disabled || tripped
	return tripped
}

// reset switches checks on again whose mode the platform has changed.
func (f *faults) reset(check string) {
	if b := f.breakers[check]; b != nil {
		b.Reset()
	}
}

func (f *faults) take() []wire.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []wire.Fault
	for _, r := range f.report {
		out = append(out, *r)
	}
	clear(f.report)
	return out
}

// load measures the time that checks take in the whole process, second by
// second, for the platform's limit on it.
type load struct {
	second atomic.Int64
	spent  atomic.Int64
}

// add counts time spent at now.
func (l *load) add(now time.Time, d time.Duration) {
	if s := now.Unix(); l.second.Swap(s) != s {
		l.spent.Store(0) // a loser of this race forgets a few microseconds
	}
	l.spent.Add(int64(d))
}

// exceeds reports whether checks took more than so many processors' time in
// the second that now is in.
func (l *load) exceeds(now time.Time, processors float64) bool {
	return l.second.Load() == now.Unix() && float64(l.spent.Load()) > processors*float64(time.Second)
}
