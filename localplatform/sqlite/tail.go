package sqlite

import (
	"slices"
	"sort"
	"sync"

	"github.com/sqreen/sqreen/localplatform"
)

// tail keeps the events committed last in memory, because those who follow the
// log (detectors, live views) want just them: reading them back from the file
// costs as much as storing them did.
type tail struct {
	max int64 // bytes, about

	mu     sync.Mutex
	chunks [][]localplatform.Event // in order of position, without gaps, none empty
	sizes  []int64
	size   int64
}

// tailBytes bounds the memory of a tail.
const tailBytes = 16 << 20

// add appends events that have been committed.
func (t *tail) add(batches []*pending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range batches {
		if len(p.batch.Events) == 0 {
			continue
		}
		if n := len(t.chunks); n > 0 && lastOf(t.chunks[n-1])+1 != p.batch.Events[0].Pos {
			t.chunks, t.sizes, t.size = nil, nil, 0 // a segment was lost, and positions jump
		}
		t.chunks = append(t.chunks, p.batch.Events)
		t.sizes = append(t.sizes, p.weight)
		t.size += p.weight
	}
	drop := 0
	for t.size > t.max && drop < len(t.chunks) {
		t.size -= t.sizes[drop]
		drop++
	}
	t.drop(drop)
}

// forget drops the events up to a position: they are not stored any more.
func (t *tail) forget(last int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	drop := 0
	for drop < len(t.chunks) && t.chunks[drop][0].Pos <= last {
		t.size -= t.sizes[drop]
		drop++
	}
	t.drop(drop)
}

// drop lets go of the first n chunks. The rest is copied: readers may hold the
// old list, and as long as it is in use so is what it refers to.
func (t *tail) drop(n int) {
	if n > 0 {
		t.chunks, t.sizes = slices.Clone(t.chunks[n:]), slices.Clone(t.sizes[n:])
	}
}

func lastOf(chunk []localplatform.Event) int64 { return chunk[len(chunk)-1].Pos }

// after returns up to limit events of a page that follow position p.in.after,
// false when the tail does not go back that far.
func (t *tail) after(p *page) ([]localplatform.Event, bool) {
	t.mu.Lock()
	chunks := t.chunks // never changed in place
	t.mu.Unlock()
	if len(chunks) == 0 || p.in.after+1 < chunks[0][0].Pos {
		return nil, false
	}
	var out []localplatform.Event
	from := sort.Search(len(chunks), func(i int) bool { return lastOf(chunks[i]) > p.in.after })
	for _, chunk := range chunks[from:] {
		for i := max(p.in.after+1-chunk[0].Pos, 0); i < int64(len(chunk)); i++ {
			e := &chunk[i]
			if e.Pos >= p.in.before || len(out) >= p.limit {
				return out, true
			}
			if p.plan.filter != nil && !p.plan.filter.Match(e) {
				continue
			}
			out = append(out, *e)
			if !p.detail {
				out[len(out)-1].Detail = nil
			}
		}
	}
	return out, true
}
