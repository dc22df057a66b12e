// Package server puts a platform together: store, ingest, detectors, policy and
// the HTTP interfaces for agents and operators. It is the only package that
// knows them all.
//
// [New] takes the data directory and the addresses, [Server.Start] begins to
// serve, [Server.Stop] ends everything in order. [Connect] is how commands
// reach a platform, whether one is running or not.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/api"
	"github.com/sqreen/sqreen/localplatform/detect/incidents"
	"github.com/sqreen/sqreen/localplatform/ingest"
	"github.com/sqreen/sqreen/localplatform/policy"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

// Bounds of connections.
const (
	headerWithin = 10 * time.Second
	idleWithin   = 2 * time.Minute
	maxHeader    = 32 << 10
)

// Server is a platform that serves one data directory.
type Server struct {
	opt     Options
	log     *slog.Logger
	started time.Time

	store    *sqlite.Store
	source   *policy.Source
	ingest   *ingest.Ingester
	detector *incidents.Detector
	reads    *readMark
	platform *api.Platform
	doorman  *doorman
	janitor  *janitor
	traffic  *traffic
	counts   *requestCounts
	going    *going

	listener, socket net.Listener
	web, local       *http.Server
	info             Info

	closing context.Context //nolint:containedctx // ends when Stop begins
	close   context.CancelFunc
	work    context.Context //nolint:containedctx // ends when requests are finished
	endWork context.CancelFunc
	tasks   sync.WaitGroup
	stop    sync.Once
	stopErr error
	ended   chan struct{}

	mu     sync.Mutex
	failed error // what made the server stop by itself
}

// New takes the data directory, which no other process may serve, and the
// addresses, and wires the platform. Nothing is answered before Start. Stop
// must be called when New succeeded, started or not.
func New(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{opt: o, log: o.Logger, ended: make(chan struct{}), counts: newRequestCounts(), traffic: newTraffic(), going: &going{}}
	s.closing, s.close = context.WithCancel(context.Background())
	s.work, s.endWork = context.WithCancel(context.Background())
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Stop(context.Background()))
	}
	return s, nil
}

// open does the work of New. What it has opened when it fails, Stop closes.
func (s *Server) open() error {
	if err := makeData(s.opt.Data); err != nil {
		return err
	}
	// Who holds the directory matters more than who holds the port.
	if _, held := sqlite.Holder(s.opt.Data); !held {
		if err := s.listen(); err != nil {
			return err
		}
	}
	store, err := sqlite.Open(s.opt.Data, sqlite.Options{Now: s.opt.Now, Logger: s.log.With("component", "store"), Address: s.info.URL})
	if err != nil {
		return err
	}
	s.store = store
	if s.listener == nil { // the holder has just gone
		if err := s.listen(); err != nil {
			return err
		}
	}
	if !s.opt.NoSocket {
		if s.socket, s.info.Socket, err = listenSocket(s.opt.Data); err != nil {
			return err
		}
	}
	if err := s.wire(); err != nil {
		return err
	}
	return s.firstToken()
}

// makeData makes the data directory for its owner alone.
func makeData(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return localplatform.Errorf(localplatform.CodeUnavailable, "the data directory cannot be created: %w", err).
			WithHint("name another one with --data DIR")
	}
	return nil
}

func (s *Server) listen() error {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.opt.Listen)
	if err != nil {
		return localplatform.Errorf(localplatform.CodeUnavailable, "cannot listen on %s: %w", s.opt.Listen, err).
			WithHint("another program may use the port: try --listen 127.0.0.1:0")
	}
	s.listener = l
	scheme := "http"
	if s.opt.TLSCert != "" {
		scheme = "https"
	}
	s.info.Data = s.opt.Data
	s.info.URL = scheme + "://" + l.Addr().String()
	return nil
}

// wire connects the parts.
func (s *Server) wire() error {
	o := &s.opt
	source, err := policy.New(s.work, s.store, policy.Options{Heartbeat: o.Heartbeat, Now: o.Now, Logger: s.log.With("component", "policy")})
	if err != nil {
		return err
	}
	s.source = source
	s.ingest = ingest.New(s.store, ingest.Options{Instructions: source, Heartbeat: o.Heartbeat, Now: o.Now, Logger: s.log.With("component", "ingest")})
	s.reads = &readMark{Store: s.store}
	s.detector = incidents.New(s.reads, incidents.Options{Now: o.Now, Logger: s.log.With("component", "incidents")})
	s.doorman = newDoorman(s.store, o.Now, s.log.With("component", "tokens"))
	s.janitor = &janitor{store: s.store, keep: o.Retention, most: o.MaxBytes, now: o.Now, log: s.log.With("component", "retention")}
	s.platform = api.New(s.store, api.Options{
		Changed: s.changed, TokensChanged: s.doorman.forget, Status: s.status, Now: o.Now, Logger: s.log.With("component", "api"),
	})
	return s.serveHTTP()
}

// changed tells agents of a change at once.
func (s *Server) changed(ctx context.Context) {
	if err := s.source.Refresh(ctx); err != nil {
		s.log.Warn("a change is not yet told to agents", "error", err)
	}
}

