// Package events is `sqreen events`: every stored signal, to page through, to
// follow live and to count.
package events

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// ListOptions say which events to list, and whether to list, follow or count them.
type ListOptions struct {
	*cmdutil.Factory
	Print printer.Options
	Flags cmdutil.EventFlags

	Query     []string
	Limit     int
	Follow    bool
	Facets    []string
	Histogram bool
	Buckets   int
	By        string
	Count     bool

	near string // what the query was perhaps meant to be
}

// New makes the command, with `show` below it.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := NewList(f, nil)
	cmd.AddCommand(NewShow(f, nil))
	return cmd
}

// NewList makes `sqreen events`. runF replaces the work in tests.
func NewList(f *cmdutil.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "events [QUERY]",
		Short: "Explore all signals: list, follow, count",
		Long: `List stored events, the newest first.

--follow goes on with new ones as they arrive, the oldest first. --facets counts
the most frequent values of fields, --histogram counts over time, --count counts.
All of them take the same QUERY and flags.`,
		Example: `  $ sqreen events 'kind:attack -blocked:true' --since 24h
  $ sqreen events --follow --env prod
  $ sqreen events --ip 203.0.113.0/24 --facets attack,path,user
  $ sqreen events kind:attack --histogram --by attack
  $ sqreen events user:alice --json at,name,ip,path`,
		ValidArgsFunction: f.CompleteQuery(localplatform.EventSchema()),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Query, o.near = args, cmdutil.Near(cmd, args)
			if err := o.validate(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.run(cmd.Context())
		},
	}
	fl := cmd.Flags()
	fl.IntVarP(&o.Limit, "limit", "L", 0, "show at most this many (100; 10 before --follow goes on)")
	fl.BoolVarP(&o.Follow, "follow", "f", false, "go on with new events as they arrive")
	fl.StringSliceVar(&o.Facets, "facets", nil, "count the most frequent values of these `fields`")
	fl.BoolVar(&o.Histogram, "histogram", false, "count over time")
	fl.IntVar(&o.Buckets, "buckets", 0, "about this many bars of the histogram")
	fl.StringVar(&o.By, "by", "", "split the histogram by a `field`: attack, kind, app, env, blocked, severity")
	fl.BoolVar(&o.Count, "count", false, "only count")
	o.Flags.Add(f, cmd)
	cmdutil.Fixed(cmd, "by", "attack", "kind", "app", "env", "blocked", "severity")
	cmdutil.ListOf(cmd, "facets", cmdutil.FieldNames(localplatform.EventSchema()))
	cmdutil.OutputFlagsFor(cmd, &o.Print, o.printed, nil)
	cmdutil.ColumnsFlag(cmd, &o.Print, printer.ColumnNames(columns()))
	return cmd
}

func (o *ListOptions) validate(cmd *cobra.Command) error {
	modes := 0
	for _, on := range []bool{o.Follow, len(o.Facets) > 0, o.Histogram, o.Count} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return cmdutil.Usage(cmd.CommandPath(), "--follow, --facets, --histogram and --count exclude each other")
	case o.By != "" && !o.Histogram:
		return cmdutil.Usage(cmd.CommandPath(), "--by splits a --histogram")
	case o.Limit < 0:
		return cmdutil.Usage(cmd.CommandPath(), "--limit %d is negative", o.Limit)
	}
	return nil
}

func (o *ListOptions) run(ctx context.Context) error {
	query, err := o.Flags.Filter(o.Query).Text(localplatform.EventSchema(), o.Now())
	if err != nil {
		return err
	}
	switch {
	case o.Follow:
		return o.follow(ctx, query)
	case len(o.Facets) > 0:
		return o.facets(ctx, query)
	case o.Histogram:
		return o.histogram(ctx, query)
	case o.Count:
		return o.count(ctx, query)
	}
	return o.list(ctx, query)
}

// needsDetail reports whether what is printed includes the whole signal.
func (o *ListOptions) needsDetail() bool { return o.Print.Wants("detail") }

