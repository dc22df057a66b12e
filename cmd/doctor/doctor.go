// Package doctor is `sqreen doctor`: what keeps sqreen from working, and the fix.
package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// Options say how to show the checks.
type Options struct {
	*cmdutil.Factory
	Print printer.Options
}

// New makes the command.
func New(f *cmdutil.Factory) *cobra.Command { return NewDoctor(f, nil) }

// NewDoctor makes `sqreen doctor`. runF replaces the work in tests.
func NewDoctor(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, data and platform, and say what to fix",
		Long:  "Check configuration files, the data directory, the platform on it and the agents.\nEnds with 1 when something is broken.",
		Example: `  $ sqreen doctor
  $ sqreen doctor --data ./data --json name,status,fix`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return Run(cmd.Context(), o, server.Doctor)
		},
	}
	cmdutil.OutputFlags[server.Check](cmd, &o.Print, nil)
	return cmd
}

// Run shows what is wrong with the configuration and what examine finds. Something
// broken is an ExitError.
func Run(ctx context.Context, o *Options, examine func(context.Context, server.ConnectOptions) []server.Check) error {
	checks := []server.Check{o.configuration()}
	if target, err := o.Target(); err != nil {
		checks = append(checks, server.Check{Name: "platform", Status: server.CheckFailed, Detail: err.Error(), Fix: localplatform.ErrorHint(err)})
	} else {
		stop := o.IO.Progress("examining")
		checks = append(checks, examine(ctx, target)...)
		stop()
	}
	if err := o.show(checks); err != nil {
		return err
	}
	for _, c := range checks {
		if c.Status == server.CheckFailed {
			return &cmdutil.ExitError{Code: cmdutil.ExitFailed}
		}
	}
	return nil
}

// configuration checks the configuration files.
func (o *Options) configuration() server.Check {
	c := server.Check{Name: "configuration", Status: server.CheckOK, Detail: "no file"}
	cfg, err := o.Config()
	if err != nil {
		c.Status, c.Detail, c.Fix = server.CheckFailed, err.Error(), "mend the file"
		return c
	}
	var paths []string
	for _, f := range cfg {
		paths = append(paths, f.Path)
	}
	if len(paths) > 0 {
		c.Detail = strings.Join(paths, ", ")
	}
	return c
}

func (o *Options) show(checks []server.Check) error {
	if o.Print.Structured() || o.Print.Format == printer.FormatCSV || !o.IO.IsStdoutTTY() {
		return printer.List(o.IO, o.Now(), &o.Print, printer.Table[server.Check]{Columns: columns(), Rows: checks, One: "check", Many: "checks"})
	}
	p := printer.NewPage(o.IO, o.Now())
	for _, c := range checks {
		p.Line("%s %s  %s", mark(p, c.Status), p.Bold(printer.Clean(c.Name)), printer.Clean(c.Detail))
		if c.Fix != "" && c.Status != server.CheckOK {
			p.Line("    %s %s", p.Key("fix:"), printer.Clean(c.Fix))
		}
	}
	return p.Err()
}

func mark(p *printer.Page, status string) string {
	text := fmt.Sprintf("%-8s", map[string]string{server.CheckOK: "ok", server.CheckWarning: "warning", server.CheckFailed: "FAILED"}[status])
	switch status {
	case server.CheckOK:
		return p.Good(text)
	case server.CheckWarning:
		return p.Warn(text)
	}
	return p.Bad(text)
}

func columns() []printer.Column[server.Check] {
	return []printer.Column[server.Check]{
		printer.Text("name", func(c server.Check) string { return c.Name }),
		printer.Word("status", func(c server.Check) string { return c.Status }),
		printer.Text("detail", func(c server.Check) string { return c.Detail }),
		printer.Text("fix", func(c server.Check) string { return c.Fix }),
	}
}
