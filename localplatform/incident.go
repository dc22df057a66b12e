package localplatform

import (
	"strings"
	"time"
)

// IncidentState is where an incident stands.
type IncidentState string

// States. Open, acknowledged and snoozed incidents are live: new attacks of the
// same kind by the same actor join them. A snoozed one opens again when its
// time is up. New attacks after resolved or ignored make a new incident, except
// that an ignored one keeps swallowing its own actor's attacks.
const (
	StateOpen         IncidentState = "open"
	StateAcknowledged IncidentState = "acknowledged"
	StateSnoozed      IncidentState = "snoozed"
	StateResolved     IncidentState = "resolved"
	StateIgnored      IncidentState = "ignored"
)

// IncidentStates lists the states users may filter by.
func IncidentStates() []string {
	return []string{string(StateOpen), string(StateAcknowledged), string(StateSnoozed), string(StateResolved), string(StateIgnored)}
}

// Incident kinds that are not attack kinds. All wire.Attack* are kinds too.
const (
	IncidentBruteForce         = "brute_force"         // many failures on few accounts from one address
	IncidentCredentialStuffing = "credential_stuffing" // failures over many accounts
	IncidentTakeover           = "account_takeover"    // a success after such failures
	IncidentScan               = "http_scan"           // path guessing
	IncidentUserAttack         = "user_attack"
)

// Incident gathers attacks that belong together.
type Incident struct {
	ID           int64           `json:"id"`
	App          string          `json:"app"`
	Env          string          `json:"env"`
	Kind         string          `json:"kind"`
	Title        string          `json:"title"`
	Severity     Severity        `json:"severity"`
	State        IncidentState   `json:"state"`
	SnoozedUntil time.Time       `json:"snoozed_until,omitzero"`
	Assignee     string          `json:"assignee,omitempty"`
	FirstSeen    time.Time       `json:"first_seen"` // time of its first event
	LastSeen     time.Time       `json:"last_seen"`
	Created      time.Time       `json:"created"` // when the platform raised it
	Updated      time.Time       `json:"updated"`
	Events       int64           `json:"events"`
	Blocked      int64           `json:"blocked"`               // events that were blocked
	Reached      int64           `json:"reached"`               // events whose input altered what reached a sink
	Exploited    int64           `json:"exploited"`             // reached and not blocked: the attack got through
	Actors       []IncidentActor `json:"actors"`                // the one it was opened for comes first
	Shared       bool            `json:"shared,omitempty"`      // opened for many actors at once
	Compromised  []string        `json:"compromised,omitempty"` // accounts logged in to amid failures
	Accounts     []Count         `json:"accounts,omitempty"`    // user accounts concerned, most frequent first
	Paths        []Count         `json:"paths,omitempty"`
	Params       []Count         `json:"params,omitempty"`
	Rules        []Count         `json:"rules,omitempty"`
	Evidence     []Evidence      `json:"evidence,omitempty"` // a few telling events, the worst first
	Advice       []string        `json:"advice,omitempty"`
	MITRE        []string        `json:"mitre,omitempty"` // technique ids
	CWE          []string        `json:"cwe,omitempty"`
	Query        string          `json:"query"`              // lists its events: sqreen events QUERY
	Timeline     []TimelineEntry `json:"timeline,omitempty"` // only in Incident details
}

// Live reports whether new attacks still join the incident.
func (i *Incident) Live() bool {
	return i.State == StateOpen || i.State == StateAcknowledged || i.State == StateSnoozed
}

// IncidentActor is an address or a user with its share.
type IncidentActor struct {
	Kind    string    `json:"kind"` // "ip" or "user"
	Value   string    `json:"value"`
	Events  int64     `json:"events"`
	Blocked int64     `json:"blocked"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Count is a value and how often it occurred.
type Count struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Evidence points at one event and says in short what it shows.
type Evidence struct {
	Pos       int64     `json:"pos"`
	At        time.Time `json:"at"`
	Request   string    `json:"request,omitempty"`
	Summary   string    `json:"summary"`
	Param     string    `json:"param,omitempty"`
	Payload   string    `json:"payload,omitempty"`
	Statement string    `json:"statement,omitempty"` // what reached the sink
	Frame     string    `json:"frame,omitempty"`     // first frame in the app's own code
	Blocked   bool      `json:"blocked"`
	Worth     int       `json:"worth"` // 3 got through, 2 reached a sink, 1 an attack, 0 other
}

// TimelineEntry is one step in the life of an incident.
type TimelineEntry struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`   // "detector" or an operator
	What string    `json:"what"` // "opened", "severity", "acknowledged", "note", ...
	Text string    `json:"text"`
}

// IncidentChange is an operator's change. Zero fields leave things as they are.
type IncidentChange struct {
	State        IncidentState `json:"state,omitempty"`
	SnoozedUntil time.Time     `json:"snoozed_until,omitzero"` // required with StateSnoozed
	Assignee     *string       `json:"assignee,omitempty"`     // empty string unassigns
	Note         string        `json:"note,omitempty"`
}

// Validate checks a change before it is sent or stored.
func (c IncidentChange) Validate() error {
	switch c.State {
	case "", StateOpen, StateAcknowledged, StateSnoozed, StateResolved, StateIgnored:
	default:
		return Errorf(CodeInvalid, "unknown incident state %q", c.State).WithHint("use one of %s", strings.Join(IncidentStates(), ", "))
	}
	if (c.State == StateSnoozed) == c.SnoozedUntil.IsZero() {
		return Errorf(CodeInvalid, "snoozing an incident needs a time, and only snoozing does").WithHint("sqreen incidents snooze ID --for 4h")
	}
	return nil
}

// IncidentQuery asks for incidents.
type IncidentQuery struct {
	Query  string // over IncidentSchema
	Sort   string // "last" (default), "severity", "first", "events", "id"; a leading "-" is not needed: always largest first
	Limit  int    // 0 means 100
	Offset int
}

// IncidentPage is one page of incidents and how many match in all.
type IncidentPage struct {
	Incidents []Incident `json:"incidents"`
	Total     int        `json:"total"`
}
