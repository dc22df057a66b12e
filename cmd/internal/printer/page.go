package printer

import (
	"fmt"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

// Page writes one thing for a person: a title, fields, sections. In a pipe the
// same lines come without colour and with "name:<tab>value". The first error of
// writing is kept for Err.
type Page struct {
	Pen
	ios    *iostreams.IOStreams
	fields [][2]string // waiting for their common width
	err    error
}

// NewPage starts a page on the streams' Out.
func NewPage(ios *iostreams.IOStreams, now time.Time) *Page {
	return &Page{Pen: NewPen(ios, now), ios: ios}
}

// Err writes what is pending and returns the first error.
func (p *Page) Err() error {
	p.flush()
	return p.err
}

// Line writes a line as it is; data in it must have passed through Clean.
func (p *Page) Line(format string, args ...any) {
	p.flush()
	p.printf(format+"\n", args...)
}

// Title writes the headline.
func (p *Page) Title(text string) { p.Line("%s", p.Bold(Clean(text))) }

// Section begins a part of the page.
func (p *Page) Section(name string) {
	if p.Plain {
		p.Line("\n%s:", strings.ToLower(name))
		return
	}
	p.Line("\n%s", p.Bold(strings.ToUpper(name)))
}

// Field writes a name and its value; an empty value leaves the line out. The
// value may carry colour; data in it must have passed through Clean.
func (p *Page) Field(name, value string) {
	if value != "" {
		p.fields = append(p.fields, [2]string{name, value})
	}
}

// Item writes one line of a list. It is not broken into lines, because many
// items hold a command that people copy.
func (p *Page) Item(text string) { p.Line("- %s", Clean(text)) }

// Block writes a text of several lines, indented.
func (p *Page) Block(text string) {
	p.flush()
	for line := range strings.Lines(strings.TrimRight(iostreams.VisibleLines(text), "\n") + "\n") {
		p.printf("  %s", line)
	}
}

// Rows writes a small table. Cells may carry colour; data in them must have
// passed through Clean. In a pipe there is no header.
func (p *Page) Rows(heads []string, rows [][]string) {
	p.flush()
	if p.Plain {
		for _, r := range rows {
			p.printf("%s\n", strings.Join(r, "\t"))
		}
		return
	}
	shown := make([]string, len(heads))
	for i, h := range heads {
		shown[i] = p.Faint(strings.ToUpper(h))
	}
	if err := drawCells(p.ios.Out, shown, tw.MakeAlign(len(heads), tw.AlignLeft), rows); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *Page) flush() {
	width := 0
	for _, f := range p.fields {
		width = max(width, len(f[0]))
	}
	fields := p.fields
	p.fields = nil
	for _, f := range fields {
		if p.Plain {
			p.printf("%s:\t%s\n", f[0], f[1])
			continue
		}
		p.printf("%s%s  %s\n", p.Faint(f[0]), strings.Repeat(" ", width-len(f[0])), f[1])
	}
}

func (p *Page) printf(format string, args ...any) {
	if p.err != nil {
		return
	}
	_, p.err = fmt.Fprintf(p.ios.Out, format, args...)
}
