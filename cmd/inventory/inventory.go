// Package inventory is `sqreen inventory`: which apps there are, what they are
// made of, how they are protected and what is wrong with them.
package inventory

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// ListOptions say which apps to list and how.
type ListOptions struct {
	*cmdutil.Factory
	Print printer.Options
	Watch cmdutil.WatchOptions

	Query                   []string
	App, Env, Group         []string
	Risk, Status, Framework []string
	Limit                   int

	near string // what the query was perhaps meant to be
}

// New makes the command, with `show` below it.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := NewList(f, nil)
	cmd.AddCommand(NewShow(f, nil))
	return cmd
}

// NewList makes `sqreen inventory`. runF replaces the work in tests.
func NewList(f *cmdutil.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "inventory [QUERY]",
		Short: "List apps with their risk, protection and stack",
		Long: `List the apps that agents report from, one line for each environment.

QUERY is in the query language of sqreen; flags narrow it further. Fields are
those of the columns and more: press tab, or see docs/inventory.md. A query that
begins with - goes after --.`,
		Example: `  $ sqreen inventory --env prod --risk high
  $ sqreen inventory 'env:prod uses:sql -orm:*'
  $ sqreen inventory package:golang.org/x/crypto --columns name,env,packages
  $ sqreen inventory --sort -risk --json name,env,risk,incidents`,
		ValidArgsFunction: f.CompleteQuery(inventory.Schema()),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Query, o.near = args, cmdutil.Near(cmd, args)
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Watch.Run(cmd.Context(), f, func(ctx context.Context) error { return listRun(ctx, o) })
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&o.App, "app", nil, "only these apps")
	fl.StringSliceVar(&o.Env, "env", nil, "only these environments")
	fl.StringSliceVar(&o.Group, "group", nil, "only these security groups")
	fl.StringSliceVar(&o.Risk, "risk", nil, "only these risk bands: low, medium, high")
	fl.StringSliceVar(&o.Status, "status", nil, "only apps that are connected, silent or waiting")
	fl.StringSliceVar(&o.Framework, "framework", nil, "only apps with one of these web frameworks")
	fl.IntVarP(&o.Limit, "limit", "L", 0, "show at most this many")
	for flag, field := range map[string]string{"app": "name", "env": "env", "group": "group", "risk": "risk", "status": "status", "framework": "framework"} {
		f.Values(cmd, flag, "apps", field)
	}
	o.Watch.Flags(cmd)
	cmdutil.OutputFlags[inventory.App](cmd, &o.Print, printer.ColumnNames(columns()))
	return cmd
}

func listRun(ctx context.Context, o *ListOptions) error {
	query, err := cmdutil.NewFilter(o.Query).
		Is("name", o.App...).Is("env", o.Env...).Is("group", o.Group...).Is("risk", o.Risk...).
		Is("status", o.Status...).Is("framework", o.Framework...).
		Text(inventory.Schema(), o.Now())
	if err != nil {
		return err
	}
	apps, err := cmdutil.Load(ctx, o.Factory, "reading the inventory", func(p localplatform.Platform) ([]inventory.App, error) {
		return p.Apps(ctx, query)
	})
	if err != nil {
		return err
	}
	if err := printer.Sort(apps, columns(), o.Print.Sort); err != nil {
		return err
	}
	total := len(apps)
	if o.Limit > 0 && total > o.Limit {
		apps = apps[:o.Limit]
	}
	empty := "No app matches.\nhint: " + cmp.Or(o.near, "sqreen inventory lists all of them")
	if query == "" {
		empty = "No app has connected yet.\nhint: sqreen tokens create --app NAME --env ENV"
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[inventory.App]{
		Columns: columns(), Rows: apps, Total: total, One: "app", Many: "apps", Empty: empty,
	})
}
