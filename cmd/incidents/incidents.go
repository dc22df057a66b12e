// Package incidents is `sqreen incidents`: attacks that belong together, what to
// do about them, and the gate for CI.
package incidents

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

type incident = localplatform.Incident

// New makes the command with its verbs.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "incidents",
		Aliases: []string{"incident"},
		Short:   "List, show, handle and check incidents",
		Long: `An incident gathers attacks that belong together: one app, one kind, one actor.
It is open until somebody acknowledges, snoozes, resolves or ignores it.`,
		Example: `  $ sqreen incidents list --severity high
  $ sqreen incidents show 12
  $ sqreen incidents ack 12 13 --note "looking into it"
  $ sqreen incidents check --fail-on high -o table -o sarif=out.sarif`,
	}
	subs := []*cobra.Command{NewList(f, nil), NewShow(f, nil)}
	for _, v := range verbs() {
		subs = append(subs, NewChange(f, v, nil))
	}
	return cmdutil.Group(cmd, append(subs, NewCheck(f, nil))...)
}

// Selection are the flags that choose incidents.
type Selection struct {
	App, Env, Kind, Severity, State, Assignee []string
	Since                                     string
}

func (s *Selection) add(f *cmdutil.Factory, cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&s.App, "app", nil, "only these apps")
	fl.StringSliceVar(&s.Env, "env", nil, "only these environments")
	fl.StringSliceVar(&s.Kind, "kind", nil, "only these kinds: sqli, http_scan, credential_stuffing, ...")
	fl.StringSliceVar(&s.Severity, "severity", nil, "only these severities: low, medium, high")
	fl.StringSliceVar(&s.State, "state", nil, "only these states: "+strings.Join(localplatform.IncidentStates(), ", "))
	fl.StringSliceVar(&s.Assignee, "assignee", nil, "only those assigned to these people")
	for _, flag := range []string{"app", "env", "kind", "severity", "state", "assignee"} {
		f.Values(cmd, flag, "incidents", flag)
	}
}

func (s *Selection) filter(args []string) *cmdutil.Filter {
	return cmdutil.NewFilter(args).Is("app", s.App...).Is("env", s.Env...).Is("kind", s.Kind...).
		Is("severity", s.Severity...).Is("state", s.State...).Is("assignee", s.Assignee...).Is("since", s.Since)
}

// liveTerm selects incidents that are not dealt with.
const liveTerm = "state:(open,acknowledged,snoozed)"

// ListOptions say which incidents to list and how.
type ListOptions struct {
	*cmdutil.Factory
	Selection
	Print printer.Options
	Watch cmdutil.WatchOptions
	Query []string
	All   bool
	Order string
	Limit int
}

// orders are the orders that a platform sorts by.
var orders = []string{"last", "severity", "first", "events", "id"}

// NewList makes `sqreen incidents list`. runF replaces the work in tests.
func NewList(f *cmdutil.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "list [QUERY]",
		Aliases: []string{"ls"},
		Short:   "List incidents",
		Long: `List incidents, those with the latest attacks first. Resolved and ignored ones
are left out unless --all, --state or the query asks for them.`,
		Example: `  $ sqreen incidents list --env prod --severity high
  $ sqreen incidents list 'severity:>=medium exploited:>0'
  $ sqreen incidents list --all --since 7d --json id,title,state`,
		ValidArgsFunction: f.CompleteQuery(localplatform.IncidentSchema()),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Query = args
			if !slices.Contains(orders, o.Order) {
				return printer.UnknownName("order", o.Order, orders)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Watch.Run(cmd.Context(), f, func(ctx context.Context) error { return listRun(ctx, o) })
		},
	}
	o.add(f, cmd)
	fl := cmd.Flags()
	fl.StringVar(&o.Since, "since", "", "only those with attacks since a `time`: 24h, 7d, 2026-11-01")
	fl.BoolVarP(&o.All, "all", "a", false, "resolved and ignored ones too")
	fl.StringVar(&o.Order, "sort", "last", "`order`: "+strings.Join(orders, ", ")+"; the largest first")
	fl.IntVarP(&o.Limit, "limit", "L", 100, "show at most this many")
	cmdutil.Fixed(cmd, "sort", orders...)
	o.Watch.Flags(cmd)
	cmdutil.OutputFlags[incident](cmd, &o.Print, nil)
	cmdutil.ColumnsFlag(cmd, &o.Print, printer.ColumnNames(columns()))
	return cmd
}

