// Package engine holds the security state of one process and of each request
// that passes through it. It decides; it never talks to a network.
//
// A request goes through it in this order:
//
//	path passlist -> IP passlist -> blocked or redirected actor -> WAF -> handler -> answer
//
// and while the handler runs, hooks at the sinks ask again:
//
//	if err := engine.FromContext(ctx).Check(wire.ProtectionSQLi, func(in *rasp.Inputs) *wire.Attack {
//		return rasp.SQL(in, "sqlite", statement)
//	}); err != nil {
//		return nil, err // a *BlockedError: the request is condemned, its context cancelled
//	}
//
// FromContext returns nil outside a request, and every method of *Request
// works on nil, so that a hook needs no case of its own for that.
//
// # What a host may rely on
//
// Nothing here panics into the host, waits for a lock that is held during I/O,
// or reads a *http.Request after Begin returned: what checks need is copied at
// Begin, because handlers may change their request's maps while another
// goroutine is being checked. A check that panics or does not end is abandoned
// and the request goes on; a check that does so repeatedly is switched off and
// reported. Time for checks is bounded for each request, and whatever is skipped
// is counted.
package engine
