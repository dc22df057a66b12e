package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// killsVariable asks for a longer run:
//
//	SQREEN_KILLS=200 go test -run KilledAgainAndAgain ./localplatform/server
const killsVariable = "SQREEN_KILLS"

func kills(t *testing.T) int {
	text := os.Getenv(killsVariable)
	if text == "" {
		return 8
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", killsVariable, err)
	}
	return n
}

// storm is agents that send to a platform which is killed again and again.
type storm struct {
	t     *testing.T
	url   string
	token string

	mu    sync.Mutex
	moved sync.Cond
	life  int  // how many platforms have been ready
	acks  int  // batches acknowledged so far
	over  bool // agents finish the batch they are at
	sent  map[string]int
}

// wait blocks until what the storm knows has changed as wanted.
func (s *storm) wait(until func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !until() {
		s.moved.Wait()
	}
}

func (s *storm) change(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	s.moved.Broadcast()
}

const (
	stormAgents  = 6
	stormSignals = 20
)

// agent sends batch after batch, each until it is acknowledged.
func (s *storm) agent(n int) {
	hc := &http.Client{Transport: &http.Transport{}}
	defer hc.CloseIdleConnections()
	instance := fmt.Sprint("i-", n)
	known := false
	for seq := uint64(1); ; seq++ {
		h := wire.Heartbeat{Version: wire.Version, Instance: instance, Seq: seq}
		for k := range stormSignals {
			h.Signals = append(h.Signals, stormSignal(instance, seq, k))
		}
		for {
			life := 0
			s.wait(func() bool { life = s.life; return true })
			err := s.try(hc, &known, h)
			if err == nil {
				break
			}
			if errors.Is(err, errRefused) && known {
				s.t.Errorf("batch %d of %s: %v", seq, instance, err)
				return
			}
			s.wait(func() bool { return s.life > life })
		}
		stop := false
		s.change(func() {
			s.acks++
			for k := range stormSignals {
				s.sent[stormID(instance, seq, k)] = 0
			}
			stop = s.over
		})
		if stop {
			return
		}
	}
}

// try sends one batch, after a login when the agent has none.
func (s *storm) try(hc *http.Client, known *bool, h wire.Heartbeat) error {
	if !*known {
		var login wire.LoginReply
		if err := report(s.t.Context(), hc, s.url, s.token, wire.PathLogin, wire.Login{Version: wire.Version, Instance: h.Instance}, &login); err != nil {
			return err
		}
		*known = true
	}
	var reply wire.HeartbeatReply
	if err := report(s.t.Context(), hc, s.url, s.token, wire.PathHeartbeat, h, &reply); err != nil {
		return err
	}
	if reply.Seq != h.Seq || !reply.Duplicate && reply.Stored != len(h.Signals) {
		return fmt.Errorf("%w: strange answer %+v", errRefused, reply)
	}
	return nil
}

func stormID(instance string, seq uint64, k int) string {
	return fmt.Sprintf("%s/%d/%d", instance, seq, k)
}

// stormSignal is an attack now and then, an event otherwise.
func stormSignal(instance string, seq uint64, k int) json.RawMessage {
	id, at := stormID(instance, seq, k), time.Now().UTC().Format(time.RFC3339Nano)
	if k%10 == 0 {
		return json.RawMessage(fmt.Sprintf(`{"kind":"attack","name":"app.sqreen.plugins.attack","time":%q,"ip":"203.0.113.7","request":{"id":%q,"method":"GET","path":"/search"},
			"attack":{"kind":"sqli","protection":"rasp","rule":"rasp.sqli","blocked":true,"reached":true}}`, at, id))
	}
	return json.RawMessage(fmt.Sprintf(`{"kind":"event","name":"order.placed","time":%q,"request":{"id":%q,"method":"POST","path":"/orders"}}`, at, id))
}

// TestKilledAgainAndAgain kills a platform with SIGKILL while agents send, many
// times, sometimes before it has even started. Every signal that was
// acknowledged is there exactly once afterwards, in the order its agent sent
// it, and every attack is counted in an incident exactly once.
func TestKilledAgainAndAgain(t *testing.T) {
	data, listen := t.TempDir(), freeAddress(t)
	s := &storm{t: t, url: "http://" + listen, sent: map[string]int{}}
	s.moved.L = &s.mu
	c := spawn(t, data, listen)
	c.ready()
	c.makeToken()
	s.token = c.agent
	s.change(func() { s.life++ })
	var agents sync.WaitGroup
	for n := range stormAgents {
		agents.Go(func() { s.agent(n) })
	}
	for range kills(t) {
		enough := 0
		s.wait(func() bool { enough = s.acks + 1 + rand.IntN(60); return true })
		s.wait(func() bool { return s.acks >= enough || t.Failed() })
		c.kill()
		for rand.IntN(4) == 0 { // as it starts
			c = spawn(t, data, listen)
			c.kill()
		}
		c = spawn(t, data, listen)
		c.ready()
		s.change(func() { s.life++ })
		if t.Failed() {
			break
		}
	}
	s.change(func() { s.over = true })
	agents.Wait()
	c.kill()
	s.check(data)
}

// freeAddress is an address that was free a moment ago, for platforms that
// follow one another.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// check counts what is stored.
func (s *storm) check(data string) {
	s.t.Helper()
	p, err := server.Connect(s.t.Context(), server.ConnectOptions{Data: data})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	attacks, last := 0, map[string]uint64{}
	q := localplatform.EventQuery{After: -1, Limit: localplatform.MaxPage}
	for {
		page, err := p.Events(s.t.Context(), q)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range page.Events {
			n, known := s.sent[e.Request]
			if !known || n != 0 {
				s.t.Errorf("%s is there %d times, acknowledged: %v", e.Request, n+1, known)
			}
			s.sent[e.Request]++
			if e.Kind == wire.KindAttack {
				attacks++
			}
			var seq uint64
			if _, err := fmt.Sscanf(e.Request[len(e.Instance)+1:], "%d/", &seq); err != nil || seq < last[e.Instance] {
				s.t.Errorf("%s is out of order: %v", e.Request, err)
			}
			last[e.Instance] = seq
		}
		q.After = page.Next
		if !page.More {
			break
		}
	}
	for id, n := range s.sent {
		if n != 1 {
			s.t.Errorf("%s was acknowledged and is there %d times", id, n)
		}
	}
	s.checkIncidents(p, attacks)
	for _, c := range server.Doctor(context.Background(), server.ConnectOptions{Data: data}) {
		if c.Status == server.CheckFailed {
			s.t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
	s.t.Logf("%d platforms, %d batches, %d signals, %d attacks", s.life, s.acks, len(s.sent), attacks)
}

func (s *storm) checkIncidents(p localplatform.Platform, attacks int) {
	s.t.Helper()
	page, err := p.Incidents(s.t.Context(), localplatform.IncidentQuery{})
	if err != nil {
		s.t.Fatal(err)
	}
	counted := int64(0)
	for _, i := range page.Incidents {
		counted += i.Events
	}
	if counted != int64(attacks) || page.Total != 1 {
		s.t.Errorf("%d attacks are counted in %d incidents, %d were stored", counted, page.Total, attacks)
	}
}
