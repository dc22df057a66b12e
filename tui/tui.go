package tui

import (
	"context"
	"errors"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/sqreen/sqreen/localplatform"
)

// Pages that Options may name.
const (
	PageEvents    = "events"
	PageIncidents = "incidents"
)

// Options say how the explorer begins. The zero value shows all events on the
// terminal of this process.
type Options struct {
	Page    string           // PageEvents (default) or PageIncidents
	Query   string           // filter of that page; it must compile, or it is shown as an error on the page
	NoColor bool             // attributes such as bold and reverse stay
	Now     func() time.Time // nil is time.Now; its location is the one times are shown in
	In      io.Reader        // nil is the standard input
	Out     io.Writer        // nil is the standard output
	Width   int              // size of the screen when Out is no terminal
	Height  int
}

// Run shows the explorer until the person quits or ctx ends. It neither closes
// the platform nor leaves anything running; a platform that fails is told on the
// screen and asked again. Errors are those of the terminal, and CodeInvalid for
// an unknown page.
func Run(ctx context.Context, p localplatform.Platform, opts Options) error {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	src := newSource(ctx, p)
	defer src.close()
	m, err := newModel(src, opts)
	if err != nil {
		return err
	}
	_, err = tea.NewProgram(m, programOptions(ctx, opts)...).Run()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil // whoever ended ctx wanted it so
	}
	return err
}

func programOptions(ctx context.Context, opts Options) []tea.ProgramOption {
	out := []tea.ProgramOption{tea.WithContext(ctx)}
	if opts.In != nil {
		out = append(out, tea.WithInput(opts.In))
	}
	if opts.Out != nil {
		out = append(out, tea.WithOutput(opts.Out))
	}
	if opts.NoColor {
		out = append(out, tea.WithColorProfile(colorprofile.ASCII))
	}
	if opts.Width > 0 && opts.Height > 0 {
		out = append(out, tea.WithWindowSize(opts.Width, opts.Height))
	}
	return out
}
