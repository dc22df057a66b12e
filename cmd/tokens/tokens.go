// Package tokens is `sqreen tokens`: who may report to the platform and use it.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

type token = localplatform.Token

// New makes the command with its verbs.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tokens",
		Aliases: []string{"token"},
		Short:   "Let agents and operators in",
		Long: `An agent token lets one app in one environment report, and nothing else. An
operator token lets a person or script use the platform with --url: a viewer
reads, a responder also handles incidents and actions, an admin does everything.
The platform keeps only a hash; a secret is shown once.`,
		Example: `  $ sqreen tokens create --app shop --env prod
  $ sqreen tokens create --operator ci --role viewer > ci-token
  $ sqreen tokens revoke t-3`,
	}
	return cmdutil.Group(cmd, NewList(f, nil), NewCreate(f, nil), NewRevoke(f, nil))
}

// ListOptions say how to list tokens.
type ListOptions struct {
	*cmdutil.Factory
	Print printer.Options
	All   bool
}

// NewList makes `sqreen tokens list`. runF replaces the work in tests.
func NewList(f *cmdutil.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List tokens, without their secrets",
		Long:    "List the tokens that are valid; --all lists revoked and expired ones too.",
		Example: `  $ sqreen tokens list
  $ sqreen tokens list --all --sort last_used`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return listRun(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVarP(&o.All, "all", "a", false, "revoked and expired ones too")
	cmdutil.OutputFlags[token](cmd, &o.Print, printer.ColumnNames(columns(time.Time{})))
	return cmd
}

func listRun(ctx context.Context, o *ListOptions) error {
	list, err := cmdutil.Load(ctx, o.Factory, "reading tokens", func(p localplatform.Platform) ([]token, error) {
		return p.Tokens(ctx)
	})
	if err != nil {
		return err
	}
	if !o.All {
		list = slices.DeleteFunc(list, func(t token) bool { return !t.Valid(o.Now()) })
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[token]{
		Columns: columns(o.Now()), Rows: list, One: "token", Many: "tokens",
		Empty: "There is no token.\nhint: sqreen tokens create --app shop --env prod",
	})
}

func columns(now time.Time) []printer.Column[token] {
	return []printer.Column[token]{
		printer.Text("id", func(t token) string { return t.ID }),
		printer.Text("kind", func(t token) string { return t.Kind }),
		printer.Text("for", who).Cut(10),
		printer.Text("role", func(t token) string { return string(t.Role) }),
		printer.Word("state", func(t token) string { return state(t, now) }),
		printer.Time("created", func(t token) time.Time { return t.Created }),
		printer.Text("by", func(t token) string { return t.By }).Yields(2).Cut(6),
		printer.Time("last_used", func(t token) time.Time { return t.LastUsed }),
		printer.Time("expires", func(t token) time.Time { return t.Expires }).Yields(1),
	}
}

func who(t token) string {
	if t.Kind == localplatform.TokenAgent {
		return t.App + "/" + t.Env
	}
	return t.Name
}

func state(t token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked"
	case !t.Valid(now):
		return "expired"
	}
	return "active"
}

// RevokeOptions say which tokens to end.
type RevokeOptions struct {
	*cmdutil.Factory
	IDs []string
	Yes bool
}

// NewRevoke makes `sqreen tokens revoke`. runF replaces the work in tests.
func NewRevoke(f *cmdutil.Factory, runF func(context.Context, *RevokeOptions) error) *cobra.Command {
	o := &RevokeOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "revoke ID...",
		Short: "End tokens for good",
		Long:  "End tokens for good. Agents that use one can no longer report or learn of changes;\ntheir apps run on.",
		Example: `  $ sqreen tokens list
  $ sqreen tokens revoke t-3`,
		Args:              cmdutil.Args(cobra.MinimumNArgs(1), "name tokens; sqreen tokens list shows their ids"),
		ValidArgsFunction: completeTokens(f),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.IDs = args
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return revokeRun(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVarP(&o.Yes, "yes", "y", false, "do not ask")
	return cmd
}

func completeTokens(f *cmdutil.Factory) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		list, _ := cmdutil.Completing(cmd.Context(), f, func(ctx context.Context, p localplatform.Platform) ([]token, error) {
			return p.Tokens(ctx)
		})
		var out []string
		for _, t := range list {
			if strings.HasPrefix(t.ID, typed) && t.Revoked.IsZero() && !slices.Contains(args, t.ID) {
				out = append(out, t.ID+"\t"+t.Kind+" "+printer.Clean(who(t)))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func revokeRun(ctx context.Context, o *RevokeOptions) error {
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		list, err := p.Tokens(ctx)
		if err != nil {
			return err
		}
		names := map[string]string{}
		for _, t := range list {
			names[t.ID] = t.ID + " (" + t.Kind + " " + who(t) + ")"
		}
		for _, id := range o.IDs {
			if names[id] == "" {
				return localplatform.Errorf(localplatform.CodeNotFound, "there is no token %s", id).WithHint("sqreen tokens list")
			}
		}
		question := make([]string, len(o.IDs))
		for i, id := range o.IDs {
			question[i] = printer.Clean(names[id])
		}
		if err := cmdutil.Confirm(o.IO, o.Yes, "Revoke "+strings.Join(question, ", ")+"?"); err != nil {
			return err
		}
		var errs []error
		for i, id := range o.IDs {
			if err := p.RevokeToken(ctx, id); err != nil {
				errs = append(errs, err)
				continue
			}
			fmt.Fprintf(o.IO.ErrOut, "Revoked %s.\n", question[i])
		}
		return errors.Join(errs...)
	})
}
