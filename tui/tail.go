package tui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

const (
	tailEvery = time.Second / 30 // a tail asks no more often than frames are drawn
	tailWait  = 10 * time.Second // and waits so long for a first event
	tailBatch = 500              // events taken in between two frames; what is beyond is left out and counted
)

// tail follows new events. It is pinned while the selection is at the newest
// one; elsewhere, and while paused, what arrives is only counted.
type tail struct {
	follow  bool
	paused  bool
	loose   bool  // the selection was moved away from the newest
	last    int64 // highest Pos seen, 0 before the first page
	waiting int64 // events that arrived and are not shown yet
	left    int64 // events that went by too fast to be shown
	moved   bool  // there were arrivals since the total was counted
	err     error
	tries   int
	arrived []arrival // of the latest seconds, for the rate
}

type arrival struct {
	at time.Time
	n  int64
}

// pinned reports whether new events are shown as they arrive.
func (t *tail) pinned() bool { return t.follow && !t.paused && !t.loose }

func (t *tail) pin(on bool) { t.loose = !on }

// restart forgets what belongs to another filter.
func (t *tail) restart() {
	t.last, t.waiting, t.left, t.loose, t.arrived = 0, 0, 0, false, nil
}

// from begins after a page that was just shown.
func (t *tail) from(last int64) { t.last, t.waiting = max(last, t.last), 0 }

// count notes arrivals and forgets those older than the rate looks at.
func (t *tail) count(now time.Time, n int64) {
	t.arrived = append(t.arrived, arrival{now, n})
	old := 0
	for old < len(t.arrived) && now.Sub(t.arrived[old].at) > rateOver {
		old++
	}
	t.arrived = slices.Delete(t.arrived, 0, old)
}

const rateOver = 5 * time.Second

// rate is events per second over the latest seconds.
func (t *tail) rate(now time.Time) float64 {
	var n int64
	for _, a := range t.arrived {
		if now.Sub(a.at) <= rateOver {
			n += a.n
		}
	}
	return float64(n) / rateOver.Seconds()
}

// state is the tail in a few words.
func (t *tail) state(now time.Time) string {
	s := "live"
	switch {
	case !t.follow:
		return "not following"
	case t.err != nil:
		return "platform away, trying again"
	case t.paused:
		s = "paused"
	case t.loose:
		s = "scrolled"
	}
	s += fmt.Sprintf(" %.0f/s", t.rate(now))
	if t.waiting > 0 {
		s += fmt.Sprintf(", %s new", number(t.waiting))
	}
	if t.left > 0 {
		s += fmt.Sprintf(", %s not drawn", number(t.left))
	}
	return s
}

// tailArrivedMsg carries new events, newest first.
type tailArrivedMsg struct {
	ticket
	events []localplatform.Event
	left   int64 // events between those on screen and these
	more   bool  // there was a gap: events are the newest ones only
	last   int64
	err    error
}

// tailCmd waits for the next events, unless it waits already.
func (p *eventsPage) tailCmd() tea.Cmd {
	t := &p.tail
	if !t.follow || !p.loaded || p.src.busy(slotTail) {
		return nil
	}
	after, query, hold := t.last, p.query, tailEvery
	if t.err != nil {
		hold = backoff(t.tries)
	}
	if after == 0 {
		after = -1
	}
	later := p.src.later
	return ask(p.src, slotTail, func(ctx context.Context, pf localplatform.Platform) (tailArrivedMsg, error) {
		if !later(ctx, hold) {
			return tailArrivedMsg{}, ctx.Err()
		}
		return takeTail(ctx, pf, query, after)
	}, func(t ticket, m tailArrivedMsg, err error) tea.Msg {
		m.ticket, m.err = t, err
		return m
	})
}

// takeTail asks for what came after a position. When that is more than a frame
// can take in, it skips to the newest and counts what it left out.
func takeTail(ctx context.Context, pf localplatform.Platform, query string, pos int64) (tailArrivedMsg, error) {
	page, err := pf.Events(ctx, localplatform.EventQuery{Query: query, After: pos, Limit: tailBatch, Wait: tailWait})
	if err != nil {
		return tailArrivedMsg{}, err
	}
	if !page.More {
		slices.Reverse(page.Events)
		return tailArrivedMsg{events: page.Events, last: max(pos, page.Last, page.Next)}, nil
	}
	latest, err := pf.Events(ctx, localplatform.EventQuery{Query: query, Limit: pageRows})
	if err != nil {
		return tailArrivedMsg{}, err
	}
	m := tailArrivedMsg{events: latest.Events, more: true, last: latest.Last}
	if n := len(latest.Events); n > 0 {
		between := fmt.Sprintf("id:>%d id:<%d", pos, latest.Events[n-1].Pos)
		m.left, err = pf.CountEvents(ctx, and(query, between))
		m.events = slices.DeleteFunc(m.events, func(e localplatform.Event) bool { return e.Pos <= pos })
	}
	return m, err
}

func (p *eventsPage) tailArrived(m tailArrivedMsg) tea.Cmd {
	t := &p.tail
	if m.err != nil {
		t.err, t.tries = m.err, t.tries+1
		return p.tailCmd()
	}
	if first, _ := p.list.ends(); first > t.last { // the selection went up faster than the tail
		m.events = slices.DeleteFunc(m.events, func(e localplatform.Event) bool { return e.Pos <= first })
	}
	n := int64(len(m.events)) + m.left
	t.err, t.tries, t.last = nil, 0, max(t.last, m.last)
	if n > 0 {
		t.count(p.now(), n)
		p.arrived(m, n)
	} else if t.moved {
		t.moved = false
		return tea.Batch(p.movedCmd(), p.countCmd()) // arrivals may have been counted twice; now it is quiet
	}
	return p.movedCmd()
}

// arrived shows new events, or counts them.
func (p *eventsPage) arrived(m tailArrivedMsg, n int64) {
	t := &p.tail
	if p.total >= 0 {
		p.total += n
	}
	t.moved = true
	switch {
	case !t.pinned():
		t.waiting += n
		p.list.above += int(n)
		p.list.newer = true
	case m.more:
		t.left += m.left
		p.src.cancel(slotMore) // it belongs to the rows that go
		p.list.reset(m.events, false, true, false)
	default:
		p.list.prependNewer(m.events, false, true)
	}
}

func (p *eventsPage) tailKey(c command) tea.Cmd {
	t := &p.tail
	switch {
	case c == cmdFollow:
		t.follow, t.paused, t.left = !t.follow, false, 0
		if !t.follow {
			p.src.cancel(slotTail)
			return nil
		}
		return p.topCmd()
	case t.paused:
		t.paused = false
		return p.topCmd()
	}
	t.paused = t.follow
	return nil
}
