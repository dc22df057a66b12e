package engine

import (
	"slices"
	"sync"
)

// What a process uses is a fact about the process, not about one engine: a
// driver may be opened before the agent exists, or in a program that has none.
// This is the one piece of state that the package keeps outside an Engine.
var usage = struct {
	mu          sync.Mutex
	uses, hooks []string
}{}

// MarkUsed records that the process really used something: "sql", "shell",
// "http-client", "files", "templates", "mongodb", "redis". It is cheap enough
// to call each time, and may be called before any engine exists.
func MarkUsed(what string) { mark(&usage.uses, what) }

// MarkHook records that an instrumentation is in place, for example "sqlhook".
func MarkHook(name string) { mark(&usage.hooks, name) }

func mark(list *[]string, what string) {
	usage.mu.Lock()
	defer usage.mu.Unlock()
	if !slices.Contains(*list, what) && len(*list) < 100 {
		*list = append(*list, what)
	}
}

// Used returns what MarkUsed and MarkHook recorded so far, sorted.
func Used() (uses, hooks []string) {
	usage.mu.Lock()
	defer usage.mu.Unlock()
	uses, hooks = slices.Clone(usage.uses), slices.Clone(usage.hooks)
	slices.Sort(uses)
	slices.Sort(hooks)
	return uses, hooks
}
