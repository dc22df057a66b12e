package tui

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestWindowIsALongList moves through a list of which only a window is in
// memory, and through the whole list, and compares what is on screen.
func TestWindowIsALongList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 900).Draw(t, "total")
		all := make([]int64, total) // newest first: total, total-1, ... 1
		for i := range all {
			all[i] = int64(total - i)
		}
		const page = 60
		w := &window[int64]{pos: func(p int64) int64 { return p }, keepRows: 200}
		w.resize(rapid.IntRange(1, 50).Draw(t, "height"))
		w.reset(slices.Clone(all[:min(page, total)]), false, total > page, false)
		fill := func() {
			for rounds := 0; ; rounds++ {
				if rounds > 200 {
					t.Fatal("the ends keep asking for what the others gave up")
				}
				newer, older := w.wants()
				first, last := w.ends()
				switch {
				case older:
					from := total - int(last) + 1
					w.appendOlder(all[from:min(from+page, total)], from+page < total)
				case newer:
					to := total - int(first)
					w.prependNewer(all[max(0, to-page):to], to-page > 0, false)
				default:
					return
				}
			}
		}
		fill()
		cursor := 0
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			n := rapid.IntRange(-49, 49).Draw(t, "n")
			w.move(n)
			fill()
			cursor = min(max(cursor+n, 0), max(0, total-1))
			row, ok := w.selected()
			if ok != (total > 0) || (ok && row != all[cursor]) {
				t.Fatalf("selected %d, want %d of %d", row, total-cursor, total)
			}
			if total > 0 && (len(w.visible()) != min(w.height, total) || !slices.Contains(w.visible(), row)) {
				t.Fatalf("screen of %d shows %v, selected %d", w.height, w.visible(), row)
			}
			if len(w.rows) > w.limit()+2*page+w.height {
				t.Fatalf("%d rows in memory", len(w.rows))
			}
		}
	})
}
