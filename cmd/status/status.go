// Package status is `sqreen status`: how the platform is.
package status

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// Options say how to show the status.
type Options struct {
	*cmdutil.Factory
	Print printer.Options
	Watch cmdutil.WatchOptions
}

// New makes the command.
func New(f *cmdutil.Factory) *cobra.Command { return NewStatus(f, nil) }

// NewStatus makes `sqreen status`. runF replaces the work in tests.
func NewStatus(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the platform is: sizes, agents, drops, problems",
		Long: `Show how the platform is: where it runs, how much it stores, how far detection has
read, how many agents report, and everything that was dropped, refused or cut.`,
		Example: `  $ sqreen status
  $ sqreen status --watch
  $ sqreen status --jq .drops`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Watch.Run(cmd.Context(), f, func(ctx context.Context) error { return statusRun(ctx, o) })
		},
	}
	o.Watch.Flags(cmd)
	cmdutil.OutputFlags[localplatform.Status](cmd, &o.Print, nil)
	return cmd
}

func statusRun(ctx context.Context, o *Options) error {
	st, err := cmdutil.Load(ctx, o.Factory, "asking the platform", func(p localplatform.Platform) (localplatform.Status, error) {
		return p.Status(ctx)
	})
	if err != nil {
		return err
	}
	return printer.One(o.IO, o.Now(), &o.Print, st, func(p *printer.Page) error {
		show(p, st)
		return nil
	})
}

func show(p *printer.Page, st localplatform.Status) {
	mode := p.Good("running")
	if st.Mode == "local" {
		mode = p.Warn("not running") + ", data opened by this command"
	}
	p.Field("platform", mode)
	p.Field("version", printer.Clean(st.Version))
	p.Field("address", printer.Clean(st.URL))
	p.Field("data", printer.Clean(st.Data))
	if !st.Started.IsZero() {
		p.Field("started", p.Moment(st.Started))
	}
	p.Field("apps", printer.Int(int64(st.Apps)))
	p.Field("instances", printer.Count(int64(st.Instances), "agent reports", "agents report"))
	p.Field("live incidents", openIncidents(p, st))
	p.Field("events", fmt.Sprintf("%s in %s, %s", printer.Thousands(st.Events), printer.Count(int64(st.Segments), "segment", "segments"), printer.Bytes(st.Bytes)))
	if !st.Oldest.IsZero() {
		p.Field("oldest", p.Moment(st.Oldest))
	}
	p.Field("detection", detection(p, st))
	p.Field("configuration", "version "+printer.Int(st.Config))
	if st.MemoryRSS > 0 {
		p.Field("memory", printer.Bytes(st.MemoryRSS))
	}
	drops(p, st)
	if len(st.Problems) > 0 {
		p.Section("Problems")
		for _, text := range st.Problems {
			p.Item(text)
		}
	}
}

func openIncidents(p *printer.Page, st localplatform.Status) string {
	if st.Open == 0 {
		return p.Good("none")
	}
	return p.Bad(printer.Int(int64(st.Open))) + p.Faint("  (sqreen incidents list)")
}

func detection(p *printer.Page, st localplatform.Status) string {
	if behind := st.LastPos - st.Detected; behind > 0 {
		return p.Warn(printer.Count(behind, "event", "events") + " behind")
	}
	return p.Good("up to date")
}

func drops(p *printer.Page, st localplatform.Status) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(st.Drops)), func(k string) bool { return st.Drops[k] == 0 })
	if len(names) == 0 {
		p.Field("dropped", p.Good("nothing"))
		return
	}
	p.Section("Dropped, refused or cut")
	for _, k := range names {
		p.Field(printer.Clean(k), p.Warn(printer.Thousands(st.Drops[k])))
	}
}
