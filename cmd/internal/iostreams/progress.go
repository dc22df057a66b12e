package iostreams

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressDelay is how long something may take before we talk about it.
const progressDelay = 100 * time.Millisecond

// Progress says on the terminal what is going on once it has taken a moment,
// until the returned function is called, which must happen before anything else
// is written. Where ErrOut is not a terminal nothing is written.
func (s *IOStreams) Progress(what string) (stop func()) {
	if !s.errTTY || s.captured {
		return func() {}
	}
	p := &progress{w: s.rawErr, what: Visible(what), done: make(chan struct{}), gone: make(chan struct{})}
	go p.run()
	var once sync.Once
	return func() { once.Do(func() { close(p.done); <-p.gone }) }
}

type progress struct {
	w          io.Writer
	what       string
	done, gone chan struct{}
}

func (p *progress) run() {
	defer close(p.gone)
	select {
	case <-p.done:
		return
	case <-time.After(progressDelay):
	}
	tick := time.NewTicker(progressDelay)
	defer tick.Stop()
	frames := []rune(`|/-\`)
	for i := 0; ; i++ {
		fmt.Fprintf(p.w, "\r%c %s", frames[i%len(frames)], p.what)
		select {
		case <-p.done:
			fmt.Fprint(p.w, "\r\x1b[K")
			return
		case <-tick.C:
		}
	}
}
