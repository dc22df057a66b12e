// Package ring is the buffer between the requests of an app and the platform.
package ring

import (
	"sync"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Ring keeps the newest signals, bounded by their number and by the memory
// that they take. Adding never waits for anything but the lock, which nobody
// holds for long; when there is no room the oldest signals go, and are counted.
type Ring struct {
	maxCount, maxBytes int
	dropped            func(n int) // told outside the lock

	mu    sync.Mutex
	slots []slot // a circle that begins at head
	head  int
	count int
	bytes int
}

type slot struct {
	sig  *wire.Signal
	size int
}

// New returns a ring for at most maxCount signals of together about maxBytes.
// Dropped is called with the number of signals lost, each time some are.
func New(maxCount, maxBytes int, dropped func(n int)) *Ring {
	return &Ring{maxCount: max(1, maxCount), maxBytes: maxBytes, dropped: dropped}
}

// Push adds a signal, which nobody may change any more.
func (r *Ring) Push(sig *wire.Signal) {
	size := Size(sig)
	if lost := r.push(sig, size); lost > 0 {
		r.dropped(lost)
	}
}

func (r *Ring) push(sig *wire.Signal, size int) (lost int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if size > r.maxBytes {
		return 1
	}
	for r.count == r.maxCount || r.bytes+size > r.maxBytes {
		r.pop()
		lost++
	}
	if r.count == len(r.slots) {
		r.grow()
	}
	r.slots[(r.head+r.count)%len(r.slots)] = slot{sig, size}
	r.count++
	r.bytes += size
	return lost
}

// grow doubles the circle; a quiet app never pays for a large one.
func (r *Ring) grow() {
	next := make([]slot, min(max(64, 2*len(r.slots)), r.maxCount))
	n := copy(next, r.slots[r.head:])
	copy(next[n:], r.slots[:r.head])
	r.slots, r.head = next, 0
}

// pop removes the oldest signal.
func (r *Ring) pop() slot {
	s := r.slots[r.head]
	r.slots[r.head] = slot{}
	r.head = (r.head + 1) % len(r.slots)
	r.count--
	r.bytes -= s.size
	return s
}

// Take removes and returns the oldest signals: at most count of them, and at
// most about bytes together unless the first alone is more.
func (r *Ring) Take(count, bytes int) []*wire.Signal {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*wire.Signal
	for r.count > 0 && len(out) < count {
		if size := r.slots[r.head].size; len(out) > 0 && size > bytes {
			break
		} else {
			bytes -= size
		}
		out = append(out, r.pop().sig)
	}
	return out
}

// Len returns how many signals are waiting and about how many bytes they take.
func (r *Ring) Len() (count, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count, r.bytes
}

// Size returns about how much memory a signal takes. It is close to the length
// of its JSON, too.
func Size(s *wire.Signal) int {
	n := 200 + len(s.Name) + len(s.IP)
	for k, v := range s.User {
		n += len(k) + len(v) + 16
	}
	for i := range s.Stack {
		n += len(s.Stack[i].Function) + len(s.Stack[i].File) + 48
	}
	if r := s.Request; r != nil {
		n += 200 + len(r.Path) + len(r.Query) + len(r.UserAgent) + len(r.Referer) + len(r.Host) + len(r.Route)
		n += sizeOf(r.Headers) + sizeOf(r.Params)
	}
	if a := s.Attack; a != nil {
		n += 200 + len(a.Param) + len(a.Payload) + len(a.Match) + len(a.Message)
		if a.Sink != nil {
			n += 100 + len(a.Sink.Statement) + len(a.Sink.Target)
		}
	}
	if s.Event != nil {
		n += sizeOfValue(s.Event.Properties, 0)
	}
	return n
}

func sizeOf(m map[string][]string) (n int) {
	for k, vs := range m {
		n += len(k) + 32
		for _, v := range vs {
			n += len(v) + 16
		}
	}
	return n
}

func sizeOfValue(v any, depth int) (n int) {
	if depth > wire.MaxDepth {
		return 0
	}
	switch x := v.(type) {
	case string:
		return len(x) + 16
	case map[string]any:
		for k, e := range x {
			n += len(k) + 32 + sizeOfValue(e, depth+1)
		}
		return n
	case []any:
		for _, e := range x {
			n += sizeOfValue(e, depth+1)
		}
		return n + 24
	}
	return 16
}
