package waf

import (
	"fmt"
	"strings"
	"testing"
)

// show writes what was read of a request.
func show(q *request) string {
	return fmt.Sprintf("%s %s path=%s raw=%s query=%s host=%s header=%v body=%q", q.Method, q.target, q.Path, q.RawPath, q.RawQuery, q.Host, q.Header, q.body)
}

func TestParseRequest(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a line", "GET /a?b=1", `GET /a?b=1 path=/a raw=/a query=b=1 host= header=map[] body=""`},
		{"a target alone", "/a%20b", `GET /a%20b path=/a b raw=/a%20b query= host= header=map[] body=""`},
		{"blanks and quotes", "get /a?b=1' or 1 HTTP/1.1", `GET /a?b=1' or 1 path=/a raw=/a query=b=1' or 1 host= header=map[] body=""`},
		{"a URL", "https://h.example:8443?x", `GET https://h.example:8443?x path=/ raw=/ query=x host=h.example:8443 header=map[] body=""`},
		{"a wrong escape", "/%zz?q", `GET /%zz?q path=/%zz raw=/%zz query=q host= header=map[] body=""`},
		{
			"headers and a body", "\r\nPOST /a HTTP/1.1\r\nhost: h\r\nX-Long: a\r\n  b\r\nX-Long: c\r\n\r\nline\r\n\r\nline",
			`POST /a path=/a raw=/a query= host=h header=map[Host:[h] X-Long:[a b c]] body="line\r\n\r\nline"`,
		},
		{"LF alone", "POST /a HTTP/2\nA: b\n\nbody", `POST /a path=/a raw=/a query= host= header=map[A:[b]] body="body"`},
		{
			"chunks", "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
			`POST /a path=/a raw=/a query= host= header=map[Transfer-Encoding:[chunked]] body="abcde"`,
		},
		{
			"chunks that are none", "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nabc",
			`POST /a path=/a raw=/a query= host= header=map[Transfer-Encoding:[chunked]] body="abc"`,
		},
		{"nothing", "\n\n", "the request is empty"},
		{"no path", "hello there", `"there" is not a request: it has no path that begins with a slash; write it as in 'GET /search?q=1'`},
		{"no header", "GET / HTTP/1.1\nq=1\n\n", `line 2: "q=1" is not a header; the body follows an empty line`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := parseRequest(tt.text)
			got := fmt.Sprint(err)
			if err == nil {
				got = show(q)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// FuzzParseRequest reads anything, and lets the rules look at what came of it.
func FuzzParseRequest(f *testing.F) {
	f.Add("GET /x?q=1 HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\n")
	f.Add("POST http://h/x HTTP/1.1\nTransfer-Encoding: chunked\nContent-Type: application/json\n\n3\n{}\n\n0\n\n")
	f.Add("* \n a\n:b\n")
	p, err := (&TestOptions{}).protection(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseRequest(text)
		if err != nil {
			return
		}
		if !strings.Contains(text, q.target) || len(q.body) > len(text) {
			t.Errorf("%q has target %q and body %q", text, q.target, q.body)
		}
		if r := p.inspect(1, q); len(r.Layers) != 1 || r.Says == "" {
			t.Errorf("%q: %+v", text, r)
		}
	})
}

// FuzzReadHAR reads anything; each sequence ends, with one error at most.
func FuzzReadHAR(f *testing.F) {
	f.Add(`{"log":{"entries":[{"request":{"method":"GET","url":"http://h/x","headers":[{"name":"A","value":"b"}],"cookies":[{"name":"c","value":"d"}]}}]}}`)
	f.Add(`{"log":{"x":[{}],"entries":[{"request":{"method":"POST","url":"/","postData":{"text":"eA==","encoding":"base64"}}},{}]}}`)
	f.Add(`{"log":{"entries":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		failed := false
		for q, err := range readHAR(strings.NewReader(text)) {
			if failed {
				t.Fatal("the sequence goes on after an error")
			}
			if failed = err != nil; !failed && q.Path == "" {
				t.Errorf("%q: a request without a path", text)
			}
		}
	})
}
