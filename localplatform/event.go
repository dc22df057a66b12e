package localplatform

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Event is one stored signal. Its kinds and names are those of package
// agentkit/wire; Detail keeps the whole signal as the agent sent it.
type Event struct {
	Pos        int64           `json:"pos"` // place in the store, grows with arrival, never reused
	At         time.Time       `json:"at"`  // when it happened, by the agent's clock, microseconds
	Received   time.Time       `json:"received"`
	App        string          `json:"app"`
	Env        string          `json:"env"`
	Instance   string          `json:"instance"`
	Kind       string          `json:"kind"`                 // wire.Kind*
	Name       string          `json:"name"`                 // wire.Name* or a custom event's name
	Attack     string          `json:"attack,omitempty"`     // wire.Attack*, for attacks
	Protection string          `json:"protection,omitempty"` // "rasp", "waf", ...
	Rule       string          `json:"rule,omitempty"`
	Blocked    bool            `json:"blocked"`           // the request was answered by a protection or an action
	Reached    bool            `json:"reached,omitempty"` // the input altered what reached a sink
	Severity   Severity        `json:"severity,omitempty"`
	IP         netip.Addr      `json:"ip,omitzero"`
	User       string          `json:"user,omitempty"` // see UserID
	Method     string          `json:"method,omitempty"`
	Path       string          `json:"path,omitempty"`
	Route      string          `json:"route,omitempty"`
	Status     int             `json:"status,omitempty"`
	Host       string          `json:"host,omitempty"`
	UserAgent  string          `json:"user_agent,omitempty"`
	Request    string          `json:"request,omitempty"` // id shared by the events of one request
	Param      string          `json:"param,omitempty"`   // address of the input an attack came through
	Message    string          `json:"message,omitempty"` // the reason in one sentence
	Weight     int64           `json:"weight"`            // facts it stands for, at least 1
	Detail     json.RawMessage `json:"detail,omitempty"`  // wire.Signal; only when asked for
}

// Batch is what one heartbeat adds to the store. Instance and Seq identify it:
// a batch whose Seq is not above the last one stored for the same app,
// environment and instance is a duplicate.
type Batch struct {
	App, Env, Instance string
	Seq                uint64
	Received           time.Time
	Events             []Event // Pos and Received are filled in by the store
	Counters           []Counter
}

// AppendResult tells what became of a Batch.
type AppendResult struct {
	Duplicate bool
	First     int64 // Pos of the first event, 0 when there is none
	Last      int64
}

// Counter is a sum over one minute of one app, as agents report them. Names are
// wire.Counter*.
type Counter struct {
	App    string    `json:"app"`
	Env    string    `json:"env"`
	Name   string    `json:"name"`
	Key    string    `json:"key,omitempty"`
	Minute time.Time `json:"minute"`
	Value  float64   `json:"value"`
}

// EventQuery asks for a page of events. Pages run from newest to oldest when
// After is 0, and from oldest to newest above After otherwise.
type EventQuery struct {
	Query  string        // filter in the query language, over EventSchema
	Before int64         // only events with a smaller Pos; 0 means from the newest
	After  int64         // only events with a larger Pos, oldest first: a live tail
	Limit  int           // at most this many; 0 means 100, MaxPage at most
	Detail bool          // fill Event.Detail
	Wait   time.Duration // with After: wait this long for a first event, at most MaxWait
}

// Bounds of an EventQuery.
const (
	DefaultPage = 100
	MaxPage     = 5000
	MaxWait     = 30 * time.Second
)

// EventPage is one page of events.
type EventPage struct {
	Events []Event `json:"events"`
	More   bool    `json:"more"`           // there are further events in this direction
	Next   int64   `json:"next,omitempty"` // Before (or After) of the next page
	Last   int64   `json:"last"`           // highest Pos stored when the page was made
}

// HistogramQuery asks how many events there were over time.
type HistogramQuery struct {
	Query    string
	From, To time.Time // To is exclusive, and the range is widened to whole buckets; both zero means the last 24 hours that have events
	Buckets  int       // about this many; 0 means 60
	By       string    // optional field to split by: "attack", "kind", "app", "env", "blocked", "severity"
}

// Histogram counts events by time of the event. Buckets are contiguous and
// empty ones are included.
type Histogram struct {
	From    time.Time         `json:"from"`
	Step    time.Duration     `json:"step"`
	Buckets []HistogramBucket `json:"buckets"`
	Total   int64             `json:"total"`
}

// HistogramBucket is one bar.
type HistogramBucket struct {
	Start  time.Time        `json:"start"`
	Count  int64            `json:"count"`
	Series map[string]int64 `json:"series,omitempty"` // when HistogramQuery.By is set
}

// FacetQuery asks for the most frequent values of fields among matching events.
type FacetQuery struct {
	Query  string
	Fields []string
	Limit  int // values per field; 0 means 10
}

// Facet lists the most frequent values of one field.
type Facet struct {
	Field  string       `json:"field"`
	Values []FacetValue `json:"values"`
	Others int64        `json:"others"` // events with other values
	Absent int64        `json:"absent"` // events without a value
}

// FacetValue is one value and how many events have it.
type FacetValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// CounterQuery asks for sums of counters over time.
type CounterQuery struct {
	App, Env string // empty means all
	Names    []string
	From, To time.Time
	Step     time.Duration // 0 means one sum over the whole range
}

// CounterPoint is one sum.
type CounterPoint struct {
	App   string    `json:"app"`
	Env   string    `json:"env"`
	Name  string    `json:"name"`
	Key   string    `json:"key,omitempty"`
	Start time.Time `json:"start"`
	Value float64   `json:"value"`
}

// Activity is one request with the attacks and SDK events it triggered.
type Activity struct {
	Request   string     `json:"request"`
	At        time.Time  `json:"at"`
	App       string     `json:"app"`
	Env       string     `json:"env"`
	Method    string     `json:"method"`
	Path      string     `json:"path"`
	Route     string     `json:"route,omitempty"`
	Status    int        `json:"status,omitempty"`
	Blocked   bool       `json:"blocked"`
	Severity  Severity   `json:"severity,omitempty"` // highest of its events
	IP        netip.Addr `json:"ip,omitzero"`
	User      string     `json:"user,omitempty"`
	UserAgent string     `json:"user_agent,omitempty"`
	Tags      []string   `json:"tags"`               // "sqli", "app.sqreen.users.login.failure", ...
	Incident  int64      `json:"incident,omitempty"` // the incident it belongs to, 0 for none
	Events    []Event    `json:"events"`             // in order
	First     int64      `json:"first"`              // Pos of its first event
}

// ActivityPage is one page of activity, newest first.
type ActivityPage struct {
	Activities []Activity `json:"activities"`
	More       bool       `json:"more"`
	Next       int64      `json:"next,omitempty"` // EventQuery.Before of the next page
}
