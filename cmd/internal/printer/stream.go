package printer

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
)

// Stream prints rows as they come: lines of a table whose columns only ever
// grow, or one JSON object on each line.
type Stream[T any] struct {
	ios    *iostreams.IOStreams
	now    func() time.Time
	o      *Options
	cols   []Column[T]
	widths []int
	begun  bool
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
	return &Stream[T]{ios: ios, now: now, o: o, cols: cols, widths: make([]int, len(cols))}, nil
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
		s.settle(cells)
		cells = append([][]string{s.heads(pen)}, cells...)
		s.begun = true
	}
	var b strings.Builder
	for _, row := range cells {
		line := ""
		for i, cell := range row {
			s.widths[i] = max(s.widths[i], min(ansi.StringWidth(cell), s.limit(i)))
			cell = ansi.Truncate(cell, s.widths[i], "…")
			line += cell + strings.Repeat(" ", s.widths[i]-ansi.StringWidth(cell)+gap)
		}
		b.WriteString(ansi.Truncate(strings.TrimRight(line, " "), s.ios.TerminalWidth(), "…"))
		b.WriteByte('\n')
	}
	_, err := s.ios.Out.Write([]byte(b.String()))
	return err
}

// streamCell bounds a column that may be cut, in columns of the terminal.
const streamCell = 32

func (s *Stream[T]) limit(i int) int {
	if s.cols[i].Min > 0 {
		return streamCell
	}
	return s.ios.TerminalWidth()
}

// settle leaves out the columns that have no room beside the first rows.
func (s *Stream[T]) settle(cells [][]string) {
	kept, fitted, _ := fit(s.cols, cells, s.ios.TerminalWidth())
	s.cols, s.widths = kept, measure(kept, fitted)
	copy(cells, fitted)
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
