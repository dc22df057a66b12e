// Package heartbeat is the agent's side of the conversation with the platform.
//
// Two goroutines keep it up. One logs in and sends a batch every heartbeat, or
// at once when something was blocked; it has one batch under way at a time and
// repeats it, byte for byte, until the platform says that it is stored. The other
// holds a request for instructions open, so that a change is in force within
// milliseconds. Neither is ever waited for by a request of the app.
package heartbeat

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/internal/ring"
	"github.com/sqreen/sqreen/agentkit/internal/safe"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Timing of the conversation.
const (
	DefaultInterval = 20 * time.Second
	minInterval     = time.Second
	maxInterval     = 10 * time.Minute
	jitter          = 0.1                    // of the interval, to either side
	urgentDelay     = 50 * time.Millisecond  // so that the signals of one attack travel together
	urgentGap       = 250 * time.Millisecond // between two urgent heartbeats
	firstRetry      = time.Second
	longestRetry    = time.Minute
	lastingRetry    = 5 * time.Minute // when only an operator can change the answer
	closeTimeout    = 5 * time.Second // when Close is given no deadline
)

// Limits of a batch and of what waits for one.
const (
	batchSignals = 500
	batchBytes   = 2 << 20
	maxWaiting   = 20_000
	maxWaitBytes = 16 << 20
)

// Config says whom to talk to and about what. URL, Token and Engine are
// required.
type Config struct {
	URL    string // "https://sqreen.example.com", "unix:///run/sqreen.sock"
	Token  string
	App    string
	Env    string
	Engine *engine.Engine
	Stack  wire.Stack // what the process is made of; uses and hooks are added
	Logger *slog.Logger
	Now    func() time.Time
	TLS    TLS

	Transport http.RoundTripper // nil means connections of its own
}

// Client keeps up the conversation between Start and Close.
type Client struct {
	cfg      Config
	http     *transport
	instance string
	started  time.Time
	ring     *ring.Ring
	urgent   chan struct{}
	session  gate
	cancel   context.CancelFunc
	done     sync.WaitGroup

	applyMu  sync.Mutex
	askFull  bool // the next instructions must be complete
	interval time.Duration

	// Owned by the goroutine that sends, and by Close after it ended.
	queue    []*batch // the first one is under way
	acked    uint64   // highest batch that the platform has
	failures int
	sentUses string // uses and hooks in the last stack that was acknowledged

	statusMu sync.Mutex
	status   Status
}

// Status is the state of the conversation, for people.
type Status struct {
	Connected    bool      // the last exchange worked
	App, Env     string    // as the platform knows them
	LastContact  time.Time // of the last exchange that worked
	Err          error     // why the last exchange failed
	Instructions uint64    // version in force
	Acknowledged uint64    // batches that the platform has stored
	Waiting      int       // signals that are not sent yet
	Dropped      int       // signals lost so far
}

// New returns a Client that is not started. It fails when the URL or the TLS
// files cannot be used.
func New(c Config) (*Client, error) {
	t, err := newTransport(c.URL, c.Token, c.TLS, c.Transport)
	if err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	cl := &Client{
		cfg: c, http: t, instance: rand.Text(), started: c.Now(),
		urgent: make(chan struct{}, 1), interval: DefaultInterval,
	}
	cl.session.shut()
	cl.ring = ring.New(maxWaiting, maxWaitBytes, func(n int) { cl.lost("buffer_full", n) })
	return cl, nil
}

// Start begins the conversation and returns at once.
func (c *Client) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.done.Add(2)
	go c.keepUp(ctx, "heartbeat", c.send)
	go c.keepUp(ctx, "instructions", c.listen)
}

// keepUp runs a loop until ctx ends, and again after a pause should it panic:
// the host's process is not the place to crash.
func (c *Client) keepUp(ctx context.Context, what string, loop func(context.Context)) {
	defer c.done.Done()
	for ctx.Err() == nil {
		func() {
			defer func() {
				if v := recover(); v != nil {
					c.cfg.Logger.Warn("sqreen: fault in the agent", "part", what, "fault", safe.Describe(v))
				}
			}()
			loop(ctx)
		}()
		pause(ctx, longestRetry)
	}
}

