package waf

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Labelled is one value of a list that the firewall is measured on, and one line
// of such a list as JSON: {"v": "...", "attack": true, "kind": "sqli"}.
type Labelled struct {
	Value  string `json:"v"`
	Attack bool   `json:"attack"`
	Kind   string `json:"kind,omitempty"`
}

// Count says how many values of one kind there were and how many were flagged.
type Count struct {
	Attacks    int `json:"attacks"`
	Detected   int `json:"detected"`
	Legitimate int `json:"legitimate"`
	Flagged    int `json:"flagged"`
}

// Report is the result of Evaluate. A value is detected, or flagged, when the
// default policy would block it.
type Report struct {
	Count
	ByKind map[string]*Count `json:"by_kind"`
}

// Miss is a value that was judged wrongly.
type Miss struct {
	Labelled
	Rules []string `json:"rules,omitempty"` // what matched, also without blocking
}

// Evaluate judges every value as the parameter q of an ordinary GET, percent
// encoded, and counts. missed is called with each value that was judged wrongly,
// and may be nil. The error is that of values.
func (rs *Ruleset) Evaluate(values func() (Labelled, error), missed func(Miss)) (Report, error) {
	r := Report{ByKind: map[string]*Count{}}
	for {
		v, err := values()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		matches := rs.Inspect(ordinaryGet(v.Value))
		blocked := Blocked(matches)
		kind := r.ByKind[v.Kind]
		if kind == nil {
			kind = &Count{}
			r.ByKind[v.Kind] = kind
		}
		r.add(v.Attack, blocked)
		kind.add(v.Attack, blocked)
		if missed != nil && blocked != v.Attack {
			m := Miss{Labelled: v}
			for i := range matches {
				m.Rules = append(m.Rules, matches[i].Rule.ID+"/"+matches[i].Confidence.String())
			}
			missed(m)
		}
	}
}

// Blocked tells whether the default policy blocks any of the matches.
func Blocked(matches []Match) bool {
	for i := range matches {
		if matches[i].Blocks() {
			return true
		}
	}
	return false
}

func (c *Count) add(attack, blocked bool) {
	switch {
	case attack:
		c.Attacks++
		if blocked {
			c.Detected++
		}
	default:
		c.Legitimate++
		if blocked {
			c.Flagged++
		}
	}
}

// ordinaryGet is a request such as a browser sends, with one parameter.
func ordinaryGet(value string) *Request {
	return &Request{
		Method: "GET", Path: "/search", RawQuery: "q=" + url.QueryEscape(value), Host: "shop.example.com",
		Header: map[string][]string{
			"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
			"Accept":     {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"},
		},
	}
}

// ReadValues reads lists of values as JSON lines. Empty lines are skipped; an
// error names the line.
func ReadValues(r io.Reader) func() (Labelled, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 16<<20)
	line := 0
	return func() (Labelled, error) {
		for sc.Scan() {
			line++
			text := strings.TrimSpace(sc.Text())
			if text == "" {
				continue
			}
			var v Labelled
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				return v, fmt.Errorf("line %d: %w; each line looks like {\"v\": \"a value\", \"attack\": true, \"kind\": \"sqli\"}", line, err)
			}
			return v, nil
		}
		if err := sc.Err(); err != nil {
			return Labelled{}, fmt.Errorf("line %d: %w", line+1, err)
		}
		return Labelled{}, io.EOF
	}
}
