package queries

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is what is wrong with a query, and where.
type Error struct {
	Query    string // the text that was compiled
	Column   int    // where the trouble begins, counted in runes from 1
	End      int    // the column after its last rune; equal to Column when something is missing there
	Expected string // what would have been right there, "" when nothing short can be said
	Message  string // what is wrong
	Hint     string // what to type instead, for example: did you mean "risk"?
}

// Error returns the whole story in one line.
func (e *Error) Error() string {
	s := fmt.Sprintf("column %d: %s", e.Column, e.Message)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// renderWidth is how many cells of the query Render shows, so that it fits a terminal of 80 columns.
const renderWidth = 76

// Render draws the query with a line of carets under the trouble, and the story below. A long query is
// cut around the trouble; control characters are shown as dots, so that the drawing is always of lines
// as wide as they look.
func (e *Error) Render() string {
	runes := []rune(e.Query)
	start := min(max(e.Column-1, 0), len(runes))
	end := min(max(e.End-1, start), len(runes))
	from, to := window(runes, start, end)
	var line, carets strings.Builder
	if from > 0 {
		line.WriteString("…")
		carets.WriteString(" ")
	}
	for i, r := range runes[from:to] {
		shown, width := cell(r)
		line.WriteString(shown)
		mark := " "
		if at := from + i; start <= at && at < end {
			mark = "^"
		}
		carets.WriteString(strings.Repeat(mark, width))
	}
	if !strings.Contains(carets.String(), "^") { // something is missing, or is drawn without width
		cut := cellsOf(runes[from:min(start, to)])
		if from > 0 {
			cut++
		}
		carets.Reset()
		carets.WriteString(strings.Repeat(" ", cut) + "^")
	}
	if to < len(runes) {
		line.WriteString("…")
	}
	return line.String() + "\n" + strings.TrimRight(carets.String(), " ") + "\n" + e.story()
}

func (e *Error) story() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "\n" + e.Hint
}

// window chooses the runes to show: all when they fit, else some before the trouble and what follows.
func window(runes []rune, start, end int) (from, to int) {
	if cellsOf(runes) <= renderWidth {
		return 0, len(runes)
	}
	const before = renderWidth / 3
	from = start
	for used := 0; from > 0; from-- {
		if _, w := cell(runes[from-1]); used+w > before {
			break
		} else {
			used += w
		}
	}
	to = from
	for used := 0; to < len(runes); to++ {
		if _, w := cell(runes[to]); used+w > renderWidth-2 {
			break
		} else {
			used += w
		}
	}
	return from, max(to, min(start, end))
}

func cellsOf(runes []rune) (n int) {
	for _, r := range runes {
		_, w := cell(r)
		n += w
	}
	return n
}

// cell returns how a rune is drawn and how many terminal cells that takes.
func cell(r rune) (string, int) {
	switch {
	case unicode.IsSpace(r):
		return " ", 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return string(r), 0
	case !unicode.IsPrint(r) || r == utf8.RuneError:
		return "·", 1
	case isWide(r):
		return string(r), 2
	}
	return string(r), 1
}

// isWide covers the blocks whose characters terminals draw two cells wide: Hangul, CJK, full-width
// forms and emoji.
func isWide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1f64f || r >= 0x1f900 && r <= 0x1f9ff ||
		r >= 0x20000 && r <= 0x3fffd
}

// fault is an Error in the making: it counts in bytes and does not know the query.
type fault struct {
	start, end              int
	expected, message, hint string
}

// in turns the fault into an Error about text.
func (f *fault) in(text string) *Error {
	start := utf8.RuneCountInString(text[:f.start])
	return &Error{
		Query: text, Column: start + 1, End: start + 1 + utf8.RuneCountInString(text[f.start:f.end]),
		Expected: presentable(f.expected), Message: presentable(f.message), Hint: presentable(f.hint),
	}
}

// presentable makes text that quotes a query safe for a terminal and short enough for a line or two.
func presentable(s string) string {
	const enough = 300
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r != ' ' && !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > enough {
		return string(runes[:enough]) + "…"
	}
	return s
}
