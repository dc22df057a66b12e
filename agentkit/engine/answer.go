package engine

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// pageText is what a blocked client reads.
const pageText = "Uh oh! Sqreen has detected an attack. If you are the application owner, check the Sqreen dashboard for more information."

// page is the built-in blocking page. It needs nothing from elsewhere.
const page = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Request blocked</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:20vh auto 0;padding:0 1.5rem;color:#222;background:#fff}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#161616}}</style>
</head>
<body>
<p>` + pageText + `</p>
</body>
</html>
`

// Answer is what a client gets in place of the application's answer.
type Answer struct {
	Status      int
	ContentType string
	Location    string // for a redirect
	Body        string
}

// Answer returns what to send in place of the application's answer, and false
// when the application is to answer.
func (q *Request) Answer() (Answer, bool) {
	if q == nil {
		return Answer{}, false
	}
	if b := q.blocked.Load(); b != nil {
		return b.answer, true
	}
	return Answer{}, false
}

// blockPage returns the policy's blocking page in the form that the client
// reads.
func (e *Engine) blockPage(q *Request) Answer {
	p := e.policy.Load()
	a := Answer{Status: http.StatusForbidden, ContentType: "text/html; charset=utf-8", Body: page}
	if p.status >= 200 && p.status <= 599 {
		a.Status = p.status
	}
	if p.page != "" {
		a.Body = p.page
	}
	if wantsOnlyJSON(q.header("Accept")) {
		a.ContentType = "application/json"
		a.Body = `{"error":{"code":"blocked","message":` + strconv.Quote(pageText) + "}}\n"
	}
	return a
}

// wantsOnlyJSON reports whether a client accepts JSON and nothing else.
func wantsOnlyJSON(accept string) bool {
	found := false
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(part, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
		if kind != "application/json" && !strings.HasPrefix(kind, "application/") {
			return false
		}
		if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return false
		}
		found = true
	}
	return found
}

// redirectTo sends a client elsewhere. An address that a browser would run or
// that cannot be parsed becomes the site's root.
func redirectTo(raw string) Answer {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		raw = "/"
	}
	return Answer{Status: http.StatusSeeOther, Location: raw}
}

// Write sends the answer. What the application had said about its own answer is
// taken back, cookies included; headers of others, such as CORS, stay.
func (a Answer) Write(w http.ResponseWriter) {
	h := w.Header()
	for _, name := range []string{
		"Content-Length", "Content-Encoding", "Content-Range", "Content-Disposition", "Transfer-Encoding",
		"Trailer", "Etag", "Last-Modified", "Expires", "Set-Cookie", "Location", "Refresh", "Accept-Ranges",
	} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if a.Location != "" {
		h.Set("Location", a.Location)
		h.Del("Content-Type")
		w.WriteHeader(a.Status)
		return
	}
	h.Set("Content-Type", a.ContentType)
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write([]byte(a.Body)) // the client may be gone; there is nobody to tell
}
