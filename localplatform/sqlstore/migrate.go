package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/localplatform"
)

// Migrate brings a database up to the newest of the numbered .sql files in
// files, each in one transaction that also records its name. Files are never
// edited or removed once released, and there is no way back. A database that
// knows a migration this binary does not is CodeVersion: a newer sqreen wrote
// it.
func Migrate(ctx context.Context, db *sql.DB, files fs.FS, d Dialect) error {
	names, err := migrationNames(files)
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)`); err != nil {
		return d.translate(err)
	}
	if err := CheckVersion(ctx, db, files, d); err != nil {
		return err
	}
	for _, name := range names {
		if err := migrateOne(ctx, db, files, name, d); err != nil {
			return fmt.Errorf("migrate to %s: %w", name, d.translate(err))
		}
	}
	return nil
}

// CheckVersion reports CodeVersion when the database is newer than files.
func CheckVersion(ctx context.Context, db *sql.DB, files fs.FS, d Dialect) error {
	names, err := migrationNames(files)
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, `SELECT name FROM migrations ORDER BY name`)
	if err != nil {
		return d.translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return d.translate(err)
		}
		if !slices.Contains(names, name) {
			return localplatform.Errorf(localplatform.CodeVersion,
				"the data was written by a newer sqreen (it has migration %q, this one knows up to %q)", name, names[len(names)-1]).
				WithHint("install the newer sqreen again, or use another directory with --data DIR")
		}
	}
	return d.translate(rows.Err())
}

func migrationNames(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("list migrations: there are none")
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(path.Base(name), ".sql")
	}
	slices.Sort(names)
	return names, nil
}

func migrateOne(ctx context.Context, db *sql.DB, files fs.FS, name string, d Dialect) error {
	text, err := fs.ReadFile(files, name+".sql")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRowContext(ctx, d.rebind(`SELECT count(*) FROM migrations WHERE name = ?`), name).Scan(&n); err != nil || n > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, d.rebind(`INSERT INTO migrations (name) VALUES (?)`), name); err != nil {
		return err
	}
	return tx.Commit()
}
