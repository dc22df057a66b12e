package sqlite

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"

	"github.com/sqreen/sqreen/queries"
)

// recent is an index in memory over a segment that is not sealed, in place of
// the indexes that would slow the writer down: a few numbers for each event, in
// order of position, which queries run through to find candidates. A segment of
// 250,000 events takes 10 MB and a run through one column some 0.1 ms.
type recent struct {
	mu    sync.Mutex
	ready bool // the events from before this process are in
	recentColumns
}

// recentColumns only ever grow, so that a copy of the headers stays valid.
type recentColumns struct {
	first  int64 // position of row 0
	at     []int64
	series []uint32
	addr   []address
	user   []uint32 // hashes
	reqs   []uint32
	names  []series // series n is at n-1
}

// address is an IP address as a number; zero for none, and for "::" too.
type address struct{ hi, lo uint64 }

func newAddress(a netip.Addr) address {
	if !a.IsValid() {
		return address{}
	}
	b := a.As16()
	return address{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// bytes is the address as it is stored.
func (a address) bytes() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, a.hi), a.lo)
}

func (a address) less(b address) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

func newRecent(first int64, ready bool) *recent {
	return &recent{ready: ready, recentColumns: recentColumns{first: first}}
}

// end is the position after the last one.
func (r *recent) end() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first + int64(len(r.at))
}

// columns returns what is there, false when events are missing.
func (r *recent) columns() (recentColumns, bool) {
	if r == nil {
		return recentColumns{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.recentColumns, r.ready
}

// append adds events that have been committed; names are all series by now.
func (r *recent) append(batches []*pending, names []series) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = names
	for _, p := range batches {
		for i := range p.batch.Events {
			e := &p.batch.Events[i]
			r.add(e.At.UnixMicro(), p.series[i], newAddress(e.IP), hashFold(e.User), hashFold(e.Request))
		}
	}
}

func (r *recentColumns) add(at int64, series uint32, a address, user, request uint32) {
	r.at = append(r.at, at)
	r.series = append(r.series, series)
	r.addr = append(r.addr, a)
	r.user = append(r.user, user)
	r.reqs = append(r.reqs, request)
}

// fillRecent reads the events that were in the hot segment when this process
// began, in the background; until then queries read the file.
func (l *eventLog) fillRecent(s *segment, b bounds) {
	if b.rows() == 0 {
		return
	}
	r := s.recent.Load()
	l.readers.busy.Go(func() {
		old := recentColumns{first: b.first}
		err := l.readers.use(l.ctx, s, func(c *conn) error {
			return c.query(`SELECT at, series, ip, user, request FROM events WHERE pos <= ? ORDER BY pos`, []any{b.last}, func(row *stmt) error {
				old.add(row.int(0), uint32(row.int(1)), newAddress(row.addr(2)), hashBytes(row.view(3)), hashBytes(row.view(4)))
				return nil
			})
		})
		if err != nil {
			l.logger.Debug("the hot event file is read without an index", "error", err)
			return
		}
		r.prepend(old)
	})
}

// prepend puts the events before the ones appended so far.
func (r *recent) prepend(old recentColumns) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first = old.first
	r.at = append(old.at, r.at...)
	r.series = append(old.series, r.series...)
	r.addr = append(old.addr, r.addr...)
	r.user = append(old.user, r.user...)
	r.reqs = append(old.reqs, r.reqs...)
	r.ready = true
}

// hashFold hashes a text without regard to the case of ASCII letters (FNV-1a).
// 0 means no text.
func hashFold(s string) uint32 {
	if s == "" {
		return 0
	}
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(foldByte(s[i]))) * 16777619
	}
	return max(h, 1)
}

func hashBytes(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(foldByte(c))) * 16777619
	}
	return max(h, 1)
}

func foldByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// demand is what a filter demands of events, in terms of recentColumns.
type demand struct {
	series []bool // series n is at n-1; nil for any
	addrs  [][2]address
	users  []uint32
	reqs   []uint32
	at     [2]int64 // the end exclusive
}

func (p *plan) demand(names []series, namesCut bool) demand {
	d := demand{users: p.users, reqs: p.requests, addrs: p.addrs, at: [2]int64{p.at.low, p.at.high}}
	if !p.dims.all() {
		d.series = p.dims.match(names, namesCut)
	}
	return d
}

// narrow reports whether d rules anything out.
func (d *demand) narrow() bool {
	return d.series != nil || d.addrs != nil || d.users != nil || d.reqs != nil || d.at != [2]int64{openLow, openHigh}
}

// candidates lists the rows from low to high (exclusive) that may match,
// ascending, or false when they are more than most.
func (r *recentColumns) candidates(ctx context.Context, d *demand, low, high, most int) ([]int32, bool) {
	var out []int32
	for i := low; i < high; i++ {
		if d.series != nil && !d.series[r.series[i]-1] || d.users != nil && !slices.Contains(d.users, r.user[i]) ||
			d.reqs != nil && !slices.Contains(d.reqs, r.reqs[i]) || d.addrs != nil && !within(d.addrs, r.addr[i]) ||
			r.at[i] < d.at[0] || r.at[i] >= d.at[1] {
			continue
		}
		if len(out) == most || len(out)&4095 == 4095 && ctx.Err() != nil {
			return nil, false
		}
		out = append(out, int32(i))
	}
	return out, true
}

func within(ranges [][2]address, a address) bool {
	for i := range ranges {
		if !a.less(ranges[i][0]) && !ranges[i][1].less(a) {
			return true
		}
	}
	return false
}

func addressRanges(ranges []queries.AddrRange) [][2]address {
	out := make([][2]address, len(ranges))
	for i, r := range ranges {
		out[i] = [2]address{newAddress(r.From), newAddress(r.To)}
	}
	return out
}
