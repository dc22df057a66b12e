package agentkit_test

import (
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// ordinaryRequest is a GET with 5 query parameters and 10 headers.
func ordinaryRequest() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/products/42?category=lamps&sort=price&order=asc&page=2&q=red+desk+lamp", nil)
	for k, v := range map[string]string{
		"User-Agent":      "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
		"Accept":          "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Accept-Language": "en-US,en;q=0.5",
		"Accept-Encoding": "gzip, deflate, br, zstd",
		"Referer":         "https://shop.example.com/products?category=lamps",
		"Cookie":          "sid=8f14e45fceea167a5a36dedd4bea2543; theme=dark",
		"Sec-Fetch-Dest":  "document",
		"Sec-Fetch-Mode":  "navigate",
		"Sec-Fetch-Site":  "same-origin",
		"Cache-Control":   "max-age=0",
	} {
		r.Header.Set(k, v)
	}
	r.RemoteAddr = "203.0.113.7:51234"
	return r
}

// discard is a ResponseWriter that costs nothing.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// work is an ordinary handler: about ten microseconds that are not the agent's.
func work(w http.ResponseWriter, r *http.Request) {
	page := make([]byte, 4096)
	sum := uint32(0)
	for range 80 {
		sum = crc32.Update(sum, crc32.IEEETable, page)
	}
	page[0] = byte(sum)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page)
}

// BenchmarkMiddleware compares an ordinary handler with and without the agent.
// See docs/protect.md for the command.
func BenchmarkMiddleware(b *testing.B) {
	agent := agentkit.New(agentkit.Config{Sink: func(*wire.Signal) {}})
	defer agent.Close(b.Context())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", work)
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"without", mux}, {"with", agent.Middleware(mux)}} {
		b.Run(c.name, func(b *testing.B) {
			r := ordinaryRequest()
			w := &discard{make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				c.handler.ServeHTTP(w, r)
			}
		})
	}
}
