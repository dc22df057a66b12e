package sqlite

import (
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// plan is a filter made ready for segments.
type plan struct {
	filter   *queries.Filter
	where    string // condition for SQLite, "" for none
	args     []any
	exact    bool // where says it all; otherwise rows must pass Match too
	at       window
	received window
}

// window is a range of microseconds, the end exclusive; zero times are open.
type window struct{ from, to time.Time }

func newPlan(f *queries.Filter) (*plan, error) {
	p := &plan{filter: f, exact: true}
	if f == nil {
		return p, nil
	}
	p.where, p.args, p.exact = f.Prefilter(queries.SQLite, 0)
	for i, a := range p.args {
		p.args[i] = plain(a)
	}
	p.at.from, p.at.to = f.TimeRange("at")
	p.received.from, p.received.to = f.TimeRange("received")
	return p, nil
}

// plain makes an argument one of the types that statements take.
func plain(a any) any {
	switch v := a.(type) {
	case time.Time:
		return v.UnixMicro()
	case time.Duration:
		return v.Microseconds()
	}
	return a
}

// all reports whether every event matches.
func (p *plan) all() bool { return p.where == "" && p.exact }

// concerns reports whether a segment can hold a match.
func (p *plan) concerns(b bounds) bool {
	return b.rows > 0 && p.at.meets(b.minAt, b.maxAt) && p.received.meets(b.minReceived, b.maxReceived)
}

// meets reports whether some instant between low and high, both included, is in the window.
func (w window) meets(low, high int64) bool {
	if !w.from.IsZero() && high < w.from.UnixMicro() {
		return false
	}
	if w.to.IsZero() {
		return true
	}
	// The last instant before an end that is not a whole microsecond counts.
	end := w.to.UnixMicro()
	if w.to.Nanosecond()%1000 != 0 {
		end++
	}
	return low < end
}

// condition is the plan's WHERE clause with more conditions before it.
func (p *plan) condition(first string) string {
	if p.where == "" {
		return first
	}
	return first + " AND (" + p.where + ")"
}

// collect appends matching events of a segment to out until it holds limit.
func (p *plan) collect(c *conn, in span, ascending, detail bool, limit int, out []localplatform.Event) ([]localplatform.Event, error) {
	columns, order := eventColumns, " ORDER BY pos DESC"
	if detail {
		columns += ", detail"
	}
	if ascending {
		order = " ORDER BY pos"
	}
	args := append([]any{in.after, in.before}, p.args...)
	text := "SELECT " + columns + " FROM events WHERE " + p.condition("pos > ? AND pos < ?") + order
	if p.exact {
		text += " LIMIT ?"
		args = append(args, limit-len(out))
	}
	err := c.query(text, args, func(s *stmt) error {
		e := scanEvent(s, detail)
		if !p.exact && !p.filter.Match(&e) {
			return nil
		}
		out = append(out, e)
		if len(out) >= limit {
			return errStop
		}
		return nil
	})
	return out, err
}

// count counts matching events of a segment.
func (p *plan) count(c *conn) (n int64, err error) {
	if p.exact {
		return c.int("SELECT count(*) FROM events WHERE "+p.condition("1"), p.args...)
	}
	err = p.each(c, func(*localplatform.Event) { n++ })
	return n, err
}

// each calls fn for every matching event of a segment, in no order.
func (p *plan) each(c *conn, fn func(e *localplatform.Event)) error {
	return c.query("SELECT "+eventColumns+" FROM events WHERE "+p.condition("1"), p.args, func(s *stmt) error {
		e := scanEvent(s, false)
		if p.exact || p.filter.Match(&e) {
			fn(&e)
		}
		return nil
	})
}