func listRun(ctx context.Context, o *ListOptions) error {
	filter := o.filter(o.Query)
	hiding := !o.All && !filter.Mentions("state", localplatform.IncidentSchema(), o.Now())
	if hiding {
		filter.Term(liveTerm)
	}
	query, err := filter.Text(localplatform.IncidentSchema(), o.Now())
	if err != nil {
		return err
	}
	page, err := cmdutil.Load(ctx, o.Factory, "reading incidents", func(p localplatform.Platform) (localplatform.IncidentPage, error) {
		return p.Incidents(ctx, localplatform.IncidentQuery{Query: query, Sort: o.Order, Limit: o.Limit})
	})
	if err != nil {
		return err
	}
	empty := "No incident matches."
	if hiding {
		empty = "No live incident matches.\nhint: --all lists resolved and ignored ones too"
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[incident]{
		Columns: columns(), Rows: page.Incidents, Total: page.Total, One: "incident", Many: "incidents", Empty: empty,
	})
}

func columns() []printer.Column[incident] {
	return []printer.Column[incident]{
		printer.ID("id", func(i incident) int64 { return i.ID }),
		printer.Word("severity", func(i incident) string { return string(i.Severity) }),
		printer.Word("state", func(i incident) string { return string(i.State) }),
		printer.Text("app", func(i incident) string { return i.App }).Cut(6),
		printer.Text("env", func(i incident) string { return i.Env }).Cut(4),
		printer.Text("kind", func(i incident) string { return i.Kind }).InWide(),
		printer.Text("title", func(i incident) string { return i.Title }).Cut(34),
		printer.Text("actor", mainActor).Yields(2).Cut(15),
		printer.Number("events", func(i incident) int64 { return i.Events }).Yields(3),
		printer.Number("blocked", func(i incident) int64 { return i.Blocked }).InWide(),
		printer.Number("reached", func(i incident) int64 { return i.Reached }).InWide(),
		printer.Number("exploited", func(i incident) int64 { return i.Exploited }).Yields(4).Shown(exploited),
		printer.Text("assignee", func(i incident) string { return i.Assignee }).InWide(),
		printer.Time("first_seen", func(i incident) time.Time { return i.FirstSeen }).InWide(),
		printer.Time("last_seen", func(i incident) time.Time { return i.LastSeen }).Titled("LAST").Yields(1),
	}
}

func exploited(i incident, p printer.Pen) string {
	if i.Exploited == 0 {
		return p.Faint("0")
	}
	return p.Bad(printer.Thousands(i.Exploited))
}

// mainActor is the incident's first actor and how many others there are.
func mainActor(i incident) string {
	switch len(i.Actors) {
	case 0:
		return ""
	case 1:
		return i.Actors[0].Value
	}
	return fmt.Sprintf("%s +%d", i.Actors[0].Value, len(i.Actors)-1)
}

// completeIDs completes arguments with numbers of live incidents and their titles.
func completeIDs(f *cmdutil.Factory, many bool, term string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		if len(args) > 0 && !many {
			return nil, directive
		}
		page, _ := cmdutil.Completing(cmd.Context(), f, func(ctx context.Context, p localplatform.Platform) (localplatform.IncidentPage, error) {
			return p.Incidents(ctx, localplatform.IncidentQuery{Query: term, Limit: 50})
		})
		var out []string
		for _, i := range page.Incidents {
			id := printer.Int(i.ID)
			if strings.HasPrefix(id, typed) && !slices.Contains(args, id) {
				out = append(out, fmt.Sprintf("%s\t%s on %s/%s, %s", id, printer.Clean(i.Title), printer.Clean(i.App), printer.Clean(i.Env), i.Severity))
			}
		}
		return out, directive
	}
}
