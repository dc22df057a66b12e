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
	data   []localplatform.Facet
	err    error
	cursor int
	top    int
}

// facetFields are the fields worth counting.
func facetFields() []string {
	return []string{"attack", "severity", "blocked", "app", "env", "ip", "user", "path", "kind", "name", "rule", "param"}
}

// facetsLoadedMsg carries the values.
type facetsLoadedMsg struct {
	ticket
	data []localplatform.Facet
	err  error
}

func (p *eventsPage) facetsCmd() tea.Cmd {
	if !p.facets.open {
		p.src.cancel(slotFacets)
		return nil
	}
	q := localplatform.FacetQuery{Query: p.query, Fields: facetFields(), Limit: 5}
	load := ask(p.src, slotFacets, func(ctx context.Context, pf localplatform.Platform) ([]localplatform.Facet, error) {
		return pf.Facets(ctx, q)
	}, func(t ticket, f []localplatform.Facet, err error) tea.Msg { return facetsLoadedMsg{t, f, err} })
	if p.src.busy(slotRefresh) {
		return load
	}
	return tea.Batch(load, p.refreshCmd())
}

func (f *facets) loaded(msg facetsLoadedMsg) {
	f.data, f.err = append([]localplatform.Facet{}, msg.data...), msg.err
	f.cursor = max(0, min(f.cursor, f.size()-1))
}

// size is how many values can be chosen.
func (f *facets) size() int {
	n := 0
	for _, d := range f.data {
		n += len(d.Values)
	}
	return n
}

// chosen is the value under the cursor.
func (f *facets) chosen() (field, value string, ok bool) {
	i := f.cursor
	for _, d := range f.data {
		if i < len(d.Values) {
			return d.Field, d.Values[i].Value, true
		}
		i -= len(d.Values)
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
		p.src.cancel(slotFacets)
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
	if f.err != nil {
		c.raw(st.border.on("\u2502") + st.bad.on(fit(" "+failure(f.err).text, c.w-1)))
	}
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
	for _, d := range f.data {
		if len(d.Values) == 0 {
			continue
		}
		out = append(out, st.key.on(fit(" "+d.Field, w)))
		for _, v := range d.Values {
			count := " " + number(v.Count)
			text := fit("   "+clean(head(v.Value, 8*w)), max(0, w-len(count))) + fitMax(count, w)
			if i == f.cursor {
				text, at = st.selected.on(fit(" > "+clean(head(v.Value, 8*w)), max(0, w-len(count)))+fitMax(count, w)), len(out)
			}
			out = append(out, text)
			i++
		}
	}
	if len(out) == 0 && f.err == nil {
		text := " loading \u2026"
		if f.data != nil {
			text = " no event, no values"
		}
		out = append(out, st.dim.on(fit(text, w)))
	}
	return out, at
}
