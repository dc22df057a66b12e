package incidents

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// CheckOptions say what to look at, what fails, and where to write.
type CheckOptions struct {
	*cmdutil.Factory
	App, Env      []string
	Query         string
	FailOn        string
	States        []string
	Show          string
	Since         string
	Baseline      string
	WriteBaseline string
	AllowSilent   bool
	MaxAge        string
	Outputs       []string
}

// showFailing is the value of --show that leaves out what does not fail.
const showFailing = "failing"

// NewCheck makes `sqreen incidents check`. runF replaces the work in tests.
func NewCheck(f *cmdutil.Factory, runF func(context.Context, *CheckOptions) error) *cobra.Command {
	o := &CheckOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Fail when there are incidents: the gate for CI",
		Long: `Look at live incidents and end with an exit code that a pipeline understands:

  0  nothing fails
  1  error
  2  an incident of the severity of --fail-on or above is open or acknowledged
  4  not authorised
  8  nothing fails, but an app in scope has no agent that reports

What is shown and what fails are separate: --show chooses the incidents in the
outputs, --fail-on what counts. With --baseline only incidents that the file
does not know fail, or that got worse; with --since only those that began since.

-o may be repeated: table, json, sarif, junit and annotations, each with =FILE to
write to a file. One of them may go to standard output.

--app and --env say which apps must be reporting. Where no platform runs on the
data, that is judged at the time of the last word from any agent.`,
		Example: `  $ sqreen incidents check --fail-on high
  $ sqreen incidents check --fail-on medium --env prod -o table -o sarif=out.sarif -o junit=out.xml
  $ sqreen incidents check --write-baseline known.json
  $ sqreen incidents check --baseline known.json -o annotations`,
		Args: cmdutil.Args(cobra.NoArgs, "a query goes into --query 'QUERY'"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.defaults(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return checkRun(cmd.Context(), o)
		},
	}
	o.flags(f, cmd)
	return cmd
}

func (o *CheckOptions) flags(f *cmdutil.Factory, cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&o.FailOn, "fail-on", "", "`severity` that fails, and all above: low, medium, high, or none (high)")
	fl.StringVar(&o.Show, "show", "low", "`severity` that is shown, and all above, or failing")
	fl.StringSliceVar(&o.App, "app", nil, "only these apps")
	fl.StringSliceVar(&o.Env, "env", nil, "only these environments")
	fl.StringVar(&o.Query, "query", "", "only incidents that match a `query`")
	fl.StringSliceVar(&o.States, "fail-state", []string{"open", "acknowledged"}, "states that fail")
	fl.StringVar(&o.Since, "since", "", "only incidents that began since a `time` fail: 24h, 2026-11-01")
	fl.StringVar(&o.Baseline, "baseline", "", "only incidents that this `file` does not know fail")
	fl.StringVar(&o.WriteBaseline, "write-baseline", "", "write the incidents there are to a `file`, and fail on none")
	fl.BoolVar(&o.AllowSilent, "allow-silent", false, "apps without an agent that reports are fine")
	fl.StringVar(&o.MaxAge, "max-age", "", "how old the last word of an agent may be, a `duration` such as 1h")
	fl.StringArrayVarP(&o.Outputs, "output", "o", nil, "`format[=file]`, repeatable: "+strings.Join(checkFormats, ", "))
	cmdutil.Fixed(cmd, "fail-on", append(localplatform.Severities(), "none")...)
	cmdutil.Fixed(cmd, "show", append(localplatform.Severities(), showFailing)...)
	cmdutil.Fixed(cmd, "fail-state", localplatform.IncidentStates()...)
	cmdutil.Fixed(cmd, "output", checkFormats...)
	f.Values(cmd, "app", "incidents", "app")
	f.Values(cmd, "env", "incidents", "env")
	f.QueryFlag(cmd, "query", localplatform.IncidentSchema())
	cmdutil.Must(cmd.MarkFlagFilename("baseline", "json"))
	cmdutil.Must(cmd.MarkFlagFilename("write-baseline", "json"))
}

// defaults fills in what configuration files say and checks the rest.
func (o *CheckOptions) defaults() error {
	cfg, err := o.Config()
	if err != nil {
		return err
	}
	fill := func(flag *string, get func(cmdutil.Check) string) {
		if *flag == "" {
			*flag = cfg.First(func(f cmdutil.File) string { return get(f.Check) })
		}
	}
	fill(&o.FailOn, func(c cmdutil.Check) string { return c.FailOn })
	fill(&o.Query, func(c cmdutil.Check) string { return c.Query })
	if o.WriteBaseline == "" {
		fill(&o.Baseline, func(c cmdutil.Check) string { return c.Baseline })
	}
	if o.FailOn == "" {
		o.FailOn = string(localplatform.SeverityHigh)
	}
	return o.validate()
}

