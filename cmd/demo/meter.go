package demo

import (
	"sync"
	"time"

	"github.com/sqreen/sqreen/cmd/demo/traffic"
)

// meterSeconds is how far back a meter remembers.
const meterSeconds = 300

// meter counts answers by the second.
type meter struct {
	now func() time.Time

	mu      sync.Mutex
	seconds [meterSeconds]int64 // Unix second that a slot counts
	counts  [meterSeconds]int64
}

func newMeter(now func() time.Time) *meter { return &meter{now: now} }

// note counts one answer.
func (m *meter) note(traffic.Answer) {
	second := m.now().Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	i := second % meterSeconds
	if m.seconds[i] != second {
		m.seconds[i], m.counts[i] = second, 0
	}
	m.counts[i]++
}

// last returns the counts of the n seconds before the current one, which is not
// over yet, the oldest first.
func (m *meter) last(n int) []int64 {
	second := m.now().Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]int64, min(n, meterSeconds-1))
	for k := range out {
		s := second - int64(len(out)-k)
		if i := s % meterSeconds; s >= 0 && m.seconds[i] == s {
			out[k] = m.counts[i]
		}
	}
	return out
}
