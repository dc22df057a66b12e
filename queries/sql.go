package queries

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrNotSQL says that the database cannot be asked for the whole of a query: a field has no column, or
// there are more arguments than databases take. Match still works, and Prefilter helps.
var ErrNotSQL = errors.New("queries: the database cannot be asked for all of this query")

// Dialect names a kind of SQL.
type Dialect int

// The dialects.
const (
	SQLite   Dialect = iota // placeholders are ?
	Postgres                // placeholders are $1, $2, ...
)

// maxArgs stays below what SQLite (32,766) and PostgreSQL (65,535) accept, with room for the caller's.
const maxArgs = 30_000

// SQL returns a condition for a WHERE clause that holds exactly when Match does, and its arguments:
// string, int64, float64 and []byte. It can be joined to others with AND as it is; it is "" when
// everything matches. The error is ErrNotSQL when the database cannot be asked.
func (f *Filter) SQL(d Dialect) (where string, args []any, err error) { return f.SQLAfter(d, 0) }

// SQLAfter is SQL for a statement that has used arguments before this condition, which matters to
// dialects that number their placeholders.
func (f *Filter) SQLAfter(d Dialect, used int) (where string, args []any, err error) {
	if _, all := f.root.(everything); all {
		return "", nil, nil
	}
	w := &sqlWriter{dialect: d, used: used}
	if err := f.root.sql(w); err != nil {
		return "", nil, err
	}
	if len(w.args) > maxArgs {
		return "", nil, fmt.Errorf("%w: it needs %d arguments", ErrNotSQL, len(w.args))
	}
	return w.String(), w.args, nil
}

// Prefilter returns the part of the condition that the database can be asked for. When exact is false,
// rows that satisfy it still have to pass Match.
func (f *Filter) Prefilter(d Dialect, used int) (where string, args []any, exact bool) {
	if where, args, err := f.SQLAfter(d, used); err == nil {
		return where, args, true
	}
	root, ok := f.root.(*all)
	if !ok {
		return "", nil, false
	}
	var kids []node
	for _, k := range root.kids {
		if _, _, err := (&Filter{root: k}).SQL(d); err == nil {
			kids = append(kids, k)
		}
	}
	if len(kids) == 0 {
		return "", nil, false
	}
	where, args, err := (&Filter{root: allOf(kids)}).SQLAfter(d, used)
	if err != nil {
		return "", nil, false
	}
	return where, args, false
}

// sqlWriter builds a condition. Everything that comes from the query goes through arg; only text of the
// schema and of this package is written as it is.
type sqlWriter struct {
	strings.Builder
	dialect Dialect
	used    int
	args    []any
}

// arg binds a value. The casts keep PostgreSQL from deriving a narrower type from the column.
func (w *sqlWriter) arg(v any) {
	w.args = append(w.args, v)
	if w.dialect == SQLite {
		w.WriteByte('?')
		return
	}
	w.WriteString("$" + strconv.Itoa(w.used+len(w.args)))
	switch v.(type) {
	case int64:
		w.WriteString("::bigint")
	case float64:
		w.WriteString("::numeric")
	}
}

// column is an expression of the schema; each ? in it stands for one of args.
type column struct {
	expr string
	args []any
}

func (w *sqlWriter) column(c column) {
	expr := c.expr
	simple := strings.Trim(fold(expr), "abcdefghijklmnopqrstuvwxyz0123456789_.\"") == ""
	if !simple {
		w.WriteByte('(')
	}
	for _, a := range c.args {
		before, after, _ := strings.Cut(expr, "?")
		w.WriteString(before)
		w.arg(a)
		expr = after
	}
	w.WriteString(expr)
	if !simple {
		w.WriteByte(')')
	}
}

// folded writes the column as text without case. In SQLite, NOCASE also finds an index declared with it;
// in PostgreSQL an index on lower(column COLLATE "C") serves.
func (w *sqlWriter) folded(c column) {
	if w.dialect == Postgres {
		w.WriteString("lower(")
		w.column(c)
		w.WriteString(` COLLATE "C")`)
		return
	}
	w.column(c)
	w.WriteString(" COLLATE NOCASE")
}

// joined writes n conditions with OR, in parentheses when there is more than one.
func (w *sqlWriter) joined(n int, write func(i int)) {
	switch n {
	case 0:
		w.WriteString("1 = 0")
		return
	case 1:
		write(0)
		return
	}
	w.WriteByte('(')
	for i := range n {
		if i > 0 {
			w.WriteString(" OR ")
		}
		write(i)
	}
	w.WriteByte(')')
}
