package engine

import (
	"iter"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/agentkit/internal/params"
	"github.com/sqreen/sqreen/agentkit/rasp"
)

// maxSegments bounds the parts of a path that are inputs of their own.
const maxSegments = 32

// Inputs returns what the request brought in so far: query, headers, cookies,
// path, what the handler has read of the body, and what AddInput added. It is
// built at the first call and shared by all goroutines of the request; nil only
// when q is. Call it inside a function given to Check, which contains its faults
// and counts its time.
func (q *Request) Inputs() *rasp.Inputs {
	if q == nil {
		return nil
	}
	in := q.inputs.Load()
	if in == nil {
		in = q.buildInputs()
	}
	if b := q.body.Load(); b != nil {
		b.index(in)
	}
	return in
}

// buildInputs makes the index of everything but the body. Two goroutines may
// both make one; no lock is held meanwhile, so that a fault stops only one.
func (q *Request) buildInputs() *rasp.Inputs {
	in := rasp.NewInputs()
	for address, value := range q.head() {
		in.Add(address, value)
	}
	if !q.inputs.CompareAndSwap(nil, in) {
		return q.inputs.Load()
	}
	q.mu.Lock() // what was added before the index existed
	extra := q.extra
	q.mu.Unlock()
	for _, f := range extra {
		in.Add(f.name, f.value)
	}
	return in
}

// AddInput records a value that the request brought in and that only the
// application knows how to find: a route parameter, a field of a message.
// Addresses look like "route.id" or "json.items[0].id".
func (q *Request) AddInput(address, value string) {
	if q == nil || value == "" {
		return
	}
	defer q.engine.Contain("engine.input")
	q.mu.Lock()
	if len(q.extra) < maxExtra {
		q.extra = append(q.extra, field{address, value})
	}
	q.mu.Unlock()
	if in := q.inputs.Load(); in != nil {
		in.Add(address, value)
	}
}

// maxExtra bounds what AddInput keeps for one request.
const maxExtra = 1000

// all yields every input with its address, for the evidence beside an attack.
func (q *Request) all() iter.Seq2[string, string] {
	return func(yield func(address, value string) bool) {
		stopped := false
		each := func(address, value string) bool {
			stopped = stopped || !yield(address, value)
			return !stopped
		}
		for address, value := range q.head() {
			if !each(address, value) {
				return
			}
		}
		if b := q.body.Load(); b != nil {
			b.values(each)
		}
		q.mu.Lock()
		extra := q.extra
		q.mu.Unlock()
		for _, f := range extra {
			if stopped || !each(f.name, f.value) {
				return
			}
		}
	}
}

// head yields the inputs that come before the body.
func (q *Request) head() iter.Seq2[string, string] {
	return func(yield func(address, value string) bool) {
		_ = q.queryInputs(yield) && q.pathInputs(yield) && q.headerInputs(yield)
	}
}

func (q *Request) queryInputs(yield func(address, value string) bool) bool {
	if q.query == "" {
		return true
	}
	going := true
	params.Named("query", func(f func(name, value string) bool) { params.Form(q.query, f) }, func(address, value string) bool {
		going = yield(address, value)
		return going
	})
	return going && yield("query", q.query)
}

// pathInputs yields the segments of the path, and from each segment the rest
// of the path, because a route may end in a wildcard. The shortest rests come
// first: they are the likeliest to be what a handler uses.
func (q *Request) pathInputs(yield func(address, value string) bool) bool {
	path := strings.TrimPrefix(q.escaped, "/")
	segments := strings.SplitN(path, "/", maxSegments)
	for n, s := range segments {
		if s != "" && !yield("path."+strconv.Itoa(n), params.UnescapePath(s)) {
			return false
		}
	}
	start := len(path) - len(segments[len(segments)-1])
	for n := len(segments) - 2; n >= 0; n-- {
		start -= len(segments[n]) + 1
		if !yield("path."+strconv.Itoa(n), params.UnescapePath(path[start:])) {
			return false
		}
	}
	return true
}

func (q *Request) headerInputs(yield func(address, value string) bool) bool {
	for _, f := range q.fields {
		if f.name == "Cookie" {
			going := true
			params.Named("cookie", func(g func(name, value string) bool) { params.Cookies(f.value, g) }, func(address, value string) bool {
				going = yield(address, value) && yieldDecoded(address, value, yield)
				return going
			})
			if !going {
				return false
			}
			continue
		}
		if !yield("header."+f.name, f.value) {
			return false
		}
	}
	return q.host == "" || yield("header.Host", q.host)
}

// yieldDecoded yields a cookie's value without percent escapes, which is how
// many handlers read it.
func yieldDecoded(address, value string, yield func(address, value string) bool) bool {
	if decoded := params.UnescapePath(value); decoded != value {
		return yield(address, decoded)
	}
	return true
}
