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

// AddOptions say whom to answer, how, where and for how long.
type AddOptions struct {
	*cmdutil.Factory
	Print printer.Options

	Targets        []string
	User           bool
	URL            string // for redirects
	For, Until     string
	Permanent      bool
	Reason         string
	App            string
	Env            string
	Incident       int64
	Force          bool
	Yes            bool
	Wait           time.Duration
	ofIP, ofUser   string // kinds
	verb, pastVerb string
	own            func() ([]string, error) // addresses of this machine
}

// NewBlock makes `sqreen actions block`. runF replaces the work in tests.
func NewBlock(f *cmdutil.Factory, runF func(context.Context, *AddOptions) error) *cobra.Command {
	o := &AddOptions{Factory: f, ofIP: wire.ActionBlockIP, ofUser: wire.ActionBlockUser, verb: "block", pastVerb: "Blocked", own: ownAddresses}
	cmd := &cobra.Command{
		Use:   "block TARGET...",
		Short: "Block addresses, networks or users",
		Long: `Answer all requests of an address, a network or a user with the blocking page.

A TARGET is an address (203.0.113.7, 2001:db8::1), a network (203.0.113.0/24) or
user:NAME. Without --for or --until the block is permanent and has to be confirmed.
Private and loopback addresses, those of this machine and very large networks
are refused unless --force: a proxy, a load balancer or yourself may be behind
them.`,
		Example: `  $ sqreen actions block 203.0.113.7 --for 24h --reason "SQL injection"
  $ sqreen actions block 203.0.113.0/24 --app shop --env prod --for 1h
  $ sqreen actions block user:alice --permanent --incident 12`,
		Args: cmdutil.Args(cobra.MinimumNArgs(1), "name an address, a network or user:NAME"),
		RunE: o.runE(runF),
	}
	o.flags(f, cmd)
	return cmd
}

// NewRedirect makes `sqreen actions redirect`. runF replaces the work in tests.
func NewRedirect(f *cmdutil.Factory, runF func(context.Context, *AddOptions) error) *cobra.Command {
	o := &AddOptions{Factory: f, ofIP: wire.ActionRedirectIP, ofUser: wire.ActionRedirectUser, verb: "redirect", pastVerb: "Redirected", own: ownAddresses}
	cmd := &cobra.Command{
		Use:   "redirect TARGET... --to URL",
		Short: "Redirect addresses, networks or users",
		Long: `Answer all requests of an address, a network or a user with a redirect to a path
or URL. TARGET, time and refusals are those of sqreen actions block.`,
		Example: `  $ sqreen actions redirect user:alice --to /please-call-us --for 48h
  $ sqreen actions redirect 203.0.113.0/24 --to https://status.example.com/ --permanent`,
		Args: cmdutil.Args(cobra.MinimumNArgs(1), "name an address, a network or user:NAME"),
		RunE: o.runE(runF),
	}
	o.flags(f, cmd)
	cmd.Flags().StringVar(&o.URL, "to", "", "path or `URL` to send them to")
	cmdutil.Must(cmd.MarkFlagRequired("to"))
	return cmd
}

func (o *AddOptions) flags(f *cmdutil.Factory, cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.BoolVar(&o.User, "user", false, "the targets are users")
	fl.StringVar(&o.For, "for", "", "for a `duration`: 45m, 24h, 30d")
	fl.StringVar(&o.Until, "until", "", "until a `time`: 2026-12-01, 2026-12-01T08:00:00Z")
	fl.BoolVar(&o.Permanent, "permanent", false, "until it is revoked")
	fl.StringVarP(&o.Reason, "reason", "m", "", "`text` for those who look later")
	fl.StringVar(&o.App, "app", "", "only in this `app`, or app/env")
	fl.StringVar(&o.Env, "env", "", "only in this environment of --app")
	fl.Int64Var(&o.Incident, "incident", 0, "the `number` of the incident it answers")
	fl.BoolVar(&o.Force, "force", false, "even for private addresses, this machine's and very large networks")
	fl.BoolVarP(&o.Yes, "yes", "y", false, "do not ask")
	cmdutil.WaitFlag(cmd, &o.Wait)
	cmdutil.Fixed(cmd, "for", "1h", "24h", "7d", "30d")
	f.Values(cmd, "app", "apps", "name")
	f.Values(cmd, "env", "apps", "env")
	cmdutil.OutputFlags[action](cmd, &o.Print, nil)
	cmd.ValidArgsFunction = f.CompleteTargets()
}

