package waf

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"
)

// harEntry is what is looked at of one entry of an HTTP archive (HAR 1.2).
type harEntry struct {
	Request *struct {
		Method   string    `json:"method"`
		URL      string    `json:"url"`
		Headers  []harPair `json:"headers"`
		Cookies  []harPair `json:"cookies"`
		PostData *struct {
			MimeType string    `json:"mimeType"`
			Text     string    `json:"text"`
			Encoding string    `json:"encoding"` // "base64" is no standard, but written by proxies
			Params   []harPair `json:"params"`
		} `json:"postData"`
	} `json:"request"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// errNoHAR says that a file is something else.
var errNoHAR = errors.New("not an HTTP archive: it has no log.entries")

// readHAR reads the requests of an archive, one at a time. The sequence ends
// with the first error.
func readHAR(r io.Reader) iter.Seq2[*request, error] {
	return func(yield func(*request, error) bool) {
		d := json.NewDecoder(r)
		if err := toEntries(d); err != nil {
			yield(nil, err)
			return
		}
		for number := 1; d.More(); number++ {
			var e harEntry
			err := d.Decode(&e)
			if err != nil {
				yield(nil, fmt.Errorf("entry %d: %w", number, err))
				return
			}
			q, err := e.request()
			if err != nil {
				err = fmt.Errorf("entry %d: %w", number, err)
			}
			if !yield(q, err) || err != nil {
				return
			}
		}
		if _, err := d.Token(); err != nil {
			yield(nil, fmt.Errorf("the archive ends too early: %w", err))
		}
	}
}

// toEntries reads up to the entries of an archive.
func toEntries(d *json.Decoder) error {
	if err := enter(d, "log"); err != nil {
		return err
	}
	if err := enter(d, "entries"); err != nil {
		return err
	}
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errNoHAR
	}
	return nil
}

// enter reads into an object up to the value of a field.
func enter(d *json.Decoder, field string) error {
	t, err := d.Token()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("not an HTTP archive: %w", err)
	}
	if t != json.Delim('{') {
		return errNoHAR
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return fmt.Errorf("not an HTTP archive: %w", err)
		}
		if t == field {
			return nil
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return fmt.Errorf("not an HTTP archive: %w", err)
		}
	}
	return errNoHAR
}

// request makes a request of an entry.
func (e *harEntry) request() (*request, error) {
	if e.Request == nil {
		return nil, errors.New(`no "request"`)
	}
	q, err := newRequest(e.Request.Method, e.Request.URL)
	if err != nil {
		return nil, err
	}
	for _, h := range e.Request.Headers {
		if !strings.HasPrefix(h.Name, ":") { // :path and the like repeat what is known
			q.addHeader(h.Name, h.Value)
		}
	}
	if q.header("Cookie") == "" && len(e.Request.Cookies) > 0 {
		var pairs []string
		for _, c := range e.Request.Cookies {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
		q.addHeader("Cookie", strings.Join(pairs, "; "))
	}
	return q, e.addBody(q)
}

// addBody takes over the body: as it was sent, or from its parameters.
func (e *harEntry) addBody(q *request) error {
	p := e.Request.PostData
	if p == nil {
		return nil
	}
	if q.header("Content-Type") == "" && p.MimeType != "" {
		q.addHeader("Content-Type", p.MimeType)
	}
	switch {
	case p.Text != "" && p.Encoding == "base64":
		text, err := base64.StdEncoding.DecodeString(p.Text)
		if err != nil {
			return fmt.Errorf("the body: %w", err)
		}
		q.body = string(text)
	case p.Text != "":
		q.body = p.Text
	default:
		var pairs []string
		for _, f := range p.Params {
			pairs = append(pairs, url.QueryEscape(f.Name)+"="+url.QueryEscape(f.Value))
		}
		q.form = strings.Join(pairs, "&")
	}
	return nil
}
