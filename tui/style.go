package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// token is a style by its meaning, ready to be written around text.
type token struct{ open, end string }

// on writes the token around a text.
func (t token) on(s string) string { return t.open + s + t.end }

func makeToken(s lipgloss.Style) token {
	open, end, _ := strings.Cut(s.Render("x"), "x")
	return token{open, end}
}

// styles are all colours of the explorer. Every one of them is also told apart
// by a word, a sign or an attribute, for screens without colour.
type styles struct {
	bar, tab, dim, strong, key        token
	high, medium, low                 token
	good, bad, warn, selected, marked token
	border, match                     token
}

func newStyles(dark bool) styles {
	pick := lipgloss.LightDark(dark)
	fg := func(light, darker string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(pick(lipgloss.Color(light), lipgloss.Color(darker)))
	}
	return styles{
		bar:      makeToken(fg("#3A3A8C", "#A8B4FF").Bold(true)),
		tab:      makeToken(lipgloss.NewStyle().Reverse(true).Bold(true)),
		dim:      makeToken(fg("#6A6A6A", "#8C8C8C")),
		strong:   makeToken(lipgloss.NewStyle().Bold(true)),
		key:      makeToken(fg("#00608A", "#7FC8E8").Bold(true)),
		high:     makeToken(fg("#B00020", "#FF6B6B").Bold(true)),
		medium:   makeToken(fg("#9A5B00", "#FFB454")),
		low:      makeToken(fg("#2F6F4F", "#8FCB9B")),
		good:     makeToken(fg("#1B7A3D", "#7BD88F")),
		bad:      makeToken(fg("#B00020", "#FF6B6B").Bold(true)),
		warn:     makeToken(fg("#9A5B00", "#FFB454").Bold(true)),
		selected: makeToken(lipgloss.NewStyle().Reverse(true)),
		marked:   makeToken(fg("#7A3E9D", "#D7A6FF").Bold(true)),
		border:   makeToken(fg("#8A8A8A", "#6C6C6C")),
		match:    makeToken(fg("#B00020", "#FF6B6B").Bold(true).Underline(true)),
	}
}
