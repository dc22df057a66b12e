package tui

import (
	"context"
	"encoding/json"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// detail is the pane with everything about one event.
type detail struct {
	open, zoom, wrap bool
	event            localplatform.Event // Pos 0 while none is there
	signal           wire.Signal
	err              error
	want             int64 // event that is asked for
	scroll           int
	lines            []string // made for madeFor
	madeFor          detailKey
	height           int
}

type detailKey struct {
	pos  int64
	w    int
	wrap bool
	st   *styles
}

// detailLoadedMsg is an event with its detail.
type detailLoadedMsg struct {
	ticket
	event localplatform.Event
	err   error
}

func (p *eventsPage) openDetailCmd() tea.Cmd {
	if _, ok := p.list.selected(); !ok {
		return nil
	}
	if p.detail.open {
		p.detail.zoom = true
		return nil
	}
	p.detail.open = true
	return p.detailCmd()
}

// detailCmd asks for the selected event when the pane shows another one.
func (p *eventsPage) detailCmd() tea.Cmd {
	e, ok := p.list.selected()
	if !p.detail.open || !ok || p.detail.want == e.Pos {
		return nil
	}
	p.detail.want = e.Pos
	return ask(p.src, slotDetail, func(ctx context.Context, pf localplatform.Platform) (localplatform.Event, error) {
		return pf.Event(ctx, e.Pos)
	}, func(t ticket, e localplatform.Event, err error) tea.Msg { return detailLoadedMsg{t, e, err} })
}

func (d *detail) loaded(msg detailLoadedMsg) {
	d.err, d.scroll, d.lines = msg.err, 0, nil
	if msg.err != nil {
		d.want = 0 // so that ctrl-r and the next move ask again
		return
	}
	d.event, d.signal = msg.event, wire.Signal{}
	if len(msg.event.Detail) > 0 {
		d.err = json.Unmarshal(msg.event.Detail, &d.signal)
	}
}

func (d *detail) close(s *source) {
	s.cancel(slotDetail)
	*d = detail{wrap: d.wrap}
}

func (d *detail) key(c command) {
	switch c {
	case cmdZoom:
		d.zoom = d.open && !d.zoom
	case cmdWrap:
		d.wrap = !d.wrap
	case cmdScrollDown:
		d.scroll++
	case cmdScrollUp:
		d.scroll--
	}
}

// scrollKey moves through a pane that has the screen to itself.
func (d *detail) scrollKey(c command) bool {
	switch c {
	case cmdTop:
		d.scroll = 0
		return true
	case cmdBottom:
		d.scroll = len(d.lines)
		return true
	}
	n, ok := rowsOf(c, d.height)
	d.scroll += n
	return ok
}

// view draws the pane.
func (d *detail) view(c *canvas, st *styles, p *eventsPage) {
	d.height = c.h - 1
	if key := (detailKey{d.event.Pos, c.w, d.wrap, st}); d.lines == nil || d.madeFor != key {
		d.lines, d.madeFor = d.describe(c.w, st, p), key
	}
	d.scroll = max(0, min(d.scroll, len(d.lines)-d.height))
	c.add(st.border, d.rule(c.w))
	for _, l := range d.lines[d.scroll:min(d.scroll+max(d.height, 0), len(d.lines))] {
		c.raw(styled(l, c.w))
	}
	c.fill(c.h)
}

func (d *detail) rule(w int) string {
	s := "\u2500\u2500 event "
	if d.event.Pos != 0 {
		s += number(d.event.Pos)
	}
	if len(d.lines) > d.height {
		s += " " + number(int64(d.scroll+1)) + "-" + number(int64(min(d.scroll+d.height, len(d.lines)))) + " of " + number(int64(len(d.lines)))
	}
	s += " "
	for n := len([]rune(s)); n < w; n++ {
		s += "\u2500"
	}
	return s
}

// describe makes the text of the pane.
func (d *detail) describe(w int, st *styles, p *eventsPage) []string {
	doc := &document{st: st, w: w, wrap: d.wrap}
	if d.err != nil {
		doc.text(st.bad, failure(d.err).text)
		return doc.lines
	}
	if d.event.Pos == 0 {
		doc.text(st.dim, "loading \u2026")
		return doc.lines
	}
	doc.event(&d.event, p.now().Location(), p.keys)
	doc.attack(d.signal.Attack)
	doc.stack(d.signal.Stack)
	doc.request(d.signal.Request)
	doc.raw(d.event.Detail)
	return doc.lines
}
