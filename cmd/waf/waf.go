// Package waf is `sqreen waf`: the in-app firewall, tried without an app.
package waf

import (
	"context"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/evaluation"
)

// New makes the command with its verbs.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waf",
		Short: "Try the in-app firewall on requests and lists of values",
		Long: `The in-app firewall looks at what an app parsed out of a request and says which
values are attacks. Here it does so offline, with the engine that agents run.`,
		Example: `  $ sqreen waf test 'GET /search?q=1%27 OR 1=1 --'
  $ sqreen waf test --values values.jsonl`,
	}
	return cmdutil.Group(cmd, NewTest(f, nil))
}

// TestOptions say what to try, and as which app.
type TestOptions struct {
	evaluation.Options
	Values  string // file of labelled values
	Request string // file with a raw HTTP request
	Line    string // a request as typed: GET /x?q=1
	HAR     string // file with an HTTP archive
	App     string // APP or APP/ENV, "" for any app
}

// example is a line of --values.
const example = `{"v": "1' OR 1=1 --", "attack": true, "kind": "sqli"}`

// NewTest makes `sqreen waf test`. runF replaces the work in tests.
func NewTest(f *cmdutil.Factory, runF func(context.Context, *TestOptions) error) *cobra.Command {
	o := &TestOptions{Options: evaluation.Options{Factory: f}}
	cmd := &cobra.Command{
		Use:   "test {REQUEST | --request FILE | --har FILE | --values FILE}",
		Short: "Say what the firewall makes of requests or of a list of values",
		Long: `Try the firewall offline. A request, as typed or from a file, or the requests of
an HTTP archive: each layer says what it found, with rule, operator, decoding and
the part that matched. A list of values, each of which stands percent-encoded in
the parameter q of an ordinary GET: how many attacks are detected and how many
legitimate values are flagged, for each kind. The lines of the list are

  ` + example + `

Detected, or flagged, is what blocking mode would block: matches of medium and
high confidence. The rules are those that the agent of an app uses; with --app
those for the stack of an app, under its policy. FILE may be - for standard input.`,
		Example: `  $ sqreen waf test 'GET /search?q=1%27 OR 1=1 --'
  $ sqreen waf test --request request.txt
  $ sqreen waf test --har session.har --app shop/prod
  $ sqreen waf test --values values.jsonl --misses misses.jsonl
  $ sqreen waf test --values values.jsonl --json`,
		Args: o.args,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return testRun(cmd.Context(), o)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&o.Values, "values", "", "`file` of labelled values, as JSON lines")
	fl.StringVar(&o.Request, "request", "", "`file` with a raw HTTP request")
	fl.StringVar(&o.HAR, "har", "", "`file` with an HTTP archive, as browsers and proxies save it")
	fl.StringVar(&o.App, "app", "", "use the stack and the policy of this `app[/env]`")
	cmdutil.Must(cmd.MarkFlagFilename("values", "jsonl"))
	cmdutil.Must(cmd.MarkFlagFilename("request"))
	cmdutil.Must(cmd.MarkFlagFilename("har", "har"))
	cmdutil.Must(cmd.RegisterFlagCompletionFunc("app", f.CompleteApps(1)))
	o.Flags(cmd, o.printed)
	return cmd
}

// args takes the request; it comes before the check of what is to be printed.
func (o *TestOptions) args(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		o.Line = args[0]
	}
	return cmdutil.Args(cobra.MaximumNArgs(1), "quote the request: sqreen waf test 'GET /search?q=1'")(cmd, args)
}

// printed is the type that the options print.
func (o *TestOptions) printed() reflect.Type {
	if o.Line != "" || o.Request != "" || o.HAR != "" {
		return reflect.TypeFor[Inspection]()
	}
	return reflect.TypeFor[evaluation.Report]()
}

func (o *TestOptions) validate(cmd *cobra.Command) error {
	given := 0
	for _, text := range []string{o.Values, o.Request, o.HAR, o.Line} {
		if text != "" {
			given++
		}
	}
	switch {
	case given == 0:
		u := cmdutil.Usage(cmd.CommandPath(), "nothing to test")
		u.Hint = "give a request, as in sqreen waf test 'GET /search?q=1', or --values FILE, --request FILE or --har FILE"
		return u
	case given > 1 && o.Line != "" && cmd.Flags().Changed("json"):
		u := cmdutil.Usage(cmd.CommandPath(), "%q would be a request, and there is one already", o.Line)
		u.Hint = "fields of --json follow =, as in --json=attacks,detected"
		return u
	case given > 1:
		return cmdutil.Usage(cmd.CommandPath(), "a request, --request, --har and --values exclude each other")
	case o.Values == "" && o.Misses != "":
		return cmdutil.Usage(cmd.CommandPath(), "--misses goes with --values")
	case o.Values == "" && o.SkipBad:
		return cmdutil.Usage(cmd.CommandPath(), "--skip-bad goes with --values")
	}
	return nil
}
