package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/demo/traffic"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// appName is what the demo's shop is called on the platform.
const appName = "shop"

// heartbeat is how often the demo's agents report: often, because somebody is
// watching.
const heartbeat = time.Second

// stand is one shop with its visitors.
type stand struct {
	env     string // "prod", "staging", or "bare" without an agent
	mode    string // what the protections do: "block", "monitor", "off"
	process *process
	crowd   *traffic.Crowd // nil without traffic
	meter   *meter
}

// stage holds all that runs.
type stage struct {
	o        *Options
	temp     string // directory for the shops, removed at the end
	data     string // the platform's data directory
	server   *server.Server
	platform localplatform.Platform // nil when unprotected
	stands   []*stand
	begun    time.Time

	leave context.CancelFunc // ends the traffic
	away  sync.WaitGroup
	calms sync.Once
	ended error
}

// raise starts the platform and the shops. Nobody visits them yet. When it
// fails, everything is down again.
func raise(ctx context.Context, o *Options) (*stage, error) {
	st := &stage{o: o, leave: func() {}}
	if err := st.build(ctx); err != nil {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		defer cancel()
		return nil, errors.Join(err, st.strike(after))
	}
	return st, nil
}

func (st *stage) build(ctx context.Context) (err error) {
	if st.temp, err = os.MkdirTemp("", "sqreen-demo-"); err != nil {
		return err
	}
	if st.o.Unprotected {
		return st.open(ctx, "bare", wire.ModeOff, st.o.Listen, nil)
	}
	if err := st.startPlatform(ctx); err != nil {
		return err
	}
	for _, s := range []struct{ env, mode, listen string }{
		{"prod", wire.ModeBlock, st.o.Listen}, {"staging", wire.ModeMonitor, ""},
	} {
		env, err := st.admit(ctx, s.env, s.mode)
		if err != nil {
			return fmt.Errorf("prepare %s: %w", s.env, err)
		}
		if err := st.open(ctx, s.env, s.mode, s.listen, env); err != nil {
			return fmt.Errorf("open the %s shop: %w", s.env, err)
		}
	}
	return nil
}

func (st *stage) startPlatform(ctx context.Context) (err error) {
	st.data = st.o.Keep
	if st.data == "" {
		st.data = filepath.Join(st.temp, "data")
	}
	logger := slog.New(slog.DiscardHandler)
	if st.o.Global.Verbose {
		logger = st.o.Logger()
	}
	st.server, err = server.New(server.Options{
		Data: st.data, Listen: "127.0.0.1:0", Heartbeat: heartbeat, Version: st.o.Build.Version, Logger: logger, Now: st.o.Now,
	})
	if err != nil {
		return err
	}
	if err := st.server.Start(ctx); err != nil {
		return err
	}
	st.platform = st.server.Platform()
	return nil
}

// asAdmin is who the demo acts as on its own platform.
func asAdmin(ctx context.Context) context.Context {
	return localplatform.WithCaller(ctx, localplatform.Caller{Name: "demo", Role: localplatform.RoleAdmin})
}

// admit makes a token and a policy for one environment and returns what the
// shop's process is told.
func (st *stage) admit(ctx context.Context, env, mode string) ([]string, error) {
	ctx = asAdmin(ctx)
	token, err := st.platform.CreateToken(ctx, localplatform.Token{Kind: localplatform.TokenAgent, App: appName, Env: env})
	if err != nil {
		return nil, err
	}
	modes := map[string]string{"rasp": mode, wire.ProtectionWAF: mode}
	if mode == wire.ModeBlock {
		maps.Copy(modes, st.o.modes)
	}
	_, err = st.platform.SetPolicy(ctx, localplatform.Policy{Scope: localplatform.PolicyScope{App: appName, Env: env}, Modes: modes})
	if err != nil {
		return nil, err
	}
	return []string{"SQREEN_URL=" + st.server.Info().URL, "SQREEN_TOKEN=" + token.Secret, "SQREEN_APP=" + appName, "SQREEN_ENV=" + env}, nil
}

// open starts a shop.
func (st *stage) open(ctx context.Context, env, mode, listen string, environ []string) error {
	command := st.o.Command
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		command = []string{self, "demo", "shop"}
	}
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	args := append(append([]string(nil), command...), "--listen", listen, "--dir", filepath.Join(st.temp, env))
	p, err := startProcess(ctx, args, environ)
	if err != nil {
		return err
	}
	st.stands = append(st.stands, &stand{env: env, mode: mode, process: p, meter: newMeter(st.o.Now)})
	return nil
}

// play lets the visitors in.
func (st *stage) play(ctx context.Context) {
	st.begun = st.o.Now()
	ctx, st.leave = context.WithCancel(ctx)
	if st.o.Rate == 0 {
		return
	}
	for i, s := range st.stands {
		s.crowd = traffic.New(traffic.Config{
			URL: s.process.url, Shop: s.env, Seed: st.o.Seed + uint64(i), Rate: st.o.Rate, Rounds: st.o.rounds, OnAnswer: s.meter.note, //nolint:gosec // i is small
		})
		st.away.Go(func() { _ = s.crowd.Run(ctx) }) // fails only for an address that is none
	}
}

// calm sends the visitors away, closes the shops and waits until the platform
// has made up its mind about all that they reported. Further calls do nothing.
func (st *stage) calm(ctx context.Context) {
	st.calms.Do(func() {
		st.leave()
		st.away.Wait()
		var mu sync.Mutex
		var closing sync.WaitGroup
		for _, s := range st.stands {
			closing.Go(func() {
				if err := s.process.stop(2*shopGrace + time.Second); err != nil {
					mu.Lock()
					defer mu.Unlock()
					st.ended = errors.Join(st.ended, fmt.Errorf("%s shop: %w", s.env, err))
				}
			})
		}
		closing.Wait()
		st.ended = errors.Join(st.ended, st.settle(ctx))
	})
}

// settle waits until the detectors have read every stored event.
func (st *stage) settle(ctx context.Context) error {
	if st.platform == nil {
		return nil
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := st.platform.Status(asAdmin(ctx))
		if err != nil {
			return err
		}
		if status.Detected >= status.LastPos {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the platform has read %s of %s events: %w",
				strconv.FormatInt(status.Detected, 10), strconv.FormatInt(status.LastPos, 10), ctx.Err())
		}
	}
}

// strike takes everything down and returns what went wrong since raise.
func (st *stage) strike(ctx context.Context) error {
	st.calm(ctx)
	err := st.ended
	if st.server != nil {
		err = errors.Join(err, st.server.Stop(ctx))
	}
	if st.temp != "" {
		err = errors.Join(err, os.RemoveAll(st.temp))
	}
	return err
}
