// Package printer turns values of the product into what a command prints. There
// is one way for lists ([List]) and one for single things ([One]), so that every
// command has the same formats:
//
//   - on a terminal a table with colour, relative times and cells cut to the width;
//   - in a pipe the same rows separated by tabs, without header, with RFC 3339
//     times and nothing cut;
//   - JSON, YAML, CSV, a jq expression or a Go template on request, which are the
//     same bytes in both places.
//
// The names of JSON fields are the tags of the product's types and do not change
// within a major version.
package printer

import (
	"time"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

// Pen is what a column needs to write for a person.
type Pen struct {
	iostreams.Colour
	Now   time.Time
	Plain bool // no person reads: whole values, absolute times
	Clock bool // times of the clock where relative ones would grow wrong
}

// NewPen returns the pen for the streams' Out at a time.
func NewPen(io *iostreams.IOStreams, now time.Time) Pen {
	return Pen{Colour: io.Colour(), Now: now, Plain: !io.IsStdoutTTY()}
}

// Column is one column of a table over rows of type T.
type Column[T any] struct {
	Name string              // what --columns and --sort call it; the JSON field where there is one
	Head string              // header, "" means Name in upper case
	Text func(T) string      // the whole value, for pipes and CSV
	Show func(T, Pen) string // for a terminal; nil means Text. Data must pass through Clean.
	Cmp  func(a, b T) int    // for --sort; nil compares Text
	Wide bool                // only with -o wide or --columns
	Num  bool                // aligned to the right
	Min  int                 // may be cut down to this width; 0 means never
	Drop int                 // left out when the terminal is too narrow, the highest first; 0 means never
}

// Clean makes a value safe to show: see iostreams.Visible.
func Clean(s string) string { return iostreams.Visible(s) }

// Stamp writes a time for machines: RFC 3339 in UTC, "" for the zero time.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
