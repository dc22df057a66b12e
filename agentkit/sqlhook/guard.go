package sqlhook

import (
	"context"
	"database/sql/driver"
	"sync/atomic"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// unchecked counts for the process, as engine.MarkUsed records for it: a
// statement without a request belongs to no engine.
var unchecked atomic.Int64

// Unchecked returns how many statements ran without a context that belongs to a
// request, and so could not be compared with its inputs. Background work is
// among them; so is db.Query within a handler, where db.QueryContext with the
// request's context would have been checked.
func Unchecked() int64 { return unchecked.Load() }

// guard checks statements for one driver.
type guard struct{ dialect string }

func newGuard(d driver.Driver, o Options) *guard {
	if o.Dialect != "" {
		return &guard{o.Dialect}
	}
	return &guard{dialectOf(d)}
}

// seen is the last statement that a connection had checked, so that one which is
// first executed and then, when the driver declines, prepared is checked once.
type seen struct {
	request   *engine.Request
	statement string
}

// check returns an error when the statement must not reach the driver.
func (g *guard) check(ctx context.Context, statement string, last *seen) error {
	q := engine.FromContext(ctx)
	if q == nil {
		return nil
	}
	if last.request == q && last.statement == statement {
		return nil
	}
	dialect := g.dialect
	err := q.Check(wire.ProtectionSQLi, func(in *rasp.Inputs) *wire.Attack {
		return rasp.SQL(in, dialect, statement)
	})
	if err != nil {
		q.Use("sql")
		return err
	}
	*last = seen{q, statement}
	return nil
}

// count counts a statement that was run.
func count(ctx context.Context) {
	q := engine.FromContext(ctx)
	if q == nil {
		unchecked.Add(1)
		engine.MarkUnchecked("sql")
		engine.MarkUsed("sql")
		return
	}
	q.Use("sql")
}
