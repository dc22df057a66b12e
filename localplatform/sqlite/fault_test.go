//go:build unix

package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/localplatform/storetest"
)

// SQLite says that the disk is full when a database reaches its largest size.
func TestDiskFull(t *testing.T) {
	g := storetest.NewGenerator(1)
	s := open(t, t.TempDir(), sqlite.Options{})
	mustAppend(t, s, batchOf("a", 1, g, 10))
	if err := s.OnWriter(t.Context(), "PRAGMA max_page_count=60"); err != nil {
		t.Fatal(err)
	}
	stored := int64(10)
	var refused localplatform.Batch
	for seq := uint64(2); ; seq++ {
		refused = batchOf("a", seq, g, 50)
		if _, err := s.Append(t.Context(), refused); err != nil {
			wantCode(t, "Append on a full disk", err, localplatform.CodeUnavailable)
			if !strings.Contains(err.Error(), "full") || localplatform.ErrorHint(err) == "" {
				t.Errorf("error %q with hint %q", err, localplatform.ErrorHint(err))
			}
			break
		}
		stored += 50
	}
	mustCheck(t, s, stored)
	if err := s.OnWriter(t.Context(), "PRAGMA max_page_count=4294967294"); err != nil {
		t.Fatal(err)
	}
	if r := mustAppend(t, s, refused); r.Duplicate {
		t.Error("a refused batch counts as stored")
	}
	mustCheck(t, s, stored+50)
}

// TestFileLimit has the operating system refuse to let files grow: an I/O error
// to SQLite, in the middle of whatever it writes.
func TestFileLimit(t *testing.T) {
	dir := t.TempDir()
	runFaultChild(t, "limited", dir)
	s := open(t, dir, sqlite.Options{})
	mustCheck(t, s, 100)
}

func limitedChild(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	ctx := context.Background()
	s, err := sqlite.Open(dir, sqlite.Options{SegmentRows: 40})
	if err != nil {
		return err
	}
	g := storetest.NewGenerator(1)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for seq := uint64(1); seq <= 10; seq++ {
		b := batchOf("a", seq, g, 10)
		// First nothing may grow, then a little, then anything.
		for _, size := range []uint64{1, 16 << 10, 64 << 10, limit.Cur} {
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: min(size, limit.Max), Max: limit.Max}); err != nil {
				return err
			}
			_, err := s.Append(ctx, b)
			if size == limit.Cur && err != nil {
				return fmt.Errorf("batch %d is refused although there is room again: %w", seq, err)
			}
			if size == 1 && localplatform.ErrorCode(err) != localplatform.CodeUnavailable {
				return fmt.Errorf("batch %d without any room: %w, want CodeUnavailable", seq, err)
			}
		}
	}
	s.WaitSealed()
	return errors.Join(s.Check(ctx), s.Close())
}

func runFaultChild(t *testing.T, kind, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+kind, "SQREEN_SQLITE_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("child: %v\n%s", err, out)
	}
}

