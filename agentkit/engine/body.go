package engine

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/sqreen/sqreen/agentkit/internal/params"
	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Bounds of what is kept of bodies while their requests are under way. What
// does not fit is not looked at, and counted as "input_too_large".
const (
	maxBody     = 1 << 20  // of one request
	maxCaptured = 64 << 20 // of all requests together
)

// WrapBody returns a body that gives exactly what body gives and lets the
// engine see what the handler reads, at the moment it reads it. The header is
// that of the request, and length its Content-Length, or -1.
func (q *Request) WrapBody(body io.ReadCloser, header http.Header, length int64) io.ReadCloser {
	if q == nil || body == nil || body == http.NoBody || q.passlisted || q.engine.policy.Load().disabled {
		return body
	}
	kind, boundary := params.KindOf(header.Get("Content-Type"), header.Get("Content-Encoding"))
	if kind == params.Opaque {
		return body
	}
	t := &bodyTap{ReadCloser: body, q: q, kind: kind, length: length, contentType: header.Get("Content-Type")}
	if kind == params.Multipart {
		t.parts = params.NewParts(boundary, maxBody)
	}
	q.body.Store(t)
	return t
}

// bodyTap sees what a handler reads of its request's body.
type bodyTap struct {
	io.ReadCloser
	q      *Request
	kind   params.Body
	length int64

	contentType string

	// mu guards what Read writes. It is held for copying only, never while
	// anything is looked at: Read runs on the host's goroutine.
	mu    sync.Mutex
	buf   []byte // only ever appended to, so that parts of it may be lent as strings
	parts *params.Parts
	read  int64
	over  bool // all of it was read
	cut   bool // some of it was not kept

	kept      atomic.Int64 // bytes counted against the engine's bound
	inspected atomic.Bool  // the firewall has seen it

	indexing sync.Mutex // one indexing at a time
	json     params.JSONScanner
	seen     int  // bytes, or parts, that are in the index
	complete bool // the index was made after the end was read
}

// Read reads from the body and keeps a copy. When the end is there the firewall
// looks at it; what it blocks, the handler does not get whole.
func (t *bodyTap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if over := t.observe(p[:max(0, min(n, len(p)))], errors.Is(err, io.EOF)); over {
		if blocked := t.inspectSafely(); blocked != nil {
			return 0, blocked
		}
	}
	return n, err
}

func (t *bodyTap) inspectSafely() *BlockedError {
	defer t.q.engine.Contain(wire.ProtectionWAF)
	return t.inspect()
}

// observe keeps a piece of the body as far as there is room, and reports
// whether the end has been read.
func (t *bodyTap) observe(p []byte, eof bool) (over bool) {
	defer t.q.engine.Contain("engine.body")
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return true
	}
	t.read += int64(len(p))
	t.over = eof || t.length >= 0 && t.read >= t.length
	if t.parts != nil {
		t.parts.Feed(p)
		if t.over {
			t.parts.End()
		}
		t.account(len(p)) // not more than this was kept
		if t.parts.Lost() {
			t.lose()
		}
		return t.over
	}
	room := min(len(p), maxBody-len(t.buf))
	if room > 0 && !t.account(room) {
		room = 0
	}
	if room > 0 {
		if t.buf == nil && t.length > 0 {
			t.buf = make([]byte, 0, min(t.length, maxBody))
		}
		t.buf = append(t.buf, p[:room]...)
	}
	if room < len(p) {
		t.lose()
	}
	return t.over
}

// account counts n bytes against the bound of all requests together, and
// reports whether there was room.
func (t *bodyTap) account(n int) bool {
	if t.q.engine.captured.Load()+int64(n) > maxCaptured {
		return false
	}
	if t.parts != nil { // file contents stream by
		n = int(max(0, min(int64(n), maxBody-t.kept.Load())))
	}
	t.q.engine.captured.Add(int64(n))
	t.kept.Add(int64(n))
	return true
}

// lose counts once that a body was not looked at in full.
func (t *bodyTap) lose() {
	if !t.cut {
		t.cut = true
		t.q.engine.Count(wire.CounterSkipped, "input_too_large", 1)
	}
}

// releaseBody gives back what the request counted against the bound.
func (q *Request) releaseBody() {
	if t := q.body.Load(); t != nil {
		q.engine.captured.Add(-t.kept.Swap(0))
	}
}

// bodySize returns how much of the body there is to look at.
func (q *Request) bodySize() int64 {
	if t := q.body.Load(); t != nil {
		return t.kept.Load()
	}
	return 0
}

// text returns what was kept so far, and whether that is all there will be.
func (t *bodyTap) text() (s string, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return unsafe.String(unsafe.SliceData(t.buf), len(t.buf)), t.over
}

// newParts returns the parts that are complete, from the given one on.
func (t *bodyTap) newParts(from int) []params.Part {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.parts.Done(from)
}

// index adds what was read since the last call to the inputs.
func (t *bodyTap) index(in *rasp.Inputs) {
	add := func(address, value string) bool {
		in.Add(address, value)
		return true
	}
	t.indexing.Lock()
	defer t.indexing.Unlock()
	if t.parts != nil {
		for _, p := range t.newParts(t.seen) {
			p.Values(add)
			t.seen++
		}
		return
	}
	text, over := t.text()
	if len(text) == t.seen && over == t.complete {
		return
	}
	t.seen, t.complete = len(text), over
	if t.kind == params.JSONBody {
		t.json.Scan(text, over, add)
		return
	}
	params.Values(t.kind, text, add)
}

// values passes on everything that was kept.
func (t *bodyTap) values(yield func(address, value string) bool) {
	if t.parts != nil {
		for _, p := range t.newParts(0) {
			if !p.Values(yield) {
				return
			}
		}
		return
	}
	text, _ := t.text()
	params.Values(t.kind, text, yield)
}
