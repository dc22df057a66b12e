package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/sqreen/sqreen/localplatform"
)

// Stats tells sizes, drops and problems.
func (s *Store) Stats(ctx context.Context) (localplatform.StoreStats, error) {
	if err := ctx.Err(); err != nil {
		return localplatform.StoreStats{}, err
	}
	st := s.stats()
	st.Bytes += fileBytes(filepath.Join(s.dir, controlFile))
	return st, nil
}

func (l *eventLog) stats() localplatform.StoreStats {
	views, _ := l.snapshot()
	st := localplatform.StoreStats{Segments: len(views)}
	oldest := int64(0)
	for _, v := range views {
		st.Events += v.bounds.rows()
		st.Bytes += fileBytes(v.path)
		if v.bounds.rows() > 0 && (oldest == 0 || v.bounds.minReceived < oldest) {
			oldest = v.bounds.minReceived
		}
	}
	if oldest != 0 {
		st.Oldest = microTime(oldest)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	st.Drops, st.Problems = maps.Clone(l.drops), slices.Clone(l.problems)
	return st
}

// fileBytes is the size of a database with its log.
func fileBytes(path string) int64 {
	var n int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}

// Check reads every file from end to end and reports all damage it finds. It is
// slow, and harmless beside a running platform.
func (s *Store) Check(ctx context.Context) error {
	var errs []error
	rows, err := s.Reader.QueryContext(ctx, `PRAGMA integrity_check(10)`)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return translate(err)
		}
		if text != "ok" {
			errs = append(errs, fmt.Errorf("%s: %s", controlFile, text))
		}
	}
	errs = append(errs, translate(rows.Err()))
	errs = append(errs, s.query(ctx, func(views []view) error {
		var errs []error
		for _, v := range views {
			err := s.read(ctx, v.segment, func(c *conn, _ *segment) error { return checkSegment(c) })
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", filepath.Base(v.path), err))
			}
		}
		return errors.Join(errs...)
	}))
	return errors.Join(errs...)
}

// checkSegment checks the file's structure, and that it holds what it says.
func checkSegment(c *conn) error {
	var errs []error
	// One transaction, so that a writer's next commit does not come between.
	if err := c.run("BEGIN"); err != nil {
		return err
	}
	defer func() { _ = c.run("COMMIT") }() // nothing was written
	err := c.query(`PRAGMA integrity_check(10)`, nil, func(s *stmt) error {
		if text := s.text(0); text != "ok" {
			errs = append(errs, errors.New(text))
		}
		return nil
	})
	errs = append(errs, err)
	b, err := readBounds(c)
	errs = append(errs, err)
	n, err := c.int(`SELECT count(*) FROM events WHERE pos BETWEEN ? AND ?`, b.first, b.last)
	errs = append(errs, err)
	summed, err := countSums(c, b)
	errs = append(errs, err)
	if n != b.rows() || summed != b.rows() {
		errs = append(errs, fmt.Errorf("it holds %d events, its sums count %d and it says %d", n, summed, b.rows()))
	}
	return errors.Join(errs...)
}

// countSums is how many events a segment's sums count.
func countSums(c *conn, b bounds) (n int64, err error) {
	if !b.sealed {
		return c.int(`SELECT sum(events) FROM rollups`)
	}
	m, err := readSums(c, b.first)
	if err != nil {
		return 0, err
	}
	for _, t := range m.totals {
		n += t
	}
	return n, nil
}
