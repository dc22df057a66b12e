package localplatform

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// PolicyScope says for which apps a policy is meant. Policies are laid over one
// another, the later ones winning: all, group, app, app and environment.
type PolicyScope struct {
	Group string `json:"group,omitempty"`
	App   string `json:"app,omitempty"`
	Env   string `json:"env,omitempty"` // only with App
}

// String is "all", "group:NAME", "NAME" or "NAME/ENV".
func (s PolicyScope) String() string {
	switch {
	case s.Group != "":
		return "group:" + s.Group
	case s.App == "":
		return "all"
	case s.Env == "":
		return s.App
	}
	return s.App + "/" + s.Env
}

// ParsePolicyScope reads what String writes.
func ParsePolicyScope(text string) (PolicyScope, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "all" {
		return PolicyScope{}, nil
	}
	if g, ok := strings.CutPrefix(text, "group:"); ok && g != "" {
		return PolicyScope{Group: g}, nil
	}
	app, env, _ := strings.Cut(text, "/")
	if app == "" || strings.Contains(env, "/") {
		return PolicyScope{}, Errorf(CodeInvalid, "%q is not a policy scope", text).WithHint("use all, group:NAME, APP or APP/ENV")
	}
	return PolicyScope{App: app, Env: env}, nil
}

// Policy says what protections do in one scope. Nil and empty fields leave what
// a wider scope says.
type Policy struct {
	Scope        PolicyScope       `json:"scope"`
	Modes        map[string]string `json:"modes,omitempty"` // wire.Protection* to wire.Mode*
	KillSwitch   *bool             `json:"kill_switch,omitempty"`
	Disabled     *bool             `json:"disabled,omitempty"`
	BudgetMicro  *int              `json:"budget_us,omitempty"`
	CPUShare     *float64          `json:"cpu_share,omitempty"`
	BlockStatus  *int              `json:"block_status,omitempty"`
	BlockPage    *string           `json:"block_page,omitempty"`
	ScrubKeys    []string          `json:"scrub_keys,omitempty"`
	ScrubValues  []string          `json:"scrub_values,omitempty"`
	IPPasslist   []string          `json:"ip_passlist,omitempty"`
	PathPasslist []string          `json:"path_passlist,omitempty"`
	Updated      time.Time         `json:"updated,omitzero"`
	By           string            `json:"by,omitempty"`
}

// Protection describes one protection that a policy can set.
type Protection struct {
	Name    string // wire.Protection*
	Title   string
	Default string // wire.Mode*
}

// Protections lists what policies can set, in the order people read them.
func Protections() []Protection {
	return []Protection{
		{wire.ProtectionSQLi, "SQL injection (RASP)", wire.ModeBlock},
		{wire.ProtectionNoSQLi, "NoSQL injection (RASP)", wire.ModeBlock},
		{wire.ProtectionShell, "shell injection (RASP)", wire.ModeBlock},
		{wire.ProtectionLFI, "local file inclusion (RASP)", wire.ModeBlock},
		{wire.ProtectionSSRF, "server-side request forgery (RASP)", wire.ModeBlock},
		{wire.ProtectionXSS, "reflected XSS (RASP)", wire.ModeBlock},
		{wire.ProtectionTemplate, "template injection (RASP)", wire.ModeBlock},
		{wire.ProtectionXXE, "XML entities (RASP)", wire.ModeBlock},
		{wire.ProtectionWAF, "in-app WAF", wire.ModeMonitor},
		{wire.ProtectionCSP, "content security policy", wire.ModeOff},
		{wire.ProtectionHeaders, "security headers", wire.ModeOff},
		{wire.ProtectionUsers, "user monitoring", wire.ModeMonitor},
		{wire.ProtectionActors, "blocking of actors", wire.ModeBlock},
	}
}

// Validate checks names, modes, lists and ranges. "rasp" in Modes stands for
// all rasp.* and is expanded.
func (p *Policy) Validate() error {
	if err := p.validateModes(); err != nil {
		return err
	}
	for _, cidr := range p.IPPasslist {
		if _, err := ParsePrefix(cidr); err != nil {
			return err
		}
	}
	for _, path := range p.PathPasslist {
		if !strings.HasPrefix(path, "/") {
			return Errorf(CodeInvalid, "path %q in the passlist must begin with /", path)
		}
	}
	if s := p.BlockStatus; s != nil && *s != 0 && (*s < 400 || *s > 599) {
		return Errorf(CodeInvalid, "block status %d is not an error status", *s).WithHint("use 400..599, for example 403")
	}
	if s := p.CPUShare; s != nil && (*s < 0 || *s > 1) {
		return Errorf(CodeInvalid, "CPU share %g is not between 0 and 1", *s)
	}
	if b := p.BudgetMicro; b != nil && *b < 0 {
		return Errorf(CodeInvalid, "budget of %d microseconds is negative", *b)
	}
	return nil
}

