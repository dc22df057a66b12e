package cmdutil

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// WatchOptions repeat a command: --watch.
type WatchOptions struct {
	Every time.Duration // 0 means once
	set   string
}

// DefaultWatch is how often --watch without a value looks again.
const DefaultWatch = 2 * time.Second

// Flags adds --watch to a command.
func (o *WatchOptions) Flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.set, "watch", "w", "", "look again and again, every 2s or as often as --watch=`INTERVAL` says")
	cmd.Flags().Lookup("watch").NoOptDefVal = DefaultWatch.String()
	chain(cmd, func(*cobra.Command) error {
		if o.set == "" {
			return nil
		}
		d, err := ParseSpan(o.set)
		if err == nil && d < 100*time.Millisecond {
			return Usage(cmd.CommandPath(), "--watch=%s is too often", o.set)
		}
		o.Every = d
		return err
	})
}

// Run calls show once, or until ctx ends when watching. On a terminal each round
// replaces the one before; in a pipe a round is written only when it differs.
func (o *WatchOptions) Run(ctx context.Context, f *Factory, show func(context.Context) error) error {
	if o.Every == 0 {
		return show(ctx)
	}
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	last := ""
	for {
		text, err := f.IO.Capture(func() error { return show(ctx) })
		if err != nil {
			return err
		}
		if err := o.round(f, text, &last); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (o *WatchOptions) round(f *Factory, text string, last *string) error {
	if !f.IO.IsStdoutTTY() {
		if text == *last {
			return nil
		}
		*last = text
		_, err := fmt.Fprint(f.IO.Out, text)
		return err
	}
	clearing := "\x1b[H"
	if *last == "" {
		clearing = "\x1b[2J\x1b[H"
	}
	*last = text
	if _, err := fmt.Fprint(f.IO.Terminal(), clearing); err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		if _, err := fmt.Fprint(f.IO.Out, strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
		if _, err := fmt.Fprint(f.IO.Terminal(), "\x1b[K\n"); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(f.IO.Terminal(), "\x1b[K\n%s\x1b[K\x1b[J", f.IO.Colour().Faint(
		fmt.Sprintf("every %s, %s; Ctrl-C stops", o.Every, f.Now().Format("15:04:05"))))
	return err
}
