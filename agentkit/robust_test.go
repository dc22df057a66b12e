package agentkit_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/agenttest"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// An agent whose platform is not there lets the app work, and Close is quick.
func TestAPlatformThatIsNotThere(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close() // nobody listens there any more
	agent := agentkit.New(agentkit.Config{URL: gone.URL, Token: "x"})
	w := attack(agent.Middleware(http.HandlerFunc(shop)), "")
	if w.Code != http.StatusOK || w.Body.String() != "two results" {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := agent.Close(ctx); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close = %v, want it to say at once what could not be sent", err)
	}
	if w := attack(agent.Middleware(http.HandlerFunc(shop)), ""); w.Code != http.StatusOK {
		t.Errorf("after Close: answer %d", w.Code)
	}
}

// What the host hands to the agent may fail as well.
func TestAHostWhoseSinkAndLoggerPanic(t *testing.T) {
	agent := agentkit.New(agentkit.Config{
		Sink:   func(*wire.Signal) { panic("sink") },
		Logger: slog.New(panicHandler{slog.DiscardHandler}),
	})
	defer agent.Close(t.Context())
	h := agent.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told := agentkit.FromContext(r.Context())
		told.Track("event", agentkit.WithProperties(map[string]any{"x": explosive{}}))
		told.Track("app.sqreen.reserved")
		told.TrackSignup(map[string]string{"id": "1"})
		shop(w, r)
	}))
	for range 20 {
		if w := attack(h, ""); w.Code != http.StatusOK || w.Body.String() != "two results" {
			t.Fatalf("answer %d %s", w.Code, w.Body)
		}
	}
	if len(agent.Engine().Faults()) == 0 {
		t.Error("no fault was reported")
	}
}

type panicHandler struct{ slog.Handler }

func (panicHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (panicHandler) Handle(context.Context, slog.Record) error { panic("logger") }

type explosive struct{}

func (explosive) MarshalText() ([]byte, error) { panic("property") }

// The log says what an operator needs, and holds no secret.
func TestTheLog(t *testing.T) {
	p := agenttest.NewPlatform()
	logged := &lockedBuffer{written: make(chan struct{})}
	agent := agentkit.New(agentkit.Config{
		URL: "http://platform.example.com", Token: agenttest.Token, Transport: p.RoundTripper(),
		Logger: slog.New(slog.NewTextHandler(logged, nil)), TrustedProxies: []string{"nonsense"},
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.Wait(ctx, func() bool { return len(p.Batches()) > 0 }); err != nil {
		t.Fatal(err)
	}
	if err := agent.Close(ctx); err != nil {
		t.Fatal(err)
	}
	text := logged.String()
	for _, want := range []string{"without encryption", "nonsense", "connected to the platform"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log does not tell %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, agenttest.Token) {
		t.Errorf("the log holds the token:\n%s", text)
	}
}

func TestALargeFleetOfConcurrentRequests(t *testing.T) {
	rec := agenttest.NewRecorder(t)
	rec.Instruct(noWAF())
	s := httptest.NewServer(rec.Middleware(http.HandlerFunc(shop)))
	defer s.Close()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 50 {
				path, want := "/?q=lamp", http.StatusOK
				if (g+i)%5 == 0 {
					path, want = "/?q=x%27+UNION+SELECT+name,email+FROM+users+--", http.StatusForbidden
				}
				resp, err := s.Client().Get(s.URL + path)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("%s: answer %d, want %d", path, resp.StatusCode, want)
				}
			}
		}()
	}
	wg.Wait()
	if got := len(rec.Attacks()); got != 80 {
		t.Errorf("%d attacks recorded, want 80", got)
	}
}

// FuzzMiddleware sends whatever parses as a request through the agent, and
// holds that the handler sees what it would have seen without.
func FuzzMiddleware(f *testing.F) {
	for _, s := range []string{
		"GET /?q=%27%20OR%201=1-- HTTP/1.1\r\nHost: x\r\nCookie: a=b; c\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"a\":[\"b\",1,null]",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 60\r\n\r\n--b\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--b--\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n3\r\na=b\r\n0\r\n\r\n",
		"PUT //a//../%2e%2e/%zz HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: 5\r\n\r\n<a>&b",
	} {
		f.Add([]byte(s))
	}
	agent := agentkit.New(agentkit.Config{Sink: func(*wire.Signal) {}, TrustedProxies: []string{"private"}})
	f.Cleanup(func() { _ = agent.Close(context.Background()) })
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		_ = query(r.Context(), statement(string(body)))
		agentkit.FromContext(r.Context()).Track(r.Method, agentkit.WithUser(map[string]string{r.Host: r.URL.Path}))
		fmt.Fprintf(w, "%s %s %q %v %v %v", r.Method, r.URL, body, err, len(r.Header), r.Trailer)
	})
	protected := agent.Middleware(handler)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var answers []string
		for _, h := range []http.Handler{handler, protected} {
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
			if err != nil {
				return
			}
			r.RemoteAddr = "10.0.0.1:1"
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			answers = append(answers, fmt.Sprint(w.Code, w.Header(), w.Body))
		}
		if answers[0] != answers[1] {
			t.Errorf("with the agent\n%s\nwithout\n%s", answers[1], answers[0])
		}
		if faults := agent.Engine().Faults(); slices.ContainsFunc(faults, func(f wire.Fault) bool { return f.Check != "" }) {
			t.Errorf("faults %+v for %q", faults, raw)
		}
	})
}
