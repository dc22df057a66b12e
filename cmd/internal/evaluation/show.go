package evaluation

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/sqreen/sqreen/cmd/internal/printer"
)

// Show prints a report, and says what a person may want to do about it.
func (o *Options) Show(r *Report) error {
	if err := printer.One(o.IO, o.Now(), &o.Print, *r, func(p *printer.Page) error { r.page(p); return nil }); err != nil {
		return err
	}
	return o.remarks(r)
}

func (r *Report) page(p *printer.Page) {
	if p.Plain {
		p.Rows(nil, r.plainRows())
		return
	}
	heads := []string{"kind", "attacks", "detected", "rate", "legitimate", "flagged", "rate"}
	rows := r.rows(p)
	alignRight(heads, rows)
	p.Rows(heads, rows)
}

// alignRight brings all columns but the first to the width of their longest cell.
func alignRight(heads []string, rows [][]string) {
	for i := 1; i < len(heads); i++ {
		width := len(heads[i])
		for _, row := range rows {
			width = max(width, ansi.StringWidth(row[i]))
		}
		heads[i] = strings.Repeat(" ", width-len(heads[i])) + heads[i]
		for _, row := range rows {
			row[i] = strings.Repeat(" ", width-ansi.StringWidth(row[i])) + row[i]
		}
	}
}

// named is a count with what it is of.
type named struct {
	name string
	*Count
}

// counts lists the kinds by name, and the total last.
func (r *Report) counts() []named {
	var out []named
	for _, kind := range slices.Sorted(maps.Keys(r.ByKind)) {
		name := printer.Clean(kind)
		if kind == "" {
			name = "(none)"
		}
		out = append(out, named{name, r.ByKind[kind]})
	}
	return append(out, named{"total", &r.Count})
}

func (r *Report) plainRows() [][]string {
	var rows [][]string
	for _, c := range r.counts() {
		rows = append(rows, []string{c.name, printer.Int(c.Attacks), printer.Int(c.Detected), printer.Int(c.Legitimate), printer.Int(c.Flagged)})
	}
	return rows
}

func (r *Report) rows(p *printer.Page) [][]string {
	var rows [][]string
	for _, c := range r.counts() {
		detected, flagged := rate(c.Detected, c.Attacks), rate(c.Flagged, c.Legitimate)
		if c.Detected < c.Attacks {
			detected = p.Warn(detected)
		}
		if c.Flagged > 0 {
			flagged = p.Bad(flagged)
		}
		rows = append(rows, []string{
			c.name, number(c.Attacks), number(c.Detected), detected, number(c.Legitimate), number(c.Flagged), flagged,
		})
	}
	return rows
}

func number(n int) string { return printer.Thousands(int64(n)) }

// rate is a share in percent that does not round to all or nothing what is not.
func rate(part, whole int) string {
	switch {
	case whole == 0:
		return "-"
	case part == 0 || part == whole:
		return strconv.Itoa(part*100/whole) + " %"
	}
	percent := float64(part) * 100 / float64(whole)
	switch {
	case percent < 0.01:
		return "<0.01 %"
	case percent > 99.99:
		return ">99.99 %"
	}
	return strconv.FormatFloat(percent, 'f', 2, 64) + " %"
}

// remarks says on ErrOut what the numbers do not: what was skipped, and where
// the misses are.
func (o *Options) remarks(r *Report) error {
	var b strings.Builder
	c := o.IO.Colour()
	wrong := r.Wrong()
	if r.Skipped > 0 {
		fmt.Fprintf(&b, "%s %s skipped, the first at %s\n", c.Warn("note:"), printer.Count(int64(r.Skipped), "line", "lines"), printer.Clean(r.firstBad.Error()))
	}
	switch {
	case r.Attacks+r.Legitimate+r.Skipped == 0:
		fmt.Fprintf(&b, "%s there was no line to judge\n", c.Warn("note:"))
	case o.Misses != "":
		fmt.Fprintf(&b, "Wrote %s to %s.\n", printer.Count(int64(wrong), "miss", "misses"), printer.Clean(o.Misses))
	case wrong > 0 && !o.Print.Structured():
		fmt.Fprintf(&b, "%s --misses FILE lists what was judged wrongly: %s\n", c.Key("hint:"), printer.Count(int64(wrong), "line", "lines"))
	}
	_, err := io.WriteString(o.IO.ErrOut, b.String())
	return err
}
