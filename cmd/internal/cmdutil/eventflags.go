package cmdutil

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// EventFlags are the filters that events and activity share.
type EventFlags struct {
	App, Env, Kind, Attack, IP, User, Severity []string
	Blocked                                    bool
	Since, Until                               string
	blockedSet                                 bool
}

// Add adds the flags to a command.
func (o *EventFlags) Add(f *Factory, cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&o.App, "app", nil, "only these apps")
	fl.StringSliceVar(&o.Env, "env", nil, "only these environments")
	fl.StringSliceVar(&o.Kind, "kind", nil, "only these kinds: attack, user, event, action, http_error, exception")
	fl.StringSliceVar(&o.Attack, "attack", nil, "only these kinds of attack: sqli, xss, ...")
	fl.StringSliceVar(&o.IP, "ip", nil, "only these addresses or CIDRs")
	fl.StringSliceVar(&o.User, "user", nil, "only these users")
	fl.StringSliceVar(&o.Severity, "severity", nil, "only these severities: low, medium, high")
	fl.BoolVar(&o.Blocked, "blocked", false, "only what was blocked; --blocked=false: what was not")
	fl.StringVar(&o.Since, "since", "", "only since a `time`: 24h, 7d, 2026-11-01, 2026-11-01T08:00:00Z")
	fl.StringVar(&o.Until, "until", "", "only before a `time`")
	for flag, field := range map[string]string{"app": "app", "env": "env", "kind": "kind", "attack": "attack", "ip": "ip", "user": "user", "severity": "severity"} {
		f.Values(cmd, flag, "events", field)
	}
	chain(cmd, func(cmd *cobra.Command) error {
		o.blockedSet = cmd.Flags().Changed("blocked")
		return nil
	})
}

// Filter joins the flags with the arguments of the command.
func (o *EventFlags) Filter(args []string) *Filter {
	f := NewFilter(args).Is("app", o.App...).Is("env", o.Env...).Is("kind", o.Kind...).Is("attack", o.Attack...).
		Is("ip", o.IP...).Is("user", o.User...).Is("severity", o.Severity...).Is("since", o.Since).Is("until", o.Until)
	switch {
	case o.Blocked:
		f.Term("blocked:true")
	case o.blockedSet:
		f.Term("blocked:false")
	}
	return f
}

// Range is the time that --since and --until span; zero times are open ends.
func (o *EventFlags) Range(now time.Time) (from, to time.Time, err error) {
	var f Filter
	f.Is("since", o.Since).Is("until", o.Until)
	s := localplatform.EventSchema()
	text, err := f.Text(s, now)
	if err != nil {
		return from, to, err
	}
	q, err := queries.Compile(text, s, now)
	if err != nil {
		return from, to, QueryError(err)
	}
	from, to = q.TimeRange(s.TimeField)
	return from, to, nil
}
