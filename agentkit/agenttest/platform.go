package agenttest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Token is the token that a Platform accepts.
const Token = "agenttest-token"

// Failure is an answer that a Platform gives in place of the right one.
type Failure struct {
	Status     int           // of the answer; 0 breaks the connection
	RetryAfter time.Duration // sent along when it is not 0
	After      bool          // the request is worked on first, so that only the answer is lost
}

// Platform is the platform's side of the wire protocol, in memory. It is a
// http.Handler; Start serves it on loopback, and RoundTripper connects an agent
// to it without a network.
type Platform struct {
	mu           sync.Mutex
	fail         func(r *http.Request) *Failure
	refuse       func(raw json.RawMessage) string
	logins       []wire.Login
	batches      []wire.Heartbeat
	bodies       [][]byte
	last         map[string]uint64 // by instance
	polls        []uint64
	instructions wire.Instructions
	changed      chan struct{} // closed at each change of anything
}

// NewPlatform returns a platform that knows no agent yet.
func NewPlatform() *Platform {
	return &Platform{
		last: make(map[string]uint64), changed: make(chan struct{}),
		instructions: wire.Instructions{Version: 1, Full: true},
	}
}

// Start serves p on loopback until the test ends, and returns its URL.
func (p *Platform) Start(t testing.TB) (url string) {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// Instruct changes what is in force; agents that are listening get it at once.
// The version is counted up.
func (p *Platform) Instruct(in wire.Instructions) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in.Version, in.Full = p.instructions.Version+1, true
	p.instructions = in
	p.change()
}

// Fail lets requests fail: f returns nil for those that are to work. A nil f
// ends it.
func (p *Platform) Fail(f func(r *http.Request) *Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = f
}

// Refuse lets f say why a signal is not stored, or "" when it is.
func (p *Platform) Refuse(f func(raw json.RawMessage) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = f
}

// Forget makes the platform forget all instances, as if its data were lost: the
// agents have to log in again.
func (p *Platform) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.last)
	p.change()
}

// Logins returns the logins so far.
func (p *Platform) Logins() []wire.Login {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.logins)
}

// Batches returns the heartbeats that were stored, each once, in order.
func (p *Platform) Batches() []wire.Heartbeat {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.batches)
}

// Bodies returns the bodies of all heartbeats that arrived, also those that
// failed, unpacked.
func (p *Platform) Bodies() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bodies)
}

// Polls returns the versions that agents said they have when they asked for
// instructions.
func (p *Platform) Polls() []uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.polls)
}

// Signals returns the signals that were stored, in order.
func (p *Platform) Signals() (out []wire.Signal) {
	for _, b := range p.Batches() {
		for _, raw := range b.Signals {
			var s wire.Signal
			if json.Unmarshal(raw, &s) == nil {
				out = append(out, s)
			}
		}
	}
	return out
}

// Counter returns the sum of a counter over all minutes.
func (p *Platform) Counter(name, key string) (sum float64) {
	for _, b := range p.Batches() {
		for _, c := range b.Counters {
			if c.Name == name && c.Key == key {
				sum += c.Value
			}
		}
	}
	return sum
}

// Wait returns when holds does, or with ctx's error when ctx ends first.
func (p *Platform) Wait(ctx context.Context, holds func() bool) error {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// change wakes whoever waits. The caller holds the lock.
func (p *Platform) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// ServeHTTP answers an agent.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := unpack(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	p.mu.Lock()
	fail := p.fail
	if r.URL.Path == wire.PathHeartbeat {
		p.bodies = append(p.bodies, body)
		p.change()
	}
	p.mu.Unlock()
	if fail != nil {
		if f := fail(r); f != nil {
			if f.After {
				p.answer(httptest.NewRecorder(), r, body)
			}
			f.answer(w)
			return
		}
	}
	p.answer(w, r, body)
}

