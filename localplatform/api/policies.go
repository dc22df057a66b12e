package api

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// Bounds of a policy.
const (
	maxPage     = 64 << 10 // bytes of a blocking page
	maxPolicies = 10_000   // items of one list
	maxPattern  = 1000     // bytes of a pattern
)

// Policies lists the stored policies, the widest scope first.
func (p *Platform) Policies(ctx context.Context) ([]localplatform.Policy, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	out := []localplatform.Policy{}
	err := p.view(ctx, func(tx localplatform.ControlTx) error {
		list, err := tx.Policies()
		out = some(list)
		return err
	})
	slices.SortFunc(out, func(a, b localplatform.Policy) int {
		if wa, wb := width(a.Scope), width(b.Scope); wa != wb {
			return wa - wb
		}
		return strings.Compare(a.Scope.String(), b.Scope.String())
	})
	return out, err
}

func width(s localplatform.PolicyScope) int {
	switch {
	case s == localplatform.PolicyScope{}:
		return 0
	case s.Group != "":
		return 1
	case s.Env == "":
		return 2
	}
	return 3
}

// EffectivePolicy says what is in force for an app.
func (p *Platform) EffectivePolicy(ctx context.Context, app, env string) (localplatform.Policy, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return localplatform.Policy{}, err
	}
	var out localplatform.Policy
	err := p.view(ctx, func(tx localplatform.ControlTx) error {
		records, err := tx.Apps()
		if err != nil {
			return err
		}
		r, err := findApp(records, app, env)
		if err != nil {
			return err
		}
		policies, err := tx.Policies()
		out = localplatform.EffectivePolicy(policies, r.Name, r.Env, r.Group)
		return err
	})
	return out, err
}

// SetPolicy replaces the policy of a scope; an empty one is removed.
func (p *Platform) SetPolicy(ctx context.Context, policy localplatform.Policy) (localplatform.Policy, error) {
	who, err := p.need(ctx, localplatform.RoleAdmin)
	if err != nil {
		return localplatform.Policy{}, err
	}
	if err := checkPolicy(&policy); err != nil {
		return localplatform.Policy{}, err
	}
	policy.Updated, policy.By = p.now(), who.Name
	err = p.configure(ctx, func(tx localplatform.ControlTx, _ uint64) error {
		if err := settlePolicyScope(tx, &policy.Scope); err != nil {
			return err
		}
		if emptyPolicy(policy) {
			err := tx.DeletePolicy(policy.Scope)
			if localplatform.ErrorCode(err) == localplatform.CodeNotFound {
				err = nil // it is gone, which is what was asked for
			}
			if err != nil {
				return err
			}
			return p.audit(tx, who, "policy.remove", policy.Scope.String(), "")
		}
		if err := tx.PutPolicy(policy); err != nil {
			return err
		}
		return p.audit(tx, who, "policy.set", policy.Scope.String(), policyText(policy))
	})
	if err != nil {
		return localplatform.Policy{}, err
	}
	return policy, nil
}

func checkPolicy(policy *localplatform.Policy) error {
	if s := policy.Scope; s.Group != "" && s.App != "" || s.Env != "" && s.App == "" {
		return localplatform.Errorf(localplatform.CodeInvalid, "a policy is for all, a group, an app, or an app's environment").
			WithHint("use all, group:NAME, APP or APP/ENV")
	}
	if err := policy.Validate(); err != nil {
		return err
	}
	if policy.BlockPage != nil && len(*policy.BlockPage) > maxPage {
		return localplatform.Errorf(localplatform.CodeTooLarge, "the blocking page is longer than %d bytes", maxPage)
	}
	for _, list := range [][]string{policy.ScrubKeys, policy.ScrubValues, policy.IPPasslist, policy.PathPasslist} {
		if len(list) > maxPolicies {
			return localplatform.Errorf(localplatform.CodeTooLarge, "a list has more than %d items", maxPolicies)
		}
	}
	return checkScrubbing(policy)
}

func checkScrubbing(policy *localplatform.Policy) error {
	for _, pattern := range policy.ScrubValues {
		if len(pattern) > maxPattern {
			return localplatform.Errorf(localplatform.CodeTooLarge, "a pattern is longer than %d bytes", maxPattern)
		}
		if _, err := regexp.Compile(pattern); err != nil {
			return localplatform.Errorf(localplatform.CodeInvalid, "%w", err).WithHint("patterns are Go regular expressions: https://pkg.go.dev/regexp/syntax")
		}
	}
	if slices.ContainsFunc(policy.ScrubKeys, func(k string) bool { return strings.TrimSpace(k) == "" || len(k) > maxPattern }) {
		return localplatform.Errorf(localplatform.CodeInvalid, "a key to scrub is empty or longer than %d bytes", maxPattern)
	}
	return nil
}

// settlePolicyScope checks that the app exists, since a misspelt scope would
// silently protect nothing, and takes over its spelling.
func settlePolicyScope(tx localplatform.ControlTx, s *localplatform.PolicyScope) error {
	a := localplatform.Action{App: s.App, Env: s.Env}
	if err := settleScope(tx, &a); err != nil {
		return err
	}
	s.App, s.Env = a.App, a.Env
	return nil
}

// emptyPolicy reports whether a policy says nothing.
func emptyPolicy(p localplatform.Policy) bool {
	return policyText(p) == "{}"
}

// policyText is what a policy says, without who set it when and for whom.
func policyText(p localplatform.Policy) string {
	p.Updated, p.By = time.Time{}, ""
	text, err := json.Marshal(struct {
		localplatform.Policy
		Scope *struct{} `json:"scope,omitempty"`
	}{Policy: p})
	if err != nil { // CPUShare is between 0 and 1, so nothing in it cannot be written
		return err.Error()
	}
	return string(text)
}
