// Package actions is `sqreen actions`: blocks and redirects of addresses and users.
package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

type action = localplatform.Action

// New makes the command with its verbs.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "actions",
		Aliases: []string{"action"},
		Short:   "Block and redirect addresses and users",
		Long: `An action answers the requests of an address, a network or a user: with the
blocking page, or with a redirect. It is in force on connected agents within a
second, until it expires or is revoked.`,
		Example: `  $ sqreen actions block 203.0.113.7 --for 24h --reason "SQL injection"
  $ sqreen actions block user:alice --permanent
  $ sqreen actions list
  $ sqreen actions revoke a-7`,
	}
	return cmdutil.Group(cmd, NewList(f, nil), NewShow(f, nil), NewBlock(f, nil), NewRedirect(f, nil), NewRevoke(f, nil))
}

// ListOptions say which actions to list and how.
type ListOptions struct {
	*cmdutil.Factory
	Print    printer.Options
	Watch    cmdutil.WatchOptions
	Query    []string
	App, Env []string
	All      bool
}

// NewList makes `sqreen actions list`. runF replaces the work in tests.
func NewList(f *cmdutil.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "list [QUERY]",
		Aliases: []string{"ls"},
		Short:   "List actions in force",
		Long:    "List the actions in force, the newest first. --all or a term on state lists\nexpired and revoked ones too.",
		Example: `  $ sqreen actions list
  $ sqreen actions list ip:203.0.113.0/24
  $ sqreen actions list --all --json id,kind,target,expires`,
		ValidArgsFunction: f.CompleteQuery(localplatform.ActionSchema()),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Query = args
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Watch.Run(cmd.Context(), f, func(ctx context.Context) error { return listRun(ctx, o) })
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&o.App, "app", nil, "only those limited to these apps")
	fl.StringSliceVar(&o.Env, "env", nil, "only those limited to these environments")
	fl.BoolVarP(&o.All, "all", "a", false, "expired and revoked ones too")
	f.Values(cmd, "app", "apps", "name")
	f.Values(cmd, "env", "apps", "env")
	o.Watch.Flags(cmd)
	cmdutil.OutputFlags[action](cmd, &o.Print, printer.ColumnNames(columns(time.Time{})))
	return cmd
}

func listRun(ctx context.Context, o *ListOptions) error {
	filter := cmdutil.NewFilter(o.Query).Is("app", o.App...).Is("env", o.Env...)
	schema := localplatform.ActionSchema()
	hiding := !o.All && !filter.Mentions("state", schema, o.Now())
	if !hiding && o.All {
		filter.Term("state:(active,expired,revoked)")
	}
	query, err := filter.Text(schema, o.Now())
	if err != nil {
		return err
	}
	list, err := cmdutil.Load(ctx, o.Factory, "reading actions", func(p localplatform.Platform) ([]action, error) {
		return p.Actions(ctx, query)
	})
	if err != nil {
		return err
	}
	empty := "No action matches."
	if hiding {
		empty = "No action is in force.\nhint: --all lists expired and revoked ones too"
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[action]{
		Columns: columns(o.Now()), Rows: list, One: "action", Many: "actions", Empty: empty,
	})
}

func columns(now time.Time) []printer.Column[action] {
	return []printer.Column[action]{
		printer.Text("id", func(a action) string { return a.ID }),
		printer.Text("kind", func(a action) string { return a.Kind }).Shown(func(a action, _ printer.Pen) string {
			return printer.Clean(strings.ReplaceAll(a.Kind, "_", " "))
		}),
		printer.Text("target", func(a action) string { return a.Target }).Cut(12),
		printer.Text("url", func(a action) string { return a.URL }).InWide(),
		printer.Text("scope", scope).Cut(6),
		printer.Word("state", func(a action) string { return a.State(now) }),
		printer.Time("expires", func(a action) time.Time { return a.Expires }).Shown(func(a action, p printer.Pen) string {
			if a.Expires.IsZero() {
				return "never"
			}
			return p.When(a.Expires)
		}),
		printer.Number("hits", func(a action) int64 { return a.Hits }),
		printer.Text("by", func(a action) string { return a.By }).Yields(3).Cut(6),
		printer.Text("reason", func(a action) string { return a.Reason }).Yields(1).Cut(8),
		printer.Text("incident", func(a action) string {
			if a.Incident == 0 {
				return ""
			}
			return printer.Int(a.Incident)
		}).Yields(4),
		printer.Time("created", func(a action) time.Time { return a.Created }).Yields(2),
	}
}

// scope says where an action applies, as a policy scope does.
func scope(a action) string { return localplatform.PolicyScope{App: a.App, Env: a.Env}.String() }

// kindOf tells what a target is, and strips its prefix: "user:alice" is a user,
// everything else an address or a network.
func kindOf(target string, user bool, ofIP, ofUser string) (kind, rest string) {
	if name, ok := strings.CutPrefix(target, "user:"); ok {
		return ofUser, name
	}
	if user {
		return ofUser, target
	}
	return ofIP, strings.TrimPrefix(target, "ip:")
}

// isIP reports whether an action is on addresses.
func isIP(a *action) bool { return a.Kind == wire.ActionBlockIP || a.Kind == wire.ActionRedirectIP }

// completeActions completes arguments with ids of actions in force.
func completeActions(f *cmdutil.Factory, many bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 && !many {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		list, _ := cmdutil.Completing(cmd.Context(), f, func(ctx context.Context, p localplatform.Platform) ([]action, error) {
			return p.Actions(ctx, "")
		})
		var out []string
		for _, a := range list {
			if strings.HasPrefix(a.ID, typed) {
				out = append(out, fmt.Sprintf("%s\t%s %s", a.ID, strings.ReplaceAll(a.Kind, "_", " "), printer.Clean(a.Target)))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
