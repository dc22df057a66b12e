package server

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// certificate is a certificate in files, read again when they change, so that a
// renewed one needs no restart.
type certificate struct {
	cert, key string

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed time.Time // of the certificate file when it was loaded
	looked  time.Time
}

const lookAtFiles = 10 * time.Second

// tlsFor makes the configuration for a certificate; nil without one.
func tlsFor(cert, key string) (*tls.Config, error) {
	if cert == "" {
		return nil, nil //nolint:nilnil // no TLS is a valid configuration
	}
	c := &certificate{cert: cert, key: key}
	if _, err := c.get(nil); err != nil {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "the TLS certificate cannot be used: %w", err).
			WithHint("--tls-cert names a PEM file with the chain, --tls-key one with its private key")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// get returns the certificate. While new files cannot be read, which a renewal
// in two steps causes, the old one serves on.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.loaded != nil && now.Sub(c.looked) < lookAtFiles {
		return c.loaded, nil
	}
	c.looked = now
	info, err := os.Stat(c.cert)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.changed) {
		return c.loaded, nil
	}
	pair, loadErr := tls.LoadX509KeyPair(c.cert, c.key)
	if loadErr != nil || err != nil {
		if c.loaded != nil {
			return c.loaded, nil
		}
		return nil, loadErr
	}
	c.loaded, c.changed = &pair, info.ModTime()
	return c.loaded, nil
}
