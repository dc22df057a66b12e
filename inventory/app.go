// Package inventory describes apps as operators see them: what they are made
// of, how they are protected and what is wrong with them. It is pure: values in,
// values out. Packages below it derive risk and weaknesses.
package inventory

import (
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// App is one application in one environment.
type App struct {
	Name  string `json:"name"`
	Env   string `json:"env"`
	Group string `json:"group,omitempty"`

	Risk          Risk       `json:"risk"`       // "low", "medium", "high"
	RiskScore     int        `json:"risk_score"` // 0..100
	RiskReasons   []Reason   `json:"risk_reasons"`
	Incidents     int        `json:"incidents"` // live ones
	Weaknesses    []Weakness `json:"weaknesses"`
	BlockedActors int        `json:"blocked_actors"` // actions in force that apply to it
	Requests24h   int64      `json:"requests_24h"`
	Attacks24h    int64      `json:"attacks_24h"`
	Blocked24h    int64      `json:"blocked_24h"`
	FirstSeen     time.Time  `json:"first_connected,omitzero"` // zero: no agent has connected yet
	LastSeen      time.Time  `json:"last_seen,omitzero"`
	Instances     int        `json:"instances"` // heard of lately
	Status        string     `json:"status"`    // "connected", "silent" or "waiting" (no agent yet)

	Enabled  bool              `json:"enabled"`
	RASP     string            `json:"rasp"` // off, monitor, block, or mixed
	WAF      string            `json:"waf"`
	CSP      string            `json:"csp"`
	Headers  string            `json:"headers"`
	Modes    map[string]string `json:"modes"`            // every protection
	Overhead float64           `json:"overhead_percent"` // share of request time spent in checks

	Technology string           `json:"technology"`
	Runtime    string           `json:"runtime"` // "go1.26.8"
	Agent      string           `json:"agent"`   // "agentkit-go 0.1.0"
	Frameworks []wire.Component `json:"frameworks"`
	Packages   []wire.Component `json:"packages"`
	ORMs       []wire.Component `json:"orms"`
	Templates  []wire.Component `json:"templates"`
	Drivers    []wire.Component `json:"drivers"`
	Uses       []string         `json:"uses"`  // what really ran: sql, shell, files, http-client, templates
	Hooks      []string         `json:"hooks"` // instrumentation in place
}

// Risk is a band of the risk score.
type Risk string

// Risk bands, ascending.
const (
	RiskLow    Risk = "low"
	RiskMedium Risk = "medium"
	RiskHigh   Risk = "high"
)

// Reason says which evidence gave how many points of risk, and what would lower it.
type Reason struct {
	Points int    `json:"points"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// Weakness is something that makes an app easier to attack.
type Weakness struct {
	ID       string `json:"id"` // "no-waf", "rasp-off", "old-runtime", ...
	Severity string `json:"severity"`
	Text     string `json:"text"`
	Remedy   string `json:"remedy"`
}
