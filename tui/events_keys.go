package tui

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// key does what a key asks for on the events page.
func (p *eventsPage) key(c command) tea.Cmd {
	if p.facets.open {
		if cmd, ok := p.facetsKey(c); ok {
			return cmd
		}
	}
	if p.detail.open && p.detail.zoom && p.detail.scrollKey(c) {
		return nil
	}
	if n, ok := p.step(c); ok {
		return p.moveCmd(n)
	}
	switch c {
	case cmdTop:
		return p.topCmd()
	case cmdBottom:
		return p.bottomCmd()
	case cmdEnter:
		return p.openDetailCmd()
	case cmdBack:
		return p.backCmd()
	case cmdRefresh:
		p.src.cancel(slotRetry)
		return p.reloadCmd()
	case cmdFollow, cmdPause:
		return p.tailKey(c)
	case cmdHistogram:
		p.hist.next()
		return tea.Batch(p.histCmd(), p.refreshCmd())
	case cmdFacets:
		p.facets.forget()
		p.facets.open = true
		return tea.Batch(p.facetsCmd(), p.refreshCmd())
	case cmdZoom, cmdWrap, cmdScrollDown, cmdScrollUp:
		p.detail.key(c)
		return nil
	}
	return p.jumpKey(c)
}

// jumpKey leads to other events, marks and copies.
func (p *eventsPage) jumpKey(c command) tea.Cmd {
	switch c {
	case cmdNext, cmdPrev:
		if p.find == "" {
			p.tell(toast{text: "nothing to find yet: type " + p.keys.label(cmdFind) + " and a query"})
			return nil
		}
		return p.findCmd(p.find, c == cmdNext)
	case cmdNextHigh, cmdPrevHigh:
		return p.findCmd("severity:high", c == cmdNextHigh)
	case cmdNextMark, cmdPrevMark:
		return p.markCmd(c == cmdNextMark)
	}
	e, ok := p.list.selected()
	if !ok {
		return nil
	}
	switch c {
	case cmdMark:
		p.toggleMark(e.Pos)
		return p.moveCmd(1)
	case cmdCopy:
		return p.copyCmd(&e)
	case cmdCopyCommand:
		p.tell(toast{text: "copied: " + p.commandLine(), good: true})
		return tea.SetClipboard(p.commandLine())
	case cmdSameRequest:
		return p.sameCmd("request", e.Request)
	case cmdSameActor:
		if e.User != "" && !e.IP.IsValid() {
			return p.sameCmd("user", e.User)
		}
		ip := ""
		if e.IP.IsValid() {
			ip = e.IP.String()
		}
		return p.sameCmd("ip", ip)
	}
	return nil
}

// step says how many rows a key moves.
func (p *eventsPage) step(c command) (int, bool) { return rowsOf(c, p.list.height) }

func rowsOf(c command, height int) (int, bool) {
	switch c {
	case cmdDown:
		return 1, true
	case cmdUp:
		return -1, true
	case cmdHalfDown:
		return max(1, height/2), true
	case cmdHalfUp:
		return -max(1, height/2), true
	case cmdPageDown:
		return max(1, height-1), true
	case cmdPageUp:
		return -max(1, height-1), true
	}
	return 0, false
}

func (p *eventsPage) moveCmd(n int) tea.Cmd {
	moved := p.list.move(n)
	if n < 0 && p.list.cursor == 0 && !p.list.newer && p.tail.waiting == 0 {
		p.tail.pin(true)
	} else if moved {
		p.tail.pin(false)
	}
	return p.movedCmd()
}

func (p *eventsPage) topCmd() tea.Cmd {
	p.tail.pin(true)
	if p.list.newer || (p.tail.waiting > 0 && !p.tail.paused) {
		return p.reloadCmd()
	}
	p.list.move(-len(p.list.rows))
	return p.movedCmd()
}

func (p *eventsPage) bottomCmd() tea.Cmd {
	p.tail.pin(false)
	if !p.list.older {
		p.list.move(len(p.list.rows))
		return p.movedCmd()
	}
	p.src.cancel(slotMore)
	return p.loadCmd(slotEvents, placeBottom, localplatform.EventQuery{After: -1})
}

