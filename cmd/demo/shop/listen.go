package shop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// ErrNotLoopback says that somebody wanted to offer the shop to others.
var ErrNotLoopback = errors.New("the demo's shop is vulnerable on purpose and listens on loopback only")

// Listen listens on a loopback address such as "127.0.0.1:0", "[::1]:8080" or
// "localhost:8080". Any other address is ErrNotLoopback. ctx ends the attempt,
// not the listening.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if err := CheckLoopback(address); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// "localhost" may be anything in somebody's hosts file.
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return nil, errorsJoinClose(l, fmt.Errorf("%w, and %s is not", ErrNotLoopback, l.Addr()))
	}
	return l, nil
}

// CheckLoopback says whether Listen would refuse an address for not being
// loopback. It listens on nothing.
func CheckLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not an address to listen on: give one such as 127.0.0.1:8080", address)
	}
	if !loopback(host) {
		return fmt.Errorf("%w, and %q is not: give an address such as 127.0.0.1:8080", ErrNotLoopback, address)
	}
	return nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// guard refuses requests that somebody elsewhere makes a browser on this machine
// send: the shop runs shell commands for whoever asks, so a page on the web must
// not be able to ask. Requests to a name that is not loopback are DNS rebinding;
// the others are recognised by what browsers say of a request's origin.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := foreign(r); why != "" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusMisdirectedRequest)
			_, _ = fmt.Fprintf(w, "This shop is vulnerable on purpose and answers this machine only: %s.\n", why)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign says why a request was not made on purpose here, or "".
func foreign(r *http.Request) string {
	if host := (&url.URL{Host: r.Host}).Hostname(); !loopback(host) {
		return "it was asked for as " + host
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
	default:
		return "another site sent the browser (" + site + ")"
	}
	if origin := r.Header.Get("Origin"); origin != "" && !sameHost(origin, r.Host) {
		return "another site sent the browser"
	}
	return ""
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host == host
}

// errorsJoinClose closes c on the way out of a failure.
func errorsJoinClose(c io.Closer, err error) error { return errors.Join(err, c.Close()) }
