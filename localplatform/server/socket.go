package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/localplatform"
)

// maxSocketPath is what every system allows for the path of a unix socket:
// 104 bytes with a final NUL on macOS, 108 on Linux.
const maxSocketPath = 103

// socketPointer is a file in the data directory that names the socket when its
// own path would be too long.
const socketPointer = SocketName + ".path"

// socketFor is where the socket of a data directory is: in it, or where the
// pointer says.
func socketFor(data string) string {
	if text, err := os.ReadFile(filepath.Join(data, socketPointer)); err == nil {
		return strings.TrimSpace(string(text))
	}
	return filepath.Join(data, SocketName)
}

// listenSocket listens on the unix socket of a data directory. The caller holds
// the directory, so a socket that is there is one left behind.
func listenSocket(data string) (net.Listener, string, error) {
	if err := removeSocket(data); err != nil {
		return nil, "", err
	}
	path := filepath.Join(data, SocketName)
	if len(path) > maxSocketPath {
		dir, err := os.MkdirTemp("", "sqreen-")
		if err != nil {
			return nil, "", fmt.Errorf("a place for the socket: %w", err)
		}
		path = filepath.Join(dir, SocketName)
		if err := os.WriteFile(filepath.Join(data, socketPointer), []byte(path+"\n"), 0o600); err != nil {
			return nil, "", errors.Join(err, os.Remove(dir))
		}
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, "", fmt.Errorf("listen on the socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, "", errors.Join(fmt.Errorf("protect the socket: %w", err), l.Close())
	}
	return &peerListener{l}, path, nil
}

// removeSocket removes what a process left behind that did not end well.
func removeSocket(data string) error {
	path := socketFor(data)
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
		return localplatform.Errorf(localplatform.CodeConflict, "%s is in the way of the platform's socket", path).WithHint("move it elsewhere")
	}
	errs := []error{os.Remove(path), os.Remove(filepath.Join(data, socketPointer))}
	if filepath.Dir(path) != filepath.Clean(data) {
		errs = append(errs, os.Remove(filepath.Dir(path)))
	}
	for _, err := range errs {
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the old socket: %w", err)
		}
	}
	return nil
}

// peerListener accepts the owner of this process, and root. The file's mode
// says the same; this also holds where modes of sockets are not looked at.
type peerListener struct{ net.Listener }

func (l *peerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, known := peerUID(c); !known || uid == os.Geteuid() || uid == 0 {
			return c, nil
		}
		_ = c.Close()
	}
}

type socketKey struct{}

// withSocketCaller notes in a connection's context that it came over the socket.
func withSocketCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, socketKey{}, localplatform.Caller{Name: name, Role: localplatform.RoleAdmin})
}

func socketCaller(ctx context.Context) (localplatform.Caller, bool) {
	c, ok := ctx.Value(socketKey{}).(localplatform.Caller)
	return c, ok
}

// ownerName is the name of who runs this process.
func ownerName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Geteuid())
}
