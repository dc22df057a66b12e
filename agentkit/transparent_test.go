package agentkit_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/agenttest"
)

// server is one of the two that a test compares: with the agent, or without.
type server struct {
	*httptest.Server
	t   *testing.T
	log *lockedBuffer // what net/http says in its error log
}

type lockedBuffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	written chan struct{} // closed at the first line
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.Len() == 0 {
		close(l.written)
	}
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// compare runs client against h without and with the agent, over HTTP/1 and,
// when both is true, over HTTP/2, and wants the same observations.
func compare(t *testing.T, both bool, h http.Handler, client func(s *server) string) {
	t.Helper()
	versions := []bool{false}
	if both {
		versions = append(versions, true)
	}
	for _, http2 := range versions {
		var seen [2]string
		for i := range seen {
			handler := h
			if i == 1 {
				handler = agenttest.NewRecorder(t).Middleware(h)
			}
			s := &server{t: t, log: &lockedBuffer{written: make(chan struct{})}}
			s.Server = httptest.NewUnstartedServer(handler)
			s.Config.ErrorLog = log.New(s.log, "", 0)
			s.EnableHTTP2 = http2
			if http2 {
				s.StartTLS()
			} else {
				s.Start()
			}
			seen[i] = client(s)
			s.CloseClientConnections()
			s.Close()
		}
		if seen[0] != seen[1] {
			t.Errorf("HTTP/2 %v: with the agent\n%.3000s\nwithout\n%.3000s", http2, seen[1], seen[0])
		}
		if seen[0] == "" {
			t.Errorf("HTTP/2 %v: nothing was observed", http2)
		}
	}
}

// show writes down all of a response that does not change by itself.
func show(resp *http.Response, err error) string {
	if err != nil {
		text := err.Error()
		return "error: " + text[strings.LastIndex(text, " ")+1:]
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	resp.Header.Del("Date")
	var b strings.Builder
	fmt.Fprintln(&b, resp.Proto, resp.StatusCode, resp.ContentLength, resp.TransferEncoding, resp.Close)
	for _, k := range slices.Sorted(maps.Keys(resp.Header)) {
		fmt.Fprintln(&b, k, resp.Header[k])
	}
	fmt.Fprintf(&b, "trailer %v\nbody %q %v\n", resp.Trailer, body, err)
	return b.String()
}

func (s *server) get(path string) string { return show(s.Client().Get(s.URL + path)) }

func TestOrdinaryAnswersAreTheSame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("0123456789", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for path, h := range map[string]http.HandlerFunc{
		"/empty":     func(http.ResponseWriter, *http.Request) {},
		"/write":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") },
		"/string":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello") },
		"/status":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"/nocontent": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"/notmodified": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Etag", `"x"`)
			w.WriteHeader(http.StatusNotModified)
		},
		"/bodyon304": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotModified)
			_, err := w.Write([]byte("x"))
			w.Header().Set("X-Err", fmt.Sprint(err))
		},
		"/length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			fmt.Fprint(w, "hello")
		},
		"/toolong": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			fmt.Fprint(w, "hello")
		},
		"/tooshort": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			fmt.Fprint(w, "hello")
		},
		"/large":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100_000)) },
		"/redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/write", http.StatusFound) },
		"/error":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) },
		"/file":     func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) },
		"/copy": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("copied")})
		},
		"/headers-after": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x"); w.Header().Set("X-Late", "1") },
		"/trailer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			fmt.Fprint(w, "x")
			w.Header().Set("X-Sum", "1")
			w.Header().Set(http.TrailerPrefix+"X-More", "2")
		},
		"/hints": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
		},
	} {
		mux.HandleFunc(path, h)
	}
	for _, path := range []string{
		"/empty", "/write", "/string", "/status", "/nocontent", "/notmodified", "/bodyon304", "/length", "/toolong", "/tooshort",
		"/large", "/redirect", "/error", "/file", "/copy", "/headers-after", "/trailer", "/hints", "/missing",
	} {
		t.Run(path[1:], func(t *testing.T) {
			compare(t, true, mux, func(s *server) string {
				hints := ""
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
					hints += fmt.Sprintln(code, h)
					return nil
				}})
				get, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
				head, _ := http.NewRequestWithContext(ctx, http.MethodHead, s.URL+path, nil)
				part, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
				part.Header.Set("Range", "bytes=5-20")
				out := ""
				for _, r := range []*http.Request{get, head, part} {
					text := show(s.Client().Do(r))
					out += strings.ReplaceAll(text, "127.0.0.1", "")
				}
				return lastModified.ReplaceAllString(out, "") + hints
			})
		})
	}
}

