// Package respond wraps a http.ResponseWriter so that the engine sees the
// status of the answer and can put its own in place of a blocked handler's,
// while the handler finds exactly the abilities that it would find without.
//
// Which of the optional interfaces a type has is fixed when it is compiled, so
// there is one type for each combination, in shapes.go; all of them hold a Writer
// and nothing else, so that wrapping costs one allocation. Unwrap is
// always there: http.ResponseController uses it to reach abilities that the
// combinations leave out and those that later versions of Go add.
package respond

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/sqreen/sqreen/agentkit/engine"
)

//go:generate go run gen.go

// Writer stands between a handler and the server's ResponseWriter. Like that
// one, it is used by one goroutine at a time.
type Writer struct {
	inner    http.ResponseWriter
	q        *engine.Request
	status   int
	wrote    bool // the answer's header is on its way
	hijacked bool
	answered bool // by the engine
}

// Wrap returns a Writer for inner and the form of it that a handler gets.
func Wrap(inner http.ResponseWriter, q *engine.Request) (*Writer, http.ResponseWriter) {
	w, shaped := newShape(shapeOf(inner))
	w.inner, w.q = inner, q
	return w, shaped
}

// Abilities of a ResponseWriter beyond the basic ones.
const (
	canFlush = 1 << iota
	canFlushError
	canHijack
	canReadFrom
	canPush
	canCloseNotify
	canWriteString
	canControl // deadlines and full duplex
	allShapes  = 1 << iota

	// native is what the writers of net/http have at least. Only they have the
	// controls themselves; others reach them by Unwrap.
	native = canFlush | canFlushError | canCloseNotify | canWriteString
)

// controls are the methods that http.ResponseController calls.
type controls interface {
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	EnableFullDuplex() error
}

// shapeOf returns the abilities of w, without those that no shape has.
func shapeOf(w http.ResponseWriter) (can int) {
	if _, ok := w.(http.Flusher); ok {
		can |= canFlush
		if _, ok := w.(interface{ FlushError() error }); ok {
			can |= canFlushError
		}
	}
	if _, ok := w.(http.Hijacker); ok {
		can |= canHijack
	}
	if _, ok := w.(io.ReaderFrom); ok {
		can |= canReadFrom
	}
	if _, ok := w.(http.Pusher); ok {
		can |= canPush
	}
	if _, ok := w.(http.CloseNotifier); ok { //nolint:staticcheck // deprecated, but hosts use it
		can |= canCloseNotify
	}
	if _, ok := w.(io.StringWriter); ok {
		can |= canWriteString
	}
	if _, ok := w.(controls); ok && can&native == native {
		can |= canControl
	}
	return can
}

// Status returns the status that was answered: 200 when nothing was said, 0
// when the connection was taken over.
func (w *Writer) Status() int {
	switch {
	case w.hijacked:
		return 0
	case w.status == 0:
		return http.StatusOK
	}
	return w.status
}

// StatusSent returns the status that was really sent, 0 when none was.
func (w *Writer) StatusSent() int {
	if w.hijacked {
		return 0
	}
	return w.status
}

// Refused reports whether the engine's answer was sent.
func (w *Writer) Refused() bool { return w.answered }

// Wrote reports whether the answer has begun, or the connection was taken over.
func (w *Writer) Wrote() bool { return w.wrote || w.hijacked }

// Finish sends the engine's answer if the request was blocked and nothing was
// sent before. Call it when the handler is done.
func (w *Writer) Finish() {
	if w.Wrote() {
		return
	}
	if a, ok := w.q.Answer(); ok {
		w.wrote, w.answered, w.status = true, true, a.Status
		a.Write(w.inner)
	}
}

// Flush pushes out what was written, for a handler that panics after it was
// blocked: the server would drop it.
func (w *Writer) Flush() { _ = http.NewResponseController(w.inner).Flush() }

// refused returns the error for a handler that goes on after it was blocked.
func (w *Writer) refused() error {
	if err := w.q.Blocked(); err != nil {
		return err
	}
	return nil
}

// begin notes that the answer begins with status 200 if it has not begun.
func (w *Writer) begin() {
	if !w.wrote {
		w.wrote, w.status = true, http.StatusOK
	}
}

func (w *Writer) header() http.Header { return w.inner.Header() }

func (w *Writer) unwrap() http.ResponseWriter { return w.inner }

func (w *Writer) writeHeader(status int) {
	if w.refused() != nil {
		return
	}
	w.inner.WriteHeader(status) // may panic, and then nothing was sent
	if !w.wrote && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.wrote, w.status = true, status
	}
}

func (w *Writer) write(p []byte) (int, error) {
	if err := w.refused(); err != nil {
		return 0, err
	}
	w.begin()
	return w.inner.Write(p)
}

func (w *Writer) writeString(s string) (int, error) {
	if err := w.refused(); err != nil {
		return 0, err
	}
	w.begin()
	return w.inner.(io.StringWriter).WriteString(s)
}

func (w *Writer) readFrom(r io.Reader) (int64, error) {
	if err := w.refused(); err != nil {
		return 0, err
	}
	w.begin()
	return w.inner.(io.ReaderFrom).ReadFrom(r)
}

func (w *Writer) flush() {
	if w.refused() == nil {
		w.begin()
		w.inner.(http.Flusher).Flush()
	}
}

func (w *Writer) flushError() error {
	if err := w.refused(); err != nil {
		return err
	}
	w.begin()
	return w.inner.(interface{ FlushError() error }).FlushError()
}

func (w *Writer) hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.refused(); err != nil {
		return nil, nil, err
	}
	conn, rw, err := w.inner.(http.Hijacker).Hijack()
	w.hijacked = w.hijacked || err == nil
	return conn, rw, err
}

func (w *Writer) push(target string, opts *http.PushOptions) error {
	if err := w.refused(); err != nil {
		return err
	}
	return w.inner.(http.Pusher).Push(target, opts)
}

func (w *Writer) closeNotify() <-chan bool {
	return w.inner.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // deprecated, but hosts use it
}

func (w *Writer) control() controls { return w.inner.(controls) }
