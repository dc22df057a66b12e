package incidents

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// verb is one way to change incidents.
type verb struct {
	name, short, long, example string
	done                       string // what has happened to an incident afterwards
	takes                      string // what the query of --all is limited to
	next                       string // what to type next, with %d for the incident
	flags                      func(*ChangeOptions, *cobra.Command)
	change                     func(*ChangeOptions) (localplatform.IncidentChange, error)
}

// to makes the change function of a verb that only sets a state.
func to(s localplatform.IncidentState) func(*ChangeOptions) (localplatform.IncidentChange, error) {
	return func(o *ChangeOptions) (localplatform.IncidentChange, error) {
		return localplatform.IncidentChange{State: s, Note: o.Note}, nil
	}
}

func verbs() []verb {
	return append(stateVerbs(), assignVerb(), noteVerb())
}

func stateVerbs() []verb {
	return []verb{
		{
			name: "ack", short: "Acknowledge incidents: somebody is on it", done: "Acknowledged", takes: "state:(open,snoozed)",
			long: "Acknowledge incidents. New attacks still join them.", change: to(localplatform.StateAcknowledged),
			example: "  $ sqreen incidents ack 12\n  $ sqreen incidents ack 12 13 --note \"looking into it\"",
			next:    "sqreen incidents resolve %d when it is dealt with",
		},
		{
			name: "resolve", short: "Resolve incidents: they are dealt with", done: "Resolved", takes: liveTerm,
			long:    "Resolve incidents. Attacks after that make a new incident.",
			change:  to(localplatform.StateResolved),
			example: "  $ sqreen incidents resolve 12 --note \"fixed in 1.4.2\"\n  $ sqreen incidents resolve --all --query 'env:staging' --yes",
			next:    "sqreen incidents reopen %d takes it back",
		},
		{
			name: "reopen", short: "Open incidents again", done: "Reopened", takes: "-state:open",
			long:   "Open incidents again that were acknowledged, snoozed, resolved or ignored.",
			change: to(localplatform.StateOpen), example: "  $ sqreen incidents reopen 12",
		},
		snoozeVerb(),
		{
			name: "ignore", short: "Ignore incidents for good", done: "Ignored", takes: liveTerm,
			long: `Ignore incidents. An ignored incident keeps swallowing attacks of its own actor,
and never fails a check.`,
			change: to(localplatform.StateIgnored), example: "  $ sqreen incidents ignore 12 --note \"our own scanner\"",
			next: "sqreen incidents reopen %d takes it back",
		},
	}
}

func snoozeVerb() verb {
	return verb{
		name: "snooze", short: "Snooze incidents for a while", done: "Snoozed", takes: "state:(open,acknowledged)",
		long:    "Snooze incidents. They open again when the time is up.",
		example: "  $ sqreen incidents snooze 12 --for 4h\n  $ sqreen incidents snooze 12 --until 2026-12-01",
		flags: func(o *ChangeOptions, cmd *cobra.Command) {
			cmd.Flags().StringVar(&o.For, "for", "", "for a `duration`: 45m, 4h, 7d")
			cmd.Flags().StringVar(&o.Until, "until", "", "until a `time`: 2026-12-01, 2026-12-01T08:00:00Z")
			cmdutil.Fixed(cmd, "for", "1h", "4h", "24h", "7d")
		},
		change: func(o *ChangeOptions) (localplatform.IncidentChange, error) {
			until, err := cmdutil.Deadline(o.Now(), o.For, o.Until)
			if err == nil && until.IsZero() {
				err = localplatform.Errorf(localplatform.CodeInvalid, "snooze for how long?").WithHint("add --for 4h")
			}
			return localplatform.IncidentChange{State: localplatform.StateSnoozed, SnoozedUntil: until, Note: o.Note}, err
		},
	}
}

func assignVerb() verb {
	return verb{
		name: "assign", short: "Assign incidents to somebody", done: "Assigned", takes: liveTerm,
		long: "Say who takes care of incidents.", example: "  $ sqreen incidents assign 12 --to alice\n  $ sqreen incidents assign 12 --to nobody",
		flags: func(o *ChangeOptions, cmd *cobra.Command) {
			cmd.Flags().StringVar(&o.To, "to", "", "`name` of who takes care of it; \"nobody\" takes it from everybody")
			cmdutil.Must(cmd.MarkFlagRequired("to"))
			o.Values(cmd, "to", "incidents", "assignee")
		},
		change: func(o *ChangeOptions) (localplatform.IncidentChange, error) {
			to := strings.TrimSpace(o.To)
			if to == "" {
				return localplatform.IncidentChange{}, localplatform.Errorf(localplatform.CodeInvalid, "assign to whom?").WithHint("add --to NAME, or --to nobody")
			}
			if to == "nobody" {
				to = ""
			}
			return localplatform.IncidentChange{Assignee: &to, Note: o.Note}, nil
		},
	}
}

func noteVerb() verb {
	return verb{
		name: "note", short: "Add a note to incidents", done: "Noted on", takes: liveTerm,
		long: "Add a line to the timeline of incidents.", example: "  $ sqreen incidents note 12 --note \"the customer was told\"",
		change: func(o *ChangeOptions) (localplatform.IncidentChange, error) {
			if strings.TrimSpace(o.Note) == "" {
				return localplatform.IncidentChange{}, localplatform.Errorf(localplatform.CodeInvalid, "the note is empty").WithHint("add --note TEXT")
			}
			return localplatform.IncidentChange{Note: o.Note}, nil
		},
	}
}

