package tui

import (
	"math/rand/v2"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

// walks are ways to bring everything there is onto the screen.
func walks() [][]string {
	return [][]string{
		{},
		{"i", "v"},
		{"enter"},
		{"enter", "z"},
		{"v", "enter"},
		{"/", "a", "t", "t", "tab"},
		{"/", "r", "s", "i", "k", ":", "x"},
		{":", "h"},
		{"?"},
		{"?", "z", "z"},
		{"2"},
		{"2", "enter"},
		{"2", "enter", "G"},
		{"2", "b"},
		{"2", "x"},
		{"2", "z"},
		{"2", "u"},
		{"G", "space", "k"},
	}
}

// wideEvents have texts that are wider, narrower and longer than they look.
func wideEvents() []localplatform.Event {
	events := sampleEvents(60)
	for i := range events {
		e := &events[i]
		switch i % 4 {
		case 0:
			e.Path, e.Message = "/\u6771\u4eac\u90fd\u5343\u4ee3\u7530\u533a", "\u4f60\u597d\U0001F468\u200D\U0001F469\u200D\U0001F467 \u2764\uFE0F"
		case 1:
			e.Path, e.Method = "/e\u0301\u0302\u0303x", "\u0301"
		case 2:
			e.App, e.Env, e.Attack = "\U0001F6D2\U0001F6D2\U0001F6D2\U0001F6D2\U0001F6D2", "\x1b[31m", "\u202eevil"
		}
	}
	return events
}

func drawEverySize(t *testing.T, w, h int) {
	t.Helper()
	shelf := newShelf(wideEvents())
	p := samplePlatform(1)
	p.events, p.count = shelf.page, shelf.count
	for _, walk := range walks() {
		onScreen(t, p, 80, 24, Options{}, func(s *screen) {
			s.press(walk...)
			s.take(tea.WindowSizeMsg{Width: w, Height: h})
			s.settle()
			s.fits()
			s.press("j", "pgdown", "k")
			s.fits()
			s.take(tea.WindowSizeMsg{Width: 80, Height: 24})
			s.settle()
			s.fits()
		})
	}
}

func TestEverySizeFits(t *testing.T) {
	sizes := [][2]int{{0, 0}, {1, 1}, {2, 2}, {1, 100}, {300, 1}, {10, 5}, {20, 6}, {40, 12}, {45, 8}, {59, 13}, {65, 20}, {79, 23}, {110, 12}, {150, 50}, {300, 100}}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		sizes = append(sizes, [2]int{1 + r.IntN(300), 1 + r.IntN(100)})
	}
	for _, size := range sizes {
		drawEverySize(t, size[0], size[1])
	}
}

func FuzzSizes(f *testing.F) {
	f.Add(uint16(80), uint16(24))
	f.Add(uint16(1), uint16(1))
	f.Fuzz(func(t *testing.T, w, h uint16) { drawEverySize(t, int(w%301), int(h%101)) })
}

// FuzzPrompt types anything into a filter: no text breaks the line or its errors.
func FuzzPrompt(f *testing.F) {
	f.Add("attack:sqli -blocked:ture", uint8(80), uint8(3))
	f.Add("\u6771\u4eac:(\"\x00", uint8(10), uint8(1))
	f.Fuzz(func(t *testing.T, text string, w, back uint8) {
		schema := localplatform.EventSchema()
		p := prompt{kind: promptFilter, label: "/", schema: schema, now: noon, chosen: -1}
		p.edit.insert(text)
		for range back % 8 {
			p.edit.key(keyPress("left"))
		}
		p.typed()
		width := int(w) + 1
		st := newStyles(true)
		line, below := p.view(width, &st)
		for _, l := range append(p.menu(width, 8, &st), line, below) {
			checkWidth(t, l, width)
		}
		for range 3 {
			p.key(keyPress("down"))
			p.key(keyPress("tab"))
			p.key(keyPress("backspace"))
		}
	})
}