func (o *AddOptions) runE(runF func(context.Context, *AddOptions) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o.Targets = args
		if o.App != "" {
			var err error
			if o.App, o.Env, err = cmdutil.SplitApp(o.App, o.Env); err != nil {
				return err
			}
		}
		switch {
		case o.Env != "" && o.App == "":
			return cmdutil.Usage(cmd.CommandPath(), "--env needs --app")
		case o.Permanent && (o.For != "" || o.Until != ""):
			return cmdutil.Usage(cmd.CommandPath(), "--permanent excludes --for and --until")
		}
		if runF != nil {
			return runF(cmd.Context(), o)
		}
		return addRun(cmd.Context(), o)
	}
}

func addRun(ctx context.Context, o *AddOptions) error {
	wanted, err := o.wanted()
	if err != nil {
		return err
	}
	if err := o.careful(wanted); err != nil {
		return err
	}
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		if err := o.warnPasslisted(ctx, p, wanted); err != nil {
			return err
		}
		return o.add(ctx, p, wanted)
	})
}

// wanted makes the actions that the options describe.
func (o *AddOptions) wanted() ([]action, error) {
	expires, err := cmdutil.Deadline(o.Now(), o.For, o.Until)
	if err != nil {
		return nil, err
	}
	var out []action
	for _, target := range o.Targets {
		a := action{URL: o.URL, App: o.App, Env: o.Env, Reason: o.Reason, Incident: o.Incident, Expires: expires}
		a.Kind, a.Target = kindOf(target, o.User, o.ofIP, o.ofUser)
		if err := a.Validate(); err != nil {
			if isIP(&a) && strings.IndexFunc(target, func(r rune) bool { return r == '.' || r == ':' }) < 0 {
				return nil, localplatform.Errorf(localplatform.CodeInvalid, "%q is not an address", target).
					WithHint("for a user: sqreen actions %s user:%s", o.verb, target)
			}
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// careful refuses what would probably hurt oneself, and asks before what lasts.
func (o *AddOptions) careful(wanted []action) error {
	own, err := o.own()
	if err != nil {
		return fmt.Errorf("list this machine's addresses: %w", err)
	}
	for i := range wanted {
		if why := critical(&wanted[i], own); why != "" && !o.Force {
			return localplatform.Errorf(localplatform.CodeInvalid, "%s is %s", wanted[i].Target, why).
				WithHint("if you mean it: add --force")
		}
	}
	if !wanted[0].Expires.IsZero() || o.Permanent {
		return nil
	}
	if !o.Yes && !o.IO.CanPrompt() {
		return localplatform.Errorf(localplatform.CodeInvalid, "for how long?").WithHint("add --for 24h, or --permanent")
	}
	return cmdutil.Confirm(o.IO, o.Yes, fmt.Sprintf("%s %s permanently?", strings.ToUpper(o.verb[:1])+o.verb[1:], targets(wanted)))
}

func targets(list []action) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = printer.Clean(a.Target)
	}
	return strings.Join(names, ", ")
}

// warnPasslisted says when a passlist keeps a block from having an effect.
func (o *AddOptions) warnPasslisted(ctx context.Context, p localplatform.Platform, wanted []action) error {
	policies, err := p.Policies(ctx)
	if err != nil {
		return err
	}
	for i := range wanted {
		for _, pol := range policies {
			if entry := overlap(&wanted[i], pol.IPPasslist); entry != "" {
				fmt.Fprintf(o.IO.ErrOut, "%s %s is in the passlist of %s (%s), where no action answers it.\n",
					o.IO.Colour().Warn("warning:"), printer.Clean(wanted[i].Target), printer.Clean(pol.Scope.String()), printer.Clean(entry))
			}
		}
	}
	return nil
}

func (o *AddOptions) add(ctx context.Context, p localplatform.Platform, wanted []action) error {
	var added []action
	for _, a := range wanted {
		a, err := p.AddAction(ctx, a)
		if err != nil {
			return err
		}
		added = append(added, a)
		fmt.Fprintf(o.IO.ErrOut, "%s %s in %s %s: action %s.\n", o.pastVerb, printer.Clean(a.Target), everywhere(a), lasts(a), a.ID)
	}
	last := added[len(added)-1]
	if err := cmdutil.AwaitForce(ctx, o.Factory, p, last.App, last.Env, last.Version, o.Wait); err != nil {
		return err
	}
	if o.Print.Structured() {
		return printer.List(o.IO, o.Now(), &o.Print, printer.Table[action]{Rows: added})
	}
	_, err := fmt.Fprintf(o.IO.ErrOut, "hint: sqreen actions revoke %s takes it back\n", ids(added))
	return err
}

func everywhere(a action) string {
	if s := scope(a); s != "all" {
		return printer.Clean(s)
	}
	return "all apps"
}

func lasts(a action) string {
	if a.Expires.IsZero() {
		return "permanently"
	}
	return "until " + printer.Stamp(a.Expires)
}

func ids(list []action) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.ID
	}
	return strings.Join(out, " ")
}