func (o *ListOptions) list(ctx context.Context, query string) error {
	limit := o.Limit
	if limit == 0 {
		limit = localplatform.DefaultPage
	}
	page, err := cmdutil.Load(ctx, o.Factory, "reading events", func(p localplatform.Platform) (localplatform.EventPage, error) {
		return readPages(ctx, p, localplatform.EventQuery{Query: query, Limit: limit, Detail: o.needsDetail()})
	})
	if err != nil {
		return err
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[event]{
		Columns: columns(), Rows: page.Events, More: page.More, One: "event", Many: "events",
		Empty: "No event matches.\nhint: " + cmp.Or(o.near, "sqreen events --facets name shows what there is"),
	})
}

// readPages reads as many events as asked for, page by page.
func readPages(ctx context.Context, p localplatform.Platform, q localplatform.EventQuery) (localplatform.EventPage, error) {
	want := q.Limit
	var all localplatform.EventPage
	for {
		q.Limit = min(want-len(all.Events), localplatform.MaxPage)
		page, err := p.Events(ctx, q)
		if err != nil {
			return all, err
		}
		all.Events = append(all.Events, page.Events...)
		all.More, all.Next, all.Last = page.More, page.Next, max(all.Last, page.Last)
		if !page.More || len(all.Events) >= want {
			return all, nil
		}
		q.Before = page.Next
	}
}

func (o *ListOptions) count(ctx context.Context, query string) error {
	n, err := cmdutil.Load(ctx, o.Factory, "counting events", func(p localplatform.Platform) (int64, error) {
		return p.CountEvents(ctx, query)
	})
	if err != nil {
		return err
	}
	return printer.One(o.IO, o.Now(), &o.Print, Counted{n}, func(p *printer.Page) error {
		p.Line("%d", n)
		return nil
	})
}

// Counted is what --count prints.
type Counted struct {
	Count int64 `json:"count"`
}

type event = localplatform.Event

func columns() []printer.Column[event] {
	return []printer.Column[event]{
		printer.ID("pos", func(e event) int64 { return e.Pos }).Titled("ID"),
		printer.Time("at", func(e event) time.Time { return e.At }).Titled("WHEN"),
		printer.Time("received", func(e event) time.Time { return e.Received }).InWide(),
		printer.Text("app", func(e event) string { return e.App }).Cut(6),
		printer.Text("env", func(e event) string { return e.Env }).Cut(4).Yields(4),
		printer.Text("kind", func(e event) string { return e.Kind }).InWide(),
		printer.Text("name", func(e event) string { return e.Name }).Titled("EVENT").Cut(13).
			Shown(func(e event, _ printer.Pen) string { return printer.Clean(Label(e)) }),
		printer.Text("attack", func(e event) string { return e.Attack }).InWide(),
		printer.Text("protection", func(e event) string { return e.Protection }).InWide(),
		printer.Text("rule", func(e event) string { return e.Rule }).InWide(),
		printer.Word("severity", func(e event) string { return string(e.Severity) }).Yields(3),
		printer.YesNo("blocked", func(e event) bool { return e.Blocked }, true).Yields(2).Shown(blocked),
		printer.YesNo("reached", func(e event) bool { return e.Reached }, false).InWide(),
		printer.Text("ip", IP),
		printer.Text("user", func(e event) string { return e.User }).Cut(6).Yields(6),
		printer.Text("method", func(e event) string { return e.Method }).Yields(7),
		printer.Text("path", func(e event) string { return e.Path }).Cut(8).Yields(1),
		printer.Code("status", func(e event) int { return e.Status }).Yields(5),
		printer.Text("route", func(e event) string { return e.Route }).InWide(),
		printer.Text("host", func(e event) string { return e.Host }).InWide(),
		printer.Text("user_agent", func(e event) string { return e.UserAgent }).InWide(),
		printer.Text("param", func(e event) string { return e.Param }).InWide(),
		printer.Text("message", func(e event) string { return e.Message }).InWide(),
		printer.Text("request", func(e event) string { return e.Request }).InWide(),
		printer.Text("instance", func(e event) string { return e.Instance }).InWide(),
		printer.Number("weight", func(e event) int64 { return e.Weight }).InWide(),
	}
}

// blocked shows nothing for events that nothing could have blocked.
func blocked(e event, p printer.Pen) string {
	switch {
	case e.Blocked:
		return p.Good("yes")
	case e.Attack != "":
		return p.Bad("no")
	}
	return ""
}

// IP is an event's address as text, "" without one.
func IP(e localplatform.Event) string {
	if !e.IP.IsValid() {
		return ""
	}
	return e.IP.String()
}