var lastModified = regexp.MustCompile(`Last-Modified .*\n`)

func TestDoubleWriteHeaderIsReportedByTheServer(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusBadRequest)
	})
	compare(t, true, h, func(s *server) string {
		out := s.get("/")
		s.Close() // waits for the handler
		return fmt.Sprintln(out, strings.Contains(s.log.String(), "superfluous"))
	})
}

func TestInvalidStatusPanicsInTheHandler(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer func() {
			v := recover()
			w.WriteHeader(http.StatusOK)
			fmt.Fprint(w, v)
		}()
		w.WriteHeader(0)
	})
	compare(t, true, h, func(s *server) string { return s.get("/") })
}

func TestStreamingReachesTheClientAtOnce(t *testing.T) {
	next := make(chan struct{})
	flushes := map[string]func(w http.ResponseWriter){
		"/flusher":    func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"/error":      func(w http.ResponseWriter) { fmt.Fprint(w, w.(interface{ FlushError() error }).FlushError()) },
		"/controller": func(w http.ResponseWriter) { fmt.Fprint(w, http.NewResponseController(w).Flush()) },
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n", i)
			flushes[r.URL.Path](w)
			fmt.Fprintln(w)
			http.NewResponseController(w).Flush()
			<-next
		}
	})
	for path := range flushes {
		t.Run(path[1:], func(t *testing.T) {
			compare(t, true, h, func(s *server) string {
				resp, err := s.Client().Get(s.URL + path)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				in := bufio.NewReader(resp.Body)
				out := ""
				for range 3 { // a line that is not flushed would never come
					line, err := in.ReadString('\n')
					more, _ := in.ReadString('\n')
					out += fmt.Sprintln(line, more, err)
					next <- struct{}{}
				}
				return out
			})
		})
	}
}

// upgrade answers a websocket-like handshake and echoes lines.
func upgrade(w http.ResponseWriter, r *http.Request) {
	var conn net.Conn
	var rw *bufio.ReadWriter
	var err error
	if r.URL.Path == "/controller" {
		conn, rw, err = http.NewResponseController(w).Hijack()
	} else {
		conn, rw, err = w.(http.Hijacker).Hijack()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	rw.Flush()
	for {
		line, err := rw.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprint(rw, "echo ", line)
		rw.Flush()
	}
}

// shake plays the client of upgrade and returns what it heard.
func shake(t *testing.T, address, path string) string {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", path)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return err.Error()
	}
	out := resp.Status + resp.Header.Get("Upgrade")
	for _, line := range []string{"one\n", "two\n"} {
		fmt.Fprint(conn, line)
		heard, err := in.ReadString('\n')
		out += fmt.Sprint(heard, err)
	}
	return out
}

func TestWebsocketUpgrade(t *testing.T) {
	for _, path := range []string{"/hijacker", "/controller"} {
		compare(t, false, http.HandlerFunc(upgrade), func(s *server) string {
			return shake(t, s.Listener.Addr().String(), path)
		})
	}
}

func TestReverseProxy(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			upgrade(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-T")
		fmt.Fprintf(w, "%s %s %q %v %v %d", r.Method, r.URL, body, err, r.TransferEncoding, r.ContentLength)
		w.(http.Flusher).Flush()
		w.Header().Set("X-T", "t")
	}))
	defer backend.Close()
	target, _ := url.Parse(backend.URL)
	proxy := httputil.NewSingleHostReverseProxy(target)
	compare(t, true, proxy, func(s *server) string {
		out := s.get("/a?b=c")
		out += show(s.Client().Post(s.URL+"/p", "application/json", strings.NewReader(`{"a":1}`)))
		out += show(s.Client().Post(s.URL+"/chunked", "application/x-www-form-urlencoded", struct{ io.Reader }{strings.NewReader("a=b")}))
		return out
	})
	compare(t, false, proxy, func(s *server) string { return shake(t, s.Listener.Addr().String(), "/up") })
}

