// Package tui is `sqreen tui`: the explorer in the terminal.
package tui

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
	"github.com/sqreen/sqreen/tui"
)

// Options say where the explorer opens.
type Options struct {
	*cmdutil.Factory
	Page  string
	Query string
}

// pages are the pages of the explorer and what their filters are about.
func pages() map[string]*queries.Schema {
	return map[string]*queries.Schema{tui.PageEvents: localplatform.EventSchema(), tui.PageIncidents: localplatform.IncidentSchema()}
}

// New makes the command.
func New(f *cmdutil.Factory) *cobra.Command { return NewTUI(f, nil) }

// NewTUI makes `sqreen tui`. runF replaces the work in tests.
func NewTUI(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	return &cobra.Command{
		Use:     "tui [events|incidents] [QUERY]",
		Aliases: []string{"explore"},
		Short:   "Explore events and incidents in the terminal, live",
		Long: `Open the explorer: events with a histogram, facets and a live tail, and incidents
with their timeline, actors, evidence and advice. ? lists the keys, q quits.

sqreen alone opens it on a terminal where there is data.`,
		Example: `  $ sqreen tui
  $ sqreen tui events 'kind:attack env:prod'
  $ sqreen tui incidents severity:high`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return []string{tui.PageEvents, tui.PageIncidents}, cobra.ShellCompDirectiveNoFileComp
			}
			if s := pages()[args[0]]; s != nil {
				return f.CompleteQuery(s)(cmd, args[1:], typed)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.parse(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return run(cmd.Context(), o)
		},
	}
}

func (o *Options) parse(args []string) error {
	o.Page = tui.PageEvents
	if len(args) == 0 {
		return nil
	}
	if pages()[args[0]] == nil {
		return printer.UnknownName("page", args[0], []string{tui.PageEvents, tui.PageIncidents})
	}
	o.Page = args[0]
	query, err := cmdutil.NewFilter(args[1:]).Text(pages()[o.Page], o.Now())
	o.Query = query
	return err
}

func run(ctx context.Context, o *Options) error {
	if !o.IO.IsStdinTTY() || !o.IO.IsStdoutTTY() {
		return localplatform.Errorf(localplatform.CodeInvalid, "the explorer needs a terminal").
			WithHint("in scripts: sqreen events, sqreen incidents list")
	}
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		return tui.Run(ctx, p, tui.Options{
			Page: o.Page, Query: strings.TrimSpace(o.Query), NoColor: !o.IO.ColorEnabled(), Now: o.Now, Out: o.IO.Terminal(),
		})
	})
}
