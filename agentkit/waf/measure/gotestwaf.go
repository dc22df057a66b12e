package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf"
	"go.yaml.in/yaml/v3"
)

// caseFile is one file of GoTestWAF: every payload, encoded by every encoder, is
// put into every place.
type caseFile struct {
	Payload     []string
	Encoder     []string
	Placeholder []yaml.Node
	Type        string
}

// protect answers 403 to requests that the default policy blocks.
func protect(w http.ResponseWriter, r *http.Request) {
	x := waf.Default().Begin()
	defer x.End()
	x.Request(&waf.Request{Method: r.Method, Path: r.URL.Path, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header})
	body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	x.Body(r.Header.Get("Content-Type"), string(body))
	if waf.Blocked(x.Matches()) {
		w.WriteHeader(http.StatusForbidden)
	}
}

func goTestWAF(dir string, t *tally) error {
	srv := httptest.NewServer(http.HandlerFunc(protect))
	defer srv.Close()
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var f caseFile
		if err := yaml.Unmarshal(text, &f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return f.send(srv, strings.TrimSuffix(filepath.Base(path), ".yml"), filepath.Base(filepath.Dir(path)) != "false-pos", t)
	})
}

func (f *caseFile) send(srv *httptest.Server, name string, attack bool, t *tally) error {
	for _, payload := range f.Payload {
		for _, enc := range f.Encoder {
			text, err := encode(enc, payload)
			if err != nil {
				return err
			}
			for i := range f.Placeholder {
				place, raw, err := placeholder(&f.Placeholder[i])
				if err != nil {
					return err
				}
				status, err := deliver(srv, place, raw, text)
				if err != nil {
					return fmt.Errorf("%s %s %s %.60q: %w", name, enc, place, payload, err)
				}
				// A server that refuses what is no HTTP at all keeps it out too.
				blocked := status == http.StatusForbidden || status == http.StatusBadRequest
				t.add(name, attack, blocked, fmt.Sprintf("%s %s %q", place, enc, payload[max(0, len(payload)-200):]))
			}
		}
	}
	return nil
}

func encode(name, s string) (string, error) {
	switch name {
	case "Plain":
		return s, nil
	case "URL":
		return url.QueryEscape(s), nil
	case "Base64":
		return base64.StdEncoding.EncodeToString([]byte(s)), nil
	case "Base64Flat":
		return base64.RawStdEncoding.EncodeToString([]byte(s)), nil
	case "JSUnicode":
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
		return b.String(), nil
	case "XMLEntity":
		var b bytes.Buffer
		err := xml.EscapeText(&b, []byte(s))
		return b.String(), err
	}
	return "", fmt.Errorf("unknown encoder %q", name)
}

// rawRequest is a request of any shape with {{payload}} in it.
type rawRequest struct {
	Method  string
	Path    string
	Headers map[string]string
	Body    string
}

func placeholder(n *yaml.Node) (string, *rawRequest, error) {
	if n.Kind == yaml.ScalarNode {
		return n.Value, nil, nil
	}
	var m map[string]rawRequest
	if err := n.Decode(&m); err != nil {
		return "", nil, err
	}
	for name, r := range m {
		return name, &r, nil
	}
	return "", nil, fmt.Errorf("line %d: an empty placeholder", n.Line)
}

// deliver sends one request and returns the status of the answer.
func deliver(srv *httptest.Server, place string, raw *rawRequest, text string) (int, error) {
	method, target, body, contentType := "GET", srv.URL+"/", "", ""
	header := http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"}}
	switch place {
	case "URLPath", "NonCrudUrlPath":
		target += strings.TrimPrefix(text, "/")
	case "URLParam", "NonCrudUrlParam":
		target += "?param=" + text
	case "Header", "NonCRUDHeader":
		header["X-Probe"] = []string{text}
	case "UserAgent":
		header["User-Agent"] = []string{text}
	case "HTMLForm":
		method, body, contentType = "POST", "field="+text, "application/x-www-form-urlencoded"
	case "HTMLMultipartForm":
		method = "POST"
		body, contentType = multipartForm(text)
	case "JSONBody", "JSONRequest":
		method, contentType = "POST", "application/json"
		quoted, err := json.Marshal(text)
		if err != nil {
			return 0, err
		}
		body = `{"test":true,"field":` + string(quoted) + "}"
	case "XMLBody":
		method, body, contentType = "POST", text, "text/xml"
	case "SOAPBody":
		method, contentType = "POST", "application/soap+xml"
		body = `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><ab1>` + text + "</ab1></soap:Body></soap:Envelope>"
	case "RequestBody", "NonCRUDRequestBody", "gRPC":
		method, body = "POST", text
	case "GraphQL":
		method, body, contentType = raw.Method, text, "application/json"
		if method == "GET" {
			target, body = target+"?query="+text, ""
		}
	case "RawRequest":
		method, target, body = raw.Method, srv.URL+strings.ReplaceAll(raw.Path, "{{payload}}", text), strings.ReplaceAll(raw.Body, "{{payload}}", text)
		for k, v := range raw.Headers {
			header[textproto.CanonicalMIMEHeaderKey(k)] = []string{strings.ReplaceAll(v, "{{payload}}", text)}
		}
	default:
		return 0, fmt.Errorf("unknown placeholder %q", place)
	}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	return send(srv.Client(), method, target, body, header)
}

func multipartForm(text string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("field", text) // writes to memory
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// send sends the target as it stands, even where it is no valid URL: net/url
// would refuse what attackers send.
func send(c *http.Client, method, target, body string, header http.Header) (int, error) {
	scheme, rest, _ := strings.Cut(target, "://")
	host, path, _ := strings.Cut(rest, "/")
	path, query, _ := strings.Cut("/"+path, "?")
	clean := strings.NewReplacer(" ", "%20", "\r", "%0d", "\n", "%0a", "\x00", "%00", "#", "%23")
	u := &url.URL{Scheme: scheme, Host: host, Opaque: "//" + host + clean.Replace(path), RawQuery: clean.Replace(query)}
	req := &http.Request{Method: method, URL: u, Host: host, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	res, err := c.Do(req)
	if err != nil {
		if strings.Contains(err.Error(), "invalid header field value") {
			return http.StatusBadRequest, nil // cannot be sent
		}
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
