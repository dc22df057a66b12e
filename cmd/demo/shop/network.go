package shop

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// newFetcher returns the client that previews links. Hosts under ".example" and
// the metadata address of clouds are answered in this process, and beyond those
// only this machine is reached: the demo needs no network, and an attack on the
// metadata service reaches nobody's.
func newFetcher() *http.Client {
	return &http.Client{Transport: pretended{&http.Transport{DialContext: dialLoopback, MaxIdleConns: 4}}}
}

// dialLoopback refuses whatever is not this machine, before any name is looked up.
func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if !loopback(host) {
		return nil, fmt.Errorf("the demo's shop reaches nothing outside this machine, so not %s", host)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// pretended is a transport with a small internet of its own in front of next.
type pretended struct{ next *http.Transport }

// RoundTrip answers what the pretended internet holds and passes on the rest.
func (p pretended) RoundTrip(r *http.Request) (*http.Response, error) {
	host := r.URL.Hostname()
	switch {
	case strings.HasSuffix(host, ".example"):
		return answer(r, "text/html; charset=utf-8", partnerPage(r.URL)), nil
	case metadataHost(host):
		return answer(r, "application/json", metadata(r.URL.Path)), nil
	}
	return p.next.RoundTrip(r)
}

// metadataHost reports whether a host is the metadata address, also in the
// spellings that C libraries accept: one decimal or hexadecimal number, or
// inside IPv6.
func metadataHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		n, err := strconv.ParseUint(host, 0, 32)
		if err != nil {
			return false
		}
		ip = netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	return ip.Unmap() == netip.AddrFrom4([4]byte{169, 254, 169, 254})
}

// CloseIdleConnections lets http.Client close what next keeps.
func (p pretended) CloseIdleConnections() { p.next.CloseIdleConnections() }

func partnerPage(u *url.URL) string {
	title := strings.ReplaceAll(strings.Trim(u.Path, "/"), "-", " ")
	return "<!doctype html><title>" + html.EscapeString(title) + "</title><h1>" + html.EscapeString(title) +
		"</h1><p>Warm light makes a room. " + html.EscapeString(u.Hostname()) + " tells how.</p>"
}

func metadata(path string) string {
	want, err := url.Parse(planted.MetadataURL)
	if err != nil || path != want.Path {
		return `{"paths": ["/latest/meta-data/iam/security-credentials/shop"]}`
	}
	return `{"AccessKeyId": "` + planted.MetadataKey + `", "Note": "planted for the demo"}`
}

func answer(r *http.Request, kind, body string) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}
}
