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

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) localplatform.Store { return open(t, t.TempDir(), sqlite.Options{}) })
}

// Small segments put every test of the contract across many of them, sealed
// ones and such that wait to be.
func TestContractOverManySegments(t *testing.T) {
	storetest.Run(t, func(t *testing.T) localplatform.Store { return open(t, t.TempDir(), sqlite.Options{SegmentRows: 100}) })
}
