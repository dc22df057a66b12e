package tui

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/sqreen/sqreen/queries"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// resize tells the page how much room it has: the screen without the frame.
func (p *eventsPage) resize(w, h int) {
	p.width, p.height = w, h
	p.list.resize(p.layout(w, h).rows)
}

// eventsLayout is how the page divides its lines.
type eventsLayout struct {
	hist, rows, detail int
	table, side        int // columns
}

func (p *eventsPage) layout(w, h int) eventsLayout {
	l := eventsLayout{table: w}
	h -= 2 // filter line and column names
	if p.detail.open && p.detail.zoom {
		l.detail = max(h+1, 0)
		return l
	}
	if p.hist.by != "" && h >= histHeight+6 {
		l.hist = histHeight
		h -= l.hist
	}
	if p.detail.open && h >= 6 {
		l.detail = h * 3 / 5
		h -= l.detail
	}
	if p.facets.open && w >= 40 {
		l.side = min(40, w/3)
		l.table = w - l.side
	}
	l.rows = max(h, 0)
	return l
}

// view draws the page on w by h cells.
func (p *eventsPage) view(w, h int) []string {
	c, l := newCanvas(w, h), p.layout(w, h)
	c.raw(p.filterLine(w))
	if l.hist > 0 {
		part := newCanvas(w, l.hist)
		p.hist.view(part, p.st, p.now().Location())
		c.lines = append(c.lines, part.lines...)
	}
	if !p.detail.zoom || !p.detail.open {
		table := newCanvas(l.table, l.rows+1)
		p.table(table)
		table.fill(table.h)
		if l.side > 0 {
			side := newCanvas(l.side, l.rows+1)
			p.facets.view(side, p.st)
			c.lines = append(c.lines, beside(table, side)...)
		} else {
			c.lines = append(c.lines, table.lines...)
		}
	}
	if l.detail > 0 {
		part := newCanvas(w, l.detail)
		p.detail.view(part, p.st, p)
		c.lines = append(c.lines, part.lines...)
	}
	c.fill(h)
	return c.lines
}

// filterLine shows the filter in force and the state of the tail.
func (p *eventsPage) filterLine(w int) string {
	left := p.st.dim.on("/ to filter, for example: attack:sqli since:1h")
	if p.query != "" {
		left = p.st.key.on("/") + " " + clean(head(p.query, 8*w))
	}
	t := p.st.dim
	switch {
	case p.tail.err != nil:
		t = p.st.bad
	case p.tail.pinned():
		t = p.st.good
	case p.tail.follow:
		t = p.st.warn
	}
	return sides(left, t.on(p.tail.state(p.now())), w)
}

// table draws the names of the columns and the rows on screen.
func (p *eventsPage) table(c *canvas) {
	cols := columnsFor(c.w)
	p.buf = cols.head(p.buf[:0])
	c.raw(p.st.dim.on(string(p.buf)))
	if len(p.list.rows) == 0 {
		p.empty(c)
		return
	}
	now := p.now()
	for i := range p.list.visible() {
		at := p.list.top + i
		c.raw(p.row(&p.list.rows[at], at == p.list.cursor, &cols, now))
	}
}

// row draws one event.
func (p *eventsPage) row(e *localplatform.Event, selected bool, cols *columns, now time.Time) string {
	st := p.st
	if selected {
		st = &styles{}
	}
	b := p.buf[:0]
	if selected {
		b = append(b, p.st.selected.open...)
	}
	b = append(b, mark(selected, p.marks[e.Pos])...)
	b = cols.event(b, e, st, now)
	if selected {
		b = append(b, p.st.selected.end...)
	}
	p.buf = b
	return string(b)
}

func mark(selected, marked bool) string {
	switch {
	case selected && marked:
		return ">*"
	case selected:
		return "> "
	case marked:
		return " *"
	}
	return "  "
}

