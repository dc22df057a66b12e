package printer

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

// gap separates columns on a terminal.
const gap = 2

// Table is what List prints.
type Table[T any] struct {
	Columns   []Column[T]
	Rows      []T
	Total     int    // how many match in all; less than the rows means just these
	More      bool   // there are more, nobody counted how many
	One, Many string // nouns: "app", "apps"
	Empty     string // said on ErrOut when there are no rows
}

// choose picks the columns that the options ask for.
func choose[T any](all []Column[T], o *Options) ([]Column[T], error) {
	if len(o.Columns) == 0 {
		return slices.DeleteFunc(slices.Clone(all), func(c Column[T]) bool { return c.Wide && o.Format != FormatWide }), nil
	}
	var out []Column[T]
	for _, name := range o.Columns {
		i := slices.IndexFunc(all, func(c Column[T]) bool { return strings.EqualFold(c.Name, name) })
		if i < 0 {
			return nil, UnknownName("column", name, ColumnNames(all))
		}
		c := all[i]
		c.Drop = 0
		out = append(out, c)
	}
	return out, nil
}

// ColumnNames lists the columns that --columns and --sort take.
func ColumnNames[T any](all []Column[T]) []string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	return names
}

// Sort orders rows by the columns that the options name. Equal rows keep their order.
func Sort[T any](rows []T, all []Column[T], by []string) error {
	for _, key := range slices.Backward(by) {
		name, descending := strings.CutPrefix(key, "-")
		i := slices.IndexFunc(all, func(c Column[T]) bool { return strings.EqualFold(c.Name, name) })
		if i < 0 {
			return UnknownName("column to sort by", name, ColumnNames(all))
		}
		c := all[i]
		cmp := c.Cmp
		if cmp == nil {
			cmp = func(a, b T) int { return strings.Compare(c.Text(a), c.Text(b)) }
		}
		slices.SortStableFunc(rows, func(a, b T) int {
			if descending {
				return cmp(b, a)
			}
			return cmp(a, b)
		})
	}
	return nil
}

