package tui

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// document is text of many lines for a pane: headings, names with values, and
// paragraphs, wrapped or cut to the width.
type document struct {
	st    *styles
	w     int
	wrap  bool
	lines []string
}

const (
	nameWidth = 12
	maxShown  = 64 << 10 // bytes of one value; more is cut and said so
	maxFrames = 30
)

func (d *document) heading(s string) {
	if len(d.lines) > 0 {
		d.lines = append(d.lines, "")
	}
	d.lines = append(d.lines, d.st.strong.on(fitMax(clean(s), d.w)))
}

// text adds a paragraph, wrapped whatever the mode: it is ours, and short.
func (d *document) text(t token, s string) {
	for _, l := range wrapTo(clean(s), d.w) {
		d.lines = append(d.lines, t.on(l))
	}
}

// pair adds a name and its value, if there is one.
func (d *document) pair(name, value string) { d.styledPair(token{}, name, value) }

func (d *document) styledPair(t token, name, value string) {
	if value == "" {
		return
	}
	value = clean(limited(value))
	rows := []string{value}
	if d.wrap {
		rows = wrapTo(value, max(d.w-nameWidth, 8))
	}
	for i, r := range rows {
		label := spaces(nameWidth)
		if i == 0 {
			label = d.st.dim.on(fit(name, nameWidth-1)) + " "
		}
		d.lines = append(d.lines, label+t.on(r))
	}
}

// code adds text whose line breaks and indentation matter.
func (d *document) code(s string) {
	for l := range strings.SplitSeq(limited(s), "\n") {
		l = clean(l)
		if !d.wrap {
			d.lines = append(d.lines, l)
			continue
		}
		d.lines = append(d.lines, wrapTo(l, d.w)...)
	}
}

func limited(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return head(s, maxShown) + "\u2026 (" + number(int64(len(s)-maxShown)) + " bytes more)"
}

// wrapTo breaks clean text into lines of at most w cells, between words where it
// can. Hyphens are no place to break: flags of commands begin with them.
func wrapTo(s string, w int) []string {
	w = max(w, 2) // a wide character must fit
	if isPlain(s) && len(s) <= w || ansi.StringWidth(s) <= w {
		return []string{s}
	}
	var out []string
	var line strings.Builder
	width := 0
	for word := range strings.SplitSeq(s, " ") {
		n := ansi.StringWidth(word)
		if width > 0 && width+1+n <= w {
			line.WriteString(" " + word)
			width += 1 + n
			continue
		}
		if width > 0 {
			out = append(out, line.String())
		}
		pieces := []string{word}
		if n > w {
			pieces = strings.Split(ansi.Hardwrap(word, w, true), "\n")
		}
		last := pieces[len(pieces)-1]
		out = append(out, pieces[:len(pieces)-1]...)
		line.Reset()
		line.WriteString(last)
		width = ansi.StringWidth(last)
	}
	return append(out, line.String())
}

// eventCount is a count of events in words.
func eventCount(n int64) string {
	if n == 1 {
		return "1 event"
	}
	return number(n) + " events"
}

func (d *document) event(e *localplatform.Event, loc *time.Location, keys *keyMap) {
	d.heading(headline(e))
	if e.Message != "" {
		d.text(token{}, e.Message)
	}
	d.pair("time", e.At.In(loc).Format("2006-01-02 15:04:05.000 MST"))
	d.pair("app", e.App+" / "+e.Env)
	if e.IP.IsValid() {
		d.pair("actor", strings.TrimSpace(e.IP.String()+" "+e.User)+"   ("+keys.label(cmdSameActor)+" its events)")
	} else if e.User != "" {
		d.pair("actor", e.User+"   ("+keys.label(cmdSameActor)+" its events)")
	}
	if e.Request != "" {
		d.pair("request", e.Request+"   ("+keys.label(cmdSameRequest)+" its events)")
	}
	d.pair("rule", strings.TrimSpace(e.Protection+" "+e.Rule))
	if e.Weight > 1 {
		d.pair("stands for", number(e.Weight)+" facts")
	}
}

// headline is an event in a few words.
func headline(e *localplatform.Event) string {
	parts := []string{what(e)}
	if e.Severity != localplatform.SeverityNone {
		parts = append(parts, "severity "+string(e.Severity))
	}
	if o := outcome(e); o != "" {
		parts = append(parts, o)
	}
	if e.Method != "" || e.Path != "" {
		parts = append(parts, strings.TrimSpace(e.Method+" "+e.Path))
	}
	return strings.Join(parts, " \u00b7 ")
}

