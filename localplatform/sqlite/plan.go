package sqlite

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// plan is a filter taken apart for segments. where and args are the condition
// for SQLite; the rest is implied by the filter and serves to look at less.
type plan struct {
	filter *queries.Filter
	where  string // "" for none
	args   []any
	exact  bool // where says it all; otherwise rows must pass Match too

	at, received window // no match lies outside
	dims         dims   // what it says of the fields of a series
	users        []uint32
	requests     []uint32
	addrs        [][2]address
	ranges       bool // some of addrs are more than one address

	// summed says that the filter is nothing but dims and the range at, so
	// that sums answer it.
	summed bool
}

// window is a range of microseconds, the end exclusive.
type window struct{ low, high int64 }

const openLow, openHigh = math.MinInt64, math.MaxInt64

func newWindow(from, to time.Time) window {
	w := window{openLow, openHigh}
	if !from.IsZero() {
		w.low = ceilMicros(from)
	}
	if !to.IsZero() {
		w.high = ceilMicros(to)
	}
	return w
}

// ceilMicros counts whole microseconds: what is stored is at or after t if and
// only if it is at or after the result.
func ceilMicros(t time.Time) int64 {
	us := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		us++
	}
	return us
}

// meets reports whether some instant from low to high, both included, is in the window.
func (w window) meets(low, high int64) bool { return high >= w.low && low < w.high }

func (w window) intersect(o window) window { return window{max(w.low, o.low), min(w.high, o.high)} }

func newPlan(f *queries.Filter) *plan {
	p := &plan{filter: f, exact: true, at: window{openLow, openHigh}, received: window{openLow, openHigh}, summed: true}
	if f == nil {
		return p
	}
	p.where, p.args, p.exact = f.Prefilter(queries.SQLite, 0)
	p.at, p.received = newWindow(f.TimeRange("at")), newWindow(f.TimeRange("received"))
	rest, from, to := f.Between("at")
	if p.dims, p.summed = newDims(rest); p.summed {
		p.at = newWindow(from, to)
	} else {
		p.dims, _ = newDims(f)
	}
	p.users, p.requests = hashes(f.OneOf("user")), hashes(f.OneOf("request"))
	if ranges, ok := f.Addrs("ip"); ok {
		p.addrs = addressRanges(ranges)
		p.ranges = slices.ContainsFunc(p.addrs, func(r [2]address) bool { return r[0] != r[1] })
	}
	return p
}

func hashes(words []string, ok bool) []uint32 {
	if !ok {
		return nil
	}
	out := make([]uint32, len(words))
	for i, w := range words {
		out[i] = hashFold(w)
	}
	return out
}

// all reports whether every event matches.
func (p *plan) all() bool { return p.where == "" && p.exact }

// concerns reports whether a segment can hold a match.
func (p *plan) concerns(b bounds) bool {
	return b.rows() > 0 && p.at.meets(b.minAt, b.maxAt) && p.received.meets(b.minReceived, b.maxReceived)
}

// keyed reports whether the filter demands values that sealed segments have indexes for.
func (p *plan) keyed() bool { return p.users != nil || p.requests != nil || p.addrs != nil }

// sums reports whether the sums of a segment answer the filter.
func (p *plan) sums(b bounds) bool { return p.summed && !(b.namesCut && p.dims.named) }

// dims is what a filter says of the fields of a series.
type dims struct {
	filter  *queries.Filter // nil for nothing
	unnamed *queries.Filter // the same without what it says of names
	named   bool            // it says something of names
	known   map[series]bool // what filter says of series seen so far
}

func newDims(f *queries.Filter) (dims, bool) {
	on, exact := f.On(seriesFields...)
	if on.Text() == "" {
		return dims{}, exact
	}
	d := dims{filter: on, known: map[series]bool{}, unnamed: on, named: slices.Contains(on.Fields(), "name")}
	if d.named {
		d.unnamed, _ = on.On(slices.DeleteFunc(slices.Clone(seriesFields), func(s string) bool { return s == "name" })...)
	}
	return d, exact
}

// all reports whether every series matches.
func (d *dims) all() bool { return d.filter == nil }

// match says which series may hold matches; series n is at n-1.
func (d *dims) match(names []series, namesCut bool) []bool {
	out := make([]bool, len(names))
	for i, k := range names {
		switch {
		case d.filter == nil:
			out[i] = true
		case namesCut && k.Value().name == "":
			out[i] = d.unnamed.Match(k.Value().event())
		default:
			out[i] = d.matchOne(k)
		}
	}
	return out
}

func (d *dims) matchOne(k series) bool {
	matches, known := d.known[k]
	if !known {
		matches = d.filter.Match(k.Value().event())
		d.known[k] = matches
	}
	return matches
}

// condition is the plan's WHERE clause with more conditions before it.
func (p *plan) condition(first string) string {
	if p.where == "" {
		return first
	}
	return first + " AND (" + p.where + ")"
}

// span is an open interval of positions.
type span struct{ after, before int64 }

func (s span) intersect(o span) span { return span{max(s.after, o.after), min(s.before, o.before)} }

func (s span) empty() bool { return s.after+1 >= s.before }

// everywhere is all positions.
var everywhere = span{-1, math.MaxInt64}

// each calls fn for every matching event where look says, in no order.
func (p *plan) each(ctx context.Context, c *conn, look focus, fn func(e *localplatform.Event)) error {
	if look.positions != nil {
		all := page{plan: p, ascending: true}
		found, err := all.fetch(ctx, c, look.positions, math.MaxInt)
		for i := range found {
			fn(&found[i])
		}
		return err
	}
	args := append([]any{look.in.after, look.in.before}, p.args...)
	return c.query("SELECT "+eventColumns+" FROM "+look.table()+" WHERE "+p.condition("pos > ? AND pos < ?"), args, func(s *stmt) error {
		e := scanEvent(s, false)
		if p.exact || p.filter.Match(&e) {
			fn(&e)
		}
		return nil
	})
}
