package engine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sqreen/sqreen/agentkit/scrub"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// DefaultModes returns what each protection does when neither the platform nor
// the configuration says otherwise: look and report, but block nothing except
// the actors that somebody blocked on purpose.
func DefaultModes() map[string]string {
	return map[string]string{
		wire.ProtectionSQLi:     wire.ModeMonitor,
		wire.ProtectionNoSQLi:   wire.ModeMonitor,
		wire.ProtectionShell:    wire.ModeMonitor,
		wire.ProtectionLFI:      wire.ModeMonitor,
		wire.ProtectionSSRF:     wire.ModeMonitor,
		wire.ProtectionXSS:      wire.ModeMonitor,
		wire.ProtectionTemplate: wire.ModeMonitor,
		wire.ProtectionXXE:      wire.ModeMonitor,
		wire.ProtectionWAF:      wire.ModeMonitor,
		wire.ProtectionCSP:      wire.ModeOff,
		wire.ProtectionHeaders:  wire.ModeOff,
		wire.ProtectionUsers:    wire.ModeMonitor,
		wire.ProtectionActors:   wire.ModeBlock,
	}
}

// policy is what is in force at one moment. It never changes once published.
type policy struct {
	version  uint64
	modes    map[string]string
	disabled bool
	killed   bool
	budget   time.Duration
	cpuShare float64
	status   int
	page     string

	scrubber              *scrub.Scrubber
	scrubKeys, scrubRules []string // of the platform, that scrubber was made with
}

// newPolicy makes a policy from instructions on top of the configuration. Old
// may be nil; what is the same as in old is not compiled again.
func newPolicy(in wire.Instructions, c Config, old *policy) (*policy, []error) {
	p := &policy{
		version:  in.Version,
		modes:    DefaultModes(),
		disabled: in.Policy.Disabled,
		killed:   in.Policy.KillSwitch,
		budget:   time.Duration(c.BudgetMicro) * time.Microsecond,
		cpuShare: in.Policy.CPUShare,
		status:   in.Policy.BlockStatus,
		page:     in.Policy.BlockPage,
	}
	if in.Policy.BudgetMicro > 0 {
		p.budget = time.Duration(in.Policy.BudgetMicro) * time.Microsecond
	}
	maps.Copy(p.modes, c.Defaults)
	maps.Copy(p.modes, in.Policy.Modes)
	errs := p.checkModes()
	p.scrubKeys, p.scrubRules = in.Policy.ScrubKeys, in.Policy.ScrubValues
	if old != nil && slices.Equal(p.scrubKeys, old.scrubKeys) && slices.Equal(p.scrubRules, old.scrubRules) {
		p.scrubber = old.scrubber
		return p, errs
	}
	scrubber, more := newScrubber(c.Scrub, p.scrubKeys, p.scrubRules)
	p.scrubber = scrubber
	return p, append(errs, more...)
}

// checkModes replaces modes that this agent does not know by monitor, the one
// that neither hides attacks nor changes answers.
func (p *policy) checkModes() (errs []error) {
	for protection, mode := range p.modes {
		switch mode {
		case wire.ModeOff, wire.ModeMonitor, wire.ModeBlock:
		default:
			errs = append(errs, fmt.Errorf("mode %q of %s is not known: want off, monitor or block; monitoring", mode, protection))
			p.modes[protection] = wire.ModeMonitor
		}
	}
	return errs
}

// newScrubber compiles c and the platform's additions. A key or an expression
// that cannot be used costs only itself.
func newScrubber(c scrub.Config, keys, values []string) (*scrub.Scrubber, []error) {
	all := scrub.Config{NoDefaults: c.NoDefaults}
	var errs []error
	try := func(one scrub.Config) bool {
		_, err := scrub.New(one)
		if err != nil {
			errs = append(errs, err)
		}
		return err == nil
	}
	for _, k := range slices.Concat(c.Keys, keys) {
		if try(scrub.Config{Keys: []string{k}}) {
			all.Keys = append(all.Keys, k)
		}
	}
	for _, v := range slices.Concat(c.Values, values) {
		if try(scrub.Config{Values: []string{v}}) {
			all.Values = append(all.Values, v)
		}
	}
	s, err := scrub.New(all)
	if err != nil { // each part was accepted alone
		errs = append(errs, err)
		s, _ = scrub.New(scrub.Config{})
	}
	return s, errs
}

// mode returns what a protection does now, the kill switch considered.
func (p *policy) mode(protection string) string {
	m := p.modes[protection]
	switch {
	case p.disabled, m == "":
		return wire.ModeOff
	case m == wire.ModeBlock && p.killed:
		return wire.ModeMonitor
	}
	return m
}
