package waf

import (
	"github.com/sqreen/sqreen/agentkit/waf"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// What becomes of a request, and what one layer says of it.
const (
	saysBlocked  = "blocked"  // not answered by the app
	saysReported = "reported" // an event, and answered by the app
	saysUnsure   = "unsure"   // matches of low confidence, which are only counted
	saysPassed   = "passed"   // nothing was found
	saysSkipped  = "skipped"  // not looked at
)

// Layers that look at a request, in their order.
const (
	layerPasslist = "passlist"
	layerWAF      = "waf"
)

// Inspection is what the layers say of some requests.
type Inspection struct {
	Requests int      `json:"requests"`
	Blocked  int      `json:"blocked"`
	Reported int      `json:"reported"`
	Unsure   int      `json:"unsure"`
	Passed   int      `json:"passed"`
	Skipped  int      `json:"skipped"`
	LeftOut  int      `json:"left_out"` // requests that something was found in and that are not among results
	Results  []Result `json:"results"`  // of one request, or of those that something was found in
}

// Result is what the layers say of one request.
type Result struct {
	Number int     `json:"number"` // in the file, from 1
	Method string  `json:"method"`
	Target string  `json:"target"`
	Says   string  `json:"says"` // blocked, reported, unsure, passed or skipped
	Layers []Layer `json:"layers"`
}

// Layer is what one layer says of a request.
type Layer struct {
	Name    string  `json:"layer"` // passlist, waf
	Says    string  `json:"says"`
	Why     string  `json:"why,omitempty"`
	Matches []Match `json:"matches"`
}

// Match is what a rule found.
type Match struct {
	Rule       string   `json:"rule"`
	Kind       string   `json:"kind"`
	Severity   string   `json:"severity"`
	Confidence string   `json:"confidence"`
	CWE        string   `json:"cwe,omitempty"`
	Address    string   `json:"address"`
	Value      string   `json:"value"`    // as the app sees it
	Operator   string   `json:"operator"` // the test that matched
	Steps      []string `json:"steps"`    // decoding that led to it, outermost first
	Matched    string   `json:"matched"`  // the part that matched, after decoding

	explained string
}

// maxResults bounds the requests of an archive that are shown one by one.
const maxResults = 1000

// add counts a result, and keeps it when there is something to see.
func (i *Inspection) add(r *Result) {
	i.Requests++
	switch r.Says {
	case saysBlocked:
		i.Blocked++
	case saysReported:
		i.Reported++
	case saysUnsure:
		i.Unsure++
	case saysSkipped:
		i.Skipped++
	default:
		i.Passed++
		return
	}
	if len(i.Results) == maxResults {
		i.LeftOut++
		return
	}
	i.Results = append(i.Results, *r)
}

// inspect lets every layer look at a request. A layer that skips it is the last.
func (p *protection) inspect(number int, q *request) Result {
	r := Result{Number: number, Method: q.Method, Target: q.target}
	for _, look := range []func(*request) *Layer{p.passlist, p.firewall} {
		l := look(q)
		if l == nil {
			continue
		}
		r.Layers, r.Says = append(r.Layers, *l), l.Says
		if l.Says == saysSkipped {
			break
		}
	}
	return r
}

// passlist is the layer of paths that nothing looks at. Only an app has one.
func (p *protection) passlist(q *request) *Layer {
	switch {
	case p.paths == nil:
		return nil
	case p.paths.PathPasslisted(q.Path):
		return &Layer{Name: layerPasslist, Says: saysSkipped, Why: "the path is on the passlist of " + p.app, Matches: []Match{}}
	}
	return &Layer{Name: layerPasslist, Says: saysPassed, Matches: []Match{}}
}

// firewall is the layer of rules.
func (p *protection) firewall(q *request) *Layer {
	l := &Layer{Name: layerWAF, Says: saysSkipped, Why: "the firewall is off for " + p.app, Matches: []Match{}}
	if p.mode == wire.ModeOff {
		return l
	}
	matches := p.matches(q)
	l.Says, l.Why = p.says(matches), ""
	for i := range matches {
		l.Matches = append(l.Matches, matchOf(&matches[i]))
	}
	return l
}

// matches runs the rules on all of a request.
func (p *protection) matches(q *request) []waf.Match {
	x := p.rules.Begin()
	defer x.End()
	x.Request(&q.Request)
	x.Body(q.header("Content-Type"), q.body)
	x.Query(waf.Form, q.form)
	return x.Matches()
}

func (p *protection) says(matches []waf.Match) string {
	switch {
	case len(matches) == 0:
		return saysPassed
	case !waf.Blocked(matches):
		return saysUnsure
	case p.mode == wire.ModeMonitor:
		return saysReported
	}
	return saysBlocked
}

func matchOf(m *waf.Match) Match {
	steps := m.Steps
	if steps == nil {
		steps = []string{}
	}
	return Match{
		Rule: m.Rule.ID, Kind: m.Rule.Kind, Severity: m.Rule.Severity.String(), Confidence: m.Confidence.String(), CWE: m.Rule.CWE,
		Address: m.Address, Value: m.Value, Operator: m.Operator, Steps: steps, Matched: m.Matched, explained: m.Explain(),
	}
}
