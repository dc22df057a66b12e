package server

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// withDefaults fills in what is left out and refuses what would hurt.
func (o Options) withDefaults() (Options, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	var err error
	if o.Data, err = dataDir(o.Data); err != nil {
		return o, err
	}
	return o, o.check()
}

// dataDir is the absolute path of a data directory.
func dataDir(dir string) (string, error) {
	if dir == "" {
		return DefaultData()
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", localplatform.Errorf(localplatform.CodeInvalid, "the data directory has no absolute path: %w", err)
	}
	return abs, nil
}

func (o *Options) check() error {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return localplatform.Errorf(localplatform.CodeInvalid, "%q is not an address to listen on: %w", o.Listen, err).
			WithHint("use host:port, for example %s", DefaultListen)
	}
	if (o.TLSCert == "") != (o.TLSKey == "") {
		return localplatform.Errorf(localplatform.CodeInvalid, "TLS needs a certificate and its key").WithHint("give both --tls-cert and --tls-key")
	}
	if o.TLSCert != "" || isLoopback(host) {
		return nil
	}
	if !o.Insecure {
		return localplatform.Errorf(localplatform.CodeInvalid, "others could reach %s, and without TLS they could read tokens and events on the way", o.Listen).
			WithHint("give --tls-cert and --tls-key, listen on 127.0.0.1, or add --insecure where a proxy does TLS")
	}
	o.Logger.Warn("listening without TLS where others can reach it", "listen", o.Listen)
	return nil
}

// isLoopback reports whether only this machine reaches a host.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
