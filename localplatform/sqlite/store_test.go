package sqlite_test

import (
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
