package policies

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/localplatform"
)

// PasslistOptions say what to add to or remove from the passlists of a scope.
type PasslistOptions struct {
	*cmdutil.Factory
	Scope   localplatform.PolicyScope
	Entries []string
	Remove  bool
	Wait    time.Duration
}

func newPasslist(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "passlist",
		Short: "Let addresses and paths pass without inspection",
		Long: `Requests from an address in a passlist, or to a path in one, are not inspected
and not answered by actions. Passlists of wider scopes add up with narrower ones;
sqreen policies show SCOPE lists them.`,
		Example: `  $ sqreen policies passlist add shop/prod 198.51.100.7 /health
  $ sqreen policies passlist remove shop/prod /health`,
	}
	return cmdutil.Group(cmd, NewPasslist(f, false, nil), NewPasslist(f, true, nil))
}

// NewPasslist makes `sqreen policies passlist add` or `remove`. runF replaces the
// work in tests.
func NewPasslist(f *cmdutil.Factory, removing bool, runF func(context.Context, *PasslistOptions) error) *cobra.Command {
	o := &PasslistOptions{Factory: f, Remove: removing}
	name, short := "add", "Add addresses, networks and paths to a passlist"
	if removing {
		name, short = "remove", "Remove addresses, networks and paths from a passlist"
	}
	cmd := &cobra.Command{
		Use:   name + " SCOPE {ADDRESS|NETWORK|/PATH}...",
		Short: short,
		Long:  short + ".\nA path matches exactly, or all below it when it ends in /*.",
		Example: "  $ sqreen policies passlist " + name + " all 198.51.100.0/24\n" +
			"  $ sqreen policies passlist " + name + " shop/prod /health '/static/*'",
		Args:              cmdutil.Args(cobra.MinimumNArgs(2), "for example: sqreen policies passlist "+name+" shop/prod 198.51.100.7"),
		ValidArgsFunction: completeScopes(f, 0, none),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Scope, err = localplatform.ParsePolicyScope(args[0]); err != nil {
				return err
			}
			o.Entries = args[1:]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return change(cmd.Context(), f, o.Scope, o.Wait, o.edit)
		},
	}
	cmdutil.WaitFlag(cmd, &o.Wait)
	return cmd
}

func (o *PasslistOptions) edit(p *policy) error {
	for _, e := range o.Entries {
		list := &p.PathPasslist
		if !strings.HasPrefix(e, "/") {
			pre, err := localplatform.ParsePrefix(e)
			if err != nil {
				return err
			}
			e, list = localplatform.PrefixText(pre), &p.IPPasslist
		}
		i := slices.Index(*list, e)
		switch {
		case o.Remove && i < 0:
			return localplatform.Errorf(localplatform.CodeNotFound, "%s is not in the passlist of %s", e, o.Scope).
				WithHint("sqreen policies show %s", o.Scope)
		case o.Remove:
			*list = slices.Delete(*list, i, i+1)
		case i < 0:
			*list = append(*list, e)
		}
	}
	return nil
}
