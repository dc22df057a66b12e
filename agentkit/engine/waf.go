package engine

import (
	"github.com/sqreen/sqreen/agentkit/internal/params"
	"github.com/sqreen/sqreen/agentkit/internal/safe"
	"github.com/sqreen/sqreen/agentkit/waf"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// maxWAFMatches bounds what the firewall reports of one request at a time.
const maxWAFMatches = 8

// inspectHead lets the firewall look at what comes before the body.
func (q *Request) inspectHead() {
	mode := q.Mode(wire.ProtectionWAF)
	if q.engine.cfg.WAF == nil || mode == wire.ModeOff {
		return
	}
	if q.run(wire.ProtectionWAF, (*headTask)(q)) && len(q.headMatches) > 0 {
		_ = q.matched(q.headMatches, mode == wire.ModeBlock)
	}
}

// headTask is a request as a task for the runner: nearly all requests need no
// more memory for their inspection than they have.
type headTask Request

// Run looks at everything before the body.
func (q *headTask) Run() {
	x := q.engine.cfg.WAF.Begin()
	r := waf.Request{Method: q.method, Path: q.path, RawQuery: q.query, Host: q.host}
	if q.escaped != q.path {
		r.RawPath = q.escaped
	}
	x.Request(&r)
	for i := range q.fields {
		f := &q.fields[i]
		if f.name == "Cookie" {
			inspectCookies(x, f.value)
			continue
		}
		x.Value(waf.Header, f.name, f.value)
	}
	q.headMatches = x.Matches()
	x.End() // not after a panic: what is left of x is not to be used again
}

func inspectCookies(x *waf.Inspection, header string) {
	params.Cookies(header, func(name, value string) bool {
		x.Value(waf.Name, "", name)
		x.Value(waf.Cookie, name, value)
		return true
	})
}

// InspectRest lets the firewall look at a body of which the handler has not
// read the end. Call it when the handler is done, before an answer of the
// engine's is sent.
func (q *Request) InspectRest() {
	if q == nil {
		return
	}
	defer q.engine.Contain(wire.ProtectionWAF)
	if t := q.body.Load(); t != nil {
		_ = t.inspect()
	}
}

// inspect lets the firewall look at the body, once.
func (t *bodyTap) inspect() *BlockedError {
	if !t.inspected.CompareAndSwap(false, true) {
		return nil
	}
	if t.parts != nil {
		parts := t.newParts(0)
		if len(parts) == 0 {
			return nil
		}
		return t.q.inspect(func(x *waf.Inspection) { inspectParts(x, parts) })
	}
	text, _ := t.text()
	if text == "" {
		return nil
	}
	return t.q.inspect(func(x *waf.Inspection) { x.Body(t.contentType, text) })
}

func inspectParts(x *waf.Inspection, parts []params.Part) {
	for i := range parts {
		p := &parts[i]
		x.Value(waf.Name, "", p.Name)
		if p.Filename == "" {
			x.Value(waf.Form, p.Name, p.Value)
			continue
		}
		x.Value(waf.FileName, p.Name, p.Filename)
		x.Value(waf.File, p.Name, p.Value)
	}
}

// inspect runs look, on a body, and handles what matches. It returns the error
// for the caller when that is blocked.
func (q *Request) inspect(look func(*waf.Inspection)) *BlockedError {
	rules := q.engine.cfg.WAF
	mode := q.Mode(wire.ProtectionWAF)
	if rules == nil || mode == wire.ModeOff {
		return nil
	}
	var matches []waf.Match
	done := q.run(wire.ProtectionWAF, safe.Func(func() {
		x := rules.Begin()
		look(x)
		matches = x.Matches()
		x.End()
	}))
	if !done || len(matches) == 0 {
		return nil
	}
	return q.matched(matches, mode == wire.ModeBlock)
}

// matched reports matches and condemns the request if one of them is sure
// enough to block.
func (q *Request) matched(matches []waf.Match, blocking bool) (err *BlockedError) {
	reported := 0
	for i := range matches {
		if !matches[i].Blocks() { // as likely prose that quotes an attack: reporting it would drown what matters
			q.engine.Count(wire.CounterUnsure, matches[i].Rule.ID, 1)
			continue
		}
		if reported++; reported > maxWAFMatches {
			q.engine.Count(wire.CounterTruncated, "matches", 1)
			continue
		}
		a := matches[i].Attack()
		a.Blocked = blocking
		if a.Blocked && err == nil {
			err = q.condemn(&BlockedError{Attack: a}, q.engine.blockPage(q))
		}
		q.recordAttack(a, nil)
	}
	return err
}
