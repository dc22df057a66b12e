package engine

import (
	"maps"
	"time"

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
	status   int
	page     string
}

func newPolicy(in wire.Instructions, c Config) *policy {
	p := &policy{
		version:  in.Version,
		modes:    DefaultModes(),
		disabled: in.Policy.Disabled,
		killed:   in.Policy.KillSwitch,
		budget:   time.Duration(c.BudgetMicro) * time.Microsecond,
		status:   in.Policy.BlockStatus,
		page:     in.Policy.BlockPage,
	}
	if in.Policy.BudgetMicro > 0 {
		p.budget = time.Duration(in.Policy.BudgetMicro) * time.Microsecond
	}
	maps.Copy(p.modes, c.Defaults)
	maps.Copy(p.modes, in.Policy.Modes)
	return p
}

// mode returns what a protection does now, the kill switch considered.
func (p *policy) mode(protection string) string {
	m := p.modes[protection]
	switch {
	case p.disabled:
		return wire.ModeOff
	case m == wire.ModeBlock && p.killed:
		return wire.ModeMonitor
	case m == wire.ModeBlock, m == wire.ModeMonitor:
		return m
	}
	return wire.ModeOff
}
