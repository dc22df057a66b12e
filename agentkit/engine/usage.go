package engine

import (
	"slices"
	"sync"
	"sync/atomic"
)

// What a process uses is a fact about the process, not about one engine: a
// driver may be opened before the agent exists, or in a program that has none.
// This is the one piece of state that the package keeps outside an Engine.
var usage struct{ uses, hooks nameSet }

// MarkUsed records that the process really used something: "sql", "shell",
// "http-client", "files", "templates", "mongodb", "redis". It is cheap enough
// to call each time, and may be called before any engine exists.
func MarkUsed(what string) { usage.uses.add(what) }

// MarkHook records that an instrumentation is in place, for example "sqlhook".
func MarkHook(name string) { usage.hooks.add(name) }

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
