// Package activity is `sqreen activity`: every request that triggered a
// protection or an SDK event.
package activity

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

type activity = localplatform.Activity

// ListOptions say which requests to list and how.
type ListOptions struct {
	*cmdutil.Factory
	Print printer.Options
	Watch cmdutil.WatchOptions
	Flags cmdutil.EventFlags
	Query []string
	Limit int

	near string // what the query was perhaps meant to be
}

// New makes the command, with `show` below it.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := NewList(f, nil)
	cmd.AddCommand(NewShow(f, nil))
	return cmd
}

// NewList makes `sqreen activity`. runF replaces the work in tests.
func NewList(f *cmdutil.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "activity [QUERY]",
		Short: "List requests that triggered a protection or an SDK event",
		Long: `List requests with the attacks and SDK events they triggered, the newest first,
objectively: nothing is correlated here. A request that is part of an incident
names it.

QUERY selects by the fields of events; a request is listed when one of its events
matches.`,
		Example: `  $ sqreen activity --env prod --since 1h
  $ sqreen activity 'method:POST status:>=400 -blocked:true'
  $ sqreen activity --user alice --json at,method,path,tags`,
		ValidArgsFunction: f.CompleteQuery(localplatform.EventSchema()),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Query, o.near = args, cmdutil.Near(cmd, args)
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Watch.Run(cmd.Context(), f, func(ctx context.Context) error { return listRun(ctx, o) })
		},
	}
	cmd.Flags().IntVarP(&o.Limit, "limit", "L", localplatform.DefaultPage, "show at most this many")
	o.Flags.Add(f, cmd)
	o.Watch.Flags(cmd)
	cmdutil.OutputFlags[activity](cmd, &o.Print, nil)
	cmdutil.ColumnsFlag(cmd, &o.Print, printer.ColumnNames(columns()))
	return cmd
}

func listRun(ctx context.Context, o *ListOptions) error {
	query, err := o.Flags.Filter(o.Query).Text(localplatform.EventSchema(), o.Now())
	if err != nil {
		return err
	}
	page, err := cmdutil.Load(ctx, o.Factory, "reading activity", func(p localplatform.Platform) (localplatform.ActivityPage, error) {
		return readPages(ctx, p, localplatform.EventQuery{Query: query, Limit: o.Limit, Detail: o.Print.Wants("events")})
	})
	if err != nil {
		return err
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[activity]{
		Columns: columns(), Rows: page.Activities, More: page.More, One: "request", Many: "requests",
		Empty: "No request matches.\nhint: " + cmp.Or(o.near, "sqreen events --facets kind,attack shows what there is"),
	})
}

// readPages reads as many requests as asked for, page by page.
func readPages(ctx context.Context, p localplatform.Platform, q localplatform.EventQuery) (localplatform.ActivityPage, error) {
	want := max(q.Limit, 1)
	var all localplatform.ActivityPage
	for {
		q.Limit = min(want-len(all.Activities), localplatform.MaxPage)
		page, err := p.Activity(ctx, q)
		if err != nil {
			return all, err
		}
		all.Activities = append(all.Activities, page.Activities...)
		all.More, all.Next = page.More, page.Next
		if !page.More || len(all.Activities) >= want || page.Next == 0 {
			return all, nil
		}
		q.Before = page.Next
	}
}

func columns() []printer.Column[activity] {
	return []printer.Column[activity]{
		printer.Text("request", func(a activity) string { return a.Request }).InWide(),
		printer.Time("at", func(a activity) time.Time { return a.At }).Titled("WHEN"),
		printer.Text("app", func(a activity) string { return a.App }).Cut(6),
		printer.Text("env", func(a activity) string { return a.Env }).Cut(4).Yields(4),
		printer.Text("method", func(a activity) string { return a.Method }).Yields(6),
		printer.Text("path", func(a activity) string { return a.Path }).Cut(10),
		printer.Code("status", func(a activity) int { return a.Status }).Yields(5),
		printer.YesNo("blocked", func(a activity) bool { return a.Blocked }, true).Yields(2).Shown(func(a activity, p printer.Pen) string {
			if a.Blocked {
				return p.Good("yes")
			}
			return p.Faint("no")
		}),
		printer.Word("severity", func(a activity) string { return string(a.Severity) }).InWide(),
		printer.Text("ip", ip),
		printer.Text("user", func(a activity) string { return a.User }).Cut(6).Yields(3),
		printer.Text("tags", func(a activity) string { return strings.Join(a.Tags, ",") }).Cut(10).Yields(1).
			Shown(func(a activity, _ printer.Pen) string { return printer.Clean(strings.Join(shortTags(a.Tags), ", ")) }),
		printer.Text("incident", incident).Yields(7),
		printer.Text("route", func(a activity) string { return a.Route }).InWide(),
		printer.Text("user_agent", func(a activity) string { return a.UserAgent }).InWide(),
	}
}

func ip(a activity) string {
	if !a.IP.IsValid() {
		return ""
	}
	return a.IP.String()
}

func incident(a activity) string {
	if a.Incident == 0 {
		return ""
	}
	return printer.Int(a.Incident)
}

func shortTags(tags []string) []string {
	out := slices.Clone(tags)
	for i := range out {
		out[i] = strings.TrimPrefix(out[i], wire.ReservedPrefix)
	}
	return out
}
