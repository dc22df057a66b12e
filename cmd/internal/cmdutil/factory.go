// Package cmdutil holds what all commands share: the [Factory] that gives them
// their dependencies, errors and exit codes, the flags for output and filters,
// completion, and questions.
package cmdutil

import (
	"context"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// Factory gives commands what they need. What costs something is a function, so
// that a command that does not need it does not pay.
type Factory struct {
	IO     *iostreams.IOStreams
	Build  Build
	Now    func() time.Time
	Getenv func(string) string
	Dir    string  // working directory, where the search for a project file begins
	Global *Global // flags of the root command, filled in before a command runs

	// Config reads the configuration files.
	Config func() (Config, error)
	// Platform reaches the platform that flags, environment and files name. The
	// caller closes it.
	Platform func(ctx context.Context) (localplatform.Platform, error)
}

// Build says which binary this is; the release sets it with -ldflags.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Global are the flags of every command.
type Global struct {
	Data      string
	URL       string
	TokenFile string
	NoInput   bool
	NoColor   bool
	Verbose   bool
}

// Pen writes for whoever reads Out, now.
func (f *Factory) Pen() printer.Pen { return printer.NewPen(f.IO, f.Now()) }

// WithPlatform runs fn on the platform and closes it.
func (f *Factory) WithPlatform(ctx context.Context, fn func(localplatform.Platform) error) error {
	p, err := f.Platform(ctx)
	if err != nil {
		return err
	}
	err = fn(p)
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Load runs fn on the platform while the terminal says what takes time.
func Load[T any](ctx context.Context, f *Factory, what string, fn func(localplatform.Platform) (T, error)) (v T, err error) {
	stop := f.IO.Progress(what)
	defer stop()
	err = f.WithPlatform(ctx, func(p localplatform.Platform) error {
		v, err = fn(p)
		return err
	})
	return v, err
}