// empty says why there is nothing, and what to do.
func (p *eventsPage) empty(c *canvas) {
	lines := []string{
		"", "  Nothing has been reported yet.", "",
		"  Give an app a token:     sqreen tokens create --app shop --env prod",
		"  See it at work:          sqreen demo", "",
		"  New events appear here by themselves.",
	}
	switch {
	case p.err != nil:
		f := failure(p.err)
		lines = []string{"", "  " + f.text, "  " + f.hint, "", "  ctrl-r asks again."}
		if !permanent(p.err) {
			lines[4] = "  Asking again by itself; ctrl-r asks at once."
		}
	case !p.loaded:
		lines = []string{"", "  loading \u2026"}
	case p.query != "":
		lines = []string{
			"", "  No event matches this filter.", "",
			"  / changes it, esc goes back to the one before. New events appear by themselves.",
		}
	}
	for _, s := range lines {
		c.add(p.st.dim, s)
	}
}

// columns are the widths of an event's row; 0 leaves a column out.
type columns struct {
	w, at, sev, what, out, app, ip, rest int
}

// columnsFor shares a width out, the most telling columns first.
func columnsFor(w int) columns {
	c := columns{w: w, at: 8, sev: 4, what: 14, out: 8, ip: 15}
	switch {
	case w >= 150:
		c.at, c.app, c.ip, c.what = 14, 18, 24, 20
	case w >= 110:
		c.at, c.app, c.what = 14, 14, 18
	case w < 46:
		c.ip, c.out, c.what = 0, 0, 10
	case w < 66:
		c.ip, c.what = 0, 12
	}
	used := 2
	for _, n := range []int{c.at, c.sev, c.what, c.out, c.app, c.ip} {
		if n > 0 {
			used += n + 1
		}
	}
	c.rest = w - used
	if c.rest < 0 { // tiny: the row is cut at the end
		c = columns{w: w, rest: max(w-2, 0)}
	}
	return c
}

func (c *columns) head(b []byte) []byte {
	start := len(b)
	b = append(b, spaces(min(2, c.w))...)
	for _, f := range []struct {
		name string
		w    int
	}{{"TIME", c.at}, {"SEV", c.sev}, {"WHAT", c.what}, {"OUTCOME", c.out}, {"APP/ENV", c.app}, {"ACTOR", c.ip}} {
		if f.w > 0 {
			b = append(appendFit(b, f.name, f.w), ' ')
		}
	}
	b = appendFit(b, "REQUEST", c.rest)
	return b[:min(len(b), start+c.w)]
}

// event writes the cells of a row. It makes no strings of its own.
func (c *columns) event(b []byte, e *localplatform.Event, st *styles, now time.Time) []byte {
	if c.w < 2 {
		return b[:len(b)-2+c.w]
	}
	if c.at > 0 {
		b = append(appendTime(b, e.At.In(now.Location()), now, c.at, st), ' ')
		b = append(cell(b, short(e.Severity), c.sev, severityToken(st, e.Severity)), ' ')
		b = append(cell(b, what(e), c.what, token{}), ' ')
	}
	if c.out > 0 {
		b = append(cell(b, outcome(e), c.out, outcomeToken(st, e)), ' ')
	}
	if c.app > 0 {
		b = append(pairCell(b, e.App, '/', e.Env, c.app), ' ')
	}
	if c.ip > 0 {
		b = append(appendActor(b, e, c.ip), ' ')
	}
	return appendRequest(b, e, c.rest)
}

func cell(b []byte, s string, w int, t token) []byte {
	return append(appendFit(append(b, t.open...), s, w), t.end...)
}

// pairCell writes two texts with a sign between them into one cell.
func pairCell(b []byte, first string, sign byte, second string, w int) []byte {
	if isPlain(first) && isPlain(second) && len(first)+1+len(second) <= w {
		b = append(append(append(b, first...), sign), second...)
		return append(b, spaces(w-len(first)-1-len(second))...)
	}
	return appendFit(b, head(first, 8*w)+string(sign)+head(second, 8*w), w)
}

// appendTime writes the time of day, or the date of another day where there is
// no room for both.
func appendTime(b []byte, at, now time.Time, w int, st *styles) []byte {
	layout := "01-02 15:04:05"
	if w < len(layout) {
		layout = "15:04:05"
		if at.YearDay() != now.YearDay() || at.Year() != now.Year() {
			layout = "Jan _2  "
		}
	}
	return append(at.AppendFormat(append(b, st.dim.open...), layout), st.dim.end...)
}

