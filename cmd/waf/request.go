package waf

import (
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf"
)

// request is what is tried: what came before the body, as the engine takes it,
// and the body.
type request struct {
	waf.Request
	target string // as sent, for reports
	body   string
	form   string // fields of a form whose body is not known, urlencoded
}

// parseRequest reads a raw HTTP request as leniently as servers do, and more:
// lines may end in LF alone, the version, the headers and the length may be
// missing, and a target may contain blanks. What follows the first empty line is
// the body.
func parseRequest(text string) (*request, error) {
	text = strings.TrimLeft(text, "\r\n")
	first, rest := cutLine(text)
	r, err := parseLine(first)
	if err != nil {
		return nil, err
	}
	last := ""
	for number := 2; rest != ""; number++ {
		var line string
		if line, rest = cutLine(rest); line == "" {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && last != "" { // a header goes on
			values := r.Header[last]
			values[len(values)-1] += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("line %d: %q is not a header; the body follows an empty line", number, line)
		}
		last = r.addHeader(name, value)
	}
	r.setBody(rest)
	return r, nil
}

func cutLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// parseLine reads the first line of a request, "GET /x?q=1 HTTP/1.1". A target
// alone is a GET.
func parseLine(line string) (*request, error) {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil, errors.New("the request is empty")
	}
	method, target := "GET", line
	if word, after, ok := strings.Cut(line, " "); ok && isMethod(word) {
		method, target = word, strings.TrimSpace(after)
	}
	if i := strings.LastIndex(target, " "); i >= 0 && strings.HasPrefix(target[i+1:], "HTTP/") {
		target = strings.TrimSpace(target[:i])
	}
	return newRequest(method, target)
}

func isMethod(word string) bool {
	for _, c := range []byte(word) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return word != ""
}

// newRequest takes a target apart: "/x?q=1" or a whole URL.
func newRequest(method, target string) (*request, error) {
	r := &request{target: target}
	r.Method, r.Header = strings.ToUpper(method), map[string][]string{}
	rest := target
	if scheme, after, ok := strings.Cut(target, "://"); ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		end := strings.IndexAny(after, "/?#")
		if end < 0 {
			end = len(after)
		}
		r.Host, rest = after[:end], after[end:]
		if rest == "" || rest[0] != '/' {
			rest = "/" + rest
		}
	}
	if rest != "*" && !strings.HasPrefix(rest, "/") {
		return nil, fmt.Errorf("%q is not a request: it has no path that begins with a slash; write it as in 'GET /search?q=1'", target)
	}
	rest, _, _ = strings.Cut(rest, "#")
	path, query, _ := strings.Cut(rest, "?")
	r.RawPath, r.RawQuery = path, query
	r.Path = path
	if decoded, err := url.PathUnescape(path); err == nil {
		r.Path = decoded
	}
	return r, nil
}

// addHeader keeps a header, and returns its name as it is kept.
func (r *request) addHeader(name, value string) string {
	name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
	value = strings.TrimSpace(value)
	if name == "Host" {
		r.Host = value // and kept, since the line may go on
	}
	r.Header[name] = append(r.Header[name], value)
	return name
}

func (r *request) header(name string) string {
	if values := r.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// setBody keeps the body, without the framing of chunks. Framing that is wrong
// leaves it as it stands.
func (r *request) setBody(body string) {
	r.body = body
	if !strings.EqualFold(r.header("Transfer-Encoding"), "chunked") {
		return
	}
	if plain, err := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(body))); err == nil {
		r.body = string(plain)
	}
}
