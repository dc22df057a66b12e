package incidents

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestFullSkipsNothing compares the window that leaves out what cannot matter
// with looking at every window after every entry.
func TestFullSkipsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const length = time.Minute
		users := rapid.IntRange(1, 8).Draw(t, "users")
		least := int64(rapid.IntRange(1, 15).Draw(t, "least"))
		missing := func(s summary) int { return max(users-s.users, users/2-s.ips, 0) }
		w := &window{}
		base := time.Unix(1_800_000_000, 0)
		now := 0
		for n := range 80 {
			now += rapid.IntRange(0, 20).Draw(t, "step")
			late := rapid.IntRange(0, 1).Draw(t, "late") * rapid.IntRange(0, 90).Draw(t, "by")
			e := entry{
				at: base.Add(time.Duration(now-late) * time.Second), pos: int64(n), weight: int64(rapid.IntRange(0, 2).Draw(t, "weight")),
				user: fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "user")), ip: fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "ip")),
			}
			w.insert(e, length)
			_, got := w.full(e.at, length, least, missing)
			if want := fullSlowly(w, e.at, length, least, missing); got != want {
				t.Fatalf("entry %d at %s: full says %v, looking at every window %v", n, e.at.Sub(base), got, want)
			} else if got {
				return // an incident is open from here on
			}
		}
	})
}

func fullSlowly(w *window, at time.Time, length time.Duration, least int64, missing func(summary) int) bool {
	for from := range w.entries {
		to := from
		for to < len(w.entries) && w.entries[to].at.Sub(w.entries[from].at) < length {
			to++
		}
		contains := !w.entries[from].at.After(at) && at.Sub(w.entries[from].at) < length
		if s := w.summarise(from, to); contains && s.count >= least && missing(s) == 0 {
			return true
		}
	}
	return false
}