// sameCmd filters by a value of the selected event.
func (p *eventsPage) sameCmd(field, value string) tea.Cmd {
	if value == "" {
		p.tell(toast{text: "this event has no " + field})
		return nil
	}
	q := field + ":" + queries.Quote(value)
	return p.setFilter(q, q)
}

func (p *eventsPage) toggleMark(pos int64) {
	if p.marks[pos] {
		delete(p.marks, pos)
		return
	}
	p.marks[pos] = true
}

// markCmd goes to the nearest mark on one side.
func (p *eventsPage) markCmd(older bool) tea.Cmd {
	e, ok := p.list.selected()
	if !ok {
		return nil
	}
	best := int64(0)
	for pos := range p.marks {
		switch {
		case older && pos < e.Pos && pos > best:
			best = pos
		case !older && pos > e.Pos && (best == 0 || pos < best):
			best = pos
		}
	}
	if best == 0 {
		p.tell(toast{text: "no further mark; " + p.keys.label(cmdMark) + " sets one"})
		return nil
	}
	p.tail.pin(false)
	return p.atCmd(best)
}

func (p *eventsPage) copyCmd(e *localplatform.Event) tea.Cmd {
	if p.detail.event.Pos == e.Pos {
		e = &p.detail.event
	}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		p.tell(toast{text: "this event cannot be written as JSON: " + err.Error(), bad: true})
		return nil
	}
	p.tell(toast{text: fmt.Sprintf("copied event %d as JSON", e.Pos), good: true})
	return tea.SetClipboard(string(b))
}

// foundMsg is the nearest event that a find asked for.
type foundMsg struct {
	ticket
	page  localplatform.EventPage
	query string
	older bool
	err   error
}

// findCmd asks the store for the nearest match, wherever it is.
func (p *eventsPage) findCmd(query string, older bool) tea.Cmd {
	e, ok := p.list.selected()
	if !ok {
		return nil
	}
	q := localplatform.EventQuery{Query: and(p.query, query), Limit: 1}
	if q.Before = e.Pos; !older {
		q.Before, q.After = 0, e.Pos
	}
	return ask(p.src, slotJump, func(ctx context.Context, pf localplatform.Platform) (localplatform.EventPage, error) {
		return pf.Events(ctx, q)
	}, func(t ticket, page localplatform.EventPage, err error) tea.Msg {
		return foundMsg{t, page, query, older, err}
	})
}

func (p *eventsPage) found(msg foundMsg) tea.Cmd {
	switch {
	case msg.err != nil:
		p.tell(failure(msg.err))
		return nil
	case len(msg.page.Events) == 0:
		side := "newer"
		if msg.older {
			side = "older"
		}
		p.tell(toast{text: "no " + side + " event matches " + msg.query})
		return nil
	}
	p.tail.pin(false)
	return p.atCmd(msg.page.Events[0].Pos)
}

// commandLine is what to type for what is shown.
func (p *eventsPage) commandLine() string {
	switch {
	case p.detail.open && p.detail.event.Pos != 0:
		return "sqreen events show " + strconv.FormatInt(p.detail.event.Pos, 10)
	case p.query == "":
		return "sqreen events" + p.hist.flag()
	}
	return "sqreen events " + shell(p.query) + p.hist.flag()
}

// crumbs are the levels of filters.
func (p *eventsPage) crumbs() []string {
	out := []string{"Events"}
	for _, s := range append(slices.Clone(p.trail), step{query: p.query, name: p.name}) {
		if name := cmp.Or(s.name, s.query); name != "" {
			out = append(out, name)
		}
	}
	if p.detail.open && p.detail.event.Pos != 0 {
		out = append(out, "event "+strconv.FormatInt(p.detail.event.Pos, 10))
	}
	return out
}

// after selects events that arrived after one.
func after(pos int64) string { return "id:>" + strconv.FormatInt(pos, 10) }
