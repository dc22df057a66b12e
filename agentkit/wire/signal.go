package wire

import "time"

// Kinds of signal.
const (
	KindAttack    = "attack"     // a protection raised it
	KindUser      = "user"       // login, signup, identify
	KindEvent     = "event"      // a custom event from the SDK
	KindAction    = "action"     // a block or redirect was applied
	KindHTTPError = "http_error" // an answer of 404 or 5xx, sampled
	KindException = "exception"  // a handler panicked
)

// Names of built-in signals. A custom event carries the name its author gave.
const (
	NameAttack       = "app.sqreen.plugins.attack"
	NameLoginSuccess = "app.sqreen.users.login.success"
	NameLoginFailure = "app.sqreen.users.login.failure"
	NameSignup       = "app.sqreen.users.signup"
	NameIdentify     = "app.sqreen.users.identify"
	NameBlockIP      = "app.sqreen.action.block_ip"
	NameBlockUser    = "app.sqreen.action.block_user"
	NameRedirectIP   = "app.sqreen.action.redirect_ip"
	NameRedirectUser = "app.sqreen.action.redirect_user"
	NameNotFound     = "app.sqreen.http.not_found"
	NameServerError  = "app.sqreen.http.server_error"
	NameException    = "app.sqreen.exception"
)

// ReservedPrefix begins the names that only agents and the platform may use.
const ReservedPrefix = "app.sqreen."

// Signal is one observed fact, already scrubbed.
type Signal struct {
	Kind    string            `json:"kind"`
	Name    string            `json:"name"`
	Time    time.Time         `json:"time"` // when it happened, UTC, microseconds
	IP      string            `json:"ip,omitempty"`
	User    map[string]string `json:"user,omitempty"` // identifiers, for example {"id": "42"}
	Request *Request          `json:"request,omitempty"`
	Attack  *Attack           `json:"attack,omitempty"`
	Event   *Event            `json:"event,omitempty"`
	Action  *ActionHit        `json:"action,omitempty"`
	Stack   []Frame           `json:"stack,omitempty"`  // innermost first
	Weight  int               `json:"weight,omitempty"` // how many facts this one stands for; 0 means 1
}

// Request is the HTTP request during which the signal was raised.
type Request struct {
	ID        string              `json:"id"` // the same for all signals of one request
	Method    string              `json:"method"`
	Scheme    string              `json:"scheme,omitempty"`
	Host      string              `json:"host,omitempty"`
	Port      string              `json:"port,omitempty"`
	Path      string              `json:"path"`
	Query     string              `json:"query,omitempty"`
	Route     string              `json:"route,omitempty"`  // pattern that served it
	Remote    string              `json:"remote,omitempty"` // address of the connection's other end
	UserAgent string              `json:"user_agent,omitempty"`
	Referer   string              `json:"referer,omitempty"`
	Headers   map[string][]string `json:"headers,omitempty"`
	Params    map[string][]string `json:"params,omitempty"` // by address: "query.q", "form.name", "json.items[0].id"
	Status    int                 `json:"status,omitempty"` // 0 when not yet answered
	Blocked   bool                `json:"blocked,omitempty"`
	Micros    int64               `json:"us,omitempty"` // duration in microseconds
}

// Attack says what a protection found and why.
type Attack struct {
	Kind       string `json:"kind"`       // Attack* constants
	Protection string `json:"protection"` // "rasp", "waf", "csp", "headers", "custom"
	Rule       string `json:"rule"`
	Blocked    bool   `json:"blocked"`
	Reached    bool   `json:"reached,omitempty"`    // the input altered what reached a sink; a WAF match alone does not
	Severity   string `json:"severity,omitempty"`   // "low", "medium", "high"
	Confidence string `json:"confidence,omitempty"` // "low", "medium", "high"
	Param      string `json:"param,omitempty"`      // address of the input: "query.q", "header.User-Agent"
	Payload    string `json:"payload,omitempty"`    // its value, scrubbed
	Match      string `json:"match,omitempty"`      // the part that matched
	Message    string `json:"message,omitempty"`    // the reason in one sentence
	Sink       *Sink  `json:"sink,omitempty"`
}

// Attack kinds. New ones may be added; a platform that does not know a kind
// stores it and treats it as "other".
const (
	AttackSQLi          = "sqli"
	AttackNoSQLi        = "nosqli"
	AttackLDAPi         = "ldapi"
	AttackXPathi        = "xpathi"
	AttackShell         = "shell"
	AttackCode          = "code"
	AttackTemplate      = "template"
	AttackSSI           = "ssi"
	AttackMail          = "mail"
	AttackCRLF          = "crlf"
	AttackXSS           = "xss"
	AttackXXE           = "xxe"
	AttackLFI           = "lfi"
	AttackRFI           = "rfi"
	AttackSSRF          = "ssrf"
	AttackDeserial      = "deserialization"
	AttackLog4Shell     = "log4shell"
	AttackProtocol      = "protocol"
	AttackScanner       = "scanner"
	AttackSensitiveFile = "sensitive_file"
	AttackUpload        = "upload"
	AttackLeak          = "leak"
	AttackOpenRedirect  = "open_redirect"
	AttackShellshock    = "shellshock"
	AttackCSP           = "csp"
	AttackCustom        = "custom"
	AttackOther         = "other"
)

// Sink is the place that the input reached.
type Sink struct {
	Type      string `json:"type"`                // "sql", "shell", "file", "http-client", "template", ...
	Statement string `json:"statement,omitempty"` // statement, command, path or URL, scrubbed
	Start     int    `json:"start,omitempty"`     // where the input stands in Statement, in bytes
	End       int    `json:"end,omitempty"`
	Dialect   string `json:"dialect,omitempty"` // "sqlite", "postgresql", "mysql", "mssql", "oracle"
	Database  string `json:"database,omitempty"`
	Target    string `json:"target,omitempty"` // table, resolved path or address
}

// Event is a custom event, or the properties of a user event.
type Event struct {
	Properties map[string]any `json:"properties,omitempty"`
}

// ActionHit names the action that answered a request.
type ActionHit struct {
	ID  string `json:"id"`
	URL string `json:"url,omitempty"` // where a redirect sent it
}

// Frame is one level of a stack.
type Frame struct {
	Function string `json:"function"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	InApp    bool   `json:"in_app,omitempty"` // code of the app's own module
}
