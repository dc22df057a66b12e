// Package wire holds what an agent and the platform say to each other: types,
// limits and their history, and nothing else. Both sides import it; it imports
// only the standard library.
//
// An agent speaks to three addresses, all with "Authorization: Bearer TOKEN":
//
//	POST PathLogin         Login        -> LoginReply       once, and again after a 401 or a 409
//	POST PathHeartbeat     Heartbeat    -> HeartbeatReply   every HeartbeatSeconds, or at once for a block
//	GET  PathInstructions  ?instance=I&have=V  -> Instructions  held open until there is news, or 204 after PollSeconds
//
// The token decides for which app and environment an agent reports. A batch is
// identified by its instance and sequence number: an agent sends its batches in
// order, one at a time, and repeats one until it is acknowledged, so the
// platform stores each exactly once.
//
// History:
//
//	1  2026-11-20  first version
package wire

import (
	"encoding/json"
	"time"
)

// Version is the protocol version this package describes. An agent sends it in
// Login and Heartbeat; a platform refuses versions newer than its own with
// HTTP 426 and says which one it speaks.
const Version = 1

// Addresses, relative to the platform's URL.
const (
	PathLogin        = "/agent/v1/login"
	PathHeartbeat    = "/agent/v1/heartbeat"
	PathInstructions = "/agent/v1/instructions"
)

// Limits that the platform enforces and an agent keeps. A body may be sent with
// Content-Encoding: gzip; the limits apply to what it unpacks to.
const (
	MaxBodyBytes       = 8 << 20  // one heartbeat, unpacked
	MaxSignals         = 2000     // signals in one heartbeat
	MaxSignalBytes     = 64 << 10 // one signal as JSON
	MaxDepth           = 32       // nesting of any JSON value
	MaxStringBytes     = 16 << 10 // one string in a signal
	MaxStackFrames     = 64       // frames in one stack
	MaxPackages        = 5000     // packages in a Stack
	MaxNameBytes       = 200      // app, environment, instance, event names
	MaxProperties      = 64       // properties of one event
	MaxUserIdentifiers = 16       // identifiers of one user
)

// Redacted replaces what the agent scrubbed before sending.
const Redacted = "<Redacted by Sqreen>"

// Login introduces one running process. The platform answers with what is in
// force for its app.
type Login struct {
	Version  int       `json:"version"`
	Instance string    `json:"instance"`      // random, new for every process, at most MaxNameBytes
	App      string    `json:"app,omitempty"` // optional; must agree with the token when present
	Env      string    `json:"env,omitempty"` // optional; must agree with the token when present
	Started  time.Time `json:"started"`
	Stack    Stack     `json:"stack"`
}

// LoginReply confirms which app the token stands for.
type LoginReply struct {
	App              string       `json:"app"`
	Env              string       `json:"env"`
	HeartbeatSeconds float64      `json:"heartbeat_seconds"`
	LastSeq          uint64       `json:"last_seq"` // highest batch stored for this instance
	Instructions     Instructions `json:"instructions"`
}

// Stack describes what the process is made of. It is sent at login, and again
// in a heartbeat when something was used for the first time.
type Stack struct {
	Agent      Component   `json:"agent"`      // {"agentkit-go", "0.1.0"}
	Technology string      `json:"technology"` // "Go"
	Runtime    Component   `json:"runtime"`    // {"go", "go1.26.8"}
	OS         string      `json:"os"`         // "linux/amd64"
	Hostname   string      `json:"hostname,omitempty"`
	Container  string      `json:"container,omitempty"` // container id where one is found
	PID        int         `json:"pid,omitempty"`
	Module     string      `json:"module,omitempty"` // path of the main module
	Frameworks []Component `json:"frameworks,omitempty"`
	ORMs       []Component `json:"orms,omitempty"`
	Templates  []Component `json:"templates,omitempty"` // templating engines
	Drivers    []Component `json:"drivers,omitempty"`   // SQL and NoSQL drivers
	Packages   []Component `json:"packages,omitempty"`  // every module linked in, from build information
	Uses       []string    `json:"uses,omitempty"`      // what was really used at run time: "sql", "shell", "http-client", "files", "templates", "mongodb", "redis"
	Hooks      []string    `json:"hooks,omitempty"`     // instrumentation in place: "middleware", "sqlhook", ...
}

