package engine

import (
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/internal/safe"
	"github.com/sqreen/sqreen/agentkit/internal/stack"
	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// BlockedError is what a hook returns when it refused to do its work. The
// answer to the client is already decided: a handler that meets it just returns.
type BlockedError struct {
	Attack wire.Attack // what was found; empty when an action blocks the actor
	Action wire.Action // the action in force; empty when an attack was found
}

// Error says what was blocked, and nothing of the payload.
func (b *BlockedError) Error() string {
	if b.Attack.Kind == "" {
		return "sqreen: blocked by action " + b.Action.ID
	}
	return "sqreen: blocked " + b.Attack.Kind + " in " + b.Attack.Param + " (rule " + b.Attack.Rule + ")"
}

// Blocked reports whether err says that a protection refused something.
func Blocked(err error) bool {
	var b *BlockedError
	return errors.As(err, &b)
}

// Check runs fn unless the protection is off, and records the attack it
// returns. In block mode it then marks the request as blocked, cancels its
// context and returns a *BlockedError, which the hook hands to its caller in
// place of doing its work. Otherwise it returns nil.
//
// fn runs on a goroutine of the engine, so that a panic or an endless loop in it
// does not hurt the caller. It must not touch what the caller may change later.
func (q *Request) Check(protection string, fn func(in *rasp.Inputs) *wire.Attack) (err error) {
	mode := q.Mode(protection)
	if mode == wire.ModeOff {
		return nil
	}
	defer q.engine.Contain(protection)
	t := &checkTask{q: q, fn: fn}
	if !q.run(protection, t) || t.attack == nil {
		return nil
	}
	found := *t.attack
	found.Blocked = mode == wire.ModeBlock
	if found.Protection == "" {
		found.Protection, _, _ = strings.Cut(protection, ".")
	}
	var blockedErr *BlockedError
	if found.Blocked {
		blockedErr = q.condemn(&BlockedError{Attack: found}, q.engine.blockPage(q))
	}
	q.recordAttack(found, stack.Capture(0))
	if blockedErr != nil {
		return blockedErr
	}
	return nil
}

// checkTask is a check as a task for the runner.
type checkTask struct {
	q      *Request
	fn     func(in *rasp.Inputs) *wire.Attack
	attack *wire.Attack
}

// Run makes the check.
func (t *checkTask) Run() { t.attack = t.fn(t.q.Inputs()) }

// run runs one check within the request's budget, and reports whether it came
// to its end.
func (q *Request) run(protection string, t safe.Task) bool {
	e := q.engine
	start := e.cfg.Now()
	if !q.affordable(start) {
		return false
	}
	if !q.inspected.Load() {
		q.inspected.Store(true)
	}
	out := e.runner.Run(t)
	end := e.cfg.Now()
	q.spent.Add(int64(end.Sub(start)))
	e.load.add(end, end.Sub(start))
	if out.Fate == safe.Returned {
		return true
	}
	e.counters.add(end, wire.CounterSkipped, "fault", 1)
	e.fault(protection, out)
	return false
}

// bytesPerMicro is the speed of checks that the budget allows for: a request
// that brought a large body may take longer, or padding would switch checks off.
const bytesPerMicro = 100

// affordable reports whether there is time left for a check in this request
// and in this process, and counts the check as skipped if not.
func (q *Request) affordable(now time.Time) bool {
	e := q.engine
	p := e.policy.Load()
	allowed := p.budget + time.Duration(q.bodySize()/bytesPerMicro)*time.Microsecond
	if q.spent.Load() >= int64(allowed) {
		e.counters.add(now, wire.CounterSkipped, "budget", 1)
		return false
	}
	if p.cpuShare > 0 && e.load.exceeds(now, p.cpuShare*float64(runtime.GOMAXPROCS(0))) {
		e.counters.add(now, wire.CounterSkipped, "cpu", 1)
		return false
	}
	return true
}
