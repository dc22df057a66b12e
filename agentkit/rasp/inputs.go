package rasp

import "sync"

// Inputs holds what a request brought in. The zero value is ready; all methods
// may be called from several goroutines.
type Inputs struct {
	mu  sync.RWMutex
	all []input
}

type input struct {
	address string
	value   string
}

// NewInputs returns an empty set.
func NewInputs() *Inputs { return &Inputs{} }

// Add records value under its address: "query.q", "form.name",
// "json.items[0].id", "header.User-Agent", "cookie.sid", "path.2", "route.id".
func (in *Inputs) Add(address, value string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.all = append(in.all, input{address, value})
}