// ChangeOptions say which incidents to change and how.
type ChangeOptions struct {
	*cmdutil.Factory
	Selection
	Print printer.Options
	IDs   []int64
	All   bool
	Query string
	Yes   bool

	Note           string
	To, For, Until string

	verb verb
}

// NewChange makes the command of one verb. runF replaces the work in tests.
func NewChange(f *cmdutil.Factory, v verb, runF func(context.Context, *ChangeOptions) error) *cobra.Command {
	o := &ChangeOptions{Factory: f, verb: v}
	cmd := &cobra.Command{
		Use: v.name + " {ID... | --all [--query QUERY]}", Short: v.short, Long: v.long, Example: v.example,
		ValidArgsFunction: completeIDs(f, true, v.takes),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.parse(cmd, args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return changeRun(cmd.Context(), o)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&o.All, "all", false, "all incidents that --query and the other filters select")
	fl.StringVar(&o.Query, "query", "", "with --all: a `query` over incidents")
	fl.BoolVarP(&o.Yes, "yes", "y", false, "do not ask before --all")
	fl.StringVarP(&o.Note, "note", "m", "", "`text` for the timeline")
	o.add(f, cmd)
	f.QueryFlag(cmd, "query", localplatform.IncidentSchema())
	if v.flags != nil {
		v.flags(o, cmd)
	}
	cmdutil.OutputFlags[incident](cmd, &o.Print, nil)
	return cmd
}

func (o *ChangeOptions) parse(cmd *cobra.Command, args []string) error {
	filtered := o.Query != "" || len(o.App)+len(o.Env)+len(o.Kind)+len(o.Severity)+len(o.State)+len(o.Assignee) > 0
	switch {
	case o.All == (len(args) > 0):
		u := cmdutil.Usage(cmd.CommandPath(), "name incidents by their numbers, or say --all")
		u.Hint = "sqreen incidents list shows the numbers"
		return u
	case filtered && !o.All:
		return cmdutil.Usage(cmd.CommandPath(), "--query and the filters select with --all")
	}
	for _, arg := range args {
		id, err := cmdutil.ParseID("incident", arg)
		if err != nil {
			return err
		}
		o.IDs = append(o.IDs, id)
	}
	return nil
}

func changeRun(ctx context.Context, o *ChangeOptions) error {
	change, err := o.verb.change(o)
	if err != nil {
		return err
	}
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		if o.All {
			if err := o.selectAll(ctx, p); err != nil || len(o.IDs) == 0 {
				return err
			}
		}
		changed, err := o.apply(ctx, p, change)
		if o.Print.Structured() {
			return errors.Join(printer.List(o.IO, o.Now(), &o.Print, printer.Table[incident]{Rows: changed}), err)
		}
		return err
	})
}

// selectAll finds the incidents of --all and asks whether they are meant.
func (o *ChangeOptions) selectAll(ctx context.Context, p localplatform.Platform) error {
	filter := o.filter(nil)
	filter.Query = o.Query
	query, err := filter.Term(o.verb.takes).Text(localplatform.IncidentSchema(), o.Now())
	if err != nil {
		return err
	}
	for {
		page, err := p.Incidents(ctx, localplatform.IncidentQuery{Query: query, Sort: "id", Limit: 1000, Offset: len(o.IDs)})
		if err != nil {
			return err
		}
		for _, i := range page.Incidents {
			o.IDs = append(o.IDs, i.ID)
		}
		if len(page.Incidents) == 0 || len(o.IDs) >= page.Total {
			break
		}
	}
	if len(o.IDs) == 0 {
		_, err := fmt.Fprintln(o.IO.ErrOut, "No incident matches; nothing was changed.")
		return err
	}
	return cmdutil.Confirm(o.IO, o.Yes, fmt.Sprintf("%s %s?", titled(o.verb.name), printer.Count(int64(len(o.IDs)), "incident", "incidents")))
}

func titled(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// apply changes one incident after the other and says what it did. One that
// fails does not keep the others from being changed.
func (o *ChangeOptions) apply(ctx context.Context, p localplatform.Platform, c localplatform.IncidentChange) ([]incident, error) {
	var changed []incident
	var errs []error
	for _, id := range o.IDs {
		i, err := p.ChangeIncident(ctx, id, c)
		if err != nil {
			errs = append(errs, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		changed = append(changed, i)
		if _, err := fmt.Fprintf(o.IO.ErrOut, "%s incident %d: %s\n", o.verb.done, i.ID, printer.Clean(describe(i))); err != nil {
			return changed, err
		}
	}
	if len(errs) == 0 && len(changed) > 0 && o.verb.next != "" && o.IO.IsStderrTTY() {
		fmt.Fprintf(o.IO.ErrOut, "%s %s\n", o.IO.Colour().Key("hint:"), fmt.Sprintf(o.verb.next, changed[0].ID))
	}
	if len(errs) == 1 {
		return changed, errs[0]
	}
	return changed, errors.Join(errs...)
}

func describe(i incident) string {
	text := fmt.Sprintf("%s on %s/%s", i.Title, i.App, i.Env)
	switch {
	case i.State == localplatform.StateSnoozed:
		text += ", until " + i.SnoozedUntil.UTC().Format(time.RFC3339)
	case i.Assignee != "":
		text += ", assigned to " + i.Assignee
	}
	return text
}
