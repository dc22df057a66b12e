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

// SetOptions say what to change in which scope.
type SetOptions struct {
	*cmdutil.Factory
	Scope localplatform.PolicyScope
	Words []string // NAME=VALUE, or NAME to unset
	Yes   bool
	Wait  time.Duration
}

// NewSet makes `sqreen policies set`. runF replaces the work in tests.
func NewSet(f *cmdutil.Factory, runF func(context.Context, *SetOptions) error) *cobra.Command {
	o := &SetOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "set SCOPE NAME=VALUE...",
		Short: "Change what protections do in a scope",
		Long:  "Change what the policy of a scope says, and keep the rest of it.\n\n" + settingsHelp(),
		Example: `  $ sqreen policies set shop/prod waf=block rasp=block
  $ sqreen policies set group:payments rasp.sqli=block block_status=403
  $ sqreen policies set all scrub_keys=ssn,iban`,
		Args:              cmdutil.Args(cobra.MinimumNArgs(2), "for example: sqreen policies set shop/prod waf=block"),
		ValidArgsFunction: completeScopes(f, 0, completeSettings),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Scope, err = localplatform.ParsePolicyScope(args[0]); err != nil {
				return err
			}
			o.Words = args[1:]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return change(cmd.Context(), f, o.Scope, o.Wait, func(p *policy) error {
				for _, w := range o.Words {
					if err := apply(p, w); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmdutil.WaitFlag(cmd, &o.Wait)
	return cmd
}

func settingsHelp() string {
	var b strings.Builder
	b.WriteString("Protections are off, monitor or block (rasp stands for all of rasp.*):\n\n")
	for _, p := range localplatform.Protections() {
		fmt.Fprintf(&b, "  %-14s %s, %s unless set\n", p.Name, p.Title, p.Default)
	}
	b.WriteString("\nOther settings:\n\n")
	for _, s := range others() {
		fmt.Fprintf(&b, "  %-14s %s\n", s.name, s.doc)
	}
	return strings.TrimRight(b.String(), "\n")
}

func completeSettings(typed string) []string {
	name, _, hasValue := strings.Cut(typed, "=")
	if !hasValue {
		var out []string
		for _, n := range names() {
			if strings.HasPrefix(n, typed) {
				out = append(out, n+"=")
			}
		}
		return out
	}
	var out []string
	values := []string{"off", "monitor", "block"}
	if name == "kill_switch" || name == "disabled" {
		values = []string{"on", "off"}
	} else if slices.ContainsFunc(others(), func(s setting) bool { return s.name == name }) {
		return nil
	}
	for _, v := range values {
		out = append(out, name+"="+v)
	}
	return out
}

// NewUnset makes `sqreen policies unset`. runF replaces the work in tests.
func NewUnset(f *cmdutil.Factory, runF func(context.Context, *SetOptions) error) *cobra.Command {
	o := &SetOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "unset SCOPE [NAME...]",
		Short: "Take settings out of the policy of a scope",
		Long: `Take settings out of the policy of a scope, so that wider scopes and defaults hold
again. Without NAME the whole policy of the scope is removed.`,
		Example: `  $ sqreen policies unset shop/prod waf
  $ sqreen policies unset shop/prod --yes`,
		Args: cmdutil.Args(cobra.MinimumNArgs(1), "for example: sqreen policies unset shop/prod waf"),
		ValidArgsFunction: completeScopes(f, 0, func(typed string) []string {
			return slices.DeleteFunc(names(), func(n string) bool { return !strings.HasPrefix(n, typed) })
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Scope, err = localplatform.ParsePolicyScope(args[0]); err != nil {
				return err
			}
			o.Words = args[1:]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return unsetRun(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVarP(&o.Yes, "yes", "y", false, "do not ask before a whole policy is removed")
	cmdutil.WaitFlag(cmd, &o.Wait)
	return cmd
}

func unsetRun(ctx context.Context, o *SetOptions) error {
	if len(o.Words) == 0 {
		if err := cmdutil.Confirm(o.IO, o.Yes, "Remove the whole policy of "+printer.Clean(o.Scope.String())+"?"); err != nil {
			return err
		}
		return change(ctx, o.Factory, o.Scope, o.Wait, func(p *policy) error {
			*p = policy{Scope: p.Scope}
			return nil
		})
	}
	return change(ctx, o.Factory, o.Scope, o.Wait, func(p *policy) error {
		for _, name := range o.Words {
			if err := remove(p, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// KillOptions say where the kill switch goes on or off.
type KillOptions struct {
	*cmdutil.Factory
	Scope localplatform.PolicyScope
	On    bool
	Wait  time.Duration
}

// NewKillSwitch makes `sqreen policies kill-switch`. runF replaces the work in tests.
func NewKillSwitch(f *cmdutil.Factory, runF func(context.Context, *KillOptions) error) *cobra.Command {
	o := &KillOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "kill-switch {on|off} [SCOPE]",
		Short: "Stop all blocking at once, or take it up again",
		Long: `With the kill switch on nothing blocks or redirects, while everything is still
seen and reported. It does not ask, because it is for when something is wrong.
Without SCOPE it concerns all apps.`,
		Example: `  $ sqreen policies kill-switch on
  $ sqreen policies kill-switch off
  $ sqreen policies kill-switch on shop/prod`,
		Args: cmdutil.Args(cobra.RangeArgs(1, 2), "say on or off"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return []string{"on", "off"}, cobra.ShellCompDirectiveNoFileComp
			}
			return completeScopes(f, 1, none)(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "on" && args[0] != "off" {
				return cmdutil.Usage(cmd.CommandPath(), "say on or off, not %q", args[0])
			}
			o.On = args[0] == "on"
			if len(args) == 2 {
				var err error
				if o.Scope, err = localplatform.ParsePolicyScope(args[1]); err != nil {
					return err
				}
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return change(cmd.Context(), f, o.Scope, o.Wait, func(p *policy) error {
				p.KillSwitch = nil
				// Off in a narrow scope overrules a wider switch; off everywhere is the default.
				if o.On || o.Scope != (localplatform.PolicyScope{}) {
					p.KillSwitch = &o.On
				}
				return nil
			})
		},
	}
	cmdutil.WaitFlag(cmd, &o.Wait)
	return cmd
}
