package localplatform

import (
	"context"
	"slices"
	"time"
)

// Token kinds.
const (
	TokenAgent    = "agent"    // an agent reports for one app and environment, nothing else
	TokenOperator = "operator" // a person or script uses the API
)

// Role says what an operator may do.
type Role string

// Roles, ascending: a viewer reads, a responder also handles incidents and
// actions, an admin also changes policies and tokens.
const (
	RoleViewer    Role = "viewer"
	RoleResponder Role = "responder"
	RoleAdmin     Role = "admin"
)

// Roles lists the roles, ascending.
func Roles() []string { return []string{string(RoleViewer), string(RoleResponder), string(RoleAdmin)} }

// Allows reports whether a role is enough where need is required.
func (r Role) Allows(need Role) bool {
	rank := Roles()
	return slices.Index(rank, string(r)) >= slices.Index(rank, string(need)) && slices.Contains(rank, string(r))
}

// Token lets someone in. The secret is shown once and only its hash is stored.
type Token struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Name     string    `json:"name,omitempty"` // of an operator
	Role     Role      `json:"role,omitempty"` // of an operator
	App      string    `json:"app,omitempty"`  // of an agent
	Env      string    `json:"env,omitempty"`
	Hash     []byte    `json:"-"` // SHA-256 of the secret, which is 256 random bits
	Created  time.Time `json:"created"`
	By       string    `json:"by"`
	LastUsed time.Time `json:"last_used,omitzero"`
	Expires  time.Time `json:"expires,omitzero"`
	Revoked  time.Time `json:"revoked,omitzero"`
}

// Valid reports whether the token opens anything at a time.
func (t *Token) Valid(now time.Time) bool {
	return t.Revoked.IsZero() && (t.Expires.IsZero() || now.Before(t.Expires))
}

// Validate checks a token to be created.
func (t *Token) Validate() error {
	switch {
	case t.Kind == TokenAgent && (t.App == "" || t.Env == ""):
		return Errorf(CodeInvalid, "an agent token needs an app and an environment").WithHint("sqreen tokens create --app shop --env prod")
	case t.Kind == TokenOperator && !slices.Contains(Roles(), string(t.Role)):
		return Errorf(CodeInvalid, "unknown role %q", t.Role).WithHint("use viewer, responder or admin")
	case t.Kind != TokenAgent && t.Kind != TokenOperator:
		return Errorf(CodeInvalid, "unknown kind of token %q", t.Kind)
	}
	return nil
}

// NewToken is a created token with its secret, which is never shown again.
type NewToken struct {
	Token
	Secret string `json:"secret"`
}

// AuditEntry records one change made by an operator or the platform.
type AuditEntry struct {
	ID   int64     `json:"id"`
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	What string    `json:"what"` // "action.create", "policy.set", "incident.ack", ...
	On   string    `json:"on"`   // what was changed
	Text string    `json:"text,omitempty"`
}

// Caller is who is asking.
type Caller struct {
	Name string
	Role Role
}

type callerKey struct{}

// WithCaller notes in ctx who is asking.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom says who is asking; without one, nobody with no role.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
