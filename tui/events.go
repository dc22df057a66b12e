package tui

import (
	"context"
	"slices"
	"sort"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

const (
	pageRows = 200  // events asked for at once
	keepRows = 2000 // events kept in memory, about
)

// Slots of the events page.
const (
	slotEvents   slot = "events"
	slotMore     slot = "more"
	slotTail     slot = "tail"
	slotCount    slot = "count"
	slotRank     slot = "rank"
	slotDetail   slot = "detail"
	slotHist     slot = "histogram"
	slotFacets   slot = "facets"
	slotRecent   slot = "recent facets"
	slotJump     slot = "jump"
	slotRetry    slot = "retry"
	slotRefresh  slot = "refresh"
	slotComplete slot = "values"
)

// frame is what pages share with the model around them.
type frame struct {
	src  *source
	keys *keyMap
	st   *styles
	now  func() time.Time
	tell func(toast)
}

// step is one level of filters, to come back to.
type step struct {
	query string
	pos   int64
	name  string
	back  func() tea.Cmd // leads to the page it was opened from, nil for this one
}

// eventsPage is the explorer of events.
type eventsPage struct {
	*frame
	schema *queries.Schema
	list   window[localplatform.Event]
	query  string
	name   string // what the filter is called in the breadcrumbs, "" for the query itself
	trail  []step
	total  int64 // events that match, -1 while unknown
	loaded bool
	err    error
	tries  int
	marks  map[int64]bool
	find   string
	tail   tail
	detail detail
	hist   histogram
	facets facets
	width  int
	height int
	buf    []byte // reused from row to row
}

func newEventsPage(f *frame, query string) *eventsPage {
	p := &eventsPage{frame: f, schema: localplatform.EventSchema(), query: query, total: -1, marks: map[int64]bool{}}
	p.list = window[localplatform.Event]{pos: func(e localplatform.Event) int64 { return e.Pos }, keepRows: keepRows}
	p.tail.follow = true
	p.detail.wrap = true
	return p
}

// place says where a page of events belongs.
type place int

const (
	placeTop place = iota
	placeBottom
	placeOlder
	placeNewer
	placeAt
)

// eventsLoadedMsg is a page of events, newest first.
type eventsLoadedMsg struct {
	ticket
	page  localplatform.EventPage
	place place
	err   error
}

// eventsCountedMsg says how many events match.
type eventsCountedMsg struct {
	ticket
	count int64
	err   error
}

// rankCountedMsg says how many events are before the one at pos.
type rankCountedMsg struct {
	ticket
	pos   int64
	count int64
	err   error
}

// retryDueMsg asks for what failed once more.
type retryDueMsg struct{ ticket }

// loadCmd asks for a page of events.
func (p *eventsPage) loadCmd(sl slot, where place, q localplatform.EventQuery) tea.Cmd {
	q.Query, q.Limit = p.query, max(pageRows, 2*p.list.height)
	return ask(p.src, sl, func(ctx context.Context, pf localplatform.Platform) (localplatform.EventPage, error) {
		page, err := pf.Events(ctx, q)
		if q.After != 0 {
			slices.Reverse(page.Events)
		}
		return page, err
	}, func(t ticket, page localplatform.EventPage, err error) tea.Msg {
		return eventsLoadedMsg{t, page, where, err}
	})
}

// reloadCmd begins again at the newest event.
func (p *eventsPage) reloadCmd() tea.Cmd {
	p.src.cancel(slotMore)
	p.src.cancel(slotTail)
	p.src.cancel(slotJump)
	return tea.Batch(p.loadCmd(slotEvents, placeTop, localplatform.EventQuery{}), p.countCmd(), p.panesCmd())
}

func (p *eventsPage) countCmd() tea.Cmd {
	query := p.query
	return ask(p.src, slotCount, func(ctx context.Context, pf localplatform.Platform) (int64, error) {
		return pf.CountEvents(ctx, query)
	}, func(t ticket, n int64, err error) tea.Msg { return eventsCountedMsg{t, n, err} })
}

// panesCmd asks for what the open panes show.
func (p *eventsPage) panesCmd() tea.Cmd { return tea.Batch(p.histCmd(), p.facetsCmd(), p.refreshCmd()) }

// atCmd shows the events around one.
func (p *eventsPage) atCmd(pos int64) tea.Cmd {
	if i, ok := p.indexOf(pos); ok {
		p.list.move(i - p.list.cursor)
		return p.movedCmd()
	}
	p.src.cancel(slotMore)
	return p.loadCmd(slotEvents, placeAt, localplatform.EventQuery{Before: pos + 1})
}

// indexOf finds an event in memory. Positions fall from row to row.
func (p *eventsPage) indexOf(pos int64) (int, bool) {
	return slices.BinarySearchFunc(p.list.rows, pos, func(e localplatform.Event, pos int64) int {
		return int(min(max(pos-e.Pos, -1), 1))
	})
}

// open is called when the page is shown for the first time and after a change of filter.
func (p *eventsPage) open() tea.Cmd {
	p.loaded, p.err, p.total = false, nil, -1
	p.hist.widen()
	p.facets.forget()
	return p.reloadCmd()
}

// shown has nothing to do: the tail goes on behind other pages.
func (p *eventsPage) shown() tea.Cmd { return nil }

// setFilter shows what another query selects. The way back leads to the filter before.
func (p *eventsPage) setFilter(query, name string) tea.Cmd {
	var pos int64
	if e, ok := p.list.selected(); ok {
		pos = e.Pos
	}
	p.trail = append(p.trail, step{query: p.query, pos: pos, name: p.name})
	p.query, p.name = query, name
	p.detail.close(p.src)
	p.list.reset(nil, false, false, false)
	p.tail.restart()
	return p.open()
}

// backCmd undoes the latest step: a pane, then a filter.
func (p *eventsPage) backCmd() tea.Cmd {
	switch {
	case p.facets.open:
		p.facets.open = false
		return p.facetsCmd()
	case p.detail.open && p.detail.zoom:
		p.detail.zoom = false
	case p.detail.open:
		p.detail.close(p.src)
	case len(p.trail) > 0:
		s := p.trail[len(p.trail)-1]
		p.trail = p.trail[:len(p.trail)-1]
		p.query, p.name = s.query, s.name
		p.list.reset(nil, false, false, false)
		p.tail.restart()
		cmd := p.open()
		if s.back != nil {
			cmd = tea.Batch(cmd, s.back())
		}
		if s.pos == 0 || p.tail.follow {
			return cmd
		}
		return tea.Batch(cmd, p.atCmd(s.pos))
	}
	return nil
}

// update takes answers.
func (p *eventsPage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case eventsLoadedMsg:
		return p.eventsLoaded(msg)
	case eventsCountedMsg:
		if msg.err == nil {
			p.total = msg.count
			p.rankFromEnd()
		}
	case rankCountedMsg:
		return p.rankCounted(msg)
	case tailArrivedMsg:
		return p.tailArrived(msg)
	case detailLoadedMsg:
		p.detail.loaded(msg)
	case histogramLoadedMsg:
		return p.histLoaded(msg)
	case facetsLoadedMsg:
		p.facets.loaded(msg)
	case foundMsg:
		return p.found(msg)
	case retryDueMsg:
		return p.retryCmd()
	case refreshDueMsg:
		return p.refreshDue()
	}
	return nil
}

