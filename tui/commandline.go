package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// commandOptions are the words of the : line.
func commandOptions() []option {
	return []option{
		{"events", "events, with a query if one follows"},
		{"incidents", "incidents, with a query if one follows"},
		{"goto", "the event with this number"},
		{"find", "the next event that matches a query"},
		{"follow", "follow new events, or stop"},
		{"pause", "pause, or go on"},
		{"histogram", "next form of the histogram"},
		{"values", "the most frequent values"},
		{"unmark", "take all marks away"},
		{"light", "colours for a light screen"},
		{"dark", "colours for a dark screen"},
		{"help", "all keys"},
		{"quit", "leave"},
	}
}

// run does what was typed on the : line.
func (m *model) run(text string) tea.Cmd {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "":
	case "quit", "q":
		return tea.Quit
	case "help":
		m.help = newHelp(m.keys, m.at)
	case "light", "dark":
		m.setDark(word == "dark")
	case "events":
		return m.goCmd(0, rest)
	case "incidents":
		return m.goCmd(1, rest)
	default:
		return m.runOnEvents(word, rest)
	}
	return nil
}

// runOnEvents does what concerns the events page, and turns to it.
func (m *model) runOnEvents(word, rest string) tea.Cmd {
	keys := map[string]command{"follow": cmdFollow, "pause": cmdPause, "histogram": cmdHistogram, "values": cmdFacets}
	c, known := keys[word]
	switch {
	case known:
		return tea.Batch(m.showCmd(0), m.pageKey(c))
	case word == "goto":
		pos, err := strconv.ParseInt(rest, 10, 64)
		if err != nil || pos <= 0 {
			m.say(toast{text: "goto wants the number of an event, for example :goto 4711", bad: true})
			return nil
		}
		m.events.tail.pin(false)
		return tea.Batch(m.showCmd(0), m.events.atCmd(pos))
	case word == "find" && rest != "":
		m.events.find = rest
		return tea.Batch(m.showCmd(0), m.events.findCmd(rest, true))
	case word == "unmark":
		m.events.marks = map[int64]bool{}
		return nil
	}
	m.say(toast{text: "there is no command :" + word, hint: "? lists keys, tab after : lists commands", bad: true})
	return nil
}

// goCmd turns to a page, with a filter if one is given.
func (m *model) goCmd(i int, query string) tea.Cmd {
	if query == "" {
		return m.showCmd(i)
	}
	m.turn(i)
	m.opened[i] = true
	return m.page().setFilter(query, "")
}
