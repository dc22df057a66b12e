package events

import (
	"context"
	"encoding/json"
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

// ShowOptions say which event to show and how.
type ShowOptions struct {
	*cmdutil.Factory
	Print printer.Options
	ID    int64
}

// NewShow makes `sqreen events show`. runF replaces the work in tests.
func NewShow(f *cmdutil.Factory, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	o := &ShowOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one event: what, where, why, who, with payload and stack",
		Long:  "Show all that was reported of one event. Payloads were scrubbed by the agent before\nthey were sent.",
		Example: `  $ sqreen events show 4711
  $ sqreen events show 4711 --jq .detail.request.headers`,
		Args: cmdutil.Args(cobra.ExactArgs(1), "name one event by its number, as in sqreen events show 4711"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.ID, err = cmdutil.ParseID("event", args[0]); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return showRun(cmd.Context(), o)
		},
	}
	cmdutil.OutputFlags[event](cmd, &o.Print, nil)
	return cmd
}

func showRun(ctx context.Context, o *ShowOptions) error {
	e, err := cmdutil.Load(ctx, o.Factory, "reading the event", func(p localplatform.Platform) (event, error) {
		return p.Event(ctx, o.ID)
	})
	if err != nil {
		return err
	}
	return printer.One(o.IO, o.Now(), &o.Print, e, func(p *printer.Page) error {
		Page(p, e)
		return nil
	})
}

// Page writes all that is known of an event.
func Page(p *printer.Page, e localplatform.Event) {
	p.Title(fmt.Sprintf("Event %d: %s", e.Pos, headline(e)))
	p.Field("at", p.Moment(e.At))
	p.Field("app", printer.Clean(e.App+"/"+e.Env))
	p.Field("name", printer.Clean(e.Name))
	p.Field("severity", p.Word(string(e.Severity)))
	p.Field("address", IP(e))
	p.Field("user", printer.Clean(e.User))
	if e.Weight > 1 {
		p.Field("stands for", printer.Count(e.Weight, "fact", "facts"))
	}
	var s wire.Signal
	if len(e.Detail) > 0 {
		if err := json.Unmarshal(e.Detail, &s); err != nil {
			p.Field("detail", p.Warn("cannot be read: "+printer.Clean(err.Error())))
		}
	}
	Request(p, e, s.Request)
	attack(p, e, s.Attack)
	properties(p, s.Event)
	if s.Action != nil {
		p.Section("Action")
		p.Field("id", printer.Clean(s.Action.ID))
		p.Field("sent to", printer.Clean(s.Action.URL))
	}
	Stack(p, s.Stack)
	next(p, e)
}

func headline(e event) string {
	if e.Message != "" {
		return e.Message
	}
	return Label(e)
}

// Request writes the request of an event. r may be nil when its detail is unknown.
func Request(p *printer.Page, e localplatform.Event, r *wire.Request) {
	if r == nil {
		r = &wire.Request{
			ID: e.Request, Method: e.Method, Path: e.Path, Route: e.Route, Status: e.Status,
			Host: e.Host, UserAgent: e.UserAgent, Blocked: e.Blocked,
		}
	}
	if r.Method == "" && r.Path == "" {
		return
	}
	p.Section("Request")
	line := r.Method + " " + r.Path
	if r.Query != "" {
		line += "?" + r.Query
	}
	p.Field("request", printer.Clean(line))
	p.Field("id", printer.Clean(r.ID))
	p.Field("host", printer.Clean(strings.TrimSuffix(r.Host+":"+r.Port, ":")))
	p.Field("route", printer.Clean(r.Route))
	p.Field("remote", printer.Clean(r.Remote))
	if r.Status != 0 {
		p.Field("status", strconv.Itoa(r.Status))
	}
	p.Field("user agent", printer.Clean(r.UserAgent))
	p.Field("referer", printer.Clean(r.Referer))
	values(p, "header ", r.Headers)
	values(p, "", r.Params)
}

func values(p *printer.Page, prefix string, m map[string][]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		for _, v := range m[k] {
			p.Field(prefix+printer.Clean(k), printer.Clean(v))
		}
	}
}

func attack(p *printer.Page, e event, a *wire.Attack) {
	if a == nil {
		return
	}
	p.Section("Attack")
	p.Field("kind", printer.Clean(a.Kind))
	p.Field("why", printer.Clean(a.Message))
	p.Field("protection", printer.Clean(strings.TrimSpace(a.Protection+" "+a.Rule)))
	p.Field("confidence", printer.Clean(a.Confidence))
	p.Field("outcome", outcome(p, e))
	p.Field("parameter", printer.Clean(a.Param))
	p.Field("payload", printer.Clean(a.Payload))
	p.Field("matched", printer.Clean(a.Match))
	if s := a.Sink; s != nil {
		p.Field("reached", printer.Clean(strings.Join(nonEmpty(s.Type, s.Dialect, s.Database, s.Target), ", ")))
		p.Field("statement", Statement(p, s))
	}
}

func nonEmpty(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// outcome says how the attack ended.
func outcome(p *printer.Page, e event) string {
	switch {
	case e.Blocked && e.Reached:
		return p.Good("blocked") + " at the sink"
	case e.Blocked:
		return p.Good("blocked")
	case e.Reached:
		return p.Bad("got through") + " to the sink"
	}
	return p.Warn("seen, not blocked")
}

// Statement writes what reached a sink, with the input in it marked.
func Statement(p *printer.Page, s *wire.Sink) string {
	text := s.Statement
	if s.Start < 0 || s.End <= s.Start || s.End > len(text) {
		return printer.Clean(text)
	}
	return printer.Clean(text[:s.Start]) + p.Bad(printer.Clean(text[s.Start:s.End])) + printer.Clean(text[s.End:])
}

func properties(p *printer.Page, ev *wire.Event) {
	if ev == nil || len(ev.Properties) == 0 {
		return
	}
	p.Section("Properties")
	for _, k := range slices.Sorted(maps.Keys(ev.Properties)) {
		text, err := json.Marshal(ev.Properties[k])
		if err != nil {
			continue
		}
		p.Field(printer.Clean(k), printer.Clean(string(text)))
	}
}

// Stack writes frames, innermost first; those of the app's own code stand out.
func Stack(p *printer.Page, frames []wire.Frame) {
	if len(frames) == 0 {
		return
	}
	p.Section("Stack")
	for _, f := range frames {
		text := printer.Clean(f.Function)
		if f.InApp {
			text = p.Bold(text)
		}
		p.Line("%s\n    %s", text, p.Faint(printer.Clean(f.File)+":"+strconv.Itoa(f.Line)))
	}
}

// next says what to type to go on from here.
func next(p *printer.Page, e event) {
	if p.Plain {
		return
	}
	p.Line("")
	if e.Request != "" {
		p.Line("%s sqreen activity show %s", p.Faint("the whole request:"), cmdutil.ShellQuote(e.Request))
	}
	if e.IP.IsValid() {
		p.Line("%s sqreen events ip:%s", p.Faint("all from this address:"), cmdutil.ShellQuote(quoteAddr(e.IP.String())))
	}
}

func quoteAddr(a string) string {
	if strings.Contains(a, ":") {
		return `"` + a + `"`
	}
	return a
}
