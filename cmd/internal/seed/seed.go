// Package seed gives tests of commands a platform with something in it. It plays
// the agents of a small shop: it sends what agents send, over HTTP, to a real
// platform, which then stores and detects as it always does.
package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// Attackers of the shop, from the networks that are kept for documentation.
const (
	Injector = "203.0.113.7"
	Scanner  = "198.51.100.23"
	Stuffer  = "2001:db8::bad"
)

// Agent is one process of an app, as the platform sees it.
type Agent struct {
	App, Env, Instance string
	URL, Secret        string
	seq, applied       uint64
}

// Connect creates a token for an app and logs an agent in.
func Connect(ctx context.Context, s *server.Server, app, env string, stack wire.Stack) (*Agent, error) {
	t, err := s.Platform().CreateToken(admin(ctx), localplatform.Token{Kind: localplatform.TokenAgent, App: app, Env: env})
	if err != nil {
		return nil, err
	}
	a := &Agent{App: app, Env: env, Instance: "i-" + app + "-" + env, URL: s.Info().URL, Secret: t.Secret}
	var reply wire.LoginReply
	err = a.post(ctx, wire.PathLogin, wire.Login{Version: wire.Version, Instance: a.Instance, Started: time.Now(), Stack: stack}, &reply)
	if err != nil {
		return nil, err
	}
	a.applied = reply.Instructions.Version
	return a, nil
}

func admin(ctx context.Context) context.Context {
	return localplatform.WithCaller(ctx, localplatform.Caller{Name: "seed", Role: localplatform.RoleAdmin})
}

// Send reports signals in one heartbeat, with counters that agree with them.
func (a *Agent) Send(ctx context.Context, signals ...wire.Signal) error {
	a.seq++
	h := wire.Heartbeat{Version: wire.Version, Instance: a.Instance, Seq: a.seq, Sent: time.Now(), Applied: a.applied, Counters: counters(signals)}
	for _, s := range signals {
		raw, err := json.Marshal(s)
		if err != nil {
			return err
		}
		h.Signals = append(h.Signals, raw)
	}
	var reply wire.HeartbeatReply
	if err := a.post(ctx, wire.PathHeartbeat, h, &reply); err != nil {
		return err
	}
	if len(reply.Refused) > 0 {
		return fmt.Errorf("the platform refused signal %d: %s", reply.Refused[0].Index, reply.Refused[0].Reason)
	}
	if reply.Instructions != nil {
		a.applied = reply.Instructions.Version
	}
	return nil
}

// Follow does what an agent's long poll does, until ctx ends: it takes
// instructions as they come and says that they are in force.
func (a *Agent) Follow(ctx context.Context) error {
	for ctx.Err() == nil {
		url := fmt.Sprintf("%s%s?instance=%s&have=%d", a.URL, wire.PathInstructions, a.Instance, a.applied)
		var in wire.Instructions
		if err := a.do(ctx, http.MethodGet, url, nil, &in); err != nil {
			return err
		}
		if in.Version > a.applied {
			a.applied = in.Version
			if err := a.Send(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func counters(signals []wire.Signal) []wire.Counter {
	minute := time.Now().UTC().Truncate(time.Minute)
	n := float64(len(signals))
	return []wire.Counter{
		{Name: wire.CounterRequests, Minute: minute, Value: n + 100},
		{Name: wire.CounterInspected, Minute: minute, Value: n + 100},
		{Name: wire.CounterRequestTime, Minute: minute, Value: 100_000},
		{Name: wire.CounterCheckTime, Minute: minute, Value: 600},
	}
}

func (a *Agent) post(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return a.do(ctx, http.MethodPost, a.URL+path, body, out)
}

func (a *Agent) do(ctx context.Context, method, url string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.Secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode/100 != 2:
		var reply wire.ErrorReply
		if err := json.NewDecoder(res.Body).Decode(&reply); err != nil {
			return fmt.Errorf("%s %s: %s", method, url, res.Status)
		}
		return fmt.Errorf("%s %s: %s: %s", method, url, res.Status, reply.Error.Message)
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// Settle returns when detection has read everything that is stored.
func Settle(ctx context.Context, p localplatform.Platform) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		st, err := p.Status(admin(ctx))
		if err != nil {
			return err
		}
		if st.Detected >= st.LastPos {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
