package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

const (
	histHeight   = 6
	refreshEvery = 5 * time.Second
)

// histogram is the pane of events over time.
type histogram struct {
	by   string // "" when closed, else the field it is split by
	data localplatform.Histogram
	err  error
	from time.Time // what is asked for; zero is the platform's choice
	to   time.Time
	near int // how often the range was narrowed
}

// next opens the pane, changes what it is split by, and closes it.
func (h *histogram) next() {
	switch h.by {
	case "":
		h.by = "severity"
	case "severity":
		h.by = "blocked"
	default:
		h.by = ""
	}
	h.widen()
}

// widen forgets a narrowed range.
func (h *histogram) widen() { h.from, h.to, h.near = time.Time{}, time.Time{}, 0 }

// narrow asks for the part that has events when that is a small one: a burst of
// seconds would be a single bar of a day.
func (h *histogram) narrow() bool {
	const mostly, deepest = 4, 5
	first, last := -1, -1
	for i := range h.data.Buckets {
		if h.data.Buckets[i].Count == 0 {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	if first < 0 || h.near >= deepest || h.data.Step <= time.Second || (last-first+1)*mostly > len(h.data.Buckets) {
		return false
	}
	h.near++
	h.from, h.to = h.data.Buckets[first].Start, h.data.Buckets[last].Start.Add(h.data.Step)
	return true
}

// flag is what the command line needs for the same.
func (h *histogram) flag() string {
	if h.by == "" {
		return ""
	}
	return " --histogram --by " + h.by
}

// histogramLoadedMsg is a histogram.
type histogramLoadedMsg struct {
	ticket
	data localplatform.Histogram
	err  error
}

func (p *eventsPage) histCmd() tea.Cmd {
	if p.hist.by == "" {
		p.src.cancel(slotHist)
		return nil
	}
	q := localplatform.HistogramQuery{Query: p.query, From: p.hist.from, To: p.hist.to, By: p.hist.by, Buckets: min(max(p.width-16, 10), 200)}
	return ask(p.src, slotHist, func(ctx context.Context, pf localplatform.Platform) (localplatform.Histogram, error) {
		return pf.Histogram(ctx, q)
	}, func(t ticket, h localplatform.Histogram, err error) tea.Msg { return histogramLoadedMsg{t, h, err} })
}

func (p *eventsPage) histLoaded(msg histogramLoadedMsg) tea.Cmd {
	h := &p.hist
	if h.err = msg.err; h.err != nil {
		return nil
	}
	before := h.data
	if h.data = msg.data; h.narrow() {
		h.data = before // no flicker on the way
		return p.histCmd()
	}
	return nil
}

// refreshDueMsg says that open panes are old.
type refreshDueMsg struct{ ticket }

// refreshCmd keeps panes up to date while new events come in.
func (p *eventsPage) refreshCmd() tea.Cmd {
	if p.hist.by == "" && !p.facets.open {
		return nil
	}
	return p.src.afterCmd(slotRefresh, refreshEvery, func(t ticket) tea.Msg { return refreshDueMsg{t} })
}

func (p *eventsPage) refreshDue() tea.Cmd {
	if !p.tail.follow || p.tail.paused || p.src.busy(slotHist) || p.src.busy(slotFacets) {
		return p.refreshCmd() // a slow answer is waited for, not asked for again
	}
	p.hist.widen()
	cmds := []tea.Cmd{p.histCmd(), p.refreshCmd()}
	if p.facets.open {
		cmds = append(cmds, p.facetsPartCmd(slotFacets, 0, p.query))
	}
	return tea.Batch(cmds...)
}

// level is one part of a bar, from its foot up, with a sign of its own.
type level struct {
	value, sign string
	token       token
}

func (h *histogram) levels(st *styles) []level {
	if h.by == "blocked" {
		return []level{{"true", "\u2588", st.good}, {"false", "\u2592", st.high}}
	}
	return []level{{"high", "\u2588", st.high}, {"medium", "\u2593", st.medium}, {"low", "\u2592", st.low}, {"", "\u2591", st.dim}}
}

// view draws the bars, the scale at the left and the times below.
func (h *histogram) view(c *canvas, st *styles, loc *time.Location) {
	if h.err != nil && len(h.data.Buckets) == 0 {
		c.add(st.bad, "histogram: "+failure(h.err).text)
		c.fill(c.h)
		return
	}
	buckets := h.data.Buckets
	const scale = 8
	cols := max(c.w-scale-1, 1)
	buckets = buckets[max(0, len(buckets)-cols):]
	top := int64(1)
	for i := range buckets {
		top = max(top, buckets[i].Count)
	}
	rows := c.h - 1
	for y := rows; y > 0; y-- {
		label := spaces(scale)
		if y == rows {
			label = fitLeft(number(top), scale)
		}
		c.raw(styled(st.dim.on(label+"\u2502")+h.row(buckets, st, y, rows, top), c.w))
	}
	c.add(st.dim, h.legend(buckets, st, loc, c.w))
}

func fitLeft(s string, w int) string {
	s = fitMax(s, w)
	return spaces(w-len(s)) + s
}

// row draws one line of all bars, counted from the foot.
func (h *histogram) row(buckets []localplatform.HistogramBucket, st *styles, y, rows int, top int64) string {
	levels := h.levels(st)
	var b strings.Builder
	for i := range buckets {
		n := buckets[i].Count
		height := int((n*int64(rows) + top - 1) / top) // a single event is seen
		if y > height {
			b.WriteByte(' ')
			continue
		}
		l := levelAt(levels, &buckets[i], float64(y)-0.5, float64(height))
		b.WriteString(l.token.on(l.sign))
	}
	return b.String()
}

// levelAt says which level a bar is in at a height.
func levelAt(levels []level, b *localplatform.HistogramBucket, y, height float64) level {
	share, sum := y/height*float64(b.Count), int64(0)
	for _, l := range levels[:len(levels)-1] {
		sum += b.Series[l.value]
		if share <= float64(sum) {
			return l
		}
	}
	return levels[len(levels)-1]
}

func (h *histogram) legend(buckets []localplatform.HistogramBucket, st *styles, loc *time.Location, w int) string {
	names := []string{"by " + h.by + ":"}
	for _, l := range h.levels(st) {
		name := l.value
		switch {
		case h.by == "blocked" && name == "true":
			name = "blocked"
		case h.by == "blocked":
			name = "not blocked"
		case name == "":
			name = "none"
		}
		names = append(names, l.sign+name)
	}
	left := ""
	if len(buckets) > 0 {
		end := buckets[len(buckets)-1].Start.Add(h.data.Step)
		layout := "01-02 15:04"
		if h.data.Step < time.Minute {
			layout = "01-02 15:04:05"
		}
		left = buckets[0].Start.In(loc).Format(layout) + " \u2192 " + end.In(loc).Format(layout) + ", bar " + h.data.Step.String() + ", " + eventCount(h.data.Total)
	}
	return sides(left, strings.Join(names, " "), w)
}