func (p *eventsPage) eventsLoaded(msg eventsLoadedMsg) tea.Cmd {
	if msg.err != nil {
		return p.failed(msg.err)
	}
	p.err, p.tries, p.loaded = nil, 0, true
	page := msg.page
	switch msg.place {
	case placeTop:
		p.list.reset(page.Events, false, page.More, false)
		p.tail.from(page.Last)
	case placeBottom:
		p.list.reset(page.Events, page.More, false, true)
		p.rankFromEnd()
		p.tail.pin(false)
	case placeAt:
		p.list.reset(page.Events, true, page.More, false)
		p.tail.pin(false)
		return tea.Batch(p.movedCmd(), p.rankCmd())
	case placeOlder:
		p.list.appendOlder(page.Events, page.More)
	case placeNewer:
		p.list.prependNewer(page.Events, page.More, false)
		if !page.More && !p.tail.paused {
			p.tail.waiting = 0
		}
	}
	return p.movedCmd()
}

// rankFromEnd counts rows from the end when the end is in memory.
func (p *eventsPage) rankFromEnd() {
	if p.total >= 0 && p.list.newer && !p.list.older {
		p.list.above = max(0, int(p.total)-len(p.list.rows))
	}
}

// rankCmd asks how many events there are before the first one in memory.
func (p *eventsPage) rankCmd() tea.Cmd {
	first, _ := p.list.ends()
	if first == 0 {
		return nil
	}
	query := and(p.query, after(first))
	p.list.above = -1 << 40 // unknown
	return ask(p.src, slotRank, func(ctx context.Context, pf localplatform.Platform) (int64, error) {
		return pf.CountEvents(ctx, query)
	}, func(t ticket, n int64, err error) tea.Msg { return rankCountedMsg{t, first, n, err} })
}

