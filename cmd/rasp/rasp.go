// Package rasp is `sqreen rasp`: runtime self-protection, tried without an app.
package rasp

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/evaluation"
	"github.com/sqreen/sqreen/cmd/internal/printer"
)

// New makes the command with its verbs.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rasp",
		Short: "Try runtime self-protection on statements and inputs",
		Long: `Runtime self-protection compares what a request brought in with what reaches a
sink such as a database. Here it does so offline, with the check that agents run.`,
		Example: "  $ sqreen rasp test --dialect postgresql --pairs pairs.jsonl",
	}
	return cmdutil.Group(cmd, NewTest(f, nil))
}

// TestOptions say which pairs to try.
type TestOptions struct {
	evaluation.Options
	Dialect string
	Pairs   string // file of labelled pairs
}

// example is a line of --pairs.
const example = `{"statement": "SELECT * FROM users WHERE id = 1 OR 1=1", "input": "1 OR 1=1", "attack": true}`

// dialects are what --dialect takes.
func dialects() []string { return []string{"sqlite", "postgresql", "mysql", "mssql", "oracle"} }

// NewTest makes `sqreen rasp test`. runF replaces the work in tests.
func NewTest(f *cmdutil.Factory, runF func(context.Context, *TestOptions) error) *cobra.Command {
	o := &TestOptions{Options: evaluation.Options{Factory: f}}
	cmd := &cobra.Command{
		Use:   "test --dialect DIALECT --pairs FILE",
		Short: "Say how well injections are told from ordinary statements",
		Long: `Try the check for SQL injection offline, on pairs of a statement and an input of
the request that led to it. The check flags a pair when the input changed the
structure of the statement. How many attacks are detected and how many legitimate
pairs are flagged is told, for each kind if the lines name one. The lines are

  {"statement": "SELECT * FROM users WHERE id = 1 OR 1=1",
   "input": "1 OR 1=1", "attack": true, "kind": "numeric"}

each on one line. FILE may be - for standard input.`,
		Example: `  $ sqreen rasp test --dialect postgresql --pairs pairs.jsonl
  $ sqreen rasp test --dialect sqlite --pairs pairs.jsonl --misses misses.jsonl
  $ sqreen rasp test --dialect mysql --pairs - --json`,
		Args: cmdutil.Args(cobra.NoArgs, "the file goes into --pairs FILE, and fields of --json follow ="),
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
	fl.StringVar(&o.Dialect, "dialect", "", "`dialect` of the statements: "+strings.Join(dialects(), ", "))
	fl.StringVar(&o.Pairs, "pairs", "", "`file` of labelled statements with their inputs, as JSON lines")
	cmdutil.Fixed(cmd, "dialect", dialects()...)
	cmdutil.Must(cmd.MarkFlagFilename("pairs", "jsonl"))
	o.Flags(cmd, reflect.TypeFor[evaluation.Report])
	return cmd
}

func (o *TestOptions) validate(cmd *cobra.Command) error {
	switch {
	case o.Pairs == "":
		u := cmdutil.Usage(cmd.CommandPath(), "nothing to test")
		u.Hint = "sqreen rasp test --dialect postgresql --pairs FILE"
		return u
	case o.Dialect == "":
		u := cmdutil.Usage(cmd.CommandPath(), "--dialect is missing")
		u.Hint = "use " + strings.Join(dialects(), ", ")
		return u
	case !slices.Contains(dialects(), o.Dialect):
		return printer.UnknownName("dialect", o.Dialect, dialects())
	}
	return nil
}

func testRun(ctx context.Context, o *TestOptions) error {
	return o.Lines(ctx, o.Pairs, example, o.judge)
}

// pair is a line of --pairs.
type pair struct {
	Statement *string `json:"statement"`
	Input     *string `json:"input"`
	Attack    *bool   `json:"attack"`
	Kind      string  `json:"kind"`
}

// miss is a line of --misses. It is a line of --pairs too, so that the misses
// can be tried again.
type miss struct {
	Line      int     `json:"line"`
	Statement string  `json:"statement"`
	Input     string  `json:"input"`
	Attack    bool    `json:"attack"`
	Kind      string  `json:"kind,omitempty"`
	Matches   []match `json:"matches"` // what the check found, one at most
}

// match is what the check found.
type match struct {
	Rule       string `json:"rule"`
	Confidence string `json:"confidence"`
	Matched    string `json:"matched"` // the part of the statement
	Message    string `json:"message"`
}

// judge takes the input for the parameter q of a request that led to the statement.
func (o *TestOptions) judge(number int, text []byte) (evaluation.Verdict, error) {
	var p pair
	if err := evaluation.Decode(text, &p); err != nil {
		return evaluation.Verdict{}, err
	}
	switch {
	case p.Statement == nil:
		return evaluation.Verdict{}, evaluation.Missing("statement")
	case p.Input == nil:
		return evaluation.Verdict{}, evaluation.Missing("input")
	case p.Attack == nil:
		return evaluation.Verdict{}, evaluation.Missing("attack")
	}
	in := rasp.NewInputs()
	in.Add("query.q", *p.Input)
	found := rasp.SQL(in, o.Dialect, *p.Statement)
	v := evaluation.Verdict{Attack: *p.Attack, Kind: p.Kind, Flagged: found != nil}
	if v.Wrong() {
		m := miss{Line: number, Statement: *p.Statement, Input: *p.Input, Attack: *p.Attack, Kind: p.Kind, Matches: []match{}}
		if found != nil {
			m.Matches = append(m.Matches, match{Rule: found.Rule, Confidence: found.Confidence, Matched: found.Match, Message: found.Message})
		}
		v.Miss = m
	}
	return v, nil
}
