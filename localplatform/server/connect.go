package server

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
)

const (
	knock     = time.Second // for a running platform to accept on its socket
	userAgent = "sqreen-cli"
)

// Connect reaches a platform: by URL when one is given, else the one that
// serves Data, else by reading Data in this process, which creates nothing:
// CodeNotFound when there is no data. The caller closes what it gets.
func Connect(ctx context.Context, o ConnectOptions) (localplatform.Platform, error) {
	if o.URL != "" {
		return connectURL(o)
	}
	data, err := dataDir(o.Data)
	if err != nil {
		return nil, err
	}
	o.Data = data
	if c, ok := connectSocket(ctx, data, o.Version); ok {
		return c, nil
	}
	if _, err := os.Stat(filepath.Join(data, "control.db")); err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			return nil, localplatform.Errorf(localplatform.CodeUnavailable, "the data directory cannot be read: %w", err)
		}
		return nil, localplatform.Errorf(localplatform.CodeNotFound, "there is no platform and no data in %s", data).
			WithHint("start one with: sqreen serve; or see it at work with: sqreen demo")
	}
	return openLocal(ctx, o)
}

func connectURL(o ConnectOptions) (localplatform.Platform, error) {
	token := o.Token
	if token == "" && o.TokenFile != "" {
		text, err := os.ReadFile(o.TokenFile)
		if err != nil {
			return nil, localplatform.Errorf(localplatform.CodeInvalid, "the operator token cannot be read: %w", err)
		}
		token = strings.TrimSpace(string(text))
	}
	if strings.ContainsAny(token, "\r\n") {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "the operator token has more than one line")
	}
	return client.New(o.URL, client.Options{Token: token, UserAgent: agentName(o.Version)})
}

func agentName(version string) string {
	return strings.TrimSuffix(userAgent+"/"+version, "/")
}

// connectSocket reaches the platform that serves a data directory, if one does.
func connectSocket(ctx context.Context, data, version string) (*client.Client, bool) {
	path := socketFor(data)
	ctx, cancel := context.WithTimeout(ctx, knock)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, false
	}
	_ = conn.Close()
	c, err := client.New("unix://"+path, client.Options{UserAgent: agentName(version)})
	return c, err == nil
}