func (f *Failure) answer(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	refuse(w, f.Status, "unavailable", "made to fail")
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, wire.ErrorReply{Error: wire.ErrorBody{Code: code, Message: message}})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func unpack(r *http.Request) ([]byte, error) {
	var in io.Reader = r.Body
	if r.Body == nil {
		return nil, nil
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		in = z
	}
	return io.ReadAll(io.LimitReader(in, wire.MaxBodyBytes+1))
}

func (p *Platform) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.Header.Get("Authorization") != "Bearer "+Token {
		refuse(w, http.StatusUnauthorized, "unauthorized", "the token is not known")
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST " + wire.PathLogin:
		p.login(w, body)
	case "POST " + wire.PathHeartbeat:
		p.heartbeat(w, body)
	case "GET " + wire.PathInstructions:
		p.poll(w, r)
	default:
		refuse(w, http.StatusNotFound, "not_found", r.URL.Path)
	}
}

func (p *Platform) login(w http.ResponseWriter, body []byte) {
	var l wire.Login
	if err := json.Unmarshal(body, &l); err != nil {
		refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logins = append(p.logins, l)
	p.last[l.Instance] += 0
	p.change()
	reply(w, http.StatusOK, wire.LoginReply{App: "shop", Env: "test", HeartbeatSeconds: 20, LastSeq: p.last[l.Instance], Instructions: p.instructions})
}

func (p *Platform) heartbeat(w http.ResponseWriter, body []byte) {
	var h wire.Heartbeat
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil || len(body) > wire.MaxBodyBytes || len(h.Signals) > wire.MaxSignals {
		refuse(w, http.StatusBadRequest, "invalid", "not a heartbeat within the limits")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.last[h.Instance]
	if !known {
		refuse(w, http.StatusConflict, "conflict", "log in first")
		return
	}
	out := wire.HeartbeatReply{Seq: h.Seq, Duplicate: h.Seq <= last}
	if !out.Duplicate {
		p.last[h.Instance] = h.Seq
		out.Refused = p.refuseSignals(&h)
		out.Stored = len(h.Signals)
		p.batches = append(p.batches, h)
		p.change()
	}
	if h.Applied != p.instructions.Version {
		in := p.instructions
		out.Instructions = &in
	}
	reply(w, http.StatusOK, out)
}

// refuseSignals takes out of h what is not to be stored.
func (p *Platform) refuseSignals(h *wire.Heartbeat) (refused []wire.Refusal) {
	var kept []json.RawMessage
	for i, raw := range h.Signals {
		reason := ""
		if p.refuse != nil {
			reason = p.refuse(raw)
		}
		if len(raw) > wire.MaxSignalBytes {
			reason = "too large"
		}
		if reason != "" {
			refused = append(refused, wire.Refusal{Index: i, Reason: reason})
			continue
		}
		kept = append(kept, raw)
	}
	h.Signals = kept
	return refused
}

// pollFor is how long a request for instructions is held open.
const pollFor = 25 * time.Second

func (p *Platform) poll(w http.ResponseWriter, r *http.Request) {
	have, err := strconv.ParseUint(r.URL.Query().Get("have"), 10, 64)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid", "have: want a version")
		return
	}
	p.mu.Lock()
	_, known := p.last[r.URL.Query().Get("instance")]
	p.polls = append(p.polls, have)
	p.change()
	p.mu.Unlock()
	if !known {
		refuse(w, http.StatusConflict, "conflict", "log in first")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pollFor)
	defer cancel()
	var in wire.Instructions
	err = p.Wait(ctx, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		in = p.instructions
		return in.Version != have
	})
	if err != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	reply(w, http.StatusOK, in)
}

// RoundTripper connects an agent to the platform without a network. An answer
// that breaks the connection is an error.
func (p *Platform) RoundTripper() http.RoundTripper { return roundTripper{p} }

type roundTripper struct{ p *Platform }

// RoundTrip answers one request.
func (rt roundTripper) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	in.URL.Path = "/" + strings.TrimPrefix(in.URL.Path, "/")
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	rt.p.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}
