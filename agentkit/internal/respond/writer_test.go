package respond

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/engine"
)

// everything is a ResponseWriter that can do all there is.
type everything struct {
	*httptest.ResponseRecorder
	calls []string
}

func (e *everything) note(call string) { e.calls = append(e.calls, call) }

func (e *everything) Flush()            { e.note("Flush") }
func (e *everything) FlushError() error { e.note("FlushError"); return nil }

func (e *everything) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	e.note("Hijack")
	return nil, nil, nil
}

func (e *everything) ReadFrom(io.Reader) (int64, error)    { e.note("ReadFrom"); return 7, nil }
func (e *everything) Push(string, *http.PushOptions) error { e.note("Push"); return nil }
func (e *everything) CloseNotify() <-chan bool             { e.note("CloseNotify"); return nil }

func (e *everything) WriteString(s string) (int, error) { e.note("WriteString"); return len(s), nil }

func (e *everything) SetReadDeadline(time.Time) error { e.note("SetReadDeadline"); return nil }

func (e *everything) SetWriteDeadline(time.Time) error { e.note("SetWriteDeadline"); return nil }

func (e *everything) EnableFullDuplex() error { e.note("EnableFullDuplex"); return nil }

// abilities lists what a handler could find out about w.
func abilities(w http.ResponseWriter) string {
	var out []string
	note := func(name string, ok bool) {
		if ok {
			out = append(out, name)
		}
	}
	_, ok := w.(http.Flusher)
	note("Flusher", ok)
	_, ok = w.(interface{ FlushError() error })
	note("FlushError", ok)
	_, ok = w.(http.Hijacker)
	note("Hijacker", ok)
	_, ok = w.(io.ReaderFrom)
	note("ReaderFrom", ok)
	_, ok = w.(http.Pusher)
	note("Pusher", ok)
	_, ok = w.(http.CloseNotifier) //nolint:staticcheck // deprecated, but hosts use it
	note("CloseNotifier", ok)
	_, ok = w.(io.StringWriter)
	note("StringWriter", ok)
	_, ok = w.(interface{ SetReadDeadline(time.Time) error })
	note("SetReadDeadline", ok)
	_, ok = w.(interface{ SetWriteDeadline(time.Time) error })
	note("SetWriteDeadline", ok)
	_, ok = w.(interface{ EnableFullDuplex() error })
	note("EnableFullDuplex", ok)
	return strings.Join(out, " ")
}

// Every shape is itself a ResponseWriter with exactly these abilities, so the
// shapes serve as the inner writers too.
func TestEveryCombinationIsKept(t *testing.T) {
	n := 0
	for can := range allShapes {
		w, inner := newShape(can)
		if w == nil {
			continue
		}
		n++
		w.inner = &everything{ResponseRecorder: httptest.NewRecorder()}
		_, outer := Wrap(inner, nil)
		if got, want := abilities(outer), abilities(inner); got != want {
			t.Errorf("shape %d: outer has %q, inner %q", can, got, want)
		}
		if u, ok := outer.(interface{ Unwrap() http.ResponseWriter }); !ok || u.Unwrap() != inner {
			t.Errorf("shape %d: Unwrap does not lead to the inner writer", can)
		}
	}
	if n != 104 {
		t.Errorf("%d shapes, want 104", n)
	}
}

func TestEveryCallReachesTheInnerWriter(t *testing.T) {
	inner := &everything{ResponseRecorder: httptest.NewRecorder()}
	w, outer := Wrap(inner, nil)
	outer.(http.Flusher).Flush()
	_ = outer.(interface{ FlushError() error }).FlushError()
	_, _ = io.WriteString(outer, "x")
	if n, err := outer.(io.ReaderFrom).ReadFrom(nil); n != 7 || err != nil {
		t.Errorf("ReadFrom = %d, %v", n, err)
	}
	_ = outer.(http.Pusher).Push("/", nil)
	outer.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // deprecated, but hosts use it
	c := http.NewResponseController(outer)
	_, _, _ = c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}), c.EnableFullDuplex()
	_, _, _ = c.Hijack()
	want := "Flush FlushError WriteString ReadFrom Push CloseNotify SetReadDeadline SetWriteDeadline EnableFullDuplex Hijack"
	if got := strings.Join(inner.calls, " "); got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
	if w.Status() != 0 || !w.Wrote() {
		t.Errorf("after Hijack: status %d, wrote %v", w.Status(), w.Wrote())
	}
}

// A writer with one ability that has no shape, beside others, still gives it
// through http.ResponseController.
func TestControllerReachesWhatHasNoShape(t *testing.T) {
	inner := struct {
		http.ResponseWriter
		onlyDeadline
	}{httptest.NewRecorder(), onlyDeadline{}}
	_, outer := Wrap(inner, nil)
	c := http.NewResponseController(outer)
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Errorf("SetReadDeadline: %v", err)
	}
	if err := c.SetWriteDeadline(time.Time{}); err == nil {
		t.Error("SetWriteDeadline works although the inner writer lacks it")
	}
}

type onlyDeadline struct{}

func (onlyDeadline) SetReadDeadline(time.Time) error { return nil }

func TestStatus(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w http.ResponseWriter)
		want int
	}{
		"nothing": {func(http.ResponseWriter) {}, 200},
		"write":   {func(w http.ResponseWriter) { _, _ = w.Write(nil) }, 200},
		"header":  {func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, 404},
		"first wins": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusNotFound)
			w.WriteHeader(http.StatusInternalServerError)
		}, 404},
		"write first": {func(w http.ResponseWriter) { _, _ = w.Write(nil); w.WriteHeader(http.StatusInternalServerError) }, 200},
		"early hints": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints); w.WriteHeader(http.StatusCreated) }, 201},
		"switching":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusSwitchingProtocols) }, 101},
		"flush":       {func(w http.ResponseWriter) { w.(http.Flusher).Flush(); w.WriteHeader(http.StatusInternalServerError) }, 200},
	} {
		w, outer := Wrap(httptest.NewRecorder(), nil)
		c.do(outer)
		if w.Status() != c.want {
			t.Errorf("%s: status %d, want %d", name, w.Status(), c.want)
		}
	}
}

func TestShapesAreUpToDate(t *testing.T) {
	now, err := os.ReadFile("shapes.go")
	if err != nil {
		t.Fatal(err)
	}
	want, err := exec.Command("go", "run", "gen.go", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(now) != string(want) {
		t.Error("shapes.go is not what gen.go writes: run go generate ./internal/respond")
	}
}

func BenchmarkWrap(b *testing.B) {
	inner := &everything{ResponseRecorder: httptest.NewRecorder()}
	q := &engine.Request{}
	b.ReportAllocs()
	for b.Loop() {
		Wrap(inner, q)
	}
}
