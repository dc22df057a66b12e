package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// facets is the pane of frequent values, each of which is a filter to take.
type facets struct {
	open   bool
	data   [2][]localplatform.Facet // of facetParts
	errs   [2]error
	done   [2]bool
	cursor int
	top    int
}

// recent is how many of the latest events are looked at for fields of which
// every event has another value: counting them all takes seconds per million.
const recent = 100_000

// facetParts are the fields worth counting: those counted over all events, and
// those over the recent ones.
func facetParts() [2][]string {
	return [2][]string{{"attack", "severity", "blocked", "app", "env", "kind", "name"}, {"ip", "user", "path", "rule", "param"}}
}

// facetsLoadedMsg carries the values of one part.
type facetsLoadedMsg struct {
	ticket
	part int
	data []localplatform.Facet
	err  error
}

// facetsCmd asks for all values.
func (p *eventsPage) facetsCmd() tea.Cmd {
	if !p.facets.open {
		p.src.cancel(slotFacets)
		p.src.cancel(slotRecent)
		return nil
	}
	p.facets.done = [2]bool{}
	query := p.query
	if p.tail.last > recent {
		query = and(query, after(p.tail.last-recent))
	}
	return tea.Batch(p.facetsPartCmd(slotFacets, 0, p.query), p.facetsPartCmd(slotRecent, 1, query))
}

func (p *eventsPage) facetsPartCmd(sl slot, part int, query string) tea.Cmd {
	q := localplatform.FacetQuery{Query: query, Fields: facetParts()[part], Limit: 5}
	return ask(p.src, sl, func(ctx context.Context, pf localplatform.Platform) ([]localplatform.Facet, error) {
		return pf.Facets(ctx, q)
	}, func(t ticket, f []localplatform.Facet, err error) tea.Msg { return facetsLoadedMsg{t, part, f, err} })
}

func (f *facets) loaded(msg facetsLoadedMsg) {
	f.data[msg.part], f.errs[msg.part], f.done[msg.part] = msg.data, msg.err, true
	f.cursor = max(0, min(f.cursor, f.size()-1))
}

// forget empties the pane for another filter.
func (f *facets) forget() { *f = facets{open: f.open} }

// size is how many values can be chosen.
func (f *facets) size() int {
	n := 0
	for _, part := range f.data {
		for _, d := range part {
			n += len(d.Values)
		}
	}
	return n
}

// chosen is the value under the cursor.
func (f *facets) chosen() (field, value string, ok bool) {
	i := f.cursor
	for _, part := range f.data {
		for _, d := range part {
			if i < len(d.Values) {
				return d.Field, d.Values[i].Value, true
			}
			i -= len(d.Values)
		}
	}
	return "", "", false
}

// facetsKey answers keys while the pane is open.
func (p *eventsPage) facetsKey(c command) (tea.Cmd, bool) {
	f := &p.facets
	if n, ok := rowsOf(c, p.list.height); ok {
		f.cursor = max(0, min(f.cursor+n, f.size()-1))
		return nil, true
	}
	switch c {
	case cmdTop:
		f.cursor = 0
	case cmdBottom:
		f.cursor = max(0, f.size()-1)
	case cmdFacets:
		f.open = false
		return p.facetsCmd(), true
	case cmdEnter:
		field, value, ok := f.chosen()
		if !ok {
			return nil, true
		}
		f.open = false
		term := field + ":" + queries.Quote(value)
		return p.setFilter(and2(p.query, term), term), true
	default:
		return nil, false
	}
	return nil, true
}

// and2 adds a term to a query, without parentheses where none are needed.
func and2(query, term string) string {
	if query == "" {
		return term
	}
	return "(" + query + ") " + term
}

func (f *facets) view(c *canvas, st *styles) {
	c.raw(st.border.on("\u2502") + st.strong.on(fit(" Values: enter filters, esc closes", c.w-1)))
	lines, at := f.lines(c.w-1, st)
	f.top = max(0, min(f.top, at-1))
	if h := c.room(); h > 0 && at >= f.top+h {
		f.top = at - h + 1
	}
	for _, l := range lines[min(f.top, len(lines)):] {
		c.raw(st.border.on("\u2502") + l)
	}
	for c.room() > 0 {
		c.raw(st.border.on("\u2502") + spaces(c.w-1))
	}
}

// lines are all lines of the pane and the one under the cursor.
func (f *facets) lines(w int, st *styles) (out []string, at int) {
	i := 0
	for part, data := range f.data {
		if part == 1 {
			out = append(out, st.dim.on(fit(" of the latest "+number(recent)+":", w)))
		}
		switch {
		case f.errs[part] != nil:
			out = append(out, st.bad.on(fit(" "+clean(failure(f.errs[part]).text), w)))
		case len(data) == 0 && !f.done[part]:
			out = append(out, st.dim.on(fit(" counting \u2026", w)))
		}
		for _, d := range data {
			if len(d.Values) == 0 {
				continue
			}
			out = append(out, st.key.on(fit(" "+d.Field, w)))
			for _, v := range d.Values {
				if i == f.cursor {
					at = len(out)
				}
				out = append(out, facetLine(v, i == f.cursor, w, st))
				i++
			}
		}
	}
	return out, at
}

func facetLine(v localplatform.FacetValue, selected bool, w int, st *styles) string {
	count := fitMax(" "+number(v.Count), w)
	value := clean(head(v.Value, 8*w))
	if selected {
		return st.selected.on(fit(" > "+value, max(0, w-len(count))) + count)
	}
	return fit("   "+value, max(0, w-len(count))) + count
}