// Component is something with a name and a version.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Heartbeat carries a batch of signals and the counters since the last one.
// Signals are kept as raw JSON so that a bad one is refused alone.
type Heartbeat struct {
	Version  int               `json:"version"`
	Instance string            `json:"instance"`
	Seq      uint64            `json:"seq"` // 1, 2, 3 ... for each instance
	Sent     time.Time         `json:"sent"`
	Applied  uint64            `json:"applied"` // version of the instructions in force
	Stack    *Stack            `json:"stack,omitempty"`
	Counters []Counter         `json:"counters,omitempty"`
	Signals  []json.RawMessage `json:"signals,omitempty"`
	Faults   []Fault           `json:"faults,omitempty"`
}

// Counter is a sum over one minute. Names are in the Counter* constants; Key
// splits one of them, for example by status code or by reason.
type Counter struct {
	Name   string    `json:"name"`
	Key    string    `json:"key,omitempty"`
	Minute time.Time `json:"minute"`
	Value  float64   `json:"value"`
}

// Counter names.
const (
	CounterRequests     = "requests"      // requests that passed through the middleware
	CounterInspected    = "inspected"     // requests that protections looked at
	CounterBlocked      = "blocked"       // requests answered by a protection or an action
	CounterPasslisted   = "passlisted"    // requests let through by a passlist
	CounterStatus       = "status"        // by status code
	CounterDropped      = "dropped"       // signals lost, by reason: "buffer_full", "too_large", "refused", "sampled", ...
	CounterSkipped      = "skipped"       // checks not made, by reason: "budget", "cpu", "fault", "input_too_large"
	CounterTruncated    = "truncated"     // values shortened or left out of a signal, by what: "text", "params", ...
	CounterCheckTime    = "check_us"      // microseconds spent in checks
	CounterRequestTime  = "request_us"    // microseconds spent in requests, checks included
	CounterActionHits   = "action_hits"   // by action id
	CounterLoginSuccess = "login_success" // automatic and SDK
	CounterLoginFailure = "login_failure"
	CounterUnsure       = "unsure" // matches of the firewall that are as likely prose: counted by rule, not reported
	CounterSQL          = "sql"    // statements looked at
)

// Fault tells of a check that failed and, perhaps, was switched off.
type Fault struct {
	Check    string    `json:"check"` // "rasp.sqli", "waf", ...
	Message  string    `json:"message"`
	Count    int       `json:"count"`
	Disabled bool      `json:"disabled"`
	At       time.Time `json:"at"`
}

// HeartbeatReply acknowledges a batch: everything in it is durable, except the
// signals that are refused by name.
type HeartbeatReply struct {
	Seq          uint64        `json:"seq"`
	Duplicate    bool          `json:"duplicate,omitempty"` // was stored before
	Stored       int           `json:"stored"`
	Refused      []Refusal     `json:"refused,omitempty"`
	Instructions *Instructions `json:"instructions,omitempty"` // when newer than Heartbeat.Applied
}

// Refusal says why one signal was not stored.
type Refusal struct {
	Index  int    `json:"index"` // in Heartbeat.Signals
	Reason string `json:"reason"`
}

// ErrorReply is the body of every answer that is not 2xx.
type ErrorReply struct {
	Error ErrorBody `json:"error"`
}

// ErrorBody says what is wrong and what to do.
type ErrorBody struct {
	Code    string `json:"code"` // "unauthorized", "forbidden", "invalid", "too_large", "unavailable", "version"
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}
