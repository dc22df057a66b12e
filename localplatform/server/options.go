package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// Defaults of Options.
const (
	DefaultListen    = "127.0.0.1:7777"
	DefaultRetention = 30 * 24 * time.Hour
	DefaultMaxBytes  = 20 << 30
)

// Names inside a data directory.
const (
	SocketName        = "sqreen.sock"    // unix socket; whoever may open it is admin
	OperatorTokenName = "operator-token" // secret of the token made at first start
)

// Options say how to run a platform. The zero value serves the default data
// directory on loopback.
type Options struct {
	Data      string           // data directory, created when missing; "" means DefaultData()
	Listen    string           // host:port; "" means DefaultListen; port 0 picks a free one
	TLSCert   string           // file with the certificate chain, PEM; needs TLSKey
	TLSKey    string           // file with its private key, PEM
	Insecure  bool             // allow plain HTTP on an address that others can reach
	NoSocket  bool             // do not listen on the unix socket in the data directory
	Retention time.Duration    // events older than this are removed; 0 means DefaultRetention, negative keeps them
	MaxBytes  int64            // the oldest events are removed above this size; 0 means DefaultMaxBytes, negative is no limit
	Heartbeat time.Duration    // how often agents report; 0 means 20 s
	Version   string           // of the binary, for Status
	Logger    *slog.Logger     // nil is silence
	Now       func() time.Time // nil is time.Now
}

// Info is what serve prints about a platform that has started.
type Info struct {
	URL       string // "http://127.0.0.1:7777"
	Socket    string // path of the unix socket, "" when there is none
	Data      string // data directory
	TokenFile string // file with the operator token, "" when it has been removed
	First     bool   // this start created the data directory's operator token
}

// ConnectOptions say which platform to reach.
type ConnectOptions struct {
	URL       string           // http://, https:// or unix://; "" means the platform of Data
	Token     string           // operator token for URL
	TokenFile string           // file to read it from when Token is empty
	Data      string           // data directory; "" means DefaultData()
	Version   string           // of the binary, for Status
	Logger    *slog.Logger     // nil is silence
	Now       func() time.Time // nil is time.Now
}

// Check is one line of what Doctor found.
type Check struct {
	Name   string `json:"name"`
	Status string `json:"status"` // CheckOK, CheckWarning or CheckFailed
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // what to type or do
}

// Outcomes of a Check.
const (
	CheckOK      = "ok"
	CheckWarning = "warning"
	CheckFailed  = "failed"
)

// DefaultData is where data is kept when nobody says otherwise: sqreen in
// $XDG_STATE_HOME, which is ~/.local/state unless set.
func DefaultData() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sqreen"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", localplatform.Errorf(localplatform.CodeInvalid, "no home directory to keep data in: %w", err).
			WithHint("name a directory with --data")
	}
	return filepath.Join(home, ".local", "state", "sqreen"), nil
}
