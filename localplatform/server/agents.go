package server

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/ingest"
)

// pollFor is how long a request for instructions is held open.
const pollFor = 25 * time.Second

// agentAPI serves what agents ask, as package wire describes it.
type agentAPI struct {
	answers
	doorman *doorman
	bodies  *bodies
	ingest  *ingest.Ingester
	traffic *traffic
	closing context.Context //nolint:containedctx // ends when the server begins to stop, to let long polls go
}

func (a *agentAPI) routes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+wire.PathLogin, a.login)
	mux.HandleFunc("POST "+wire.PathHeartbeat, a.heartbeat)
	mux.HandleFunc("GET "+wire.PathInstructions, a.instructions)
}

func (a *agentAPI) login(w http.ResponseWriter, r *http.Request) {
	t, err := a.doorman.agent(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body, release, err := a.bodies.read(w, r, wire.MaxBodyBytes)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer release()
	a.traffic.add(t, len(body), 0, 0)
	l, err := ingest.DecodeLogin(body)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	reply, err := a.ingest.Login(r.Context(), t, l)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.ok(w, r, reply)
}

func (a *agentAPI) heartbeat(w http.ResponseWriter, r *http.Request) {
	t, err := a.doorman.agent(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body, release, err := a.bodies.read(w, r, wire.MaxBodyBytes)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer release()
	h, err := ingest.DecodeHeartbeat(body)
	if err != nil {
		a.traffic.add(t, len(body), 0, 0)
		a.fail(w, r, err)
		return
	}
	reply, err := a.ingest.Heartbeat(r.Context(), t, h)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.traffic.add(t, len(body), len(h.Signals), len(reply.Refused))
	a.ok(w, r, reply)
}

// instructions holds a request until there is something to say. The token is
// looked at again then: it may have been revoked meanwhile.
func (a *agentAPI) instructions(w http.ResponseWriter, r *http.Request) {
	t, err := a.doorman.agent(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	q := r.URL.Query()
	have, err := strconv.ParseUint(q.Get("have"), 10, 64)
	if err != nil && q.Get("have") != "" {
		a.fail(w, r, localplatform.Errorf(localplatform.CodeInvalid, "have must be the version of the instructions in force"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pollFor)
	defer cancel()
	defer context.AfterFunc(a.closing, cancel)()
	i, news, err := a.ingest.Poll(ctx, t, q.Get("instance"), have)
	if err == nil {
		_, err = a.doorman.agent(r)
	}
	switch {
	case err != nil:
		a.fail(w, r, err)
	case !news:
		a.ok(w, r, nil)
	default:
		a.ok(w, r, i)
	}
}

// traffic counts what each agent token sends.
type traffic struct {
	mu    sync.Mutex
	apps  map[appEnv]sums
	limit int
}

type appEnv struct{ app, env string }

type sums struct{ requests, bytes, signals, refused int64 }

// maxTraffic bounds how many apps are counted one by one; the rest is counted
// together, under no name.
const maxTraffic = 2000

func newTraffic() *traffic { return &traffic{apps: map[appEnv]sums{}, limit: maxTraffic} }

func (t *traffic) add(token localplatform.Token, bytes, signals, refused int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := appEnv{token.App, token.Env}
	if _, known := t.apps[key]; !known && len(t.apps) >= t.limit {
		key = appEnv{}
	}
	s := t.apps[key]
	s.requests++
	s.bytes += int64(bytes)
	s.signals += int64(signals)
	s.refused += int64(refused)
	t.apps[key] = s
}

func (t *traffic) totals() map[appEnv]sums {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.apps)
}
