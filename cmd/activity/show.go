package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/events"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// ShowOptions say which request to show and how.
type ShowOptions struct {
	*cmdutil.Factory
	Print   printer.Options
	Request string
}

// NewShow makes `sqreen activity show`. runF replaces the work in tests.
func NewShow(f *cmdutil.Factory, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	o := &ShowOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "show REQUEST",
		Short: "Show one request with everything that it triggered",
		Long:  "Show one request, the timeline of what happened during it, and why it was reported.",
		Example: `  $ sqreen activity --limit 1 --jq '.[0].request'
  $ sqreen activity show 6f1c0a`,
		Args:              cmdutil.Args(cobra.ExactArgs(1), "name one request; sqreen activity -o wide lists their ids"),
		ValidArgsFunction: completeRequests(f),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Request = args[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return showRun(cmd.Context(), o)
		},
	}
	cmdutil.OutputFlags[activity](cmd, &o.Print, nil)
	return cmd
}

func completeRequests(f *cmdutil.Factory) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return f.Lookup(cmd.Context(), "events", "request", typed), cobra.ShellCompDirectiveNoFileComp
	}
}

func showRun(ctx context.Context, o *ShowOptions) error {
	a, err := cmdutil.Load(ctx, o.Factory, "reading the request", func(p localplatform.Platform) (activity, error) {
		return p.Request(ctx, o.Request)
	})
	if err != nil {
		return err
	}
	return printer.One(o.IO, o.Now(), &o.Print, a, func(p *printer.Page) error {
		show(p, a)
		return nil
	})
}

func show(p *printer.Page, a activity) {
	p.Title(a.Method + " " + a.Path)
	p.Field("at", p.Moment(a.At))
	p.Field("app", printer.Clean(a.App+"/"+a.Env))
	p.Field("severity", p.Word(string(a.Severity)))
	p.Field("address", ip(a))
	p.Field("user", printer.Clean(a.User))
	p.Field("tags", printer.Clean(strings.Join(a.Tags, ", ")))
	if a.Incident != 0 {
		p.Field("incident", fmt.Sprintf("%d %s", a.Incident, p.Faint(fmt.Sprintf("(sqreen incidents show %d)", a.Incident))))
	}
	if len(a.Events) == 0 {
		return
	}
	signals := make([]wire.Signal, len(a.Events))
	for i, e := range a.Events {
		if len(e.Detail) > 0 {
			// What cannot be read is shown without its detail; `events show` says why.
			_ = json.Unmarshal(e.Detail, &signals[i])
		}
	}
	events.Request(p, a.Events[0], signals[0].Request)
	p.Section("Timeline")
	for i, e := range a.Events {
		step(p, e, signals[i])
	}
}

// step writes one event of the request and why it was reported.
func step(p *printer.Page, e localplatform.Event, s wire.Signal) {
	at := e.At.In(p.Now.Location()).Format("15:04:05.000")
	if p.Plain {
		at = printer.Stamp(e.At)
	}
	line := fmt.Sprintf("%s  %s  %s", at, p.Bold(printer.Clean(events.Label(e))), p.Word(string(e.Severity)))
	if e.Blocked {
		line += "  " + p.Good("blocked")
	}
	p.Line("%s  %s", strings.TrimRight(line, " "), p.Faint(fmt.Sprintf("event %d", e.Pos)))
	if e.Message != "" {
		p.Line("    %s", printer.Clean(e.Message))
	}
	if s.Attack == nil {
		return
	}
	if s.Attack.Payload != "" {
		p.Line("    %s = %s", printer.Clean(s.Attack.Param), printer.Clean(s.Attack.Payload))
	}
	if sink := s.Attack.Sink; sink != nil && sink.Statement != "" {
		p.Line("    %s: %s", printer.Clean(sink.Type), events.Statement(p, sink))
	}
}