func (o *CheckOptions) validate() error {
	if o.FailOn != "none" {
		if _, err := localplatform.ParseSeverity(o.FailOn); err != nil {
			return fmt.Errorf("--fail-on: %w", err)
		}
	}
	if o.Show != showFailing {
		if _, err := localplatform.ParseSeverity(o.Show); err != nil {
			return fmt.Errorf("--show: %w", err)
		}
	}
	for _, s := range o.States {
		if !slices.Contains(localplatform.IncidentStates(), s) {
			return printer.UnknownName("incident state", s, localplatform.IncidentStates())
		}
	}
	if o.WriteBaseline != "" && o.Baseline != "" {
		return localplatform.Errorf(localplatform.CodeInvalid, "--baseline and --write-baseline exclude each other")
	}
	_, err := parseOutputs(o.Outputs)
	return err
}

// Report is what a check found: the value behind every output.
type Report struct {
	Version  int       `json:"version"` // of this format
	Now      time.Time `json:"now"`
	FailOn   string    `json:"fail_on"`
	Exit     int       `json:"exit_code"`
	Failing  int       `json:"failing"`
	Findings []Finding `json:"incidents"` // those that --show chooses, the worst first
	Silent   []Silent  `json:"silent"`    // apps in scope that do not report
	Apps     []string  `json:"apps"`      // apps in scope
	Recorded bool      `json:"recorded"`  // no platform runs; judged at As
	As       time.Time `json:"as_of"`

	Baselined bool `json:"baselined"` // compared with a baseline or with --since
}

// Finding is an incident and what the check makes of it.
type Finding struct {
	localplatform.Incident
	Fails       bool   `json:"fails"`
	Known       bool   `json:"known"` // in the baseline, or older than --since
	Fingerprint string `json:"fingerprint"`
}

// Silent is an app that does not report.
type Silent struct {
	App    string    `json:"app"`
	Env    string    `json:"env"`
	Last   time.Time `json:"last_seen,omitzero"`
	Reason string    `json:"reason"`
}

// facts is what the platform says for a check.
type facts struct {
	incidents []incident
	apps      []inventory.App
	status    localplatform.Status
}

func checkRun(ctx context.Context, o *CheckOptions) error {
	known, err := readBaseline(o.Baseline)
	if err != nil {
		return err
	}
	query, err := cmdutil.NewFilter([]string{o.Query}).Is("app", o.App...).Is("env", o.Env...).
		Text(localplatform.IncidentSchema(), o.Now())
	if err != nil {
		return err
	}
	since, err := sinceTime(o.Since, o.Now())
	if err != nil {
		return err
	}
	all, err := cmdutil.Load(ctx, o.Factory, "checking incidents", func(p localplatform.Platform) (facts, error) {
		return gather(ctx, p, query)
	})
	if err != nil {
		return err
	}
	r, err := o.judge(all, known, since)
	if err != nil {
		return err
	}
	if o.WriteBaseline != "" {
		return o.writeBaseline(all.incidents)
	}
	return o.finish(r)
}

// gather reads all live incidents, page by page, and the apps.
func gather(ctx context.Context, p localplatform.Platform, query string) (f facts, err error) {
	if query != "" {
		query = "(" + query + ") "
	}
	for {
		page, err := p.Incidents(ctx, localplatform.IncidentQuery{
			Query: query + liveTerm, Sort: "severity", Limit: 1000, Offset: len(f.incidents),
		})
		if err != nil {
			return f, err
		}
		f.incidents = append(f.incidents, page.Incidents...)
		if len(page.Incidents) == 0 || len(f.incidents) >= page.Total {
			break
		}
	}
	if f.apps, err = p.Apps(ctx, ""); err != nil {
		return f, err
	}
	f.status, err = p.Status(ctx)
	return f, err
}

// judge decides what fails and what is missing.
func (o *CheckOptions) judge(all facts, known baseline, since time.Time) (*Report, error) {
	r := &Report{Version: 1, Now: o.Now().UTC(), FailOn: o.FailOn, Findings: []Finding{}, Silent: []Silent{}, Apps: []string{}}
	r.Baselined = known != nil || !since.IsZero()
	for _, i := range all.incidents {
		f := Finding{Incident: i, Fingerprint: fingerprint(i)}
		f.Known = known.has(f) || i.FirstSeen.Before(since)
		f.Fails = o.fails(f)
		if f.Fails {
			r.Failing++
		}
		if o.shows(f) {
			r.Findings = append(r.Findings, f)
		}
	}
	if err := o.listen(r, all); err != nil {
		return nil, err
	}
	switch {
	case r.Failing > 0:
		r.Exit = cmdutil.ExitPolicy
	case len(r.Silent) > 0 && !o.AllowSilent:
		r.Exit = cmdutil.ExitNoData
	}
	return r, nil
}

func (o *CheckOptions) fails(f Finding) bool {
	return o.FailOn != "none" && f.Severity.AtLeast(localplatform.Severity(o.FailOn)) &&
		slices.Contains(o.States, string(f.State)) && !f.Known
}

