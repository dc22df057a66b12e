// Package client is localplatform.Platform over HTTP. It sends every question
// as the caller asked it and hands back the platform's errors with their codes,
// hints and columns, so that a command cannot tell it from the platform itself.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// Prefix is where the API lives below the platform's URL.
const Prefix = "/api/v1"

const (
	maxAnswer    = 512 << 20 // bytes of one answer
	dialTimeout  = 5 * time.Second
	answerWithin = localplatform.MaxWait + 30*time.Second
)

// Options are what a Client needs besides a URL.
type Options struct {
	Token     string            // operator token; not needed on a unix socket
	Transport http.RoundTripper // nil makes one; not used on a unix socket
	UserAgent string            // "" means sqreen
}

// Client implements localplatform.Platform. It is safe for concurrent use.
// Close closes its idle connections.
type Client struct {
	http  *http.Client
	base  string
	shown string // the URL as the caller gave it, for messages
	opt   Options
}

var _ localplatform.Platform = (*Client)(nil)

// New returns a Client for an http://, https:// or unix:// URL. It does not
// connect. Errors are CodeInvalid.
func New(address string, o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, badURL(address)
	}
	c := &Client{shown: u.String(), opt: o}
	transport := o.Transport
	switch u.Scheme {
	case "unix":
		if len(u.Path) < 2 || u.Host != "" {
			return nil, badURL(address)
		}
		transport, c.base = unixTransport(u.Path), "http://sqreen"
	case "http", "https":
		if u.Host == "" {
			return nil, badURL(address)
		}
		c.base = u.String()
	default:
		return nil, badURL(address)
	}
	if transport == nil {
		transport = ownTransport()
	}
	c.http = &http.Client{
		Transport: transport,
		// The token is for this platform and nobody it names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func badURL(address string) error {
	return localplatform.Errorf(localplatform.CodeInvalid, "%q is not the address of a platform", address).
		WithHint("for example http://127.0.0.1:7777, https://sqreen.example.com or unix:///path/to/sqreen.sock")
}

func ownTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerWithin,
	}
}

func unixTransport(path string) *http.Transport {
	t := ownTransport()
	t.Proxy, t.ForceAttemptHTTP2 = nil, false
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", path)
	}
	return t
}

// Close closes idle connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// get asks with GET.
func get[T any](ctx context.Context, c *Client, path string, q url.Values) (T, error) {
	var out T
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return out, c.do(ctx, http.MethodGet, path, nil, &out)
}

// send asks with a body and another method.
func send[T any](ctx context.Context, c *Client, method, path string, in any) (T, error) {
	var out T
	return out, c.do(ctx, method, path, in, &out)
}

// do sends one request and reads its answer into out, which must be a pointer.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+Prefix+path, body)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	c.setHeaders(req, in != nil)
	res, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return c.unreachable(ctx, err)
	}
	if len(answer) > maxAnswer {
		return localplatform.Errorf(localplatform.CodeTooLarge, "the answer of %s is longer than %d bytes", c.shown, maxAnswer).WithHint("ask for less at a time")
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return c.errorFrom(res.StatusCode, answer)
	}
	if res.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return localplatform.Errorf(localplatform.CodeUnavailable, "the answer of %s makes no sense: %w", c.shown, err).
			WithHint("is that the address of a sqreen platform, and of this version?")
	}
	return nil
}

func (c *Client) setHeaders(req *http.Request, hasBody bool) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "sqreen")
	if c.opt.UserAgent != "" {
		req.Header.Set("User-Agent", c.opt.UserAgent)
	}
	if hasBody {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.opt.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.opt.Token)
	}
}

// unreachable says why there was no answer. The caller's own reason to stop
// comes first.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if u, ok := errors.AsType[*url.Error](err); ok { // its text repeats the address with the query
		err = u.Err
	}
	return localplatform.Errorf(localplatform.CodeUnavailable, "no platform answers at %s: %w", c.shown, err).
		WithHint("start one with: sqreen serve")
}
