package waf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/evaluation"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

func testRun(ctx context.Context, o *TestOptions) error {
	p, err := o.protection(ctx)
	if err != nil {
		return err
	}
	if o.Values != "" {
		if err := o.Lines(ctx, o.Values, example, p.judge); err != nil {
			return err
		}
		return o.sayMode(p)
	}
	var seen Inspection
	switch {
	case o.HAR != "":
		err = o.inspectHAR(ctx, p, &seen)
	default:
		err = o.inspectOne(p, &seen)
	}
	if err != nil {
		return err
	}
	err = printer.One(o.IO, o.Now(), &o.Print, seen, func(page *printer.Page) error { seen.page(page, o.HAR != ""); return nil })
	if err != nil {
		return err
	}
	return o.sayMode(p)
}

// labelled is a line of --values.
type labelled struct {
	Value  *string `json:"v"`
	Attack *bool   `json:"attack"`
	Kind   string  `json:"kind"`
}

// miss is a line of --misses. It is a line of --values too, so that the misses
// can be tried again.
type miss struct {
	Line    int     `json:"line"`
	Value   string  `json:"v"`
	Attack  bool    `json:"attack"`
	Kind    string  `json:"kind,omitempty"`
	Matches []Match `json:"matches"` // what matched, also of low confidence
}

// judge puts a value into an ordinary request.
func (p *protection) judge(number int, text []byte) (evaluation.Verdict, error) {
	var l labelled
	if err := evaluation.Decode(text, &l); err != nil {
		return evaluation.Verdict{}, err
	}
	switch {
	case l.Value == nil:
		return evaluation.Verdict{}, evaluation.Missing("v")
	case l.Attack == nil:
		return evaluation.Verdict{}, evaluation.Missing("attack")
	}
	r := p.inspect(number, ordinaryGet(*l.Value))
	v := evaluation.Verdict{Attack: *l.Attack, Kind: l.Kind, Flagged: r.Says == saysBlocked || r.Says == saysReported}
	if v.Wrong() {
		m := miss{Line: number, Value: *l.Value, Attack: *l.Attack, Kind: l.Kind, Matches: []Match{}}
		for _, layer := range r.Layers {
			m.Matches = append(m.Matches, layer.Matches...)
		}
		v.Miss = m
	}
	return v, nil
}

// ordinaryGet is a request such as a browser sends, with one parameter.
func ordinaryGet(value string) *request {
	q := &request{target: "/search?q=" + url.QueryEscape(value)}
	q.Method, q.Path, q.RawQuery, q.Host = "GET", "/search", "q="+url.QueryEscape(value), "shop.example.com"
	q.Header = map[string][]string{
		"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
		"Accept":     {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"},
	}
	return q
}

// maxRequest bounds a raw request, which is read whole.
const maxRequest = 64 << 20

func (o *TestOptions) inspectOne(p *protection, seen *Inspection) error {
	q, err := o.request()
	if err != nil {
		return err
	}
	r := p.inspect(1, q)
	seen.add(&r)
	seen.Results = []Result{r} // also when there is nothing to see
	return nil
}

// request reads the request that was typed or is in a file.
func (o *TestOptions) request() (*request, error) {
	if o.Line != "" {
		q, err := parseLine(o.Line)
		return q, invalid("", err)
	}
	in, err := o.Open(o.Request)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxRequest {
		return nil, invalid(o.Request, fmt.Errorf("longer than %s", printer.Bytes(maxRequest)))
	}
	q, err := parseRequest(string(text))
	return q, invalid(o.Request, err)
}

// invalid is an error in what the person brought along.
func invalid(file string, err error) error {
	var bad *os.PathError
	switch {
	case err == nil || errors.As(err, &bad):
		return err
	case file == "":
		return localplatform.Errorf(localplatform.CodeInvalid, "%w", err)
	}
	return localplatform.Errorf(localplatform.CodeInvalid, "%s: %w", evaluation.InputName(file), err)
}

func (o *TestOptions) inspectHAR(ctx context.Context, p *protection, seen *Inspection) error {
	in, err := o.Open(o.HAR)
	if err != nil {
		return err
	}
	defer in.Close()
	defer o.IO.Progress("judging " + evaluation.InputName(o.HAR))()
	number := 0
	for q, err := range readHAR(in) {
		if err != nil {
			return invalid(o.HAR, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		number++
		r := p.inspect(number, q)
		seen.add(&r)
	}
	return nil
}

// sayMode tells what the policy of the app makes of the numbers.
func (o *TestOptions) sayMode(p *protection) error {
	if p.mode == wire.ModeBlock {
		return nil
	}
	_, err := fmt.Fprintf(o.IO.ErrOut, "%s %s\n", o.IO.Colour().Faint("note:"), printer.Clean(p.modeText()))
	return err
}

func (p *protection) modeText() string {
	switch p.mode {
	case wire.ModeOff:
		return "the firewall is off for " + p.app + ": nothing was looked at"
	case wire.ModeMonitor:
		return "the firewall only monitors " + p.app + ": attacks are reported and not blocked"
	default:
		return "the agents of " + p.app + " do not all have the same mode; this is as if the firewall blocked"
	}
}