func TestResponseController(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		read, write := c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetWriteDeadline(time.Now().Add(time.Hour))
		duplex := c.EnableFullDuplex()
		d, direct := w.(interface{ SetReadDeadline(time.Time) error })
		if direct {
			direct = d.SetReadDeadline(time.Time{}) == nil
		}
		fmt.Fprintln(w, read, write, duplex, direct, c.Flush())
		if r.ProtoMajor == 1 {
			conn, rw, err := c.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(rw, "0\r\n\r\n") // the answer above was chunked
			rw.Flush()
			conn.Close()
		}
	})
	compare(t, true, h, func(s *server) string { return s.get("/") })
}

func TestADeadlineInThePastEndsTheRead(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(-time.Hour))
		_, err := io.ReadAll(r.Body)
		fmt.Fprint(w, errors.Is(err, os.ErrDeadlineExceeded))
	})
	compare(t, false, h, func(s *server) string {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
		return show(http.ReadResponse(bufio.NewReader(conn), nil))
	})
}

func TestExpectContinue(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%q %v", body, err)
	})
	compare(t, false, h, func(s *server) string {
		out := ""
		for _, path := range []string{"/read", "/refuse"} {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n", path)
			in := bufio.NewReader(conn)
			first, err := in.ReadString('\n')
			out += fmt.Sprint(first, err)
			if strings.Contains(first, "100") {
				_, _ = in.ReadString('\n')
				fmt.Fprint(conn, `{"a":1}`)
				out += show(http.ReadResponse(in, nil))
			}
			conn.Close()
		}
		return out
	})
}

func TestPanicsReachTheServer(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/abort-late":
			fmt.Fprint(w, strings.Repeat("x", 10_000))
			panic(http.ErrAbortHandler)
		case "/value":
			panic("a value")
		case "/late":
			fmt.Fprint(w, strings.Repeat("x", 10_000))
			http.NewResponseController(w).Flush()
			panic(errors.New("an error"))
		case "/runtime":
			crash(nil)
		case "/abort-goexit":
			runtime.Goexit()
		}
	})
	for _, path := range []string{"/abort", "/abort-late", "/abort-goexit", "/value", "/late", "/runtime"} {
		compare(t, true, h, func(s *server) string {
			out := s.get(path)
			if path == "/late" { // a reset may overtake what was flushed
				out = fmt.Sprint(strings.Contains(out, "body \"") && !strings.Contains(out, "<nil>"))
			}
			if !strings.Contains(path, "abort") {
				<-s.log.written // a handler of HTTP/2 may still be ending
			}
			s.Close()
			logged := s.log.String()
			return fmt.Sprintln(path, out, strings.Contains(logged, "a value"), strings.Contains(logged, "an error"),
				strings.Contains(logged, "nil pointer"), strings.Contains(logged, "TestPanicsReachTheServer"), logged == "")
		})
	}
}

func crash(m *sync.Mutex) { m.Lock() }

func TestOuterMiddlewareRecovers(t *testing.T) {
	boom := errors.New("boom")
	inner := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(boom) })
	for _, h := range []http.Handler{inner, agenttest.NewRecorder(t).Middleware(inner)} {
		got := func() (v any) {
			defer func() { v = recover() }()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			return nil
		}()
		if got != any(boom) {
			t.Errorf("recovered %v, want the handler's own value", got)
		}
	}
}

func TestTimeoutHandler(t *testing.T) {
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
		_, err := fmt.Fprint(w, "done")
		_ = err
	})
	compare(t, true, http.TimeoutHandler(slow, 50*time.Millisecond, "too slow"), func(s *server) string {
		return s.get("/fast") + s.get("/slow")
	})
}

func TestTheHandlersContextEndsWithTheConnection(t *testing.T) {
	ended := make(chan error)
	started := make(chan struct{})
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		child, cancel := context.WithCancel(r.Context())
		defer cancel()
		<-child.Done()
		ended <- r.Context().Err()
	})
	compare(t, true, h, func(s *server) string {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-started
			cancel()
		}()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
		resp, err := s.Client().Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return fmt.Sprint(errors.Is(err, context.Canceled), <-ended)
	})
}

