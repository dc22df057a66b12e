package incidents

import (
	"container/list"
	"slices"
	"sort"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// maxEntries bounds one window; it is far above every threshold, so that what
// is left out can no longer change an answer.
const maxEntries = 1000

// entry is one event inside a window.
type entry struct {
	at     time.Time
	pos    int64
	weight int64
	ip     string
	user   string
	path   string
	ok     bool // a login that succeeded; it has no weight
}

// windowKey is what a window counts, and for which address or account.
type windowKey struct {
	app, env string
	what     string
	of       string
}

// What windows count.
const (
	failIP   = "login failures of an address"
	failUser = "login failures on an account"
	failApp  = "login failures of an app"
	pathsOf  = "paths an address asked for in vain"
	probesOf = "requests of an address that look like a scanner's"
)

// window holds the entries of the last two window lengths in order of event
// time, so that late events still complete the window they belong to.
type window struct {
	key     windowKey
	entries []entry
	skip    int // entries that need not be looked at, see full
	element *list.Element
}

// windows keeps many windows and forgets the least recently used beyond a bound.
type windows struct {
	length  time.Duration
	max     int
	evicted *atomic.Int64
	byKey   map[windowKey]*window
	recent  *list.List // of *window, most recent first
}

func newWindows(length time.Duration, maxKeys int, evicted *atomic.Int64) *windows {
	return &windows{length: length, max: maxKeys, evicted: evicted, byKey: map[windowKey]*window{}, recent: list.New()}
}

// summary is what the fullest window around one entry holds.
type summary struct {
	count   int64 // by weight
	users   int
	ips     int
	paths   int
	entries []entry
}

// observe adds an event to the windows it belongs to, and returns them.
func (ws *windows) observe(e *localplatform.Event) []*window {
	var out []*window
	for _, k := range windowKeys(e) {
		n := entry{at: e.At, pos: e.Pos, weight: max(e.Weight, 1), user: e.User, path: e.Path}
		if e.IP.IsValid() {
			n.ip = e.IP.String()
		}
		if n.ok = e.Name == wire.NameLoginSuccess; n.ok {
			n.weight = 0
		}
		out = append(out, ws.add(k, n))
	}
	return out
}

// windowKeys says where an event counts.
func windowKeys(e *localplatform.Event) []windowKey {
	ip := ""
	if e.IP.IsValid() {
		ip = e.IP.String()
	}
	var keys []windowKey
	add := func(what, of string, always bool) {
		if of != "" || always {
			keys = append(keys, windowKey{e.App, e.Env, what, of})
		}
	}
	switch {
	case e.Name == wire.NameLoginFailure:
		add(failIP, ip, false)
		add(failUser, e.User, false)
		add(failApp, "", true)
	case e.Name == wire.NameLoginSuccess:
		add(failIP, ip, false)
	case e.Name == wire.NameNotFound:
		add(pathsOf, ip, false)
	case e.Kind == wire.KindAttack && isProbe(e.Attack):
		add(probesOf, ip, false)
	}
	return keys
}

// isProbe tells attacks that only mean something in numbers.
func isProbe(attack string) bool {
	return attack == wire.AttackScanner || attack == wire.AttackSensitiveFile
}

func (ws *windows) add(k windowKey, e entry) *window {
	w := ws.byKey[k]
	if w == nil {
		w = &window{key: k}
		w.element = ws.recent.PushFront(w)
		ws.byKey[k] = w
		ws.evict()
	}
	ws.recent.MoveToFront(w.element)
	w.insert(e, ws.length)
	return w
}

func (ws *windows) evict() {
	for len(ws.byKey) > ws.max {
		last := ws.recent.Back()
		w, ok := ws.recent.Remove(last).(*window)
		if !ok {
			return
		}
		delete(ws.byKey, w.key)
		ws.evicted.Add(1)
	}
}

// insert keeps entries sorted and drops what is older than two lengths.
func (w *window) insert(e entry, length time.Duration) {
	i := sort.Search(len(w.entries), func(i int) bool { return w.entries[i].at.After(e.at) })
	w.entries = slices.Insert(w.entries, i, e)
	newest := w.entries[len(w.entries)-1].at
	old := sort.Search(len(w.entries), func(i int) bool { return newest.Sub(w.entries[i].at) <= 2*length })
	if over := len(w.entries) - maxEntries; over > old {
		old = over
	}
	w.entries = w.entries[old:] // not moved: the next growth leaves what is dropped behind
}

// around yields the windows of one length that contain a time, as index ranges
// of entries, from the oldest to the newest. A window whose entries all lie in
// an older one is left out: whatever is enough for it is enough for that one.
func (w *window) around(at time.Time, length time.Duration, yield func(from, to int) bool) {
	from := sort.Search(len(w.entries), func(i int) bool { return at.Sub(w.entries[i].at) < length })
	for to := 0; from < len(w.entries) && !w.entries[from].at.After(at); from++ {
		end := max(to, from)
		for end < len(w.entries) && w.entries[end].at.Sub(w.entries[from].at) < length {
			end++
		}
		if end > to && !yield(from, end) {
			return
		}
		to = end
	}
}

// summarise describes the entries of an index range.
func (w *window) summarise(from, to int) summary {
	s := summary{entries: w.entries[from:to]}
	users, ips, paths := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range s.entries {
		s.count += e.weight
		if e.ok {
			continue
		}
		if e.user != "" {
			users[e.user] = true
		}
		ips[e.ip] = true
		paths[e.path] = true
	}
	s.users, s.ips, s.paths = len(users), len(ips), len(paths)
	return s
}

// full finds the first window around the time of the entry just inserted that
// holds at least the weight least and for which missing says 0. missing must
// fall by at most one with each entry added: after a no, so many of the next
// entries cannot change the answer, as long as they come in order, and are not
// asked about.
func (w *window) full(at time.Time, length time.Duration, least int64, missing func(summary) int) (found summary, ok bool) {
	newest := !w.entries[len(w.entries)-1].at.After(at)
	if w.skip > 0 {
		if w.skip--; newest {
			return summary{}, false
		}
	}
	if w.weight(0, len(w.entries)) < least {
		return summary{}, false
	}
	need := 0
	w.around(at, length, func(from, to int) bool {
		found = w.summarise(from, to)
		need = missing(found)
		ok = found.count >= least && need == 0
		return !ok
	})
	if newest {
		w.skip = max(need-1, 0)
	}
	return found, ok
}

func (w *window) weight(from, to int) (sum int64) {
	for _, e := range w.entries[from:to] {
		sum += e.weight
	}
	return sum
}
