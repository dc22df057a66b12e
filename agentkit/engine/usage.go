package engine

import (
	"slices"
	"sync"
	"sync/atomic"
)

// What a process uses is a fact about the process, not about one engine: a
// driver may be opened before the agent exists, or in a program that has none.
// This and what is unchecked is all the state that the package keeps outside an Engine.
var usage struct{ uses, hooks nameSet }

// MarkUsed records that the process really used something: "sql", "shell",
// "http-client", "files", "templates", "mongodb", "redis". It is cheap enough
// to call each time, and may be called before any engine exists.
func MarkUsed(what string) { usage.uses.add(what) }

// MarkHook records that an instrumentation is in place, for example "sqlhook".
func MarkHook(name string) { usage.hooks.add(name) }

// MarkUnchecked counts a call to a sink, for example "sql", that belongs to no
// request, so that nothing could be compared with it. The next Flush of an
// engine adds the count to wire.CounterSkipped as "no_request_sql".
func MarkUnchecked(sink string) {
	unchecked.mu.Lock()
	defer unchecked.mu.Unlock()
	if unchecked.n == nil {
		unchecked.n = map[string]int64{}
	}
	unchecked.n[sink]++
}

// unchecked belongs to the process, as usage does: these calls have no engine.
var unchecked struct {
	mu sync.Mutex
	n  map[string]int64
}

func takeUnchecked() map[string]int64 {
	unchecked.mu.Lock()
	defer unchecked.mu.Unlock()
	n := unchecked.n
	unchecked.n = nil
	return n
}

// Used returns what MarkUsed and MarkHook recorded so far, sorted.
func Used() (uses, hooks []string) { return usage.uses.list(), usage.hooks.list() }

// nameSet is a small sorted set that is read without a lock.
type nameSet struct {
	names atomic.Pointer[[]string]
	mu    sync.Mutex // one add at a time
}

// maxNames bounds a set; names come from code, not from requests.
const maxNames = 200

func (s *nameSet) add(name string) {
	if now := s.names.Load(); now != nil && slices.Contains(*now, name) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.list()
	if len(next) < maxNames && !slices.Contains(next, name) {
		next = append(next, name)
		slices.Sort(next)
		s.names.Store(&next)
	}
}

// list returns a copy.
func (s *nameSet) list() []string {
	if now := s.names.Load(); now != nil {
		return slices.Clone(*now)
	}
	return nil
}
