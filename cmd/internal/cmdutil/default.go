package cmdutil

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// NewFactory wires the real dependencies of a process.
func NewFactory(build Build) *Factory {
	f := &Factory{
		IO: iostreams.System(os.Getenv), Build: build, Now: time.Now, Getenv: os.Getenv, Global: &Global{},
	}
	if dir, err := os.Getwd(); err == nil {
		f.Dir = dir
	}
	f.Config = sync.OnceValues(func() (Config, error) { return ReadConfig(f.Dir, f.Getenv) })
	f.Platform = func(ctx context.Context) (localplatform.Platform, error) {
		o, err := f.Target()
		if err != nil {
			return nil, err
		}
		o.Logger = f.Logger()
		return server.Connect(ctx, o)
	}
	return f
}

// Logger writes to ErrOut: warnings, or everything with --verbose.
func (f *Factory) Logger() *slog.Logger {
	level := slog.LevelWarn
	if f.Global.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(f.IO.ErrOut, &slog.HandlerOptions{Level: level}))
}
