package agentkit

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/internal/respond"
)

// middleware is a handler with an agent in front of it.
type middleware struct {
	agent *Agent
	next  http.Handler
}

// ServeHTTP lets the request pass through the engine and the handler.
func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := m.agent.engine
	if e.Disabled() || engine.FromContext(r.Context()) != nil { // off, or wrapped twice
		m.next.ServeHTTP(w, r)
		return
	}
	q := e.Begin(r, m.clientIP(r))
	if q.Passlisted() {
		defer q.End(0, "")
		m.next.ServeHTTP(w, r)
		return
	}
	if a, ok := q.Answer(); ok {
		defer q.End(a.Status, "")
		a.Write(w)
		return
	}
	own := r.WithContext(engine.NewContext(r.Context(), q))
	own.Body = q.WrapBody(r.Body, r.Header, r.ContentLength)
	writer, shaped := respond.Wrap(w, q)
	returned := false
	defer func() {
		giveBack(r, own)
		if !returned {
			v := recover() // nil when the handler ended its goroutine
			if m.panicked(q, writer, own.Pattern, v) {
				panic(v)
			}
			return
		}
		q.InspectRest()
		writer.Finish()
		q.End(writer.Status(), own.Pattern)
	}()
	m.next.ServeHTTP(shaped, own)
	returned = true
}

// clientIP finds where a request came from. A fault there costs the address,
// not the request.
func (m *middleware) clientIP(r *http.Request) (ip netip.Addr) {
	defer m.agent.engine.Contain("clientip")
	return m.agent.resolver.Client(r.RemoteAddr, r.Header)
}

// giveBack makes visible in the caller's request what the handler's copy of it
// learned: outer middleware reads the pattern, and the server removes the files
// of a multipart form, of the request that it made.
func giveBack(r, own *http.Request) {
	r.Pattern = own.Pattern
	r.Form, r.PostForm, r.MultipartForm = own.Form, own.PostForm, own.MultipartForm
}

// panicked handles a handler that did not return, and reports whether its panic
// is to go on to the server. One that our own error caused ends here: the client
// gets the blocking page, as it would had the handler returned.
func (m *middleware) panicked(q *engine.Request, w *respond.Writer, route string, v any) bool {
	if v == nil || v == http.ErrAbortHandler { //nolint:errorlint // the server compares in the same way
		q.End(w.StatusSent(), route)
		return v != nil
	}
	var own *engine.BlockedError
	if err, ok := v.(error); ok && errors.As(err, &own) {
		w.Finish()
		q.End(w.Status(), route)
		return !w.Refused()
	}
	q.Exception(v)
	if w.Finish(); w.Refused() {
		w.Flush() // the server drops what is buffered when a handler panics
	}
	status := w.StatusSent()
	if status == 0 {
		status = http.StatusInternalServerError
	}
	q.End(status, route)
	return true
}
