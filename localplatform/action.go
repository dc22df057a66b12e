package localplatform

import (
	"net/netip"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Action is a response against an actor. Scope is empty for all apps, or names
// an app, or an app and environment.
type Action struct {
	ID       string    `json:"id"`   // "a-" and a number
	Kind     string    `json:"kind"` // wire.Action*
	Target   string    `json:"target"`
	URL      string    `json:"url,omitempty"` // where a redirect leads
	App      string    `json:"app,omitempty"`
	Env      string    `json:"env,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Incident int64     `json:"incident,omitempty"` // the incident it answers
	By       string    `json:"by"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"` // zero means permanent
	Revoked  time.Time `json:"revoked,omitzero"`
	Version  uint64    `json:"version"` // configuration version of its last change
	Hits     int64     `json:"hits"`    // requests it answered, as agents report
}

// InForce reports whether the action answers requests at a time.
func (a *Action) InForce(now time.Time) bool {
	return a.Revoked.IsZero() && (a.Expires.IsZero() || now.Before(a.Expires))
}

// Applies reports whether the action is meant for an app's environment.
func (a *Action) Applies(app, env string) bool {
	return (a.App == "" || strings.EqualFold(a.App, app)) && (a.Env == "" || strings.EqualFold(a.Env, env))
}

// Validate normalises Target and checks the whole. Errors are CodeInvalid.
func (a *Action) Validate() error {
	switch a.Kind {
	case wire.ActionBlockIP, wire.ActionRedirectIP:
		p, err := ParsePrefix(a.Target)
		if err != nil {
			return err
		}
		a.Target = PrefixText(p)
	case wire.ActionBlockUser, wire.ActionRedirectUser:
		if strings.TrimSpace(a.Target) == "" {
			return Errorf(CodeInvalid, "an action on a user needs a user")
		}
	default:
		return Errorf(CodeInvalid, "unknown action kind %q", a.Kind)
	}
	if (a.Kind == wire.ActionRedirectIP || a.Kind == wire.ActionRedirectUser) != (a.URL != "") {
		return Errorf(CodeInvalid, "a redirect needs a URL or path, and only a redirect does")
	}
	if a.URL != "" {
		u, err := url.Parse(a.URL)
		if err != nil || (u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https") || (u.Scheme == "" && !strings.HasPrefix(a.URL, "/")) {
			return Errorf(CodeInvalid, "%q is not a place to redirect to", a.URL).WithHint("give a path such as /sorry, or an http(s) URL")
		}
	}
	return nil
}

// ParsePrefix reads an address or a CIDR. IPv4 written as IPv6 is unmapped.
func ParsePrefix(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if p, err := netip.ParsePrefix(text); err == nil {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, Errorf(CodeInvalid, "%q is not an address or a CIDR", text).WithHint("for example 203.0.113.7 or 2001:db8::/32")
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// PrefixText writes a prefix the short way: a single address without its length.
func PrefixText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// UserID is how events and actions name a user: the value when there is one
// identifier ("42"), or "a=1,b=2" sorted by key when there are several.
func UserID(identifiers map[string]string) string {
	if len(identifiers) == 1 {
		for _, v := range identifiers {
			return v
		}
	}
	parts := make([]string, 0, len(identifiers))
	for k, v := range identifiers {
		parts = append(parts, k+"="+v)
	}
	sort.Strings(parts)
	return strings.Join(parts, ",")
}
