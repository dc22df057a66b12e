package policies

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// ShowOptions say which scope to show and how.
type ShowOptions struct {
	*cmdutil.Factory
	Print printer.Options
	Scope localplatform.PolicyScope
}

// NewShow makes `sqreen policies show`. runF replaces the work in tests.
func NewShow(f *cmdutil.Factory, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	o := &ShowOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "show SCOPE",
		Short: "Show what holds in a scope, and on which instances it is in force",
		Long: `Show what holds for APP/ENV: all policies that concern it laid over the defaults,
with the instances it is in force on. For all and group:NAME show what was set.`,
		Example: `  $ sqreen policies show shop/prod
  $ sqreen policies show shop/prod --jq .modes.waf`,
		Args:              cmdutil.Args(cobra.ExactArgs(1), "name a scope: all, group:NAME, APP or APP/ENV"),
		ValidArgsFunction: completeScopes(f, 0, none),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Scope, err = localplatform.ParsePolicyScope(args[0]); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return showRun(cmd.Context(), o)
		},
	}
	cmdutil.OutputFlags[policy](cmd, &o.Print, nil)
	return cmd
}

// view is a policy with what its page says beside it.
type view struct {
	policy
	own       policy // what exactly this scope says
	instances []localplatform.Instance
	version   uint64
}

func showRun(ctx context.Context, o *ShowOptions) error {
	v, err := cmdutil.Load(ctx, o.Factory, "reading the policy", func(p localplatform.Platform) (view, error) {
		return o.read(ctx, p)
	})
	if err != nil {
		return err
	}
	return printer.One(o.IO, o.Now(), &o.Print, v.policy, func(pg *printer.Page) error {
		v.show(pg)
		return nil
	})
}

func (o *ShowOptions) read(ctx context.Context, p localplatform.Platform) (v view, err error) {
	if v.own, err = stored(ctx, p, o.Scope); err != nil {
		return v, err
	}
	if o.Scope.App == "" {
		v.policy = v.own
	} else if v.policy, err = p.EffectivePolicy(ctx, o.Scope.App, o.Scope.Env); err != nil {
		return v, err
	}
	st, err := p.Status(ctx)
	if err != nil {
		return v, err
	}
	v.version = st.Config
	v.instances, err = o.concerned(ctx, p)
	return v, err
}

// concerned lists the instances that the scope is about.
func (o *ShowOptions) concerned(ctx context.Context, p localplatform.Platform) ([]localplatform.Instance, error) {
	if o.Scope.Group == "" {
		return p.Instances(ctx, o.Scope.App, o.Scope.Env)
	}
	apps, err := p.Apps(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []localplatform.Instance
	for _, a := range apps {
		if !strings.EqualFold(a.Group, o.Scope.Group) {
			continue
		}
		in, err := p.Instances(ctx, a.Name, a.Env)
		if err != nil {
			return nil, err
		}
		out = append(out, in...)
	}
	return out, nil
}

func (v *view) show(p *printer.Page) {
	p.Title("Policy of " + v.own.Scope.String())
	if v.own.By != "" {
		p.Field("changed", p.Moment(v.own.Updated)+" by "+printer.Clean(v.own.By))
	}
	if v.KillSwitch != nil && *v.KillSwitch {
		p.Field("kill switch", p.Bad("on: nothing blocks"))
	}
	if v.Disabled != nil && *v.Disabled {
		p.Field("disabled", p.Bad("yes: agents do nothing but heartbeats"))
	}
	p.Section("Protections")
	for _, k := range localplatform.Protections() {
		v.mode(p, k)
	}
	for _, s := range others() {
		if value := s.get(&v.policy); value != "" && s.name != "kill_switch" && s.name != "disabled" {
			p.Field(s.name, printer.Clean(value))
		}
	}
	cmdutil.InstanceRows(p, v.instances, v.version)
}

func (v *view) mode(p *printer.Page, k localplatform.Protection) {
	mode, set := v.Modes[k.Name]
	own, here := v.own.Modes[k.Name]
	switch {
	case !set:
		p.Field(k.Name, p.Faint(fmt.Sprintf("not set here (default %s)", k.Default)))
	case here && own == mode:
		p.Field(k.Name, p.Word(mode)+p.Faint("  set here"))
	case mode == k.Default:
		p.Field(k.Name, p.Word(mode))
	default:
		p.Field(k.Name, p.Word(mode)+p.Faint("  set in a wider scope"))
	}
}