// serveHTTP makes the two HTTP servers: one for the network, one for the socket.
func (s *Server) serveHTTP() error {
	a := answers{log: s.log.With("component", "http"), count: s.counts, going: s.going}
	description, err := describe(s.opt.Version)
	if err != nil {
		return err
	}
	shared := newBodies()
	mux := http.NewServeMux()
	(&agentAPI{answers: a, doorman: s.doorman, bodies: shared, ingest: s.ingest, traffic: s.traffic, closing: s.closing}).routes(mux)
	(&operatorAPI{answers: a, doorman: s.doorman, bodies: shared, platform: s.platform, openapi: description, closing: s.closing}).routes(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { s.health(&a, w, r) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) { s.metrics(&a, w, r) })
	mux.HandleFunc("/", a.nothing)
	handler := a.around(mux)
	tlsConfig, err := tlsFor(s.opt.TLSCert, s.opt.TLSKey)
	if err != nil {
		return err
	}
	s.web = &http.Server{
		Handler: handler, TLSConfig: tlsConfig, ReadHeaderTimeout: headerWithin, IdleTimeout: idleWithin, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	owner := ownerName()
	s.local = &http.Server{
		Handler: handler, ReadHeaderTimeout: headerWithin, IdleTimeout: idleWithin, MaxHeaderBytes: maxHeader,
		ErrorLog:    s.web.ErrorLog,
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context { return withSocketCaller(ctx, owner) },
	}
	return nil
}

// firstToken makes an operator token when there is none, in a file that only
// its owner may read.
func (s *Server) firstToken() error {
	ctx := localplatform.WithCaller(s.work, localplatform.Caller{Name: "sqreen serve", Role: localplatform.RoleAdmin})
	tokens, err := s.platform.Tokens(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(s.opt.Data, OperatorTokenName)
	for _, t := range tokens {
		if t.Kind == localplatform.TokenOperator {
			if _, err := os.Stat(path); err == nil {
				s.info.TokenFile = path
			}
			return nil
		}
	}
	t, err := s.platform.CreateToken(ctx, localplatform.Token{Kind: localplatform.TokenOperator, Name: ownerName(), Role: localplatform.RoleAdmin})
	if err != nil {
		return err
	}
	if err := writeSecret(path, t.Secret); err != nil {
		return errors.Join(err, s.platform.RevokeToken(ctx, t.ID))
	}
	s.info.TokenFile, s.info.First = path, true
	return nil
}

// writeSecret writes a file whole or not at all.
func writeSecret(path, secret string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".token-") // mode 0600
	if err != nil {
		return fmt.Errorf("write the operator token: %w", err)
	}
	_, err = f.WriteString(secret + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the operator token: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// Start begins to serve and returns. Errors afterwards are delivered by Wait.
func (s *Server) Start(_ context.Context) error {
	if s.closing.Err() != nil {
		return localplatform.Errorf(localplatform.CodeConflict, "the server has been stopped")
	}
	s.started = s.opt.Now()
	s.background("ingest", s.ingest.Run)
	s.background("policy", s.source.Run)
	s.background("incidents", s.detector.Run)
	s.background("tokens", func(ctx context.Context) error { s.doorman.run(ctx); return nil })
	s.background("retention", func(ctx context.Context) error { s.janitor.run(ctx); return nil })
	s.serve(s.web, s.listener)
	if s.socket != nil {
		s.serve(s.local, s.socket)
	}
	s.log.Info("serving", "url", s.info.URL, "data", s.opt.Data, "version", s.opt.Version)
	return nil
}

// background runs a part until requests are finished. A part that ends with an
// error takes the server down: running on without it would lose something.
func (s *Server) background(name string, run func(ctx context.Context) error) {
	s.tasks.Go(func() {
		if err := run(s.work); err != nil && s.work.Err() == nil {
			s.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}

func (s *Server) serve(web *http.Server, l net.Listener) {
	s.tasks.Go(func() {
		var err error
		if web.TLSConfig != nil {
			err = web.ServeTLS(l, "", "")
		} else {
			err = web.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serve %s: %w", l.Addr(), err))
		}
	})
}

// fail notes what went wrong and stops the server.
func (s *Server) fail(err error) {
	s.mu.Lock()
	if s.failed == nil {
		s.failed = err
	}
	s.mu.Unlock()
	s.log.Error("stopping", "error", err)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
		defer cancel()
		_ = s.Stop(ctx) // Wait returns what failed first
	}()
}

// Wait returns when the server has stopped, with the error that stopped it.
func (s *Server) Wait() error {
	<-s.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	return s.stopErr
}

// Stop ends everything in order: it stops accepting, lets long polls go,
// finishes what is in flight, writes what is pending and closes the store. When
// ctx ends first, connections are cut, but what was acknowledged is still
// stored. It may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		defer close(s.ended)
		s.close()
		var errs []error
		if s.web != nil {
			errs = append(errs, shutdown(ctx, s.web, s.listener), shutdown(ctx, s.local, s.socket))
		} else {
			errs = append(errs, closeListener(s.listener), closeListener(s.socket))
		}
		s.going.end()
		s.endWork()
		s.tasks.Wait()
		if s.store != nil {
			if s.socket != nil {
				errs = append(errs, removeSocket(s.opt.Data))
			}
			if !s.started.IsZero() {
				errs = append(errs, saveDetected(context.WithoutCancel(ctx), s.store, s.reads.pos.Load()))
			}
			errs = append(errs, s.store.Close())
		}
		s.stopErr = errors.Join(errs...)
		s.log.Info("stopped")
	})
	<-s.ended
	return s.stopErr
}

// shutdown ends a server, and its listener when it was never started.
func shutdown(ctx context.Context, web *http.Server, l net.Listener) error {
	err := web.Shutdown(ctx)
	if err != nil {
		err = web.Close()
	}
	return errors.Join(err, closeListener(l))
}

func closeListener(l net.Listener) error {
	if l == nil {
		return nil
	}
	if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the listener: %w", err)
	}
	return nil
}

// Addr is the address that the server listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Info tells how to reach the platform.
func (s *Server) Info() Info { return s.info }

// Platform is the platform in this process, without HTTP. Callers put
// themselves in the context with localplatform.WithCaller.
func (s *Server) Platform() localplatform.Platform { return s.platform }