// TestReadOnlyDirectory runs as an ordinary user, because permissions do not
// bind root.
func TestReadOnlyDirectory(t *testing.T) {
	dir, err := os.MkdirTemp("", "sqreen-readonly-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := open(t, dir, sqlite.Options{SegmentRows: 20})
	g := storetest.NewGenerator(1)
	for seq := uint64(1); seq <= 3; seq++ {
		mustAppend(t, s, batchOf("a", seq, g, 15))
	}
	s.WaitSealed()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o444)
	})
	if err := errors.Join(err, os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	runFaultChild(t, "readonly", dir)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

func readOnlyChild(dir string) error {
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	_, err := sqlite.Open(dir, sqlite.Options{})
	if localplatform.ErrorCode(err) != localplatform.CodeUnavailable || localplatform.ErrorHint(err) == "" {
		return fmt.Errorf("open for writing: %w, want CodeUnavailable with a hint", err)
	}
	s, err := sqlite.Open(dir, sqlite.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("open for reading: %w", err)
	}
	ctx := context.Background()
	if n, err := s.CountEvents(ctx, nil); err != nil || n != 45 {
		return fmt.Errorf("CountEvents = %d, %w", n, err)
	}
	if _, err := s.Append(ctx, localplatform.Batch{Seq: 1}); localplatform.ErrorCode(err) != localplatform.CodeUnavailable {
		return fmt.Errorf("Append = %w, want CodeUnavailable", err)
	}
	err = s.Update(ctx, func(localplatform.ControlTx) error { return nil })
	if localplatform.ErrorCode(err) != localplatform.CodeUnavailable {
		return fmt.Errorf("Update = %w, want CodeUnavailable", err)
	}
	return s.Close()
}

// segments lists the event files of a directory, logs included.
func segments(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "events-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fillSegments makes three sealed segments and a hot one of 25 events each.
func fillSegments(t *testing.T, dir string) {
	t.Helper()
	s := open(t, dir, sqlite.Options{SegmentRows: 25})
	g := storetest.NewGenerator(2)
	for seq := uint64(1); seq <= 4; seq++ {
		mustAppend(t, s, batchOf("a", seq, g, 25))
		s.WaitSealed()
	}
	mustAppend(t, s, batchOf("b", 1, g, 5))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedSegments(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		hurt   func(path string) error
		left   int64
		gap    bool   // the end of the log is lost, so positions have to jump
		lastOf uint64 // batch of instance b that is still known
	}{
		"a sealed one is no database":  {"events-000002.db", overwrite(0, strings.Repeat("x", 100)), 80, false, 1},
		"a sealed one is empty":        {"events-000002.db", truncate(0), 80, false, 1},
		"a sealed one is cut":          {"events-000003.db", truncate(8192), 80, false, 1},
		"the hot one is no database":   {"events-000005-hot.db", overwrite(0, strings.Repeat("x", 100)), 100, true, 0},
		"the hot one is empty":         {"events-000005-hot.db", truncate(0), 100, true, 0},
		"the hot one is another thing": {"events-000005-hot.db", anotherDatabase, 100, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fillSegments(t, dir)
			if err := c.hurt(filepath.Join(dir, c.file)); err != nil {
				t.Fatal(err)
			}
			ro := open(t, dir, sqlite.Options{ReadOnly: true})
			if n, err := ro.CountEvents(t.Context(), nil); err != nil || n != c.left {
				t.Errorf("read-only CountEvents = %d, %v, want %d", n, err, c.left)
			}
			s := open(t, dir, sqlite.Options{SegmentRows: 25})
			st, err := s.Stats(t.Context())
			if err != nil || len(st.Problems) != 1 || !strings.Contains(st.Problems[0], c.file) {
				t.Errorf("problems %q, %v", st.Problems, err)
			}
			if aside, _ := filepath.Glob(filepath.Join(dir, c.file+".damaged-*")); len(aside) != 1 {
				t.Errorf("set aside: %q", aside)
			}
			mustCheck(t, s, c.left)
			if last, err := s.LastSeq(t.Context(), "shop", "prod", "b"); err != nil || last != c.lastOf {
				t.Errorf("LastSeq of b = %d, %v", last, err)
			}
			if last, err := s.LastSeq(t.Context(), "shop", "prod", "a"); err != nil || last != 4 {
				t.Errorf("LastSeq of a = %d, %v", last, err)
			}
			r := mustAppend(t, s, batchOf("c", 1, storetest.NewGenerator(3), 1))
			if c.gap && r.First < 1<<24 || !c.gap && r.First != 106 {
				t.Errorf("new position %d", r.First)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			again := open(t, dir, sqlite.Options{SegmentRows: 25})
			mustCheck(t, again, c.left+1)
			if next := mustAppend(t, again, batchOf("c", 2, storetest.NewGenerator(3), 1)); next.First != r.First+1 {
				t.Errorf("position %d after %d", next.First, r.First)
			}
		})
	}
}

func overwrite(at int64, text string) func(string) error {
	return func(path string) error {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte(text), at)
		return errors.Join(err, f.Close())
	}
}

func truncate(size int64) func(string) error {
	return func(path string) error { return os.Truncate(path, size) }
}

func anotherDatabase(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.Exec("CREATE TABLE recipes (name TEXT)")
	return errors.Join(err, db.Close())
}

// Damage that shows only when a query comes by.
func TestDamageFoundLater(t *testing.T) {
	dir := t.TempDir()
	fillSegments(t, dir)
	path := filepath.Join(dir, "events-000002.db")
	s := open(t, dir, sqlite.Options{SegmentRows: 25})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	// The first pages, with the tables' definitions, stay; the rest goes.
	if err := overwrite(3*4096, strings.Repeat("\xff", int(info.Size())-3*4096))(path); err != nil {
		t.Fatal(err)
	}
	f := compile(t, "path:*e*")
	if _, err := s.Events(t.Context(), f, localplatform.EventQuery{Limit: 1000}); err != nil {
		t.Errorf("a query over a damaged segment: %v", err)
	}
	if n, err := s.CountEvents(t.Context(), nil); err != nil || n != 80 {
		t.Errorf("CountEvents = %d, %v, want 80", n, err)
	}
	if st, err := s.Stats(t.Context()); err != nil || len(st.Problems) != 1 {
		t.Errorf("problems %q, %v", st.Problems, err)
	}
	mustAppend(t, s, batchOf("c", 1, storetest.NewGenerator(3), 1))
}

// A hot segment that turns out to be damaged while events arrive: they go to a
// new one, nothing is acknowledged twice and no position comes again.
func TestHotSegmentDamagedWhileInUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Options{})
	g := storetest.NewGenerator(4)
	first := mustAppend(t, s, batchOf("a", 1, g, 100))
	if err := s.OnWriter(t.Context(), "DROP TABLE batches"); err != nil {
		t.Fatal(err)
	}
	if err := s.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := mustAppend(t, s, batchOf("a", 2, g, 10))
	if r.Duplicate || r.First < 1<<24 || r.First <= first.Last {
		t.Errorf("after the damage: %+v", r)
	}
	if r := mustAppend(t, s, batchOf("a", 1, g, 10)); !r.Duplicate {
		t.Error("an acknowledged batch is stored again")
	}
	if st, err := s.Stats(t.Context()); err != nil || len(st.Problems) != 1 {
		t.Errorf("problems %q, %v", st.Problems, err)
	}
	mustCheck(t, s, 10)
}

func TestNewerDataIsRefused(t *testing.T) {
	t.Run("control data", func(t *testing.T) {
		dir := t.TempDir()
		fillSegments(t, dir)
		db, err := sql.Open("sqlite", filepath.Join(dir, "control.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO migrations (name) VALUES ('9999_future')"); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for _, readOnly := range []bool{false, true} {
			_, err := sqlite.Open(dir, sqlite.Options{ReadOnly: readOnly})
			wantCode(t, "Open", err, localplatform.CodeVersion)
			if !strings.Contains(localplatform.ErrorHint(err), "newer sqreen") {
				t.Errorf("hint %q", localplatform.ErrorHint(err))
			}
		}
	})
	t.Run("events", func(t *testing.T) {
		dir := t.TempDir()
		fillSegments(t, dir)
		for _, path := range segments(t, dir) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec("UPDATE segment SET format = 99"); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		_, err := sqlite.Open(dir, sqlite.Options{})
		wantCode(t, "Open", err, localplatform.CodeVersion)
	})
}

func TestNoData(t *testing.T) {
	_, err := sqlite.Open(t.TempDir(), sqlite.Options{ReadOnly: true})
	wantCode(t, "reading an empty directory", err, localplatform.CodeNotFound)
}
