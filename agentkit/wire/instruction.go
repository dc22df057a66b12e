package wire

import "time"

// Instructions are what the platform wants in force for one app. Version grows
// with every change; an agent that has applied V asks for what came after V.
//
// Everything but Actions is complete in every message. Actions is a difference
// against Have when Full is false, and the whole list when it is true.
type Instructions struct {
	Version      uint64   `json:"version"`
	Have         uint64   `json:"have,omitempty"` // the version Actions is a difference against
	Full         bool     `json:"full"`
	Policy       Policy   `json:"policy"`
	Actions      []Action `json:"actions,omitempty"`         // set or replaced
	Removed      []string `json:"removed_actions,omitempty"` // ids no longer in force
	IPPasslist   []string `json:"ip_passlist,omitempty"`     // addresses and CIDRs that no protection looks at
	PathPasslist []string `json:"path_passlist,omitempty"`   // "/health" exactly, "/static/*" by prefix
	Heartbeat    float64  `json:"heartbeat_seconds,omitempty"`
}

// Modes of a protection.
const (
	ModeOff     = "off"
	ModeMonitor = "monitor"
	ModeBlock   = "block"
)

// Names of protections in Policy.Modes.
const (
	ProtectionSQLi     = "rasp.sqli"
	ProtectionNoSQLi   = "rasp.nosqli"
	ProtectionShell    = "rasp.shell"
	ProtectionLFI      = "rasp.lfi"
	ProtectionSSRF     = "rasp.ssrf"
	ProtectionXSS      = "rasp.xss"
	ProtectionTemplate = "rasp.template"
	ProtectionXXE      = "rasp.xxe"
	ProtectionWAF      = "waf"
	ProtectionCSP      = "csp"
	ProtectionHeaders  = "headers"
	ProtectionUsers    = "users"   // user monitoring
	ProtectionActors   = "actions" // blocks and redirects of actors
)

// Policy says what each protection does.
type Policy struct {
	Modes       map[string]string `json:"modes"`                  // protection name to mode; a name that is missing keeps the agent's default
	KillSwitch  bool              `json:"kill_switch,omitempty"`  // nothing blocks, everything else goes on
	Disabled    bool              `json:"disabled,omitempty"`     // the agent does nothing but heartbeats
	BudgetMicro int               `json:"budget_us,omitempty"`    // time for checks in one request; 0 keeps the default
	CPUShare    float64           `json:"cpu_share,omitempty"`    // part of the process's CPU that checks may take, 0..1; 0 keeps the default
	BlockStatus int               `json:"block_status,omitempty"` // status of the blocking page; 0 means 403
	BlockPage   string            `json:"block_page,omitempty"`   // HTML of the blocking page; empty means the built-in one
	ScrubKeys   []string          `json:"scrub_keys,omitempty"`   // further keys to scrub
	ScrubValues []string          `json:"scrub_values,omitempty"` // further regular expressions to scrub
}

// Kinds of action.
const (
	ActionBlockIP      = "block_ip"
	ActionBlockUser    = "block_user"
	ActionRedirectIP   = "redirect_ip"
	ActionRedirectUser = "redirect_user"
)

// Action is a response in force against an actor.
type Action struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	CIDR    string    `json:"cidr,omitempty"`   // for the IP kinds: "203.0.113.7" or "203.0.113.0/24"
	User    string    `json:"user,omitempty"`   // for the user kinds: "42", or "id=42" to name the identifier
	URL     string    `json:"url,omitempty"`    // for the redirect kinds
	Expires time.Time `json:"expires,omitzero"` // zero means permanent
}
