package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func newAnswers(log *strings.Builder) *answers {
	return &answers{log: slog.New(slog.NewTextHandler(log, nil)), count: newRequestCounts(), going: &going{}}
}

func ask(a *answers, h http.HandlerFunc) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	a.around(h).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	return rec
}

func TestPanicIsContained(t *testing.T) {
	var log strings.Builder
	a := newAnswers(&log)
	rec := ask(a, func(http.ResponseWriter, *http.Request) { panic("oops") })
	if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), `"internal"`) || strings.Contains(rec.Body.String(), "oops") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	id := rec.Header().Get(requestIDKey)
	if !strings.Contains(log.String(), "oops") || !strings.Contains(log.String(), id) || !strings.Contains(rec.Body.String(), id) {
		t.Errorf("request %s, log %s", id, log.String())
	}
	// What has begun to be answered is not answered again.
	rec = ask(a, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic("late")
	})
	if rec.Code != http.StatusOK || rec.Body.Len() != 0 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestCauseStaysInside(t *testing.T) {
	var log strings.Builder
	a := newAnswers(&log)
	rec := ask(a, func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, errors.New("secret path /x")) })
	if strings.Contains(rec.Body.String(), "secret") || !strings.Contains(log.String(), "secret path") {
		t.Errorf("%s, log %s", rec.Body, log.String())
	}
}

func TestNobodyEntersAfterTheEnd(t *testing.T) {
	var log strings.Builder
	a := newAnswers(&log)
	inside, leave, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go ask(a, func(http.ResponseWriter, *http.Request) {
		close(inside)
		<-leave
	})
	<-inside
	go func() {
		a.going.end()
		close(ended)
	}()
	for { // until end has begun
		rec := ask(a, func(http.ResponseWriter, *http.Request) {})
		if rec.Code == http.StatusServiceUnavailable {
			break
		}
	}
	select {
	case <-ended:
		t.Error("it did not wait for the request inside")
	default:
	}
	close(leave)
	<-ended
	a.going.end() // once more does no harm
}
