package incidents

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// ShowOptions say which incident to show and how.
type ShowOptions struct {
	*cmdutil.Factory
	Print printer.Options
	Watch cmdutil.WatchOptions
	ID    int64
}

// NewShow makes `sqreen incidents show`. runF replaces the work in tests.
func NewShow(f *cmdutil.Factory, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	o := &ShowOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one incident: actors, evidence, advice, timeline",
		Long:  "Show all that is known of an incident, what to do about it, and the commands that\ndo it.",
		Example: `  $ sqreen incidents show 12
  $ sqreen incidents show 12 --jq '.actors[].value'`,
		Args:              cmdutil.Args(cobra.ExactArgs(1), "name one incident by its number; sqreen incidents list shows them"),
		ValidArgsFunction: completeIDs(f, false, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.ID, err = cmdutil.ParseID("incident", args[0]); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Watch.Run(cmd.Context(), f, func(ctx context.Context) error { return showRun(ctx, o) })
		},
	}
	o.Watch.Flags(cmd)
	cmdutil.OutputFlags[incident](cmd, &o.Print, nil)
	return cmd
}

func showRun(ctx context.Context, o *ShowOptions) error {
	i, err := cmdutil.Load(ctx, o.Factory, "reading the incident", func(p localplatform.Platform) (incident, error) {
		return p.Incident(ctx, o.ID)
	})
	if err != nil {
		return err
	}
	return printer.One(o.IO, o.Now(), &o.Print, i, func(p *printer.Page) error {
		show(p, &i)
		return nil
	})
}

func show(p *printer.Page, i *incident) {
	p.Title(fmt.Sprintf("Incident %d: %s", i.ID, i.Title))
	p.Field("app", printer.Clean(i.App+"/"+i.Env))
	p.Field("severity", p.Word(string(i.Severity)))
	p.Field("state", state(p, i))
	p.Field("assignee", printer.Clean(i.Assignee))
	p.Field("kind", printer.Clean(i.Kind))
	p.Field("first seen", p.Moment(i.FirstSeen))
	p.Field("last seen", p.Moment(i.LastSeen))
	p.Field("events", events(p, i))
	p.Field("MITRE ATT&CK", printer.Clean(strings.Join(i.MITRE, ", ")))
	p.Field("CWE", printer.Clean(strings.Join(i.CWE, ", ")))
	actors(p, i)
	counts(p, "Accounts", i.Accounts)
	counts(p, "Paths", i.Paths)
	counts(p, "Parameters", i.Params)
	counts(p, "Rules", i.Rules)
	evidence(p, i)
	if len(i.Advice) > 0 {
		p.Section("Advice")
		for _, a := range i.Advice {
			p.Item(a)
		}
	}
	timeline(p, i)
	commands(p, i)
}

func state(p *printer.Page, i *incident) string {
	text := p.Word(string(i.State))
	if i.State == localplatform.StateSnoozed {
		text += " until " + p.Moment(i.SnoozedUntil)
	}
	return text
}

func events(p *printer.Page, i *incident) string {
	text := fmt.Sprintf("%s, %s blocked", printer.Thousands(i.Events), printer.Thousands(i.Blocked))
	if i.Exploited > 0 {
		text += ", " + p.Bad(printer.Thousands(i.Exploited)+" got through")
	}
	return text
}

func actors(p *printer.Page, i *incident) {
	if len(i.Actors) == 0 {
		return
	}
	p.Section("Actors")
	rows := make([][]string, len(i.Actors))
	for n, a := range i.Actors {
		rows[n] = []string{
			printer.Clean(a.Kind), printer.Clean(a.Value), printer.Thousands(a.Events), printer.Thousands(a.Blocked), p.When(a.First), p.When(a.Last),
		}
	}
	p.Rows([]string{"kind", "actor", "events", "blocked", "first", "last"}, rows)
}

// topCounts is how many values of each kind a page shows.
const topCounts = 10

func counts(p *printer.Page, name string, list []localplatform.Count) {
	if len(list) == 0 {
		return
	}
	p.Section(name)
	rest := 0
	if !p.Plain && len(list) > topCounts {
		list, rest = list[:topCounts], len(list)-topCounts
	}
	for _, c := range list {
		p.Line("%7s  %s", printer.Thousands(c.Count), printer.Clean(c.Value))
	}
	if rest > 0 {
		p.Line("%7s  %s", "", p.Faint(fmt.Sprintf("and %d more", rest)))
	}
}

func evidence(p *printer.Page, i *incident) {
	if len(i.Evidence) == 0 {
		return
	}
	p.Section("Evidence")
	for _, e := range i.Evidence {
		outcome := p.Bad("not blocked")
		if e.Blocked {
			outcome = p.Good("blocked")
		}
		p.Line("%s  %s  %s", printer.Clean(e.Summary), outcome, p.Faint(fmt.Sprintf("event %d, %s", e.Pos, p.When(e.At))))
		for _, f := range [][2]string{{e.Param, e.Payload}, {"statement", e.Statement}, {"in", e.Frame}} {
			if f[1] != "" {
				p.Line("    %s: %s", printer.Clean(f[0]), printer.Clean(f[1]))
			}
		}
	}
}

func timeline(p *printer.Page, i *incident) {
	if len(i.Timeline) == 0 {
		return
	}
	p.Section("Timeline")
	for _, e := range i.Timeline {
		at := p.When(e.At)
		if !p.Plain {
			at = e.At.In(p.Now.Location()).Format("2006-01-02 15:04:05")
		}
		p.Line("%s  %s  %s  %s", at, printer.Clean(e.By), printer.Clean(e.What), printer.Clean(e.Text))
	}
}

// commands lists what a person may type next.
func commands(p *printer.Page, i *incident) {
	if p.Plain {
		return
	}
	p.Section("Next")
	for _, a := range i.Actors[:min(2, len(i.Actors))] {
		target := a.Value
		if a.Kind == "user" {
			target = "user:" + target
		}
		p.Line("sqreen actions block %s --for 24h --incident %d", printer.Clean(cmdutil.ShellQuote(target)), i.ID)
	}
	if i.Query != "" {
		p.Line("sqreen events %s", printer.Clean(cmdutil.ShellQuote(i.Query)))
	}
	if i.State == localplatform.StateOpen {
		p.Line("sqreen incidents ack %d", i.ID)
	}
	if i.Live() {
		p.Line("sqreen incidents resolve %d --note ...", i.ID)
	} else {
		p.Line("sqreen incidents reopen %d", i.ID)
	}
}
