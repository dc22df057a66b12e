package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// ShowOptions say which app to show and how.
type ShowOptions struct {
	*cmdutil.Factory
	Print     printer.Options
	Name, Env string
	Packages  bool // list all packages
}

// NewShow makes `sqreen inventory show`, which is also `sqreen app show`.
func NewShow(f *cmdutil.Factory, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	o := &ShowOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "show APP[/ENV]",
		Short: "Show one app: risk and why, weaknesses, protection, stack, instances",
		Long: `Show all that is known of one app. ENV may be left out when the app has only
one environment.`,
		Example: `  $ sqreen inventory show shop/prod
  $ sqreen inventory show shop/prod --packages
  $ sqreen inventory show shop/prod --jq '.risk_reasons[].text'`,
		Args:              cmdutil.Args(cobra.ExactArgs(1), "name one app, as in shop/prod"),
		ValidArgsFunction: f.CompleteApps(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Name, o.Env, err = cmdutil.SplitApp(args[0], o.Env); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return showRun(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.Env, "env", "", "environment")
	cmd.Flags().BoolVar(&o.Packages, "packages", false, "list all packages with their versions")
	f.Values(cmd, "env", "apps", "env")
	cmdutil.OutputFlags[localplatform.AppDetail](cmd, &o.Print, nil)
	return cmd
}

func showRun(ctx context.Context, o *ShowOptions) error {
	app, err := cmdutil.Load(ctx, o.Factory, "reading the app", func(p localplatform.Platform) (localplatform.AppDetail, error) {
		return p.App(ctx, o.Name, o.Env)
	})
	if err != nil {
		return err
	}
	return printer.One(o.IO, o.Now(), &o.Print, app, func(p *printer.Page) error {
		show(p, &app, o.Packages)
		return nil
	})
}

func show(p *printer.Page, a *localplatform.AppDetail, packages bool) {
	p.Title(a.Name + "/" + a.Env)
	p.Field("status", p.Word(a.Status))
	p.Field("group", printer.Clean(a.Group))
	p.Field("risk", fmt.Sprintf("%s (%d of 100)", p.Word(string(a.Risk)), a.RiskScore))
	p.Field("incidents", strconv.Itoa(a.Incidents))
	p.Field("blocked actors", strconv.Itoa(a.BlockedActors))
	p.Field("last 24 hours", fmt.Sprintf("%s, %s, %s blocked", printer.Count(a.Requests24h, "request", "requests"),
		printer.Count(a.Attacks24h, "attack", "attacks"), printer.Thousands(a.Blocked24h)))
	p.Field("overhead", strconv.FormatFloat(a.Overhead, 'f', 2, 64)+" % of request time")
	p.Field("first connected", p.Moment(a.FirstSeen))
	p.Field("last seen", p.Moment(a.LastSeen))
	showRisk(p, a)
	showProtection(p, a)
	showStack(p, a, packages)
	showInstances(p, a)
	showLosses(p, a)
}

// showLosses tells what agents lost or did not look at, so that nobody takes
// silence for safety.
func showLosses(p *printer.Page, a *localplatform.AppDetail) {
	if len(a.Losses) == 0 {
		return
	}
	p.Section("Not sent, not looked at or not reported, last 24 hours")
	rows := make([][]string, len(a.Losses))
	for i, l := range a.Losses {
		rows[i] = []string{printer.Thousands(l.Count), printer.Clean(l.Value)}
	}
	p.Rows([]string{"count", "what"}, rows)
}

func showRisk(p *printer.Page, a *localplatform.AppDetail) {
	if len(a.RiskReasons) > 0 {
		p.Section("Risk")
		rows := make([][]string, len(a.RiskReasons))
		for i, r := range a.RiskReasons {
			rows[i] = []string{fmt.Sprintf("%+d", r.Points), printer.Clean(r.Text), printer.Clean(r.Remedy)}
		}
		p.Rows([]string{"points", "because", "what lowers it"}, rows)
	}
	if len(a.Weaknesses) > 0 {
		p.Section("Weaknesses")
		rows := make([][]string, len(a.Weaknesses))
		for i, w := range a.Weaknesses {
			rows[i] = []string{p.Word(w.Severity), printer.Clean(w.ID), printer.Clean(w.Text), printer.Clean(w.Remedy)}
		}
		p.Rows([]string{"severity", "id", "weakness", "remedy"}, rows)
	}
}

func showProtection(p *printer.Page, a *localplatform.AppDetail) {
	p.Section("Protection")
	if !a.Enabled {
		p.Field("enabled", p.Bad("no"))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Modes)) {
		p.Field(printer.Clean(name), p.Word(a.Modes[name]))
	}
}

func showStack(p *printer.Page, a *localplatform.AppDetail, packages bool) {
	p.Section("Stack")
	p.Field("technology", printer.Clean(strings.TrimSpace(a.Technology+" "+a.Runtime)))
	p.Field("agent", printer.Clean(a.Agent))
	for _, part := range []struct {
		name string
		list []wire.Component
	}{{"frameworks", a.Frameworks}, {"ORMs", a.ORMs}, {"templates", a.Templates}, {"drivers", a.Drivers}} {
		p.Field(part.name, printer.Clean(strings.ReplaceAll(join(part.list, versioned), ",", ", ")))
	}
	p.Field("uses", printer.Clean(strings.Join(a.Uses, ", ")))
	p.Field("hooks", printer.Clean(strings.Join(a.Hooks, ", ")))
	if !packages {
		if n := len(a.Packages); n > 0 {
			p.Field("packages", strconv.Itoa(n)+" "+p.Faint("(--packages lists them)"))
		}
		return
	}
	p.Section("Packages")
	rows := make([][]string, len(a.Packages))
	for i, c := range a.Packages {
		rows[i] = []string{printer.Clean(c.Name), printer.Clean(c.Version)}
	}
	p.Rows([]string{"package", "version"}, rows)
}

func showInstances(p *printer.Page, a *localplatform.AppDetail) {
	if len(a.Instances) == 0 {
		return
	}
	p.Section("Instances")
	rows := make([][]string, len(a.Instances))
	for i, in := range a.Instances {
		rows[i] = []string{
			printer.Clean(in.ID), printer.Clean(in.Stack.Hostname), printer.Clean(in.Stack.OS),
			p.When(in.Started), p.When(in.LastSeen), p.Word(in.PushStatus(a.Version, p.Now)),
		}
	}
	p.Rows([]string{"instance", "host", "os", "started", "last seen", "policy"}, rows)
	for _, in := range a.Instances {
		for _, fault := range in.Faults {
			p.Item(fmt.Sprintf("%s on %s: %s (%d times)", fault.Check, in.ID, fault.Message, fault.Count))
		}
	}
}