// WriteTSV writes rows for a pipe: tabs between cells, no header, nothing cut.
func WriteTSV[T any](w io.Writer, cols []Column[T], rows []T) error {
	for _, row := range rows {
		cells := make([]string, len(cols))
		for i, c := range cols {
			cells[i] = Clean(c.Text(row))
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return nil
}

// pretty draws rows for a person and says what was left out.
func pretty[T any](ios *iostreams.IOStreams, pen Pen, cols []Column[T], t Table[T], wide bool) error {
	cells := make([][]string, len(t.Rows))
	for r, row := range t.Rows {
		cells[r] = make([]string, len(cols))
		for i, c := range cols {
			if c.Show != nil {
				cells[r][i] = c.Show(row, pen)
			} else {
				cells[r][i] = Clean(c.Text(row))
			}
		}
	}
	hidden := []string(nil)
	if !wide {
		cols, cells, hidden = fit(cols, cells, ios.TerminalWidth())
	}
	if err := draw(ios.Out, pen, cols, cells); err != nil {
		return err
	}
	return footer(ios.Out, pen, t, hidden)
}

func footer[T any](w io.Writer, pen Pen, t Table[T], hidden []string) error {
	n := int64(len(t.Rows))
	var text string
	switch {
	case t.Total > len(t.Rows):
		text = fmt.Sprintf("showing %s of %s", Thousands(n), Count(int64(t.Total), t.One, t.Many))
	case t.More:
		text = fmt.Sprintf("showing %s, there are more", Count(n, t.One, t.Many))
	default:
		text = Count(n, t.One, t.Many)
	}
	if len(hidden) > 0 {
		text += "; no room for " + strings.Join(hidden, ", ") + " (-o wide shows all)"
	}
	_, err := fmt.Fprintf(w, "\n%s\n", pen.Faint(text))
	return err
}

// fit drops and narrows columns until a row takes no more than width.
func fit[T any](cols []Column[T], cells [][]string, width int) ([]Column[T], [][]string, []string) {
	var hidden []string
	for {
		widths := measure(cols, cells)
		if over := total(widths) - width; over <= 0 || narrow(cols, cells, widths, over) {
			return cols, cells, hidden
		}
		i := dropIndex(cols)
		if i < 0 {
			return cols, cells, hidden
		}
		hidden = append(hidden, cols[i].Name)
		cols = slices.Delete(slices.Clone(cols), i, i+1)
		for r := range cells {
			cells[r] = slices.Delete(slices.Clone(cells[r]), i, i+1)
		}
	}
}

func measure[T any](cols []Column[T], cells [][]string) []int {
	widths := make([]int, len(cols))
	for i := range cols {
		widths[i] = ansi.StringWidth(cols[i].head())
		for r := range cells {
			widths[i] = max(widths[i], ansi.StringWidth(cells[r][i]))
		}
	}
	return widths
}

func total(widths []int) int {
	sum := gap * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// narrow takes over columns' worth of width from the widest columns that may be
// cut. It changes nothing and returns false when that is not possible.
func narrow[T any](cols []Column[T], cells [][]string, widths []int, over int) bool {
	target := slices.Clone(widths)
	for ; over > 0; over-- {
		widest := -1
		for i, c := range cols {
			if c.Min > 0 && target[i] > max(c.Min, ansi.StringWidth(c.head())) && (widest < 0 || target[i] > target[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		target[widest]--
	}
	for r := range cells {
		for i := range cols {
			cells[r][i] = ansi.Truncate(cells[r][i], target[i], "…")
		}
	}
	return true
}

func dropIndex[T any](cols []Column[T]) int {
	best := -1
	for i, c := range cols {
		if c.Drop > 0 && (best < 0 || c.Drop > cols[best].Drop) {
			best = i
		}
	}
	return best
}

func (c Column[T]) head() string {
	if c.Head != "" {
		return c.Head
	}
	return strings.ToUpper(strings.ReplaceAll(c.Name, "_", " "))
}

func draw[T any](w io.Writer, pen Pen, cols []Column[T], cells [][]string) error {
	heads, align := make([]string, len(cols)), make(tw.Alignment, len(cols))
	for i, c := range cols {
		heads[i], align[i] = pen.Bold(c.head()), tw.AlignLeft
		if c.Num {
			align[i] = tw.AlignRight
		}
	}
	return drawCells(w, heads, align, cells)
}

// drawCells lays cells out with tablewriter and removes the blanks at line ends.
func drawCells(w io.Writer, heads []string, align tw.Alignment, cells [][]string) error {
	var b bytes.Buffer
	t := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone, Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithAlignment(align),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}))
	if len(heads) > 0 {
		t.Header(heads)
	}
	if err := t.Bulk(cells); err != nil {
		return err
	}
	if err := t.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, trimLine(line)); err != nil {
			return err
		}
	}
	return nil
}

// trimLine removes blanks and needless resets from the end of a line.
func trimLine(line string) string {
	line = strings.TrimRight(line, " \n")
	for {
		rest, ok := strings.CutSuffix(line, "\x1b[0m")
		if !ok {
			return line + "\n"
		}
		trimmed := strings.TrimRight(rest, " ")
		if strings.HasSuffix(trimmed, "\x1b[0m") {
			line = trimmed
			continue
		}
		return trimmed + "\x1b[0m\n"
	}
}

// List prints a table in the format that the options ask for. Options must have
// been validated for T.
func List[T any](ios *iostreams.IOStreams, now time.Time, o *Options, t Table[T]) error {
	if err := Sort(t.Rows, t.Columns, o.Sort); err != nil {
		return err
	}
	if o.Structured() {
		return structured(ios, now, o, t.Rows)
	}
	cols, err := choose(t.Columns, o)
	if err != nil {
		return err
	}
	if o.Format == FormatCSV {
		return writeCSV(ios.Out, cols, t.Rows)
	}
	if !ios.IsStdoutTTY() {
		return WriteTSV(ios.Out, cols, t.Rows)
	}
	if len(t.Rows) == 0 {
		_, err := fmt.Fprintln(ios.ErrOut, t.Empty)
		return err
	}
	defer ios.StartPager()()
	return pretty(ios, NewPen(ios, now), cols, t, o.Format == FormatWide)
}
