package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
)

const (
	answerWithin = 30 * time.Second // for a client to take an answer, after any long poll
	requestIDKey = "Sqreen-Request-Id"
)

// answers writes answers and logs requests. What it logs names no payload, no
// query and no token.
type answers struct {
	log   *slog.Logger
	count *requestCounts
	going *going
}

// going knows the requests that are being answered, also those whose
// connection was cut: the store must not be closed under them.
type going struct {
	mu    sync.Mutex
	n     int
	ended chan struct{} // made by end, closed when n reaches 0
}

// enter reports whether a request may still begin. leave must follow.
func (g *going) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended != nil {
		return false
	}
	g.n++
	return true
}

func (g *going) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n--; g.n == 0 && g.ended != nil {
		close(g.ended)
	}
}

// end lets no request in any more and waits for those that are in.
func (g *going) end() {
	g.mu.Lock()
	first := g.ended == nil
	if first {
		g.ended = make(chan struct{})
		if g.n == 0 {
			close(g.ended)
		}
	}
	ended := g.ended
	g.mu.Unlock()
	<-ended
}

// recorder notes what a handler answered.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// around gives every request an id, contains panics and logs the outcome.
func (a *answers) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		id := rand.Text()[:12]
		rec := &recorder{ResponseWriter: w}
		if !a.going.enter() {
			a.fail(rec, r, localplatform.Errorf(localplatform.CodeUnavailable, "the platform is shutting down"))
			return
		}
		defer a.going.leave()
		header := w.Header()
		header.Set(requestIDKey, id)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		log := a.log.With("request", id)
		r = r.WithContext(context.WithValue(r.Context(), logKey{}, log)) // the mux writes its pattern into this one
		defer func() {
			if p := recover(); p != nil {
				a.panicked(rec, log, r, p)
			}
			a.count.add(r.Pattern, rec.status)
			log.Debug("answered", "method", r.Method, "route", r.Pattern, "status", rec.status, "took", time.Since(begin))
		}()
		next.ServeHTTP(rec, r)
	})
}

func (a *answers) panicked(w *recorder, log *slog.Logger, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
		panic(p)
	}
	log.Error("a handler panicked", "route", r.Pattern, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if w.status == 0 {
		a.fail(w, r, errors.New("panic"))
	}
}

type logKey struct{}

// logOf is the logger of a request.
func logOf(ctx context.Context) *slog.Logger {
	if l, ok := ctx.Value(logKey{}).(*slog.Logger); ok {
		return l
	}
	return slog.New(slog.DiscardHandler)
}

// ok answers with a value as JSON; nil is an answer without content.
func (a *answers) ok(w http.ResponseWriter, r *http.Request, v any) {
	if v == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		a.fail(w, r, fmt.Errorf("write the answer: %w", err))
		return
	}
	a.send(w, http.StatusOK, "application/json", body.Bytes())
}

func (a *answers) send(w http.ResponseWriter, status int, contentType string, body []byte) {
	// A client that does not read must not keep its answer in memory for ever.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerWithin))
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone away
}

// fail answers with an error: as it is when it is meant for people, else as an
// internal one whose cause only the log tells.
func (a *answers) fail(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*localplatform.Error](err)
	switch {
	case r.Context().Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		e = localplatform.Errorf(localplatform.CodeUnavailable, "the request was given up")
	case !ok || e.Code == localplatform.CodeInternal:
		logOf(r.Context()).Error("internal error", "route", r.Pattern, "error", err)
		e = localplatform.Errorf(localplatform.CodeInternal, "internal error").
			WithHint("the platform's log has the cause: look for %s", w.Header().Get(requestIDKey))
	case e.Code == localplatform.CodeUnavailable:
		logOf(r.Context()).Warn("unavailable", "route", r.Pattern, "error", err)
		w.Header().Set("Retry-After", "1")
	}
	body, jsonErr := json.Marshal(client.ErrorBody{Error: e})
	if jsonErr != nil {
		body = []byte(`{"error":{"code":"internal","message":"internal error"}}`)
	}
	if e.Code == localplatform.CodeUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sqreen"`)
	}
	a.send(w, client.StatusOf(e.Code), "application/json", append(body, '\n'))
}
