package agentkit_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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
	noWAF := agentkit.New(agentkit.Config{Sink: func(*wire.Signal) {}, Modes: map[string]string{wire.ProtectionWAF: wire.ModeOff}})
	defer noWAF.Close(b.Context())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", work)
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"without", mux}, {"without_firewall", noWAF.Middleware(mux)}, {"with", agent.Middleware(mux)}} {
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

// jsonOrder is a body of about 2 KB with about 100 scalars.
func jsonOrder() string {
	var b strings.Builder
	b.WriteString(`{"customer":"Ada O'Brien","items":[`)
	for i := range 24 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"lamp-%04d","name":"Desk lamp %d","quantity":%d,"gift":false}`, i, i, i%3+1)
	}
	b.WriteString(`],"note":"please ring twice; it's the blue door"}`)
	return b.String()
}

// BenchmarkMiddlewareJSON is the same for a handler that decodes a JSON body.
func BenchmarkMiddlewareJSON(b *testing.B) {
	agent := agentkit.New(agentkit.Config{Sink: func(*wire.Signal) {}})
	defer agent.Close(b.Context())
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var v map[string]any
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			b.Error(err)
		}
	})
	body := jsonOrder()
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"without", handler}, {"with", agent.Middleware(handler)}} {
		b.Run(c.name, func(b *testing.B) {
			w := &discard{make(http.Header)}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r := ordinaryRequest()
				r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(body)), int64(len(body))
				r.Header.Set("Content-Type", "application/json")
				c.handler.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkStatement is one harmless statement within a request, as a handler
// sends it through a hook.
func BenchmarkStatement(b *testing.B) {
	agent := agentkit.New(agentkit.Config{Sink: func(*wire.Signal) {}})
	defer agent.Close(b.Context())
	for name, text := range map[string]string{
		"no_input_in_it": "SELECT id, name, price FROM products WHERE featured = 1 ORDER BY price LIMIT 20",
		"an_input_in_it": "SELECT id, name, price FROM products WHERE category = 'lamps' ORDER BY price LIMIT 20",
	} {
		b.Run(name, func(b *testing.B) {
			h := agent.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				b.ReportAllocs()
				for b.Loop() {
					if err := query(r.Context(), text); err != nil {
						b.Error(err)
					}
				}
			}))
			if errs := agent.Engine().Apply(wire.Instructions{Policy: wire.Policy{BudgetMicro: 1 << 40}}); errs != nil {
				b.Fatal(errs)
			}
			h.ServeHTTP(&discard{make(http.Header)}, ordinaryRequest())
		})
	}
}
