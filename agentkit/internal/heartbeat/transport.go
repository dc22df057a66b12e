package heartbeat

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Limits of one exchange.
const (
	sendTimeout = 30 * time.Second
	pollTimeout = 2 * time.Minute // longer than any platform holds a request
	gzipFrom    = 4 << 10
	maxReply    = 256 << 20 // a million actions
	maxError    = 64 << 10
)

// TLS says how to recognise the platform, when its certificate is not one that
// the system trusts.
type TLS struct {
	CAFile     string // PEM file with certificates to trust besides the system's
	ServerName string // name in the platform's certificate, when it is not the URL's
}

// transport speaks HTTP with the platform.
type transport struct {
	base   string
	token  string
	client *http.Client
}

// newTransport checks where the platform is. Unless own is given, it has connections of its own, so
// that nothing that the app does to http.DefaultTransport touches them.
func newTransport(raw, token string, t TLS, own http.RoundTripper) (*transport, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("the platform's URL cannot be parsed: want https://host:port or unix:///path/to/socket")
	}
	rt := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConns:        4,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	if rt.TLSClientConfig, err = tlsConfig(t); err != nil {
		return nil, err
	}
	switch {
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	case u.Scheme == "unix" && u.Path != "":
		socket := u.Path
		rt.Proxy = nil
		rt.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "unix", socket)
		}
		u = &url.URL{Scheme: "http", Host: "sqreen"}
	default:
		return nil, fmt.Errorf("the platform's URL %q is not complete: want https://host:port or unix:///path/to/socket", u.Redacted())
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	var through http.RoundTripper = rt
	if own != nil {
		through = own
	}
	return &transport{
		base: strings.TrimSuffix(u.String(), "/"), token: token,
		client: &http.Client{
			Transport: through,
			// A redirect would carry the token elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func tlsConfig(t TLS) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, fmt.Errorf("certificates of the platform: %w", err)
	}
	if c.RootCAs, err = x509.SystemCertPool(); err != nil {
		c.RootCAs = x509.NewCertPool()
	}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificates of the platform: %s holds none in PEM form", t.CAFile)
	}
	return c, nil
}

// refusedError is an answer of the platform that is not a success.
type refusedError struct {
	status     int
	body       wire.ErrorBody
	retryAfter time.Duration
}

func (e *refusedError) Error() string {
	text := "the platform answered " + strconv.Itoa(e.status)
	if e.body.Message != "" {
		text += ": " + e.body.Message
	}
	if e.body.Hint != "" {
		text += " (" + e.body.Hint + ")"
	}
	return text
}

// lasting reports whether nothing but an operator can change the answer.
func (e *refusedError) lasting() bool {
	return e.status == http.StatusForbidden || e.status == http.StatusUpgradeRequired || e.status == http.StatusNotFound
}

// status returns the status of a refusal, 0 for any other error.
func statusOf(err error) int {
	var refused *refusedError
	if errors.As(err, &refused) {
		return refused.status
	}
	return 0
}

// post sends a body and decodes the answer into reply.
func (t *transport) post(ctx context.Context, path string, body []byte, reply any) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	encoding := ""
	if len(body) >= gzipFrom {
		if small, err := compress(body); err == nil {
			body, encoding = small, "gzip"
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	_, err = t.do(req, reply)
	return err
}

// get asks for path and reports whether there was an answer, or 204.
func (t *transport) get(ctx context.Context, path string, reply any) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+path, nil)
	if err != nil {
		return false, err
	}
	return t.do(req, reply)
}

func (t *transport) do(req *http.Request, reply any) (bool, error) {
	req.Header.Set("Authorization", "Bearer "+t.token)
	req.Header.Set("User-Agent", "sqreen-agentkit")
	resp, err := t.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNoContent:
		return false, nil
	case resp.StatusCode/100 != 2:
		return false, refusal(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReply)).Decode(reply); err != nil {
		return false, fmt.Errorf("read the platform's answer: %w", err)
	}
	return true, nil
}

// refusal reads an answer that is not a success.
func refusal(resp *http.Response) error {
	e := &refusedError{status: resp.StatusCode}
	var body wire.ErrorReply
	if raw, err := io.ReadAll(io.LimitReader(resp.Body, maxError)); err == nil && json.Unmarshal(raw, &body) == nil {
		e.body = body.Error
	}
	after := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil && seconds > 0 {
		e.retryAfter = time.Duration(min(seconds, 24*3600)) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		e.retryAfter = max(0, time.Until(at))
	}
	return e
}

func compress(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// closeIdle lets go of the connections.
func (t *transport) closeIdle() { t.client.CloseIdleConnections() }
