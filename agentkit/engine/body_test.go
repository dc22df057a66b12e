package engine

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// tapped begins a request with a body and returns what a handler would read.
func tapped(e *Engine, contentType string, body io.Reader) (*Request, io.ReadCloser) {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", contentType)
	q := e.Begin(r, netip.Addr{})
	return q, q.WrapBody(r.Body, r.Header, r.ContentLength)
}

func TestBodiesAreKeptWithinBounds(t *testing.T) {
	e := New(Config{})
	defer e.Close()
	large := bytes.Repeat([]byte("x"), maxBody+5000)
	for _, kind := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
		q, body := tapped(e, kind, bytes.NewReader(large))
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, large) {
			t.Errorf("%s: the handler read %d bytes, %v", kind, len(got), err)
		}
		if n := q.bodySize(); n > maxBody {
			t.Errorf("%s: kept %d bytes", kind, n)
		}
		if n := e.captured.Load(); n != q.bodySize() {
			t.Errorf("%s: %d bytes accounted for %d kept", kind, n, q.bodySize())
		}
		q.End(http.StatusOK, "")
		if n := e.captured.Load(); n != 0 {
			t.Errorf("%s: %d bytes are still accounted for after the end", kind, n)
		}
	}
	if n := total(e.Counters(), wire.CounterSkipped, "input_too_large"); n != 3 { // a preamble of multipart is not kept anyway
		t.Errorf("%v bodies counted as too large", n)
	}
}

func TestAllBodiesTogetherAreBounded(t *testing.T) {
	e := New(Config{})
	defer e.Close()
	var requests []*Request
	var wg sync.WaitGroup
	for range maxCaptured/maxBody + 20 {
		q, body := tapped(e, "text/plain", strings.NewReader(strings.Repeat("x", maxBody)))
		requests = append(requests, q)
		wg.Add(1)
		go func() {
			defer wg.Done()
			if n, err := io.Copy(io.Discard, body); n != maxBody || err != nil {
				t.Errorf("read %d, %v", n, err)
			}
		}()
	}
	wg.Wait()
	if n := e.captured.Load(); n > maxCaptured+maxBody || n < maxCaptured/2 {
		t.Errorf("%d bytes kept at once", n)
	}
	for _, q := range requests {
		q.End(http.StatusOK, "")
	}
	if n := e.captured.Load(); n != 0 {
		t.Errorf("%d bytes left", n)
	}
	if n := total(e.Counters(), wire.CounterSkipped, "input_too_large"); n < 19 {
		t.Errorf("%v bodies counted as not looked at in full", n)
	}
}

func TestBodiesThatNobodyParsesAreNotKept(t *testing.T) {
	e := New(Config{})
	defer e.Close()
	for _, kind := range []string{"image/png", "application/octet-stream", "application/grpc", "video/mp4"} {
		q, body := tapped(e, kind, strings.NewReader("data"))
		_, _ = io.ReadAll(body)
		if q.bodySize() != 0 {
			t.Errorf("%s is kept", kind)
		}
	}
}

// What the handler has read so far is in the index, and what comes later
// follows; a text that is cut in the middle of a value is not.
func TestInputsFollowTheReading(t *testing.T) {
	e := New(Config{})
	defer e.Close()
	q, body := tapped(e, "application/json", io.MultiReader(strings.NewReader(`{"a":"first value","b":"sec`), strings.NewReader(`ond value","c":"third value"}`)))
	if n := q.Inputs().Len(); n == 0 {
		t.Error("the head is not in the index")
	}
	before := q.Inputs().Len()
	buf := make([]byte, 26)
	for i, want := range []int{1, 3} {
		if i == 0 {
			_, _ = io.ReadFull(body, buf)
		} else {
			_, _ = io.ReadAll(body)
		}
		for range 3 { // asking again adds nothing
			if got := q.Inputs().Len() - before; got != want {
				t.Errorf("step %d: %d values of the body, want %d", i, got, want)
			}
		}
	}
	params := q.params()
	if fmt.Sprint(params["json.b"]) != "[second value]" {
		t.Errorf("params %v", params)
	}
}

func total(list []wire.Counter, name, key string) (n float64) {
	for _, c := range list {
		if c.Name == name && c.Key == key {
			n += c.Value
		}
	}
	return n
}
