package engine

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/actors"
	"github.com/sqreen/sqreen/agentkit/internal/safe"
	"github.com/sqreen/sqreen/agentkit/scrub"
	"github.com/sqreen/sqreen/agentkit/waf"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Config says what an Engine is made of. The zero value works: it detects,
// blocks nothing and tells nobody.
type Config struct {
	// Scrub says what to remove from signals beyond the defaults. Expressions
	// that do not compile are left out and logged.
	Scrub scrub.Config

	WAF    *waf.Ruleset       // rules of the in-app firewall; nil means none
	Actors *actors.Table      // blocks, redirects and passlists; nil means an empty table
	Emit   func(*wire.Signal) // takes scrubbed signals; must not block; nil drops them
	Now    func() time.Time   // nil means time.Now
	Logger *slog.Logger       // nil means silence

	// Defaults are the modes of protections that the platform says nothing
	// about. A protection that is missing here too is in DefaultModes.
	Defaults map[string]string

	// BudgetMicro is the time for checks in one request, in microseconds, when
	// the platform names none; 0 means DefaultBudgetMicro. A large body adds to
	// it in proportion.
	BudgetMicro int

	// CheckLimit is how long one check may take before it is given up; 0 means
	// DefaultCheckLimit.
	CheckLimit time.Duration
}

// DefaultBudgetMicro is the time for checks in one request when neither the
// platform nor the configuration says otherwise. It is far above what checks
// take, because the clock runs on while a busy machine serves others, and a
// check left out lets an attack pass.
const DefaultBudgetMicro = 100_000

// DefaultCheckLimit is far beyond what any check takes, so that a machine
// under load does not make checks look endless.
const DefaultCheckLimit = time.Second

// Engine is the security state of one process. All methods may be called from
// several goroutines.
type Engine struct {
	cfg      Config
	policy   atomic.Pointer[policy]
	runner   *safe.Runner
	faults   *faults
	counters counters
	sampler  sampler
	load     load
	captured atomic.Int64 // bytes of bodies held by requests under way

	applyMu sync.Mutex // one Apply at a time
}

// New returns an engine that has applied no instructions yet. Close it when it
// is not needed any more.
func New(c Config) *Engine {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Actors == nil {
		c.Actors = actors.New()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.BudgetMicro <= 0 {
		c.BudgetMicro = DefaultBudgetMicro
	}
	if c.CheckLimit <= 0 {
		c.CheckLimit = DefaultCheckLimit
	}
	e := &Engine{cfg: c, runner: safe.NewRunner(c.CheckLimit), faults: newFaults(c.Now)}
	p, errs := newPolicy(wire.Instructions{}, c, nil)
	for _, err := range errs {
		c.Logger.Warn("sqreen: configuration", "error", err)
	}
	e.policy.Store(p)
	return e
}

// Close ends the engine's goroutines. Requests that are under way go on.
func (e *Engine) Close() { e.runner.Close() }

// Apply puts instructions in force. Requests that are under way follow them
// from their next check on. A protection whose mode changes is switched on again
// if faults had switched it off. The errors name entries that were not usable;
// the rest is in force all the same.
func (e *Engine) Apply(in wire.Instructions) (errs []error) {
	e.applyMu.Lock()
	defer e.applyMu.Unlock()
	defer e.Contain("engine.apply")
	errs = e.cfg.Actors.Apply(in)
	old := e.policy.Load()
	p, more := newPolicy(in, e.cfg, old)
	for protection, mode := range p.modes {
		if old.modes[protection] != mode {
			e.faults.reset(protection)
		}
	}
	e.policy.Store(p)
	return slices.Concat(errs, more)
}

// Version returns the version of the instructions in force, 0 before any.
func (e *Engine) Version() uint64 { return e.policy.Load().version }

// Counters returns what was counted since the last call, by minute.
func (e *Engine) Counters() []wire.Counter { return e.counters.take(e.cfg.Now()) }

// Count adds to a counter; see the wire.Counter constants.
func (e *Engine) Count(name, key string, n float64) { e.counters.add(e.cfg.Now(), name, key, n) }

// Faults returns the faults since the last call.
func (e *Engine) Faults() []wire.Fault { return e.faults.take() }

// Flush emits a signal for each group of similar ones of which some were left
// out. Call it before a batch is made.
func (e *Engine) Flush() {
	defer e.Contain("engine.flush")
	sigs, lost := e.sampler.flush(e.cfg.Now())
	for i := range sigs {
		e.emitScrubbed(&sigs[i])
	}
	if lost > 0 {
		e.Count(wire.CounterDropped, "sampled", float64(lost))
	}
	for sink, n := range takeUnchecked() {
		e.Count(wire.CounterSkipped, "no_request_"+sink, float64(n))
	}
}

// Disabled reports whether the platform switched the agent off.
func (e *Engine) Disabled() bool { return e.policy.Load().disabled }

// Contain ends a panic of an adapter's own code and reports it. Defer it
// directly, where adapters run on the host's goroutine outside a handler.
func (e *Engine) Contain(where string) {
	if v := recover(); v != nil {
		e.fault(where, safe.Outcome{Fate: safe.Panicked, Message: safe.Describe(v)})
	}
}

// fault records that a part of the agent failed.
func (e *Engine) fault(where string, out safe.Outcome) {
	defer func() { _ = recover() }() // the logger is the host's
	if e.faults.add(where, out) {
		e.cfg.Logger.Warn("sqreen: check switched off after repeated faults", "check", where, "fault", out.Message)
		return
	}
	e.cfg.Logger.Debug("sqreen: fault in the agent", "check", where, "fault", out.Message)
}
