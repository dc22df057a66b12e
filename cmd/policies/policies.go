// Package policies is `sqreen policies`: what protections do, for all apps, for a
// security group, for an app or for one of its environments.
package policies

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

type policy = localplatform.Policy

// New makes the command with its verbs.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "policies",
		Aliases: []string{"policy"},
		Short:   "Say what protections do, and where",
		Long: `A policy says what protections do (off, monitor, block) in a scope: all apps,
group:NAME, APP or APP/ENV. Narrower scopes win over wider ones; what no policy
says is the default. Connected agents follow a change within a second.`,
		Example: `  $ sqreen policies show shop/prod
  $ sqreen policies set shop/prod waf=block rasp=block
  $ sqreen policies passlist add all 198.51.100.0/24 /health
  $ sqreen policies kill-switch on`,
	}
	return cmdutil.Group(cmd, NewList(f, nil), NewShow(f, nil), NewSet(f, nil), NewUnset(f, nil), NewKillSwitch(f, nil), newPasslist(f))
}

// ListOptions say how to list the stored policies.
type ListOptions struct {
	*cmdutil.Factory
	Print printer.Options
}

// NewList makes `sqreen policies list`. runF replaces the work in tests.
func NewList(f *cmdutil.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the policies that were set",
		Long:    "List the policies that were set, from the widest scope to the narrowest.",
		Example: `  $ sqreen policies list
  $ sqreen policies list -o yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return listRun(cmd.Context(), o)
		},
	}
	cmdutil.OutputFlags[policy](cmd, &o.Print, printer.ColumnNames(columns()))
	return cmd
}

func listRun(ctx context.Context, o *ListOptions) error {
	list, err := cmdutil.Load(ctx, o.Factory, "reading policies", func(p localplatform.Platform) ([]policy, error) {
		return p.Policies(ctx)
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b policy) int {
		return strings.Compare(scopeOrder(a.Scope), scopeOrder(b.Scope))
	})
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[policy]{
		Columns: columns(), Rows: list, One: "policy", Many: "policies",
		Empty: "No policy was set: every app has the defaults.\nhint: sqreen policies set all waf=block",
	})
}

// scopeOrder sorts all before groups before apps.
func scopeOrder(s localplatform.PolicyScope) string {
	switch {
	case s == localplatform.PolicyScope{}:
		return "0"
	case s.Group != "":
		return "1" + s.Group
	}
	return "2" + s.App + "\x00" + s.Env
}

func columns() []printer.Column[policy] {
	return []printer.Column[policy]{
		printer.Text("scope", func(p policy) string { return p.Scope.String() }),
		printer.Text("says", func(p policy) string { return strings.Join(settings(p), " ") }).Cut(20),
		printer.Text("by", func(p policy) string { return p.By }).Cut(6),
		printer.Time("updated", func(p policy) time.Time { return p.Updated }),
	}
}

// completeScopes completes the nth argument with scopes, and offers more after it.
func completeScopes(f *cmdutil.Factory, nth int, after func(typed string) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) < nth:
			return nil, cobra.ShellCompDirectiveNoFileComp
		case len(args) > nth:
			return after(typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		words := []string{"all\tevery app"}
		for _, g := range f.Lookup(cmd.Context(), "apps", "group", "") {
			words = append(words, "group:"+g)
		}
		words = append(words, f.Lookup(cmd.Context(), "apps", "name", "")...)
		apps, _ := f.CompleteApps(nth+1)(cmd, args, typed)
		var out []string
		for _, w := range append(words, apps...) {
			if strings.HasPrefix(w, typed) {
				out = append(out, w)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func none(string) []string { return nil }

// change reads the policy of a scope, lets edit change it, stores it and says on
// how many agents it is in force.
func change(ctx context.Context, f *cmdutil.Factory, scope localplatform.PolicyScope, wait time.Duration, edit func(*policy) error) error {
	return f.WithPlatform(ctx, func(p localplatform.Platform) error {
		pol, err := stored(ctx, p, scope)
		if err != nil {
			return err
		}
		if err := edit(&pol); err != nil {
			return err
		}
		if err := pol.Validate(); err != nil {
			return err
		}
		after, err := p.SetPolicy(ctx, pol)
		if err != nil {
			return err
		}
		if said := settings(after); len(said) > 0 {
			fmt.Fprintf(f.IO.ErrOut, "%s: %s\n", printer.Clean(scope.String()), printer.Clean(strings.Join(said, " ")))
		} else {
			fmt.Fprintf(f.IO.ErrOut, "%s: nothing is set any more, wider scopes and defaults hold\n", printer.Clean(scope.String()))
		}
		st, err := p.Status(ctx)
		if err != nil {
			return err
		}
		if err := warnNobody(ctx, f, p, scope); err != nil {
			return err
		}
		return cmdutil.AwaitForce(ctx, f, p, scope.App, scope.Env, st.Config, wait)
	})
}

// stored is the policy of exactly one scope, an empty one when none was set.
func stored(ctx context.Context, p localplatform.Platform, scope localplatform.PolicyScope) (policy, error) {
	list, err := p.Policies(ctx)
	if err != nil {
		return policy{}, err
	}
	for _, pol := range list {
		if strings.EqualFold(pol.Scope.String(), scope.String()) {
			return pol, nil
		}
	}
	return policy{Scope: scope}, nil
}

// warnNobody says when a scope concerns no app that is known, which is allowed
// but is more often a slip.
func warnNobody(ctx context.Context, f *cmdutil.Factory, p localplatform.Platform, scope localplatform.PolicyScope) error {
	if scope == (localplatform.PolicyScope{}) {
		return nil
	}
	apps, err := p.Apps(ctx, "")
	if err != nil {
		return err
	}
	var known []string
	for _, a := range apps {
		if concerns(scope, a.Name, a.Env, a.Group) {
			return nil
		}
		known = append(known, a.Name+"/"+a.Env)
	}
	hint := ""
	if s := printer.Suggest(scope.String(), known); s != "" {
		hint = fmt.Sprintf(" Did you mean %s?", s)
	}
	_, err = fmt.Fprintf(f.IO.ErrOut, "%s no app is in %s yet.%s\n", f.IO.Colour().Warn("warning:"), printer.Clean(scope.String()), printer.Clean(hint))
	return err
}

func concerns(s localplatform.PolicyScope, app, env, group string) bool {
	if s.Group != "" {
		return strings.EqualFold(s.Group, group)
	}
	return (s.App == "" || strings.EqualFold(s.App, app)) && (s.Env == "" || strings.EqualFold(s.Env, env))
}
