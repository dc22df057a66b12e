// Package agentkit protects a web application from inside: it looks at what
// requests bring in and at what reaches databases, files, commands and other
// sinks, reports attacks to a sqreen platform, and blocks them when the platform
// says so.
//
// Five lines put it into an application:
//
//	import "github.com/sqreen/sqreen/agentkit"
//
//	agent := agentkit.New(agentkit.Config{})
//	defer agent.Close(context.Background())
//	err := http.ListenAndServe(":8080", agent.Middleware(mux))
//
// and the environment says where the platform is: SQREEN_URL and SQREEN_TOKEN.
// Databases are protected by opening them through package agentkit/sqlhook.
//
// # It does not hurt its host
//
// Without a token, without a platform, with a configuration that makes no sense,
// the application runs as if the agent were not there; Status tells why it is
// off. A platform that goes away is not noticed by anybody's users: signals wait
// in a bounded buffer and travel when it is back. Panics and endless loops in
// checks are contained, checks have a budget of time in each request, and one
// that keeps failing is switched off. Until the platform says otherwise nothing
// is blocked.
//
// # What the application tells
//
// FromContext gives the place to report users and events, from any handler:
//
//	agentkit.FromContext(r.Context()).Identify(map[string]string{"id": user.ID})
//
// It works, and does nothing, when no agent runs. Package agentkit/agenttest
// records what was reported for the application's own tests.
package agentkit

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/internal/clientip"
	"github.com/sqreen/sqreen/agentkit/internal/heartbeat"
	"github.com/sqreen/sqreen/agentkit/internal/safe"
	"github.com/sqreen/sqreen/agentkit/internal/stack"
	"github.com/sqreen/sqreen/agentkit/scrub"
	"github.com/sqreen/sqreen/agentkit/waf"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Version is the version of this library.
const Version = "0.1.0"

// Agent is the microagent of one process. All methods may be called from
// several goroutines, and on a nil Agent, which is one that is off.
type Agent struct {
	cfg      Config
	log      *slog.Logger
	engine   *engine.Engine // nil when the agent is off
	client   *heartbeat.Client
	resolver *clientip.Resolver
	err      error
	why      string // the agent is off

	closing sync.Once
	closed  error
}

// New starts an agent. It never fails and never blocks: when the agent cannot
// work, it is off, the application runs without it, and Status and Err say why.
func New(c Config) (a *Agent) {
	defer func() {
		if v := recover(); v != nil {
			a = &Agent{why: "fault in the agent", err: errors.New(safe.Describe(v)), log: slog.New(slog.DiscardHandler)}
		}
	}()
	a = &Agent{log: c.Logger}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	a.cfg, a.err = c.complete(environment())
	a.start()
	if a.err != nil {
		a.log.Warn("sqreen: configuration", "error", a.err)
	}
	if a.why != "" {
		a.log.Info("sqreen: off, the app runs without it", "reason", a.why)
	}
	return a
}

// start makes what the configuration asks for.
func (a *Agent) start() {
	c := &a.cfg
	if a.why = c.offReason(); a.why != "" {
		return
	}
	scrubbing := scrub.Config{Keys: c.StripSensitiveKeys, Values: c.StripSensitiveValues}
	if _, err := scrub.New(scrubbing); err != nil {
		// Sending what its owner wanted removed is worse than sending nothing.
		a.off("the rules for scrubbing are not valid", err)
		return
	}
	var err error
	if a.resolver, err = clientip.New(c.TrustedProxies, c.IPHeader); err != nil {
		a.err = errors.Join(a.err, err)
	}
	emit := c.Sink
	if emit == nil {
		emit = func(sig *wire.Signal) { a.client.Emit(sig) }
	}
	a.engine = engine.New(engine.Config{WAF: waf.Default(), Scrub: scrubbing, Emit: emit, Now: c.Now, Logger: a.log, Defaults: c.Modes})
	if c.Sink != nil {
		return
	}
	a.client, err = heartbeat.New(heartbeat.Config{
		URL: c.URL, Token: c.Token, App: c.App, Env: c.Env, Engine: a.engine, Logger: a.log, Now: c.Now,
		Stack: stack.Discover(Version), TLS: heartbeat.TLS{CAFile: c.CAFile, ServerName: c.ServerName}, Transport: c.Transport,
	})
	if err != nil {
		a.engine.Close()
		a.engine = nil
		a.off("the platform's address cannot be used", err)
		return
	}
	if sendsInTheClear(c.URL) {
		a.log.Warn("sqreen: the token travels without encryption; use https", "url", c.URL)
	}
	a.client.Start()
}

// sendsInTheClear reports whether others on the network can read what is sent.
func sendsInTheClear(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.IsLoopback()
}

func (a *Agent) off(why string, err error) {
	a.why, a.err = why, errors.Join(a.err, err)
}

// Engine returns the agent's engine, for adapters to other frameworks, or nil
// when the agent is off.
func (a *Agent) Engine() *engine.Engine {
	if a == nil {
		return nil
	}
	return a.engine
}

// Err returns what is wrong with the configuration, nil when nothing is. The
// agent may work all the same; Status tells.
func (a *Agent) Err() error {
	if a == nil {
		return nil
	}
	return a.err
}

// Status is the state of an agent, for logs and health pages.
type Status struct {
	Off          string    // why the agent is off; empty when it works
	Connected    bool      // the last exchange with the platform worked
	App, Env     string    // as the platform knows them
	LastContact  time.Time // of the last exchange that worked
	Err          error     // why the last exchange did not work
	Instructions uint64    // version of the instructions in force, 0 before the first
	Waiting      int       // signals that the platform does not have yet
	Dropped      int       // signals lost, because they were too many or were refused
}

// Status returns the state of the agent.
func (a *Agent) Status() Status {
	switch {
	case a == nil:
		return Status{Off: "there is no agent"}
	case a.engine == nil:
		return Status{Off: a.why}
	case a.client == nil:
		return Status{Instructions: a.engine.Version()}
	}
	s := a.client.Status()
	return Status{
		Connected: s.Connected, App: s.App, Env: s.Env, LastContact: s.LastContact, Err: s.Err,
		Instructions: s.Instructions, Waiting: s.Waiting, Dropped: s.Dropped,
	}
}

// Close stops the agent and sends what is waiting, as far as that works until
// ctx ends; without a deadline it takes five seconds at most. The error says what
// could not be sent. Handlers go on working, unwatched by the platform. Further
// calls return the same.
func (a *Agent) Close(ctx context.Context) error {
	if a == nil || a.engine == nil {
		return nil
	}
	a.closing.Do(func() {
		if a.client != nil {
			a.closed = a.client.Close(ctx)
		}
		a.engine.Close()
	})
	return a.closed
}

// Work makes a context for a unit of work that is no HTTP request, such as a
// job from a queue: what the work reports is recorded, and sinks that it reaches
// are checked against the inputs that engine.Request.AddInput was given. Call
// done when the work is over.
func (a *Agent) Work(ctx context.Context) (work context.Context, done func()) {
	if a == nil || a.engine == nil {
		return ctx, func() {}
	}
	q := a.engine.BeginWork()
	return engine.NewContext(ctx, q), func() { q.End(0, "") }
}

// Middleware returns a handler that protects next. A nil next is
// http.DefaultServeMux, as for http.ListenAndServe. When the agent is off it is
// next itself.
func (a *Agent) Middleware(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	if a == nil || a.engine == nil {
		return next
	}
	engine.MarkHook("middleware")
	return &middleware{agent: a, next: next}
}
