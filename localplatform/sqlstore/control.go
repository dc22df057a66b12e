package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// Control implements localplatform.ControlStore on two pools: Writer, whose
// transactions run one at a time, and Reader.
type Control struct {
	Writer  *sql.DB // nil when the store may only be read
	Reader  *sql.DB
	Dialect Dialect
}

var _ localplatform.ControlStore = (*Control)(nil)

// View runs fn on a consistent snapshot. Writers called by fn fail.
func (c *Control) View(ctx context.Context, fn func(tx localplatform.ControlTx) error) error {
	return c.run(ctx, c.Reader, true, fn)
}

// Update runs fn in a transaction that is durable when Update returns nil, and
// undone when fn returns an error or panics.
func (c *Control) Update(ctx context.Context, fn func(tx localplatform.ControlTx) error) error {
	if c.Writer == nil {
		return readOnly()
	}
	return c.run(ctx, c.Writer, false, fn)
}

func (c *Control) run(ctx context.Context, db *sql.DB, readonly bool, fn func(tx localplatform.ControlTx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: readonly})
	if err != nil {
		return c.failed(ctx, err)
	}
	defer tx.Rollback()
	t := &controlTx{ctx: ctx, tx: tx, d: c.Dialect, readonly: readonly}
	if err := fn(t); err != nil {
		return c.failed(ctx, err)
	}
	if readonly {
		return nil
	}
	return c.failed(ctx, tx.Commit())
}

// failed prefers the caller's own reason for stopping over what it did to the database.
func (c *Control) failed(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		if _, ok := errors.AsType[*localplatform.Error](err); !ok {
			return ctx.Err()
		}
	}
	return c.Dialect.translate(err)
}

func readOnly() error {
	return localplatform.Errorf(localplatform.CodeUnavailable, "the data directory is open for reading only").
		WithHint("change it through the running platform, or stop that first")
}

// controlTx implements localplatform.ControlTx. Its methods are spread over the
// files of this package by subject.
type controlTx struct {
	ctx      context.Context
	tx       *sql.Tx
	d        Dialect
	readonly bool
}

func (t *controlTx) exec(query string, args ...any) (sql.Result, error) {
	if t.readonly {
		return nil, localplatform.Errorf(localplatform.CodeInternal, "a view cannot change anything")
	}
	res, err := t.tx.ExecContext(t.ctx, t.d.rebind(query), args...)
	return res, t.d.translate(err)
}

// insert runs a statement that ends in RETURNING one number.
func (t *controlTx) insert(query string, args ...any) (int64, error) {
	if t.readonly {
		return 0, localplatform.Errorf(localplatform.CodeInternal, "a view cannot change anything")
	}
	var id int64
	err := t.tx.QueryRowContext(t.ctx, t.d.rebind(query), args...).Scan(&id)
	return id, t.d.translate(err)
}

func (t *controlTx) row(query string, args []any, dest ...any) error {
	err := t.tx.QueryRowContext(t.ctx, t.d.rebind(query), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return t.d.translate(err)
}

func (t *controlTx) rows(query string, args []any, each func(scan func(dest ...any) error) error) error {
	rows, err := t.tx.QueryContext(t.ctx, t.d.rebind(query), args...)
	if err != nil {
		return t.d.translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return t.d.translate(err)
		}
	}
	return t.d.translate(rows.Err())
}

// docs reads a column of JSON documents.
func docs[T any](t *controlTx, query string, args ...any) ([]T, error) {
	var out []T
	err := t.rows(query, args, func(scan func(dest ...any) error) error {
		var doc []byte
		if err := scan(&doc); err != nil {
			return err
		}
		var v T
		if err := json.Unmarshal(doc, &v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	})
	return out, err
}

// doc reads one JSON document; sql.ErrNoRows when there is none.
func doc[T any](t *controlTx, query string, args ...any) (T, error) {
	var v T
	var text []byte
	if err := t.row(query, args, &text); err != nil {
		return v, err
	}
	return v, json.Unmarshal(text, &v)
}

// micros is how times are stored: NULL for none.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func fromMicros(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64).UTC()
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