// Emit takes a scrubbed signal for the next batch. It never blocks.
func (c *Client) Emit(sig *wire.Signal) {
	c.ring.Push(sig)
	if sig.Attack != nil && sig.Attack.Blocked {
		c.hurry()
		return
	}
	if n, bytes := c.ring.Len(); n > maxWaiting/2 || bytes > maxWaitBytes/2 {
		c.hurry()
	}
}

// hurry asks for a heartbeat now.
func (c *Client) hurry() {
	select {
	case c.urgent <- struct{}{}:
	default: // it is asked for already
	}
}

// lost counts signals that will never arrive.
func (c *Client) lost(reason string, n int) {
	c.cfg.Engine.Count(wire.CounterDropped, reason, float64(n))
	c.statusMu.Lock()
	c.status.Dropped += n
	c.statusMu.Unlock()
}

// Status returns the state of the conversation.
func (c *Client) Status() Status {
	c.statusMu.Lock()
	defer c.statusMu.Unlock()
	s := c.status
	s.Instructions = c.cfg.Engine.Version()
	s.Waiting, _ = c.ring.Len()
	return s
}

// Instance returns the name that this process has with the platform.
func (c *Client) Instance() string { return c.instance }

// send logs in and sends batches until ctx ends.
func (c *Client) send(ctx context.Context) {
	last := time.Time{}
	for ctx.Err() == nil {
		var err error
		if !c.session.isOpen() {
			if err = c.login(ctx); err == nil {
				last = time.Now()
			}
		} else if !c.behind() {
			c.waitTurn(ctx, last)
		}
		if err == nil && ctx.Err() == nil && c.session.isOpen() {
			last = time.Now()
			err = c.beat(ctx)
		}
		c.note(ctx, err)
		if err != nil {
			c.failures++
			pause(ctx, c.retryAfter(err))
			continue
		}
		c.failures = 0
	}
}

// behind reports whether more is waiting than a batch holds, or a batch that
// was split has parts left.
func (c *Client) behind() bool {
	n, bytes := c.ring.Len()
	return len(c.queue) > 0 || n >= batchSignals || bytes >= batchBytes
}

// waitTurn returns when it is time for a heartbeat.
func (c *Client) waitTurn(ctx context.Context, last time.Time) {
	c.applyMu.Lock()
	d := c.interval
	c.applyMu.Unlock()
	d = time.Duration(float64(d) * (1 - jitter + 2*jitter*mathrand.Float64()))
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-c.urgent:
		pause(ctx, max(urgentDelay, urgentGap-time.Since(last)))
		select { // what came meanwhile goes along
		case <-c.urgent:
		default:
		}
	}
}

// retryAfter returns how long to wait after err: what the platform asked for,
// or longer from failure to failure, with jitter so that a fleet does not come
// back all at once.
func (c *Client) retryAfter(err error) time.Duration {
	d := firstRetry << min(c.failures-1, 20)
	d = min(d, longestRetry)
	d = d/2 + mathrand.N(d/2)
	var refused *refusedError
	if errors.As(err, &refused) {
		if refused.lasting() {
			d = lastingRetry/2 + mathrand.N(lastingRetry/2)
		}
		d = max(d, min(refused.retryAfter, time.Hour))
	}
	return d
}

// note keeps the outcome of an exchange for Status and for the log: a change,
// or the first failure of a row.
func (c *Client) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.statusMu.Lock()
	was := c.status.Connected
	first := c.status.Err == nil
	c.status.Connected, c.status.Err = err == nil, err
	if err == nil {
		c.status.LastContact = c.cfg.Now()
	}
	c.statusMu.Unlock()
	switch {
	case err == nil && !was:
		c.cfg.Logger.Info("sqreen: connected to the platform", "url", c.http.base)
	case err != nil && (was || first):
		c.cfg.Logger.Warn("sqreen: the platform cannot be reached, the app goes on and signals are kept", "url", c.http.base, "error", err)
	}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// gate tells goroutines whether there is a session.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed while there is one
	is   bool
}

func (g *gate) isOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.is
}

func (g *gate) set() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.is {
		g.is = true
		close(g.open)
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.is || g.open == nil {
		g.is, g.open = false, make(chan struct{})
	}
}

func (g *gate) wait(ctx context.Context) {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
	}
}
