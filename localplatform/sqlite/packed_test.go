package sqlite

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func FuzzUnpackSums(f *testing.F) {
	sums := segmentSums{
		minutes: []minuteSpan{{-3, 17, 20}, {29_384_001, 16, 16}, {29_384_002, 21, 40}},
		cells:   []sumCell{{-3, 1, 4}, {29_384_001, 3, 1}, {29_384_002, 1, 9}, {29_384_002, 2, 11}},
	}
	f.Add(sums.pack(16), 3)
	f.Add([]byte{}, 0)
	f.Add([]byte{0, 0, 0, 1, 0, 1}, 3)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		names := make([]series, uint(n)%100)
		m, err := unpackSums(data, 16, names)
		if err != nil {
			if !damaged(err) {
				t.Fatalf("error is not about damage: %v", err)
			}
			return
		}
		again, err := unpackSums(m.pack(16), 16, names)
		if err != nil {
			t.Fatalf("what was unpacked and packed cannot be unpacked: %v", err)
		}
		sum := func(m *segmentSums) (n int64) {
			for _, c := range m.cells {
				n += int64(c.events)
			}
			return n
		}
		if sum(m) != sum(again) || !slices.Equal(m.totals, again.totals) {
			t.Fatalf("sums changed: %v, %v", m, again)
		}
	})
}

func TestPackedSumsAreWhatTheyWere(t *testing.T) {
	want := segmentSums{
		names: make([]series, 4), totals: []int64{13, 11, 1, 0},
		minutes: []minuteSpan{{-3, 17, 20}, {29_384_001, 16, 16}, {29_384_002, 21, 40}},
		cells:   []sumCell{{-3, 1, 4}, {29_384_001, 3, 1}, {29_384_002, 1, 9}, {29_384_002, 2, 11}},
	}
	got, err := unpackSums(want.pack(16), 16, want.names)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&want, got, cmp.AllowUnexported(segmentSums{}, sumCell{}, minuteSpan{}), cmpopts.EquateComparable(series{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