func (o *CheckOptions) shows(f Finding) bool {
	if o.Show == showFailing {
		return f.Fails
	}
	return f.Severity.AtLeast(localplatform.Severity(o.Show)) || f.Fails
}

// listen finds the apps in scope that do not report. A data directory that no
// platform serves is a recording: nobody could report to it since, so silence is
// measured from the last word of any agent.
func (o *CheckOptions) listen(r *Report, all facts) error {
	r.As, r.Recorded = o.Now().UTC(), all.status.Mode == "local"
	if r.Recorded {
		r.As = time.Time{}
		for _, a := range all.apps {
			if a.LastSeen.After(r.As) {
				r.As = a.LastSeen.UTC()
			}
		}
	}
	for _, a := range all.apps {
		if !o.inScope(a) {
			continue
		}
		r.Apps = append(r.Apps, a.Name+"/"+a.Env)
		switch {
		case a.FirstSeen.IsZero():
			r.Silent = append(r.Silent, Silent{App: a.Name, Env: a.Env, Reason: "no agent has ever connected"})
		case r.As.Sub(a.LastSeen) > localplatform.SilentAfter:
			r.Silent = append(r.Silent, Silent{App: a.Name, Env: a.Env, Last: a.LastSeen, Reason: "its agents are silent"})
		}
	}
	if len(r.Apps) == 0 {
		r.Silent = append(r.Silent, Silent{App: strings.Join(o.App, ","), Env: strings.Join(o.Env, ","), Reason: "no app in scope has ever connected"})
	}
	return o.tooOld(r)
}

// tooOld applies --max-age.
func (o *CheckOptions) tooOld(r *Report) error {
	if o.MaxAge == "" {
		return nil
	}
	limit, err := cmdutil.ParseSpan(o.MaxAge)
	if err != nil {
		return fmt.Errorf("--max-age: %w", err)
	}
	if age := o.Now().Sub(r.As); age > limit {
		r.Silent = append(r.Silent, Silent{Last: r.As, Reason: fmt.Sprintf("the last word of any agent is %s old", printer.Span(age))})
	}
	return nil
}

func (o *CheckOptions) inScope(a inventory.App) bool {
	fold := func(list []string, v string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, v) })
	}
	return fold(o.App, a.Name) && fold(o.Env, a.Env)
}

// finish writes the outputs and ends with the exit code of the report.
func (o *CheckOptions) finish(r *Report) error {
	outputs, err := parseOutputs(o.Outputs)
	if err != nil {
		return err
	}
	for _, out := range outputs {
		write := func(w io.Writer) error { return o.write(w, out.format, r) }
		if out.file == "" {
			err = write(o.IO.Out)
		} else {
			err = cmdutil.WriteFile(out.file, write)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", out.format, err)
		}
	}
	if err := o.verdict(r); err != nil {
		return err
	}
	if r.Exit != cmdutil.ExitOK {
		return &cmdutil.ExitError{Code: r.Exit}
	}
	return nil
}

// verdict says in a line or two why the check ends as it does.
func (o *CheckOptions) verdict(r *Report) error {
	var b strings.Builder
	c := o.IO.Colour()
	for _, s := range r.Silent {
		fmt.Fprintf(&b, "%s %s\n", c.Warn("no data:"), printer.Clean(s.text()))
	}
	if r.Recorded && !r.As.IsZero() {
		fmt.Fprintf(&b, "%s no platform runs on this data; it was last written to %s\n", c.Faint("note:"), printer.Ago(r.As, o.Now()))
	}
	switch r.Exit {
	case cmdutil.ExitPolicy:
		fmt.Fprintf(&b, "%s %s of severity %s or above\n", c.Bad("failed:"), printer.Count(int64(r.Failing), "incident", "incidents"), r.FailOn)
		fmt.Fprintf(&b, "%s sqreen incidents show %d\n", c.Key("hint:"), r.firstFailing())
	case cmdutil.ExitNoData:
		fmt.Fprintf(&b, "%s nothing fails, but not every app reports\n%s --allow-silent accepts that\n", c.Warn("not enough data:"), c.Key("hint:"))
	default:
		what := "no incident fails"
		if r.FailOn != "none" {
			what = "no incident of severity " + r.FailOn + " or above fails"
		}
		fmt.Fprintf(&b, "%s %s\n", c.Good("passed:"), what)
	}
	_, err := io.WriteString(o.IO.ErrOut, b.String())
	return err
}

func (r *Report) firstFailing() int64 {
	for _, f := range r.Findings {
		if f.Fails {
			return f.ID
		}
	}
	return 0
}

func (s Silent) text() string {
	name := strings.Trim(s.App+"/"+s.Env, "/")
	text := s.Reason
	if name != "" {
		text = name + ": " + text
	}
	if !s.Last.IsZero() {
		text += ", last heard of " + s.Last.UTC().Format(time.RFC3339)
	}
	return text
}