func TestBodiesAreUnchanged(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/none":
			fmt.Fprint(w, r.Body == http.NoBody, r.ContentLength)
		case "/half":
			b := make([]byte, 10)
			n, err := io.ReadFull(r.Body, b)
			fmt.Fprintf(w, "%q %d %v %v", b, n, err, r.Body.Close())
		case "/form":
			err := r.ParseMultipartForm(1000)
			fmt.Fprintln(w, err, r.Form, r.PostForm, r.MultipartForm != nil)
		case "/limited":
			r.Body = http.MaxBytesReader(w, r.Body, 100)
			b, err := io.ReadAll(r.Body)
			fmt.Fprint(w, len(b), err)
		default:
			b, err := io.ReadAll(r.Body)
			n, again := r.Body.Read(make([]byte, 1))
			fmt.Fprintf(w, "%x %v %d %v", b, err, n, again)
		}
	})
	binary := make([]byte, 70_000)
	for i := range binary {
		binary[i] = byte(i * 7)
	}
	post := func(s *server, path, contentType string, body io.Reader) string {
		out := show(s.Client().Post(s.URL+path, contentType, body))
		return strings.ReplaceAll(strings.ReplaceAll(out, "Connection [close]\n", ""), " true\n", " false\n") // see respond: MaxBytesReader
	}
	compare(t, true, h, func(s *server) string {
		out := ""
		for _, kind := range []string{"", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/octet-stream", "text/xml", "garbage;;;"} {
			for _, path := range []string{"/all", "/half", "/form", "/limited"} {
				out += post(s, path, kind, bytes.NewReader(binary)) + post(s, path, kind, struct{ io.Reader }{bytes.NewReader(binary)}) +
					post(s, path, kind, strings.NewReader(`a=1&b=%27&c`))
			}
		}
		return out + s.get("/none") + s.get("/all")
	})
}

func TestTheServerRemovesUploadedFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	names := make(chan int, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := r.ParseMultipartForm(1) // everything goes to disk
		files, _ := os.ReadDir(dir)
		names <- len(files)
		fmt.Fprint(w, err, r.FormValue("field"))
	})
	compare(t, true, h, func(s *server) string {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		f, _ := m.CreateFormFile("file", "big.bin")
		_, _ = f.Write(make([]byte, 20<<20))
		_ = m.WriteField("field", "value")
		_ = m.Close()
		out := show(s.Client().Post(s.URL, m.FormDataContentType(), &b))
		s.CloseClientConnections()
		s.Close() // after that the server is done with the request
		left, _ := os.ReadDir(dir)
		return fmt.Sprintln(out, <-names, len(left))
	})
}

func TestOuterMiddlewareSeesThePattern(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		fmt.Fprint(w, r.PathValue("id"))
	})
	for _, h := range []http.Handler{mux, agenttest.NewRecorder(t).Middleware(mux)} {
		r := httptest.NewRequest(http.MethodGet, "/users/42?a=b", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if r.Pattern != "GET /users/{id}" || r.Form.Get("a") != "b" || w.Body.String() != "42" {
			t.Errorf("pattern %q, form %v, body %q", r.Pattern, r.Form, w.Body)
		}
	}
}

func TestHTTP2HasWhatItHas(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, flusher := w.(http.Flusher)
		_, hijacker := w.(http.Hijacker)
		_, pusher := w.(http.Pusher)
		_, from := w.(io.ReaderFrom)
		_, str := w.(io.StringWriter)
		fmt.Fprintln(w, r.Proto, flusher, hijacker, pusher, from, str)
		if p, ok := w.(http.Pusher); ok {
			fmt.Fprintln(w, p.Push("/style.css", nil))
		}
	})
	compare(t, true, h, func(s *server) string {
		if s.TLS != nil && !slices.Contains(s.TLS.NextProtos, "h2") {
			t.Error("the server does not speak HTTP/2")
		}
		return s.get("/")
	})
}

func TestAnAgentThatIsOffIsNotThere(t *testing.T) {
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	off := agentkit.New(agentkit.Config{Disable: true})
	for name, a := range map[string]*agentkit.Agent{"nil": nil, "off": off} {
		if got := a.Middleware(h); fmt.Sprintf("%p", got) != fmt.Sprintf("%p", h) {
			t.Errorf("%s: the handler is wrapped", name)
		}
		ctx, done := a.Work(t.Context())
		done()
		agentkit.FromContext(ctx).Track("x")
		if err := agentkit.FromContext(ctx).Identify(map[string]string{"id": "1"}); err != nil {
			t.Error(err)
		}
		if err := a.Close(t.Context()); err != nil || a.Engine() != nil || a.Status().Off == "" {
			t.Errorf("%s: close %v, status %+v", name, err, a.Status())
		}
	}
}
