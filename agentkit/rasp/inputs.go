package rasp

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Bounds of what one request's inputs may cost.
const (
	maxDerived      = 64       // values derived from one input by decoding it
	maxDerivedBytes = 64 << 10 // a longer input is searched for as it is, not decoded
	maxLayers       = 3        // decodings on top of each other
	headBytes       = 16       // a value cut off by the app is recognised by so much of its beginning
)

// Inputs is the taint index of one request: everything that came in with it,
// prepared for being looked for in statements, commands and paths. Adding is
// cheap; decoding waits until the first check, so a request that reaches no sink
// pays almost nothing.
//
// The zero value is ready. All methods may be called from several goroutines.
type Inputs struct {
	mu     sync.Mutex
	inputs []input
	seen   map[string]struct{} // once there are many; before that a scan is faster
	size   atomic.Int64        // len(inputs), read without the lock
	built  atomic.Pointer[index]
}

// input is a value and the address it came from.
type input struct {
	address string
	value   string
}

// index is a snapshot of the needles of the first n inputs. It is never changed;
// a later one may share its arrays.
type index struct {
	n       int64
	inputs  []input
	needles []needle
	filters []filter // parallel to needles
}

// NewInputs returns an empty set.
func NewInputs() *Inputs { return &Inputs{} }

// Add records value under its address: "query.q", "form.name",
// "json.items[0].id", "header.User-Agent", "cookie.sid", "path.2", "route.id".
// A value that cannot change the structure of anything, such as a number, is not
// kept, and neither is one that is there already. The Cookie header is left out
// because its parts are inputs of their own. A name with more than the letters of
// a name is an input too: apps make columns of the keys of a JSON object.
func (in *Inputs) Add(address, value string) {
	if strings.EqualFold(address, "header.Cookie") {
		return
	}
	if strings.ContainsAny(address, " \t\n'\"`();=,\\/*#") {
		_, name, _ := strings.Cut(address, ".")
		in.add(address, name)
		in.add(address, name[strings.LastIndexByte(name, '.')+1:])
	}
	in.add(address, value)
}

func (in *Inputs) add(address, value string) {
	if cannotInject(value) {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.known(value) {
		return
	}
	in.inputs = append(in.inputs, input{address, value})
	in.size.Store(int64(len(in.inputs)))
}

// scanLimit is the number of inputs up to which a scan for a duplicate is
// cheaper than a map.
const scanLimit = 32

// known reports whether value was added before, and remembers it.
func (in *Inputs) known(value string) bool {
	if len(in.inputs) < scanLimit {
		for i := range in.inputs {
			if in.inputs[i].value == value {
				return true
			}
		}
		return false
	}
	if in.seen == nil {
		in.seen = make(map[string]struct{}, 2*scanLimit)
		for i := range in.inputs {
			in.seen[in.inputs[i].value] = struct{}{}
		}
	}
	_, ok := in.seen[value]
	in.seen[value] = struct{}{}
	return ok
}

// Len returns the number of inputs that are kept.
func (in *Inputs) Len() int { return int(in.size.Load()) }

// index returns the needles of all inputs added so far.
func (in *Inputs) index() *index {
	x := in.built.Load()
	if x != nil && x.n == in.size.Load() {
		return x
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.rebuild()
}

// rebuild adds what came since the last snapshot. Appending never touches what
// an older snapshot can see.
func (in *Inputs) rebuild() *index {
	next := &index{n: int64(len(in.inputs)), inputs: in.inputs}
	from := 0
	if old := in.built.Load(); old != nil {
		from, next.needles, next.filters = int(old.n), old.needles, old.filters
	}
	for i := from; i < len(in.inputs); i++ {
		next.derive(i)
	}
	in.built.Store(next)
	return next
}

// cannotInject reports whether value is a plain number, a numbered placeholder
// (browsers send "?0" and "?1" in client hints), or empty.
func cannotInject(value string) bool {
	v := strings.TrimPrefix(strings.TrimSpace(value), "?")
	dots := 0
	for i := range len(v) {
		switch c := v[i]; {
		case c >= '0' && c <= '9':
		case c == '.' && dots == 0 && i > 0:
			dots++
		default:
			return false
		}
	}
	return true
}
