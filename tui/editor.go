package tui

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// editor is one line of text under a cursor that counts characters.
type editor struct {
	text []rune
	at   int
}

func newEditor(s string) editor {
	r := []rune(s)
	return editor{r, len(r)}
}

func (e *editor) String() string { return string(e.text) }

// maxTyped bounds what is typed or pasted; queries end at the same length.
const maxTyped = 10_000

// insert puts text at the cursor. Line breaks of a paste become spaces.
func (e *editor) insert(s string) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
	r := []rune(s)
	r = r[:min(len(r), max(0, maxTyped-len(e.text)))]
	e.text = slices.Insert(e.text, e.at, r...)
	e.at += len(r)
}

// key edits, and reports whether the key was one for editing.
func (e *editor) key(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "left", "ctrl+b":
		e.at = max(0, e.at-1)
	case "right", "ctrl+f":
		e.at = min(len(e.text), e.at+1)
	case "home", "ctrl+a":
		e.at = 0
	case "end", "ctrl+e":
		e.at = len(e.text)
	case "backspace", "ctrl+h":
		e.cut(e.at-1, e.at)
	case "delete":
		e.cut(e.at, e.at+1)
	case "ctrl+u":
		e.cut(0, e.at)
	case "ctrl+k":
		e.cut(e.at, len(e.text))
	case "ctrl+w", "alt+backspace":
		e.cut(e.wordStart(), e.at)
	default:
		if k.Text == "" {
			return false
		}
		e.insert(k.Text)
	}
	return true
}

// cut removes the characters from one place to another, as far as there are any.
func (e *editor) cut(from, to int) {
	from, to = max(from, 0), min(to, len(e.text))
	if from < to {
		e.text = slices.Delete(e.text, from, to)
		e.at = from
	}
}

func (e *editor) wordStart() int {
	i := e.at
	for i > 0 && e.text[i-1] == ' ' {
		i--
	}
	for i > 0 && e.text[i-1] != ' ' {
		i--
	}
	return i
}

// view is the part of the line around the cursor, at most w cells wide, the
// cell of the cursor in it, and the character it begins with.
func (e *editor) view(w int) (shown string, cell, first int) {
	if w <= 1 {
		return "", 0, e.at
	}
	first = e.at
	width := 0
	for first > 0 {
		n := runeWidth(e.text[first-1])
		if width+n > w-1 {
			break
		}
		width += n
		first--
	}
	return ansi.Truncate(clean(string(e.text[first:])), w, ""), min(ansi.StringWidth(clean(string(e.text[first:e.at]))), w-1), first
}

func runeWidth(r rune) int { return ansi.StringWidth(clean(string(r))) }
