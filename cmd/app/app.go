// Package app is `sqreen app`: one app at a time.
package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// New makes the command with its verbs.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "app",
		Short: "Show one app, or put it in a security group",
		Long: `Work on one app. Apps that share a policy are collected in security groups:
sqreen policies set group:NAME applies to all of them.`,
		Example: `  $ sqreen app show shop/prod
  $ sqreen app group shop payments`,
	}
	return cmdutil.Group(cmd, inventory.NewShow(f, nil), NewGroup(f, nil))
}

// GroupOptions say which app goes into which group.
type GroupOptions struct {
	*cmdutil.Factory
	Name, Env string
	Group     string
	None      bool
}

// NewGroup makes `sqreen app group`. runF replaces the work in tests.
func NewGroup(f *cmdutil.Factory, runF func(context.Context, *GroupOptions) error) *cobra.Command {
	o := &GroupOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "group APP[/ENV] {GROUP|--none}",
		Short: "Put an app in a security group, or take it out",
		Long:  "Put an app in a security group. Without ENV all of its environments go there.",
		Example: `  $ sqreen app group shop payments
  $ sqreen app group shop/staging --none`,
		Args: cmdutil.Args(cobra.RangeArgs(1, 2), "sqreen app group shop payments"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return f.Lookup(cmd.Context(), "apps", "group", typed), cobra.ShellCompDirectiveNoFileComp
			}
			return f.CompleteApps(1)(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Name, o.Env, err = cmdutil.SplitApp(args[0], ""); err != nil {
				return err
			}
			if len(args) == 2 {
				o.Group = strings.TrimSpace(args[1])
			}
			if (o.Group == "") != o.None {
				return cmdutil.Usage(cmd.CommandPath(), "name a group, or say --none")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return groupRun(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.None, "none", false, "take the app out of its group")
	return cmd
}

func groupRun(ctx context.Context, o *GroupOptions) error {
	err := o.WithPlatform(ctx, func(p localplatform.Platform) error { return p.SetGroup(ctx, o.Name, o.Env, o.Group) })
	if err != nil {
		return err
	}
	what := o.Name
	if o.Env != "" {
		what += "/" + o.Env
	}
	if o.None {
		_, err = fmt.Fprintf(o.IO.ErrOut, "%s is in no group now.\n", what)
		return err
	}
	_, err = fmt.Fprintf(o.IO.ErrOut, "%s is in the group %s now.\nhint: sqreen policies show group:%s\n", what, o.Group, o.Group)
	return err
}
