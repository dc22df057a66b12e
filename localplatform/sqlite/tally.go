package sqlite

import (
	"context"
	"math"
	"slices"
	"sort"
	"sync"
)

// segmentSums are the sums of a sealed segment in memory.
type segmentSums struct {
	names   []series  // series n is at n-1, as everywhere below
	totals  []int64   // events of each series
	cells   []sumCell // by minute
	minutes []minuteSpan
}

type sumCell struct {
	minute int64
	series uint32
	events uint32
}

// minuteSpan says where the events of a minute are.
type minuteSpan struct{ minute, low, high int64 }

// span is where the events of a window are; minutes of the window without
// events do not matter.
func (m *segmentSums) span(w window) span {
	low, high := int64(math.MaxInt64), int64(-1)
	first := sort.Search(len(m.minutes), func(i int) bool { return (m.minutes[i].minute+1)*60e6 > w.low })
	for _, s := range m.minutes[first:] {
		if s.minute*60e6 >= w.high {
			break
		}
		low, high = min(low, s.low), max(high, s.high)
	}
	if high < 0 {
		return span{0, 0}
	}
	return span{low - 1, high + 1}
}

// readSums reads the sums of a sealed segment.
func readSums(c *conn, first int64) (*segmentSums, error) {
	names, err := readSeries(c)
	if err != nil {
		return nil, err
	}
	var m *segmentSums
	err = c.query(`SELECT data FROM sums`, nil, func(s *stmt) (err error) {
		m, err = unpackSums(s.view(0), first, names)
		return err
	})
	if err == nil && m == nil {
		err = damage("it has no sums")
	}
	return m, err
}