func appendActor(b []byte, e *localplatform.Event, w int) []byte {
	if e.IP.IsValid() {
		start := len(b)
		b = e.IP.AppendTo(b)
		if n := len(b) - start; n <= w && e.IP.Zone() == "" {
			return append(b, spaces(w-n)...)
		}
		return appendFit(b[:start], e.IP.String(), w)
	}
	return appendFit(b, e.User, w)
}

// appendRequest writes what was asked, or who did it, or why.
func appendRequest(b []byte, e *localplatform.Event, w int) []byte {
	switch {
	case e.Method != "" || e.Path != "":
		left := w - len(e.Method) - 1 - len(e.Path) - 3
		if left >= 12 && e.Message != "" && isPlain(e.Method) && isPlain(e.Path) {
			b = append(append(append(append(b, e.Method...), ' '), e.Path...), " - "...)
			return appendFit(b, e.Message, left)
		}
		return pairCell(b, e.Method, ' ', e.Path, w)
	case e.Message != "":
		return appendFit(b, e.Message, w)
	}
	return appendFit(b, e.User, w)
}

// what names an event: the kind of attack, or the event without its prefix.
func what(e *localplatform.Event) string {
	if e.Attack != "" {
		return e.Attack
	}
	s := strings.TrimPrefix(e.Name, wire.ReservedPrefix)
	return strings.TrimPrefix(s, "users.")
}

// outcome says how an event ended.
func outcome(e *localplatform.Event) string {
	switch {
	case e.Blocked:
		return "blocked"
	case e.Reached:
		return "REACHED"
	case e.Kind == wire.KindAttack:
		return "seen"
	case e.Status != 0:
		return strconv.Itoa(e.Status)
	}
	return ""
}

func outcomeToken(st *styles, e *localplatform.Event) token {
	switch {
	case e.Blocked:
		return st.good
	case e.Reached:
		return st.bad
	}
	return token{}
}

func short(s localplatform.Severity) string {
	switch s {
	case localplatform.SeverityHigh:
		return "HIGH"
	case localplatform.SeverityMedium:
		return "med"
	case localplatform.SeverityLow:
		return "low"
	case localplatform.SeverityNone:
	}
	return ""
}

func severityToken(st *styles, s localplatform.Severity) token {
	switch s {
	case localplatform.SeverityHigh:
		return st.high
	case localplatform.SeverityMedium:
		return st.medium
	case localplatform.SeverityLow:
		return st.low
	case localplatform.SeverityNone:
	}
	return token{}
}

// counted is "n of m" for the status line.
func (p *eventsPage) counted() string {
	if len(p.list.rows) == 0 {
		return ""
	}
	n, m := "\u2026", "\u2026"
	if at := p.list.above + p.list.cursor + 1; at > 0 {
		n = number(int64(at))
	}
	if p.total >= 0 {
		m = number(p.total)
	}
	return n + " of " + m
}

// number writes an integer with commas.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (p *eventsPage) trouble() error {
	if p.err != nil {
		return p.err
	}
	return p.tail.err
}

func (p *eventsPage) filter() (string, *queries.Schema) { return p.query, p.schema }

// click at a cell of the page selects a row, and opens the one that was selected already.
func (p *eventsPage) click(x, y int) tea.Cmd {
	l := p.layout(p.width, p.height)
	row := y - l.hist - 2 // filter line and column names
	if l.side > 0 && x >= l.table || row < 0 || row >= p.list.height || p.list.top+row >= len(p.list.rows) {
		return nil
	}
	if at := p.list.top + row; at != p.list.cursor {
		return p.moveCmd(at - p.list.cursor)
	}
	return p.openDetailCmd()
}

// wheel moves the selection, or the text of a zoomed detail.
func (p *eventsPage) wheel(rows int) tea.Cmd {
	if p.detail.open && p.detail.zoom {
		p.detail.scroll += rows
		return nil
	}
	return p.moveCmd(rows)
}
