package tui

import (
	"slices"

	"charm.land/bubbles/v2/key"
)

// command is something a key can ask for.
type command int

const (
	cmdNone command = iota
	cmdQuit
	cmdHelp
	cmdCommand
	cmdNextPage
	cmdPage
	cmdBack
	cmdEnter
	cmdDown
	cmdUp
	cmdHalfDown
	cmdHalfUp
	cmdPageDown
	cmdPageUp
	cmdTop
	cmdBottom
	cmdRefresh
	cmdFilter
	cmdFind
	cmdNext
	cmdPrev
	cmdNextHigh
	cmdPrevHigh
	cmdFollow
	cmdPause
	cmdHistogram
	cmdFacets
	cmdZoom
	cmdWrap
	cmdScrollDown
	cmdScrollUp
	cmdMark
	cmdNextMark
	cmdPrevMark
	cmdCopy
	cmdCopyCommand
	cmdSameRequest
	cmdSameActor
	cmdSort
	cmdSortBack
	cmdState
	cmdAck
	cmdResolve
	cmdReopen
	cmdSnooze
	cmdIgnore
	cmdAssign
	cmdNote
	cmdBlock
	cmdEvents
)

// Pages, as a set, on which a key means something.
const (
	onEvents = 1 << iota
	onIncidents
	onAll = onEvents | onIncidents
)

// bound is one line of the key map.
type bound struct {
	command command
	pages   int
	group   string
	binding key.Binding
}

// keyMap is what keys do. Lookup and help read the same table.
type keyMap struct {
	table []bound
	index [2]map[string]command
}

func bind(c command, pages int, group, label, help string, keys ...string) bound {
	return bound{c, pages, group, key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, help))}
}

func newKeyMap() keyMap {
	m := keyMap{table: slices.Concat(moveKeys(), eventKeys(), incidentKeys(), frameKeys())}
	for page := range m.index {
		m.index[page] = map[string]command{}
		for _, b := range m.table {
			if b.pages&(1<<page) == 0 {
				continue
			}
			for _, k := range b.binding.Keys() {
				m.index[page][k] = b.command
			}
		}
	}
	return m
}

// lookup says what a key means on a page (0 events, 1 incidents).
func (m *keyMap) lookup(page int, pressed string) command { return m.index[page][pressed] }

// label is how a command's key is written, for hints in texts.
func (m *keyMap) label(c command) string {
	for _, b := range m.table {
		if b.command == c {
			return b.binding.Help().Key
		}
	}
	return ""
}

func moveKeys() []bound {
	const g = "Move"
	return []bound{
		bind(cmdDown, onAll, g, "j", "one down", "j", "down"),
		bind(cmdUp, onAll, g, "k", "one up", "k", "up"),
		bind(cmdHalfDown, onAll, g, "ctrl-d", "half a screen down", "ctrl+d"),
		bind(cmdHalfUp, onAll, g, "ctrl-u", "half a screen up", "ctrl+u"),
		bind(cmdPageDown, onAll, g, "pgdn", "a screen down", "pgdown", "ctrl+f"),
		bind(cmdPageUp, onAll, g, "pgup", "a screen up", "pgup", "ctrl+b"),
		bind(cmdTop, onAll, g, "g", "to the newest, the first", "g", "home"),
		bind(cmdBottom, onAll, g, "G", "to the oldest, the last", "G", "end"),
		bind(cmdEnter, onAll, g, "enter", "open what is selected", "enter"),
		bind(cmdBack, onAll, g, "esc", "back, one step at a time", "esc", "backspace"),
		bind(cmdScrollDown, onAll, g, "J", "scroll the detail down", "J", "shift+down"),
		bind(cmdScrollUp, onAll, g, "K", "scroll the detail up", "K", "shift+up"),
	}
}

func eventKeys() []bound {
	const g = "Events"
	return []bound{
		bind(cmdFind, onEvents, g, "ctrl-s", "find with a query, without filtering", "ctrl+s"),
		bind(cmdNext, onEvents, g, "n", "next match of what was found", "n"),
		bind(cmdPrev, onEvents, g, "N", "match before", "N"),
		bind(cmdNextHigh, onEvents, g, "e", "next event of high severity", "e"),
		bind(cmdPrevHigh, onEvents, g, "E", "event of high severity before", "E"),
		bind(cmdFollow, onEvents, g, "f", "follow: new events as they arrive", "f"),
		bind(cmdPause, onEvents, g, "p", "pause and go on; what arrives is counted", "p"),
		bind(cmdHistogram, onEvents, g, "i", "histogram: severity, blocked, none", "i"),
		bind(cmdFacets, onEvents, g, "v", "values: the most frequent ones, to filter by", "v"),
		bind(cmdZoom, onEvents, g, "z", "zoom the detail", "z"),
		bind(cmdWrap, onEvents, g, "w", "wrap long lines of the detail", "w"),
		bind(cmdSameRequest, onEvents, g, "r", "events of the same request", "r"),
		bind(cmdSameActor, onEvents, g, "a", "events of the same actor", "a"),
		bind(cmdMark, onEvents, g, "space", "mark", "space"),
		bind(cmdPrevMark, onEvents, g, "[", "newer mark", "["),
		bind(cmdNextMark, onEvents, g, "]", "older mark", "]"),
	}
}

func incidentKeys() []bound {
	const g = "Incidents"
	return []bound{
		bind(cmdAck, onIncidents, g, "a", "acknowledge", "a"),
		bind(cmdResolve, onIncidents, g, "x", "resolve", "x"),
		bind(cmdReopen, onIncidents, g, "o", "reopen", "o"),
		bind(cmdSnooze, onIncidents, g, "z", "snooze", "z"),
		bind(cmdIgnore, onIncidents, g, "I", "ignore", "I"),
		bind(cmdAssign, onIncidents, g, "u", "assign to a user", "u"),
		bind(cmdNote, onIncidents, g, "m", "note a message", "m"),
		bind(cmdBlock, onIncidents, g, "b", "block an actor", "b"),
		bind(cmdEvents, onIncidents, g, "v", "view its events", "v"),
		bind(cmdSort, onIncidents, g, "s", "sort by the next column", "s"),
		bind(cmdSortBack, onIncidents, g, "S", "sort by the column before", "S"),
		bind(cmdState, onIncidents, g, "t", "states: live, all, open, ...", "t"),
	}
}

func frameKeys() []bound {
	const g = "Everywhere"
	return []bound{
		bind(cmdFilter, onAll, g, "/", "filter with a query", "/"),
		bind(cmdCommand, onAll, g, ":", "command", ":"),
		bind(cmdHelp, onAll, g, "?", "this help", "?"),
		bind(cmdNextPage, onAll, g, "tab", "next page", "tab", "shift+tab"),
		bind(cmdPage, onAll, g, "1-9", "page by its number", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		bind(cmdCopy, onAll, g, "y", "copy as JSON", "y"),
		bind(cmdCopyCommand, onAll, g, "Y", "copy the command line", "Y"),
		bind(cmdRefresh, onAll, g, "ctrl-r", "ask again", "ctrl+r"),
		bind(cmdQuit, onAll, g, "q", "quit", "q", "ctrl+c"),
	}
}