// makeSums makes the sums of a segment that is being sealed from the rollups it
// had while it was hot.
func makeSums(c *conn) (*segmentSums, error) {
	m := &segmentSums{}
	err := c.query(`SELECT minute, series, events FROM hot.rollups ORDER BY minute, series`, nil, func(s *stmt) error {
		m.cells = append(m.cells, sumCell{s.int(0), uint32(s.int(1)), uint32(s.int(2))})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = c.query(`SELECT at+0, pos FROM events INDEXED BY events_at ORDER BY at+0`, nil, func(s *stmt) error {
		minute, pos := minuteOf(s.int(0)), s.int(1)
		if n := len(m.minutes); n > 0 && m.minutes[n-1].minute == minute {
			last := &m.minutes[n-1]
			last.low, last.high = min(last.low, pos), max(last.high, pos)
		} else {
			m.minutes = append(m.minutes, minuteSpan{minute, pos, pos})
		}
		return nil
	})
	return m, err
}

// maxCachedCells bounds the sums kept in memory, to some 16 MB.
const maxCachedCells = 1 << 20

// sumsList keeps the sums of the sealed segments used last.
type sumsList struct {
	max int

	mu    sync.Mutex
	cells int
	kept  []*segment // longest unused first
}

// sumsCache is a segment's place for its sums, guarded by sumsList.mu.
type sumsCache struct{ sums *segmentSums }

// sumsOf returns the sums of a sealed segment.
func (l *eventLog) sumsOf(c *conn, s *segment, b bounds) (*segmentSums, error) {
	if m := l.cache.get(s); m != nil {
		return m, nil
	}
	m, err := readSums(c, b.first)
	if err != nil {
		return nil, err
	}
	l.cache.put(s, m)
	return m, nil
}

func (k *sumsList) get(s *segment) *segmentSums {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.sums.sums == nil {
		return nil
	}
	at := slices.Index(k.kept, s)
	k.kept = append(slices.Delete(k.kept, at, at+1), s)
	return s.sums.sums
}

func (k *sumsList) put(s *segment, m *segmentSums) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.sums.sums != nil {
		return
	}
	s.sums.sums = m
	k.kept = append(k.kept, s)
	k.cells += m.size()
	for k.cells > k.max && len(k.kept) > 1 {
		k.cells -= k.kept[0].sums.sums.size()
		k.kept[0].sums.sums = nil
		k.kept = slices.Delete(k.kept, 0, 1)
	}
}

// forget drops what is kept of a segment.
func (k *sumsList) forget(s *segment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.sums.sums == nil {
		return
	}
	k.cells -= s.sums.sums.size()
	s.sums.sums = nil
	k.kept = slices.DeleteFunc(k.kept, func(o *segment) bool { return o == s })
}

func (m *segmentSums) size() int { return len(m.cells) + len(m.minutes) + 8*len(m.names) }

// tally counts the events of a segment in a window, by time and series: add
// gets their number, a time in their minute (with fine, the exact time) and the
// number of a series less one. begin, when not nil, gets the series first. The
// plan's filter must be one that sums answer.
func (l *eventLog) tally(ctx context.Context, c *conn, s *segment, b bounds, p *plan, in window, fine bool,
	add func(at int64, series int, n int64), begin func(names []series),
) error {
	t := &tallying{window: in.intersect(p.at), fine: fine, add: add}
	start := func(names []series) {
		t.match = p.dims.match(names, b.namesCut)
		if begin != nil {
			begin(names)
		}
	}
	if columns, ok := s.recent.Load().columns(); ok {
		start(columns.names)
		return t.recent(ctx, &columns)
	}
	if !s.sealed {
		names, err := readSeries(c)
		if err != nil {
			return err
		}
		start(names)
		return t.file(c, "", b)
	}
	sums, err := l.sumsOf(c, s, b)
	if err != nil {
		return err
	}
	start(sums.names)
	return t.sealed(c, b, sums)
}

type tallying struct {
	window window
	fine   bool
	match  []bool
	add    func(at int64, series int, n int64)
}

func (t *tallying) recent(ctx context.Context, r *recentColumns) error {
	for i, at := range r.at {
		if at >= t.window.low && at < t.window.high && t.match[r.series[i]-1] {
			t.add(at, int(r.series[i]-1), 1)
		}
		if i&0xffff == 0xffff && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// whole is the part of the window that is made of whole minutes.
func (t *tallying) whole() window {
	if t.fine {
		return window{t.window.low, t.window.low}
	}
	w := t.window
	if w.low != openLow {
		if m := minuteOf(w.low) * 60e6; m < w.low {
			w.low = m + 60e6
		}
	}
	if w.high != openHigh {
		w.high = minuteOf(w.high) * 60e6
	}
	if w.high < w.low {
		return window{t.window.low, t.window.low}
	}
	return w
}

func (t *tallying) sealed(c *conn, b bounds, m *segmentSums) error {
	whole := t.whole()
	first := sort.Search(len(m.cells), func(i int) bool { return m.cells[i].minute*60e6 >= whole.low })
	for _, cell := range m.cells[first:] {
		if cell.minute*60e6 >= whole.high {
			break
		}
		if t.match[cell.series-1] {
			t.add(cell.minute*60e6, int(cell.series-1), int64(cell.events))
		}
	}
	return t.edges(c, " INDEXED BY events_at", whole, b)
}

// file reads the sums of a segment that has neither an index nor a cache.
func (t *tallying) file(c *conn, index string, b bounds) error {
	whole := t.whole()
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if whole.low != openLow {
		low = minuteOf(whole.low)
	}
	if whole.high != openHigh {
		high = minuteOf(whole.high)
	}
	err := c.query(`SELECT minute, series, events FROM rollups WHERE minute >= ? AND minute < ?`, []any{low, high}, func(s *stmt) error {
		if n := int(s.int(1)) - 1; n < len(t.match) && t.match[n] {
			t.add(s.int(0)*60e6, n, s.int(2))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.edges(c, index, whole, b)
}

// edges counts the events of the window that are not in its whole minutes, one by one.
func (t *tallying) edges(c *conn, index string, whole window, b bounds) error {
	for _, w := range []window{{t.window.low, whole.low}, {whole.high, t.window.high}} {
		if w.low >= w.high || !w.meets(b.minAt, b.maxAt) {
			continue
		}
		err := c.query("SELECT at+0, series FROM events"+index+" WHERE at+0 >= ? AND at+0 < ?", []any{w.low, w.high}, func(s *stmt) error {
			if n := int(s.int(1)) - 1; n < len(t.match) && t.match[n] {
				t.add(s.int(0), n, 1)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