func (d *document) attack(a *wire.Attack) {
	if a == nil {
		return
	}
	d.heading("Attack")
	d.pair("input", a.Param)
	d.pair("payload", a.Payload)
	if a.Match != a.Payload {
		d.pair("matched", a.Match)
	}
	d.pair("confidence", a.Confidence)
	if a.Sink == nil {
		return
	}
	s := a.Sink
	d.pair("sink", strings.Join(strings.Fields(s.Type+" "+s.Dialect+" "+s.Database+" "+s.Target), " "))
	before, in, rest := marked(s.Statement, s.Start, s.End)
	d.statement("reached", before, in, rest)
}

// marked cuts a statement around the input in it.
func marked(s string, start, end int) (before, in, after string) {
	if start < 0 || end > len(s) || start >= end {
		return s, "", ""
	}
	return s[:start], s[start:end], s[end:]
}

// statement shows the input inside of what it reached, between signs that are
// there without colour, too.
func (d *document) statement(name, before, in, after string) {
	if before+in+after == "" {
		return
	}
	if in == "" {
		d.pair(name, before)
		return
	}
	from := len(d.lines)
	d.styledPair(token{}, name, nearEnd(before)+"\u00bb"+in+"\u00ab"+after)
	for i := from; i < len(d.lines); i++ {
		if strings.Contains(d.lines[i], "\u00bb") {
			d.markFrom(i)
			return
		}
	}
}

// nearEnd keeps what stands before the input short enough to see the input.
func nearEnd(s string) string {
	const most = 4000
	if len(s) <= most {
		return s
	}
	return "\u2026" + strings.ToValidUTF8(s[len(s)-most:], "")
}

// markFrom colours from the opening sign on a line to the closing one.
func (d *document) markFrom(i int) {
	for first := true; i < len(d.lines); i, first = i+1, false {
		l, begin := d.lines[i], nameWidth
		if first {
			begin = strings.Index(l, "\u00bb")
		}
		begin = min(begin, len(l))
		end := strings.LastIndex(l, "\u00ab")
		if end >= begin {
			end += len("\u00ab")
			d.lines[i] = l[:begin] + d.st.match.on(l[begin:end]) + l[end:]
			return
		}
		d.lines[i] = l[:begin] + d.st.match.on(l[begin:])
	}
}

// stack shows the app's own frames first: there is what to mend.
func (d *document) stack(frames []wire.Frame) {
	if len(frames) == 0 {
		return
	}
	d.heading("Stack (the app's own code first)")
	shown := slices.Clone(frames)
	slices.SortStableFunc(shown, func(a, b wire.Frame) int {
		switch {
		case a.InApp == b.InApp:
			return 0
		case a.InApp:
			return -1
		}
		return 1
	})
	for _, f := range shown[:min(len(shown), maxFrames)] {
		t, sign := d.st.dim, "  "
		if f.InApp {
			t, sign = token{}, "> "
		}
		s := f.Function
		if f.File != "" {
			s += "  " + f.File + ":" + strconv.Itoa(f.Line)
		}
		d.lines = append(d.lines, t.on(sign+clean(limited(s))))
	}
	if n := len(shown) - maxFrames; n > 0 {
		d.text(d.st.dim, number(int64(n))+" more frames; "+"y copies all of them")
	}
}

func (d *document) request(r *wire.Request) {
	if r == nil {
		return
	}
	d.heading("Request")
	url := r.Path
	if r.Query != "" {
		url += "?" + r.Query
	}
	d.pair("asked", strings.TrimSpace(r.Method+" "+r.Host+url))
	d.pair("route", r.Route)
	if r.Status != 0 {
		d.pair("answer", strconv.Itoa(r.Status)+micros(r.Micros))
	}
	d.pair("agent", r.UserAgent)
	d.pair("referer", r.Referer)
	d.pair("connection", r.Remote)
	d.values("param", r.Params)
	d.values("header", r.Headers)
}

func micros(us int64) string {
	if us == 0 {
		return ""
	}
	return " in " + (time.Duration(us) * time.Microsecond).String()
}

func (d *document) values(name string, m map[string][]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		d.pair(name, k+": "+strings.Join(m[k], ", "))
		name = ""
	}
}

// raw is the signal as the agent sent it.
func (d *document) raw(b json.RawMessage) {
	if len(b) == 0 {
		return
	}
	d.heading("Signal")
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		d.text(d.st.bad, "it is not JSON: "+err.Error())
		return
	}
	d.code(out.String())
}