func (p *Policy) validateModes() error {
	if mode, ok := p.Modes["rasp"]; ok {
		delete(p.Modes, "rasp")
		for _, known := range Protections() {
			if _, set := p.Modes[known.Name]; !set && strings.HasPrefix(known.Name, "rasp.") {
				p.Modes[known.Name] = mode
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Modes)) {
		if !slices.ContainsFunc(Protections(), func(k Protection) bool { return k.Name == name }) {
			return Errorf(CodeInvalid, "unknown protection %q", name).WithHint("use one of rasp, %s", strings.Join(protectionNames(), ", "))
		}
		if mode := p.Modes[name]; mode != wire.ModeOff && mode != wire.ModeMonitor && mode != wire.ModeBlock {
			return Errorf(CodeInvalid, "unknown mode %q for %s", mode, name).WithHint("use off, monitor or block")
		}
	}
	return nil
}

func protectionNames() []string {
	var names []string
	for _, p := range Protections() {
		names = append(names, p.Name)
	}
	return names
}

// EffectivePolicy lays the policies that concern an app over the defaults. The
// order of policies does not matter.
func EffectivePolicy(policies []Policy, app, env, group string) Policy {
	out := Policy{Scope: PolicyScope{App: app, Env: env}, Modes: map[string]string{}}
	for _, k := range Protections() {
		out.Modes[k.Name] = k.Default
	}
	chosen := slices.DeleteFunc(slices.Clone(policies), func(p Policy) bool { return scopeRank(p.Scope, app, env, group) < 0 })
	sort.SliceStable(chosen, func(i, j int) bool {
		return scopeRank(chosen[i].Scope, app, env, group) < scopeRank(chosen[j].Scope, app, env, group)
	})
	for _, p := range chosen {
		out.overlay(p)
	}
	return out
}

// scopeRank orders scopes from wide to narrow; -1 does not concern the app.
func scopeRank(s PolicyScope, app, env, group string) int {
	switch {
	case s == PolicyScope{}:
		return 0
	case s.Group != "":
		if strings.EqualFold(s.Group, group) {
			return 1
		}
	case strings.EqualFold(s.App, app) && s.Env == "":
		return 2
	case strings.EqualFold(s.App, app) && strings.EqualFold(s.Env, env):
		return 3
	}
	return -1
}

// overlay lets q win over p. Lists add up: a passlist or a scrubbed key of a
// wider scope stays in force.
func (p *Policy) overlay(q Policy) {
	maps.Copy(p.Modes, q.Modes)
	p.KillSwitch = either(q.KillSwitch, p.KillSwitch)
	p.Disabled = either(q.Disabled, p.Disabled)
	p.BudgetMicro = either(q.BudgetMicro, p.BudgetMicro)
	p.CPUShare = either(q.CPUShare, p.CPUShare)
	p.BlockStatus = either(q.BlockStatus, p.BlockStatus)
	p.BlockPage = either(q.BlockPage, p.BlockPage)
	p.ScrubKeys = append(p.ScrubKeys, q.ScrubKeys...)
	p.ScrubValues = append(p.ScrubValues, q.ScrubValues...)
	p.IPPasslist = append(p.IPPasslist, q.IPPasslist...)
	p.PathPasslist = append(p.PathPasslist, q.PathPasslist...)
}

func either[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

func valueOr[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// Wire is the policy as agents receive it.
func (p *Policy) Wire() wire.Policy {
	return wire.Policy{
		Modes: p.Modes, KillSwitch: valueOr(p.KillSwitch), Disabled: valueOr(p.Disabled),
		BudgetMicro: valueOr(p.BudgetMicro), CPUShare: valueOr(p.CPUShare),
		BlockStatus: valueOr(p.BlockStatus), BlockPage: valueOr(p.BlockPage),
		ScrubKeys: p.ScrubKeys, ScrubValues: p.ScrubValues,
	}
}

// Instance is one running process of an app and how far our word has reached it.
type Instance struct {
	ID        string       `json:"id"`
	App       string       `json:"app"`
	Env       string       `json:"env"`
	Stack     wire.Stack   `json:"stack"`
	Started   time.Time    `json:"started"`
	FirstSeen time.Time    `json:"first_seen"`
	LastSeen  time.Time    `json:"last_seen"`
	Sent      uint64       `json:"sent"`             // highest configuration version sent to it
	Applied   uint64       `json:"applied"`          // version it says is in force
	Faults    []wire.Fault `json:"faults,omitempty"` // the latest ones
}

// PushStatus is where a configuration version stands on one instance.
func (i *Instance) PushStatus(version uint64, now time.Time) string {
	switch {
	case i.Applied >= version:
		return "in force"
	case now.Sub(i.LastSeen) > SilentAfter:
		return "silent since " + i.LastSeen.UTC().Format(time.RFC3339)
	case i.Sent >= version:
		return "sent"
	}
	return "pending"
}

// SilentAfter is how long an instance may be unheard of before it counts as
// gone: three heartbeats of 20 s.
const SilentAfter = time.Minute

// AppRecord is an app in one environment as the store keeps it. What people see
// is inventory.App, which adds what is derived.
type AppRecord struct {
	Name      string     `json:"name"`
	Env       string     `json:"env"`
	Group     string     `json:"group,omitempty"`
	FirstSeen time.Time  `json:"first_seen"` // first login of an agent; zero when only a token exists
	LastSeen  time.Time  `json:"last_seen"`
	Stack     wire.Stack `json:"stack"` // of the latest login, with what was used since
}

// Key is "NAME/ENV".
func (a AppRecord) Key() string { return fmt.Sprintf("%s/%s", a.Name, a.Env) }
