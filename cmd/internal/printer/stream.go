package printer

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
)

// Stream prints rows as they come: lines of a table whose columns only ever
// grow but for one, or one JSON object on each line.
type Stream[T any] struct {
	ios    *iostreams.IOStreams
	now    func() time.Time
	o      *Options
	cols   []Column[T]
	widths []int

	elastic int // the column that takes what is left of a line, -1 for none
	begun   bool
}

// NewStream begins a stream. Options must have been validated for T.
func NewStream[T any](ios *iostreams.IOStreams, now func() time.Time, o *Options, all []Column[T]) (*Stream[T], error) {
	if len(o.Sort) > 0 {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "what comes one by one cannot be sorted")
	}
	if o.Format == FormatCSV || o.Format == FormatYAML {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "a stream has no format %s", o.Format).WithHint("use -o json: one object on each line")
	}
	cols, err := choose(all, o)
	if err != nil {
		return nil, err
	}
	return &Stream[T]{ios: ios, now: now, o: o, cols: cols}, nil
}

// Write prints rows.
func (s *Stream[T]) Write(rows ...T) error {
	switch {
	case len(rows) == 0:
		return nil
	case s.o.Structured():
		return s.objects(rows)
	case !s.ios.IsStdoutTTY():
		return WriteTSV(s.ios.Out, s.cols, rows)
	}
	return s.lines(rows)
}

func (s *Stream[T]) objects(rows []T) error {
	for i := range rows {
		raw, err := object(&rows[i], s.o.Fields)
		if err != nil {
			return err
		}
		if err := s.object(raw); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stream[T]) object(raw json.RawMessage) error {
	if s.o.JQ != "" || s.o.Template != "" {
		return s.o.write(s.ios.Out, s.now(), raw)
	}
	_, err := s.ios.Out.Write(append(escapeActive(raw), '\n'))
	return err
}

// lines draws rows below the ones before. Times are of the clock, since relative
// ones would be wrong a moment later.
func (s *Stream[T]) lines(rows []T) error {
	pen := NewPen(s.ios, s.now())
	pen.Clock = true
	cells := make([][]string, len(rows))
	for r, row := range rows {
		cells[r] = s.cells(row, pen)
	}
	if !s.begun {
		cells = s.settle(cells)
		cells = append([][]string{s.heads(pen)}, cells...)
		s.begun = true
	}
	var b strings.Builder
	for _, row := range cells {
		b.WriteString(s.line(row))
		b.WriteByte('\n')
	}
	_, err := s.ios.Out.Write([]byte(b.String()))
	return err
}

// streamCell is what a column that may be cut can grow to, but for the elastic
// one, which takes what is left.
const streamCell = 14

// line lays out one row. Columns keep the width they have grown to.
func (s *Stream[T]) line(row []string) string {
	for i, cell := range row {
		s.widths[i] = max(s.widths[i], s.allowed(i, ansi.StringWidth(cell)))
	}
	if e := s.elastic; e >= 0 {
		s.widths[e] = 0
		s.widths[e] = max(s.cols[e].Min, s.ios.TerminalWidth()-total(s.widths))
	}
	var b strings.Builder
	for i, cell := range row {
		cell = ansi.Truncate(cell, s.widths[i], "…")
		b.WriteString(cell + strings.Repeat(" ", s.widths[i]-ansi.StringWidth(cell)+gap))
	}
	return ansi.Truncate(strings.TrimRight(b.String(), " "), s.ios.TerminalWidth(), "…")
}

func (s *Stream[T]) allowed(i, width int) int {
	if s.cols[i].Min > 0 {
		return min(width, max(streamCell, s.cols[i].Min))
	}
	return width
}

// settle leaves out the columns that would have no room if all others grew as
// far as they may, and chooses the elastic one: the last that may be cut.
func (s *Stream[T]) settle(cells [][]string) [][]string {
	for {
		s.elastic = -1
		widths := measure(s.cols, cells)
		for i, c := range s.cols {
			if c.Min > 0 {
				widths[i], s.elastic = max(streamCell, c.Min), i
			}
		}
		if s.elastic >= 0 {
			widths[s.elastic] = s.cols[s.elastic].Min
		}
		drop := dropIndex(s.cols)
		if total(widths) <= s.ios.TerminalWidth() || drop < 0 {
			break
		}
		s.cols = slices.Delete(slices.Clone(s.cols), drop, drop+1)
		for r := range cells {
			cells[r] = slices.Delete(slices.Clone(cells[r]), drop, drop+1)
		}
	}
	s.widths = make([]int, len(s.cols))
	return cells
}

func (s *Stream[T]) cells(row T, pen Pen) []string {
	out := make([]string, len(s.cols))
	for i, c := range s.cols {
		if c.Show != nil {
			out[i] = c.Show(row, pen)
		} else {
			out[i] = Clean(c.Text(row))
		}
	}
	return out
}

func (s *Stream[T]) heads(pen Pen) []string {
	out := make([]string, len(s.cols))
	for i, c := range s.cols {
		out[i] = pen.Bold(c.head())
	}
	return out
}
