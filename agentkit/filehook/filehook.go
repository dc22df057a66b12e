// Package filehook lets the agent see the paths that an app opens, and stop one
// whose directory a request's input has changed.
//
//	f, err := filehook.Open(ctx, filepath.Join(dir, name)) // in place of os.Open
//
// In block mode a call with such a path returns an *engine.BlockedError, to be
// found with errors.As, and nothing is opened or created.
//
// # What is seen
//
// A path is compared with the inputs of the request that ctx belongs to: one
// that leads up with "..", also when the path was cleaned since, or that is the
// whole path. A path that was cleaned may be that of an app that made the input
// harmless first; it is an attack only when there is a file, or for a new one a
// directory, that it leads to. A context without a request leaves the path
// unchecked, and Unchecked counts it.
//
// What cannot be left by a path needs no hook: os.Root, os.DirFS, http.Dir and
// the file servers made of them.
package filehook

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// unchecked counts for the process: a path without a request belongs to no engine.
var unchecked atomic.Int64

// Unchecked returns how many paths were opened without a context that belongs to
// a request, and so could not be compared with its inputs.
func Unchecked() int64 { return unchecked.Load() }

// Open is os.Open with a look at the path.
func Open(ctx context.Context, name string) (*os.File, error) {
	return OpenFile(ctx, name, os.O_RDONLY, 0)
}

// Create is os.Create with a look at the path.
func Create(ctx context.Context, name string) (*os.File, error) {
	return OpenFile(ctx, name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile is os.OpenFile with a look at the path.
func OpenFile(ctx context.Context, name string, flag int, perm os.FileMode) (*os.File, error) {
	if err := check(ctx, name, flag&os.O_CREATE != 0); err != nil {
		return nil, err
	}
	return os.OpenFile(name, flag, perm)
}

// ReadFile is os.ReadFile with a look at the path.
func ReadFile(ctx context.Context, name string) ([]byte, error) {
	if err := check(ctx, name, false); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}

// check returns an error when the path must not be opened.
func check(ctx context.Context, name string, create bool) error {
	engine.MarkHook("filehook")
	q := engine.FromContext(ctx)
	if q == nil {
		unchecked.Add(1)
		engine.MarkUnchecked("files")
		engine.MarkUsed("files")
		return nil
	}
	q.Use("files")
	return q.Check(wire.ProtectionLFI, func(in *rasp.Inputs) *wire.Attack {
		a := rasp.Path(in, name)
		if a != nil && a.Confidence == "medium" && !leadsSomewhere(name, create) {
			return nil
		}
		return a
	})
}

// leadsSomewhere reports whether there is what the path names, or for a new
// file the directory that it goes to.
func leadsSomewhere(name string, create bool) bool {
	if create {
		name = filepath.Dir(name)
	}
	_, err := os.Lstat(name)
	return err == nil
}
