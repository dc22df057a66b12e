package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// help is the list of all keys, searched by typing.
type help struct {
	open   bool
	search editor
	scroll int
	lines  []helpLine
	height int
}

type helpLine struct{ group, key, text string }

func newHelp(m *keyMap, at int) help {
	h := help{open: true}
	for _, here := range []bool{true, false} { // what works on this page comes first
		for _, b := range m.table {
			if (b.pages&(1<<at) != 0) == here {
				k := b.binding.Help()
				h.lines = append(h.lines, helpLine{b.group, k.Key, k.Desc})
			}
		}
	}
	return h
}

func (h *help) key(k tea.KeyPressMsg) {
	switch k.String() {
	case "esc", "enter", "ctrl+c":
		h.open = false
	case "?":
		h.open = h.search.String() != ""
		h.search = editor{}
	case "down":
		h.scroll++
	case "up":
		h.scroll--
	case "pgdown", "ctrl+d":
		h.scroll += h.height
	case "pgup":
		h.scroll -= h.height
	default:
		if h.search.key(k) {
			h.scroll = 0
		}
	}
}

// matching are the lines that have all words that were typed.
func (h *help) matching() []helpLine {
	words := strings.Fields(strings.ToLower(h.search.String()))
	var out []helpLine
	for _, l := range h.lines {
		text, all := strings.ToLower(l.group+" "+l.key+" "+l.text), true
		for _, w := range words {
			all = all && strings.Contains(text, w)
		}
		if all {
			out = append(out, l)
		}
	}
	return out
}

func (h *help) view(w, height int, st *styles) []string {
	c := newCanvas(w, height)
	c.raw(styled(st.strong.on("Keys")+"   type to search: "+st.key.on(clean(h.search.String())+"_")+"   esc closes", w))
	var lines []string
	group := ""
	for _, l := range h.matching() {
		if l.group != group {
			group = l.group
			lines = append(lines, st.strong.on(group))
		}
		lines = append(lines, "  "+st.key.on(fit(l.key, 8))+" "+l.text)
	}
	if len(lines) == 0 {
		lines = []string{st.dim.on("no key for this; ctrl-u begins again")}
	}
	h.height = c.room()
	h.scroll = max(0, min(h.scroll, len(lines)-h.height))
	for _, l := range lines[h.scroll:] {
		c.raw(styled(l, w))
	}
	c.fill(height)
	return c.lines
}

// hint is a key of the line at the bottom, with one word for it.
type hint struct {
	command command
	word    string
}

// shortHelp are the keys shown at the bottom, the most useful first.
func shortHelp(at int) []hint {
	if at == 1 {
		return []hint{
			{cmdHelp, "help"},
			{cmdEnter, "open"},
			{cmdFilter, "filter"},
			{cmdAck, "ack"},
			{cmdResolve, "resolve"},
			{cmdBlock, "block"},
			{cmdEvents, "events"},
			{cmdState, "states"},
			{cmdSort, "sort"},
			{cmdSnooze, "snooze"},
			{cmdAssign, "assign"},
			{cmdNote, "note"},
			{cmdReopen, "reopen"},
			{cmdIgnore, "ignore"},
			{cmdNextPage, "page"},
			{cmdQuit, "quit"},
		}
	}
	return []hint{
		{cmdHelp, "help"},
		{cmdEnter, "open"},
		{cmdFilter, "filter"},
		{cmdNextHigh, "next high"},
		{cmdSameRequest, "request"},
		{cmdSameActor, "actor"},
		{cmdPause, "pause"},
		{cmdHistogram, "histogram"},
		{cmdFacets, "values"},
		{cmdFind, "find"},
		{cmdMark, "mark"},
		{cmdFollow, "follow"},
		{cmdNextPage, "page"},
		{cmdQuit, "quit"},
	}
}
