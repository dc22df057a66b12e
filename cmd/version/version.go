// Package version is `sqreen version`.
package version

import (
	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
)

// New makes the command.
func New(f *cmdutil.Factory) *cobra.Command {
	o := &printer.Options{}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print which sqreen this is",
		Example: `  $ sqreen version
  $ sqreen version --json version,commit`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return printer.One(f.IO, f.Now(), o, f.Build, func(p *printer.Page) error {
				show(p, f.Build)
				return nil
			})
		},
	}
	cmdutil.OutputFlags[cmdutil.Build](cmd, o, nil)
	return cmd
}

func show(p *printer.Page, b cmdutil.Build) {
	p.Line("sqreen %s", b.Version)
	p.Field("commit", b.Commit)
	p.Field("date", b.Date)
	p.Field("go", b.Go+" "+b.OS+"/"+b.Arch)
}
