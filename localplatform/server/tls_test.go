package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func writePair(t *testing.T, cert, key string, serial int64, at time.Time) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// A renewed certificate is served without a restart; half of one is not.
func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		writePair(t, cert, key, 1, time.Unix(1000, 0))
		conf, err := tlsFor(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		serial := func() int64 {
			t.Helper()
			time.Sleep(lookAtFiles)
			c, err := conf.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			leaf, err := x509.ParseCertificate(c.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			return leaf.SerialNumber.Int64()
		}
		if got := serial(); got != 1 {
			t.Errorf("first: %d", got)
		}
		writePair(t, cert, key, 2, time.Unix(2000, 0))
		if got := serial(); got != 2 {
			t.Errorf("renewed: %d", got)
		}
		writePair(t, cert, filepath.Join(dir, "other.pem"), 3, time.Unix(3000, 0)) // its key is not there yet
		if got := serial(); got != 2 {
			t.Errorf("half of it: %d", got)
		}
		if err := os.Remove(cert); err != nil {
			t.Fatal(err)
		}
		if got := serial(); got != 2 {
			t.Errorf("removed: %d", got)
		}
	})
}
