package server_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// TestWhatAgentsLoseIsShown follows the counts of what an agent dropped and left
// out from its heartbeat to the app's page.
func TestWhatAgentsLoseIsShown(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	now := time.Now()
	r.beat("i-1", 1, nil,
		wire.Counter{Name: wire.CounterDropped, Key: "buffer_full", Minute: now, Value: 7},
		wire.Counter{Name: wire.CounterSkipped, Key: "no_request_sql", Minute: now, Value: 9},
		wire.Counter{Name: wire.CounterRequests, Minute: now, Value: 100})
	r.beat("i-1", 2, nil, wire.Counter{Name: wire.CounterDropped, Key: "buffer_full", Minute: now.Add(-time.Minute), Value: 5})
	app, err := r.Platform().App(localplatform.WithCaller(t.Context(), r.admin), "shop", "prod")
	if err != nil {
		t.Fatal(err)
	}
	want := []localplatform.Count{{Value: "dropped: buffer_full", Count: 12}, {Value: "skipped: no_request_sql", Count: 9}}
	if diff := cmp.Diff(want, app.Losses); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
}
