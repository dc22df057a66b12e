package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/inventory/risk"
	"github.com/sqreen/sqreen/inventory/weakness"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// known is everything that the inventory is derived from, as of one moment.
type known struct {
	now       time.Time
	version   uint64
	records   []localplatform.AppRecord
	instances []localplatform.Instance
	incidents []localplatform.Incident // live ones
	actions   []localplatform.Action   // in force
	policies  []localplatform.Policy
	sums      map[string]map[string]float64 // by app key and counter, last 24 hours
	attacks   map[string]int64              // by app key, last 24 hours
	connected map[string]int                // by app key: instances heard of lately
	evidence  map[string]*risk.Evidence     // by app key: what incidents say
}

func (p *Platform) gather(ctx context.Context) (*known, error) {
	k := &known{now: p.now()}
	if err := p.view(ctx, k.read); err != nil {
		return nil, err
	}
	k.index()
	points, err := p.store.Counters(ctx, localplatform.CounterQuery{
		Names: []string{wire.CounterRequests, wire.CounterBlocked, wire.CounterCheckTime, wire.CounterRequestTime, wire.CounterSQL},
		From:  k.now.Add(-24 * time.Hour), To: k.now.Add(time.Minute),
	})
	if err != nil {
		return nil, err
	}
	k.sums = map[string]map[string]float64{}
	for _, c := range points {
		key := appKey(c.App, c.Env)
		if k.sums[key] == nil {
			k.sums[key] = map[string]float64{}
		}
		k.sums[key][c.Name] += c.Value
	}
	k.attacks, err = p.countAttacks(ctx, k)
	return k, err
}

func (k *known) read(tx localplatform.ControlTx) (err error) {
	if k.records, err = tx.Apps(); err != nil {
		return err
	}
	if k.instances, err = tx.Instances("", ""); err != nil {
		return err
	}
	if k.incidents, err = tx.LiveIncidents(); err != nil {
		return err
	}
	k.incidents = slices.DeleteFunc(k.incidents, func(i localplatform.Incident) bool { return !i.Live() })
	inForce := must("state:active", localplatform.ActionSchema(), k.now)
	if k.actions, err = tx.Actions(inForce, k.now); err != nil {
		return err
	}
	if k.policies, err = tx.Policies(); err != nil {
		return err
	}
	k.version, err = tx.ConfigVersion()
	return err
}

// index counts by app, so that a thousand apps do not each look at everything.
func (k *known) index() {
	k.connected, k.evidence = map[string]int{}, map[string]*risk.Evidence{}
	for i := range k.instances {
		if in := &k.instances[i]; k.now.Sub(in.LastSeen) <= localplatform.SilentAfter {
			k.connected[appKey(in.App, in.Env)]++
		}
	}
	for i := range k.incidents {
		inc := &k.incidents[i]
		key := appKey(inc.App, inc.Env)
		e := k.evidence[key]
		if e == nil {
			e = &risk.Evidence{Incidents: map[string]int{}}
			k.evidence[key] = e
		}
		e.Incidents[string(inc.Severity)]++
		if inc.Exploited > 0 {
			e.Exploited++
		}
	}
}

// countAttacks counts the attacks of the last 24 hours: one histogram for each
// environment, split by app, which a store answers from its roll-ups.
func (p *Platform) countAttacks(ctx context.Context, k *known) (map[string]int64, error) {
	counts := map[string]int64{}
	var envs []string
	for _, r := range k.records {
		if !slices.ContainsFunc(envs, func(e string) bool { return strings.EqualFold(e, r.Env) }) {
			envs = append(envs, r.Env)
		}
	}
	for _, env := range envs {
		f, err := p.compile("kind:attack env:"+queries.Quote(env), localplatform.EventSchema())
		if err != nil {
			return nil, err
		}
		h, err := p.store.Histogram(ctx, f, localplatform.HistogramQuery{
			From: k.now.Add(-24 * time.Hour), To: k.now.Add(time.Minute), Buckets: 1, By: "app",
		})
		if err != nil {
			return nil, fmt.Errorf("count attacks: %w", err)
		}
		for _, b := range h.Buckets {
			for app, n := range b.Series {
				counts[appKey(app, env)] += n
			}
		}
	}
	return counts, nil
}