// rankCounted places the rows in memory. Pages may have been added before the
// row that was counted for since then, or the row given up.
func (p *eventsPage) rankCounted(msg rankCountedMsg) tea.Cmd {
	if msg.err != nil {
		return nil
	}
	if first, _ := p.list.ends(); first < msg.pos {
		return p.rankCmd()
	}
	at := sort.Search(len(p.list.rows), func(i int) bool { return p.list.rows[i].Pos <= msg.pos })
	p.list.above = int(msg.count) - at
	return nil
}

// failed keeps what is shown and tries again after a while.
func (p *eventsPage) failed(err error) tea.Cmd {
	p.err = err
	if permanent(err) {
		return nil
	}
	p.tries++
	return p.src.afterCmd(slotRetry, backoff(p.tries), func(t ticket) tea.Msg { return retryDueMsg{t} })
}

// retryCmd asks again: for everything when nothing is shown, else for what is new.
func (p *eventsPage) retryCmd() tea.Cmd {
	if len(p.list.rows) == 0 || p.tail.pinned() {
		return p.reloadCmd()
	}
	return tea.Batch(p.movedCmd(), p.countCmd(), p.panesCmd(), p.tailCmd())
}

// permanent errors do not go away by asking again.
func permanent(err error) bool {
	switch localplatform.ErrorCode(err) {
	case localplatform.CodeInvalid, localplatform.CodeInvalidQuery, localplatform.CodeForbidden, localplatform.CodeUnauthorized, localplatform.CodeVersion:
		return true
	}
	return false
}

// backoff is 1, 2, 4 and then 8 seconds.
func backoff(tries int) time.Duration { return time.Second << min(max(tries-1, 0), 3) }

// movedCmd follows the selection: more rows at an end it comes near, its detail,
// and the tail.
func (p *eventsPage) movedCmd() tea.Cmd {
	return tea.Batch(p.extendCmd(), p.detailCmd(), p.tailCmd())
}

func (p *eventsPage) extendCmd() tea.Cmd {
	newer, older := p.list.wants()
	if p.src.busy(slotMore) || p.src.busy(slotEvents) || p.src.busy(slotRetry) {
		return nil
	}
	first, last := p.list.ends()
	switch {
	case older:
		return p.loadCmd(slotMore, placeOlder, localplatform.EventQuery{Before: last})
	case newer && !p.tail.paused:
		return p.loadCmd(slotMore, placeNewer, localplatform.EventQuery{After: first})
	}
	return nil
}

// and joins two queries.
func and(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return "(" + a + ") (" + b + ")"
}
