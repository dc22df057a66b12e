package queries

import (
	"errors"
	"time"
)

// ErrNotSQL says that a filter mentions a field that the database cannot be asked for. Match still works.
var ErrNotSQL = errors.New("queries: a field of this query cannot be asked of the database")

// Dialect names a kind of SQL.
type Dialect int

// The dialects.
const (
	SQLite   Dialect = iota // placeholders are ?
	Postgres                // placeholders are $1, $2, ...
)

// Record is what a Filter looks at.
type Record interface {
	// Values returns the values of a field, by its canonical name (for a dynamic field with its prefix).
	// They are string, int64, float64, bool, time.Time, time.Duration or netip.Addr, as the field's type
	// demands. None, an empty string, a zero time and an invalid address all mean absent.
	Values(field string) []any
}

// Error is what is wrong with a query, and where.
type Error struct {
	Query    string // the text that was compiled
	Column   int    // where the trouble begins, counted in runes from 1
	End      int    // the column after its last rune; equal to Column when something is missing there
	Expected string // what would have been right there, "" when nothing sensible can be said
	Message  string // what is wrong
	Hint     string // what to type instead, for example: did you mean "risk"?
}

// Error returns the whole story in one line.
func (e *Error) Error() string { panic("not built yet") }

// Render draws the query with a line of carets under the trouble and the story below.
func (e *Error) Render() string { panic("not built yet") }

// Filter is a compiled query. It is immutable and safe for concurrent use.
type Filter struct{}

// Compile parses text and checks it against s. Relative times such as 24h are counted from now, and
// dates without an offset are read in now's location. An empty text matches everything. Every error is
// an *Error.
func Compile(text string, s *Schema, now time.Time) (*Filter, error) { panic("not built yet") }

// Match reports whether r satisfies the query.
func (f *Filter) Match(r Record) bool { panic("not built yet") }

// SQL returns a condition for a WHERE clause that holds exactly when Match does, and its arguments. The
// condition is safe to join to others with AND; it is "" when everything matches. It is ErrNotSQL when a
// field has no column.
func (f *Filter) SQL(d Dialect) (where string, args []any, err error) { panic("not built yet") }

// SQLAfter is SQL for a statement that already has used arguments before this condition, which matters
// to dialects that number their placeholders.
func (f *Filter) SQLAfter(d Dialect, used int) (where string, args []any, err error) {
	panic("not built yet")
}

// Prefilter returns the part of the condition that the database can be asked for. When exact is false,
// rows that satisfy it still have to pass Match.
func (f *Filter) Prefilter(d Dialect, used int) (where string, args []any, exact bool) {
	panic("not built yet")
}

// Text returns the query in its canonical form. Compiling it again, with the same now, yields an
// equivalent filter.
func (f *Filter) Text() string { panic("not built yet") }

// Fields returns the canonical names of the fields that Match asks a record for, sorted.
func (f *Filter) Fields() []string { panic("not built yet") }

// TimeRange returns the bounds that the query implies for a Time field: from is the first instant that
// can match, to the first that cannot any more. A zero time is an open end. A range with from >= to means that nothing can match.
func (f *Filter) TimeRange(field string) (from, to time.Time) { panic("not built yet") }

// And returns a filter that holds when all filters hold. They must come from the same schema; nil ones
// are left out.
func And(filters ...*Filter) *Filter { panic("not built yet") }

// Quote returns value written so that it can follow "field:" in a query and means itself.
func Quote(value string) string { panic("not built yet") }

// Kind says what a Suggestion is.
type Kind string

// The kinds of suggestions.
const (
	KindField    Kind = "field"
	KindOperator Kind = "operator"
	KindValue    Kind = "value"
	KindKeyword  Kind = "keyword"
)

// Suggestion is one way to go on with a query.
type Suggestion struct {
	Text  string // what to put in place of the runes Start to End
	Start int    // in runes, from 0
	End   int    // in runes, exclusive
	Doc   string // one line for people
	Kind  Kind
}

// Complete returns ways to go on at the cursor, which counts runes from 0, best first. values returns
// known values of a field that begin with prefix, and may be nil; for names under the dynamic prefix it is
// asked with that prefix ("prop.") as the field. The text need not be a valid query.
func Complete(text string, cursor int, s *Schema, values func(field, prefix string) []string) []Suggestion {
	panic("not built yet")
}
