package engine

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/actors"
	"github.com/sqreen/sqreen/agentkit/scrub"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Config says what an Engine is made of. The zero value works: it detects,
// blocks nothing and tells nobody.
type Config struct {
	Scrubber *scrub.Scrubber    // removes secrets before Emit; nil means the default scrubber
	Actors   *actors.Table      // blocks, redirects and passlists; nil means an empty table
	Emit     func(*wire.Signal) // takes scrubbed signals; must not block; nil drops them
	Now      func() time.Time   // nil means time.Now
	Logger   *slog.Logger       // nil means silence

	// Defaults are the modes of protections that the platform says nothing
	// about. A protection that is missing here too is in DefaultModes.
	Defaults map[string]string

	// BudgetMicro is the time for checks in one request, in microseconds, when
	// the platform names none; 0 means DefaultBudgetMicro.
	BudgetMicro int
}

// DefaultBudgetMicro is the time for checks in one request when neither the
// platform nor the configuration says otherwise.
const DefaultBudgetMicro = 3000

// Engine is the security state of one process. All methods may be called from
// several goroutines.
type Engine struct {
	cfg    Config
	policy atomic.Pointer[policy]

	applyMu sync.Mutex // one Apply at a time
}

// New returns an engine that has applied no instructions yet.
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
	e := &Engine{cfg: c}
	e.policy.Store(newPolicy(wire.Instructions{}, c))
	return e
}

// Apply puts instructions in force. Requests that are under way follow them
// from their next check on. The errors name entries that were not usable; the
// rest is in force all the same.
func (e *Engine) Apply(in wire.Instructions) []error {
	e.applyMu.Lock()
	defer e.applyMu.Unlock()
	errs := e.cfg.Actors.Apply(in)
	e.policy.Store(newPolicy(in, e.cfg))
	return errs
}

// Version returns the version of the instructions in force, 0 before any.
func (e *Engine) Version() uint64 { return e.policy.Load().version }
