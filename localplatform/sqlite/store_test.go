package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/localplatform/storetest"
)

func open(t testing.TB, dir string, opts sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(dir, opts)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func batchOf(instance string, seq uint64, g *storetest.Generator, n int) localplatform.Batch {
	return localplatform.Batch{App: "shop", Env: "prod", Instance: instance, Seq: seq, Received: storetest.Start, Events: g.Events(n)}
}

func wantCode(t *testing.T, what string, err error, want localplatform.Code) {
	t.Helper()
	if localplatform.ErrorCode(err) != want {
		t.Errorf("%s: %v, want code %q", what, err, want)
	}
}

func mustAppend(t *testing.T, s *sqlite.Store, b localplatform.Batch) localplatform.AppendResult {
	t.Helper()
	r, err := s.Append(t.Context(), b)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return r
}

func mustCheck(t *testing.T, s *sqlite.Store, events int64) {
	t.Helper()
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	if n, err := s.CountEvents(t.Context(), nil); err != nil || n != events {
		t.Errorf("CountEvents = %d, %v, want %d", n, err, events)
	}
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) localplatform.Store { return open(t, t.TempDir(), sqlite.Options{}) })
}

// Small segments put every test of the contract across many of them, sealed
// ones and such that wait to be.
func TestContractOverManySegments(t *testing.T) {
	storetest.Run(t, func(t *testing.T) localplatform.Store { return open(t, t.TempDir(), sqlite.Options{SegmentRows: 100}) })
}

func TestDuplicatesAreKnownAfterRotationAndReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Options{})
	g := storetest.NewGenerator(1)
	mustAppend(t, s, batchOf("a", 1, g, 10))
	mustAppend(t, s, batchOf("b", 3, g, 10))
	for state, step := range map[string]func() error{
		"rotated":  func() error { return s.Rotate(t.Context()) },
		"reopened": func() error { err := s.Close(); s = open(t, dir, sqlite.Options{}); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		for instance, seq := range map[string]uint64{"a": 1, "b": 2} {
			if r := mustAppend(t, s, batchOf(instance, seq, g, 10)); !r.Duplicate {
				t.Errorf("%s: batch %d of %s is stored again", state, seq, instance)
			}
		}
		mustCheck(t, s, 20)
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, sqlite.Options{SegmentRows: 5})
	for seq := uint64(1); seq <= 3; seq++ {
		mustAppend(t, s, batchOf("a", seq, storetest.NewGenerator(1), 8))
	}
	s.WaitSealed()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 6 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // the last segment became full after its batch was answered, and is sealed just now
		}
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", e.Name(), info.Mode())
		}
	}
}
