package server_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// An app's agent that is cut off keeps what its memory bound allows, the newest.
// Once the platform is back it delivers that in order, and says how much it had
// to drop.
func TestAgentAfterAnOutage(t *testing.T) {
	data, listen := t.TempDir(), freeAddress(t)
	c := spawn(t, data, listen)
	c.ready()
	c.makeToken()
	agent := agentkit.New(agentkit.Config{URL: c.url, Token: c.agent})
	next := 0
	track := func(n int) {
		for range n {
			ctx, done := agent.Work(t.Context())
			agentkit.FromContext(ctx).Track("counted", agentkit.WithUser(map[string]string{"n": strconv.Itoa(next)}))
			done()
			next++
		}
	}
	const before, during = 50, 30_000 // more than an agent keeps
	track(before)
	stored(t, data, before)
	c.kill()
	track(during)
	c = spawn(t, data, listen)
	c.ready()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := agent.Close(ctx); err != nil {
		t.Fatalf("Close: %v", err)
	}
	c.kill()

	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	var got []int
	q := localplatform.EventQuery{After: -1, Limit: localplatform.MaxPage, Query: "name:counted"}
	for more := true; more; {
		page, err := p.Events(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			n, err := strconv.Atoi(e.User)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		q.After, more = page.Next, page.More
	}
	if len(got) <= before {
		t.Fatalf("only %d events are there", len(got))
	}
	gap := 0
	for i := 1; i < len(got); i++ {
		switch step := got[i] - got[i-1]; {
		case step <= 0:
			t.Fatalf("%d comes after %d", got[i], got[i-1])
		case step > 1:
			gap += step - 1
			if got[i-1] < before-1 {
				t.Errorf("%d events are missing that had been acknowledged", step-1)
			}
		}
	}
	if got[0] != 0 || got[len(got)-1] != before+during-1 {
		t.Errorf("from %d to %d", got[0], got[len(got)-1])
	}
	if want := before + during - len(got); gap != want || want == 0 {
		t.Errorf("%d events are missing, %d of them within", want, gap)
	}
	points, err := p.Counters(t.Context(), localplatform.CounterQuery{Names: []string{wire.CounterDropped}, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	reported := 0.0
	for _, c := range points {
		reported += c.Value
	}
	if reported != float64(gap) {
		t.Errorf("the agent reports %v dropped signals, %d are missing: %+v", reported, gap, points)
	}
}

// stored waits until the platform has so many events.
func stored(t *testing.T, data string, n int64) {
	t.Helper()
	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	for after := int64(-1); after < n; {
		page, err := p.Events(t.Context(), localplatform.EventQuery{After: after, Wait: localplatform.MaxWait})
		if err != nil {
			t.Fatal(err)
		}
		after = page.Next
	}
}
