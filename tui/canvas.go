package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// canvas collects the lines of a part of the screen. All lines are made to be
// exactly w cells wide, and there are never more than h.
type canvas struct {
	w, h  int
	lines []string
}

func newCanvas(w, h int) *canvas {
	return &canvas{w: max(w, 0), h: max(h, 0), lines: make([]string, 0, max(h, 0))}
}

// room is how many lines may still be added.
func (c *canvas) room() int { return c.h - len(c.lines) }

// add writes one line of plain text in a style.
func (c *canvas) add(t token, s string) { c.raw(t.on(fit(s, c.w))) }

// raw writes one line that has its width already.
func (c *canvas) raw(s string) {
	if c.room() > 0 {
		c.lines = append(c.lines, s)
	}
}

// fill adds empty lines until there are n lines in all.
func (c *canvas) fill(n int) {
	for len(c.lines) < min(n, c.h) {
		c.lines = append(c.lines, spaces(c.w))
	}
}

// styled cuts or pads text that has styles in it.
func styled(s string, w int) string {
	n := ansi.StringWidth(s)
	if n > w {
		return ansi.Truncate(s, max(w, 0), "\u2026") + "\x1b[m"
	}
	return s + spaces(w-n)
}

// sides puts one text at the left and one at the right end of a line. The right
// one gives way when there is no room for both.
func sides(left, right string, w int) string {
	free := w - ansi.StringWidth(right) - 1
	if free < w/3 || free < 8 {
		return styled(left, w)
	}
	return styled(left, free) + " " + right
}

// beside joins two canvases of the same height line by line.
func beside(a, b *canvas) []string {
	a.fill(a.h)
	b.fill(a.h)
	out := make([]string, len(a.lines))
	for i := range out {
		out[i] = a.lines[i]
		if i < len(b.lines) {
			out[i] += b.lines[i]
		}
	}
	return out
}

// overlay lays a box over the middle of lines.
func overlay(lines []string, box []string, w int) {
	top := max(0, (len(lines)-len(box))/2)
	for i, s := range box {
		if top+i >= len(lines) {
			return
		}
		n := ansi.StringWidth(s)
		left := max(0, (w-n)/2)
		lines[top+i] = styled(spaces(left)+s, w)
	}
}

// boxed draws a frame around lines of text, w cells wide with its border.
func boxed(title string, body []string, w int, st *styles) []string {
	inner := max(w-4, 1)
	head := "\u250c\u2500 " + fitMax(title, inner-1) + " "
	head += strings.Repeat("\u2500", max(0, w-1-ansi.StringWidth(head))) + "\u2510"
	out := append(make([]string, 0, len(body)+2), st.border.on(head))
	for _, s := range body {
		out = append(out, st.border.on("\u2502")+" "+styled(s, inner)+" "+st.border.on("\u2502"))
	}
	return append(out, st.border.on("\u2514"+strings.Repeat("\u2500", max(0, w-2))+"\u2518"))
}

// fitMax cuts text to at most w cells and does not pad.
func fitMax(s string, w int) string {
	if ansi.StringWidth(s) <= w {
		return s
	}
	return ansi.Truncate(s, max(w, 0), "\u2026")
}
