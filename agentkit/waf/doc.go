// Package waf is the in-app firewall: it looks at what the application parsed
// out of a request and says which values are attacks.
//
// An engine needs three things from it:
//
//	rules := waf.Default()                 // compiled once, shared by everybody
//	x := rules.Begin()                     // one inspection for one request, from a pool
//	x.Request(&waf.Request{Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header, Host: r.Host})
//	x.Body(r.Header.Get("Content-Type"), body) // JSON, XML, forms, multipart; or, value by value:
//	x.Value(waf.Form, "comment", comment)  // whatever else was parsed, in any order, as it arrives
//	matches := x.Matches()                 // nil when nothing was found
//	x.End()                                // gives the memory back; matches stay valid
//
// or, when the inputs are at hand, the same in one call: rules.Inspect(request).
// A Ruleset never changes after Compile, so replacing the rules of a running
// application is storing another pointer.
//
// # How a value is judged
//
// Every value is read once by a pass that is shared by all rules. It notes which
// kinds of characters occur and whether any of the literals that the rules and
// detectors care about may begin there. A value in which nothing of interest
// occurs, which is nearly every value of nearly every request, is finished then:
// about a nanosecond for a byte, no allocation, whatever the number of rules.
//
// Otherwise the exact judges run: literals are compared, and detectors read the
// value as the language it would be injected into. A detector is a small lexer
// and grammar (SQL, HTML, JavaScript, shell, paths, templates ...) rather than a
// pile of regular expressions: "' OR 1=1 --" continues an SQL statement behind a
// closed string and "O'Brien or 1" does not. Values that carry an encoding are
// decoded, layer by layer (percent, HTML entities, JavaScript and JSON escapes,
// base64, overlong UTF-8, full-width letters), and each layer is judged again,
// within limits that are counted in Stats.
//
// Rules are data. The built-in ones are in rules/*.rules, each with the class of
// finding that it reports, its severity, confidence, ATT&CK technique, weakness
// (CWE), the addresses that it looks at, examples that must match and look-alikes
// that must not. The tests run both.
//
// # What a match means
//
// A WAF match says that a value looks like an attack, not that it reached
// anything; package rasp answers that. Match.Confidence tells how sure the
// engine is. Match.Blocks is the default policy: block what is of medium or high
// confidence. Low confidence is for reports: text that talks about attacks, or
// habits that only scanners have.
//
// How the rules do on public sets of attacks and on texts that people wrote is
// measured by the commands in the module waf/measure; Evaluate does the same for
// lists of values.
//
// The rules also know attacks on stacks that the application does not have (PHP,
// Java). They cost a benign request nothing, and an attempt tells about its
// author; Stack switches them off.
package waf