func appKey(app, env string) string { return strings.ToLower(app + "/" + env) }

func (k *known) policy(r *localplatform.AppRecord) localplatform.Policy {
	return localplatform.EffectivePolicy(k.policies, r.Name, r.Env, r.Group)
}

// app derives one app of the inventory.
func (k *known) app(r *localplatform.AppRecord) inventory.App {
	a := inventory.App{
		Name: r.Name, Env: r.Env, Group: r.Group, FirstSeen: r.FirstSeen, LastSeen: r.LastSeen,
		Technology: r.Stack.Technology, Runtime: r.Stack.Runtime.Version, Agent: componentText(r.Stack.Agent),
		Frameworks: some(r.Stack.Frameworks), Packages: some(r.Stack.Packages), ORMs: some(r.Stack.ORMs),
		Templates: some(r.Stack.Templates), Drivers: some(r.Stack.Drivers), Uses: some(r.Stack.Uses), Hooks: some(r.Stack.Hooks),
	}
	k.traffic(&a, r)
	k.protection(&a, r)
	a.Weaknesses = some(weakness.Find(&a))
	evidence := risk.Evidence{App: r.Name, Env: r.Env, Weaknesses: a.Weaknesses}
	if e := k.evidence[appKey(r.Name, r.Env)]; e != nil {
		evidence.Incidents, evidence.Exploited = e.Incidents, e.Exploited
	}
	for _, n := range evidence.Incidents {
		a.Incidents += n
	}
	a.RiskScore, a.Risk, a.RiskReasons = risk.Assess(evidence)
	a.RiskReasons = some(a.RiskReasons)
	return a
}

func (k *known) traffic(a *inventory.App, r *localplatform.AppRecord) {
	key := appKey(r.Name, r.Env)
	sums := k.sums[key]
	a.Requests24h, a.Blocked24h, a.Attacks24h = int64(sums[wire.CounterRequests]), int64(sums[wire.CounterBlocked]), k.attacks[key]
	if total := sums[wire.CounterRequestTime]; total > 0 {
		a.Overhead = 100 * sums[wire.CounterCheckTime] / total
	}
	a.Instances = k.connected[key]
	switch {
	case r.FirstSeen.IsZero():
		a.Status = "waiting"
	case a.Instances > 0:
		a.Status = "connected"
	default:
		a.Status = "silent"
	}
}

// protection says what is in force: the kill switch turns blocking into
// monitoring, and a disabled agent does nothing.
func (k *known) protection(a *inventory.App, r *localplatform.AppRecord) {
	p := k.policy(r)
	a.Enabled = p.Disabled == nil || !*p.Disabled
	a.Modes = map[string]string{}
	for name, mode := range p.Modes {
		switch {
		case !a.Enabled:
			mode = wire.ModeOff
		case p.KillSwitch != nil && *p.KillSwitch && mode == wire.ModeBlock:
			mode = wire.ModeMonitor
		}
		a.Modes[name] = mode
	}
	a.RASP = together(a.Modes, "rasp.")
	a.WAF, a.CSP, a.Headers = a.Modes[wire.ProtectionWAF], a.Modes[wire.ProtectionCSP], a.Modes[wire.ProtectionHeaders]
	for i := range k.actions {
		if k.actions[i].Applies(r.Name, r.Env) {
			a.BlockedActors++
		}
	}
}

// together is the mode of all protections whose names begin with prefix,
// "mixed" when some block and others do not.
func together(modes map[string]string, prefix string) string {
	found := ""
	for name, mode := range modes {
		switch {
		case !strings.HasPrefix(name, prefix) || mode == found:
		case found == "":
			found = mode
		default:
			return "mixed"
		}
	}
	return found
}

func componentText(c wire.Component) string {
	return strings.TrimSpace(c.Name + " " + c.Version)
}

// some is list, or an empty list when it is nil: JSON readers see [] either way.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
