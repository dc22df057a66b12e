package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// BenchmarkReaction measures how fast a quiet platform reacts, over HTTP: from
// sending an attack to its incident being there for operators, and from an
// operator's block to its arrival at a connected agent.
//
//	go test -run '^$' -bench Reaction -benchtime 500x ./localplatform/server
func BenchmarkReaction(b *testing.B) {
	b.Run("signal-to-incident", func(b *testing.B) {
		r := start(b, server.Options{})
		r.login("i-1")
		ctx := localplatform.WithCaller(b.Context(), r.admin)
		var took []time.Duration
		for n := uint64(1); b.Loop(); n++ {
			begin := time.Now()
			signal := fmt.Sprintf(`{"kind":"attack","name":"app.sqreen.plugins.attack","time":%q,"ip":"10.%d.%d.%d","request":{"id":"r-%d","method":"GET","path":"/"},
				"attack":{"kind":"sqli","protection":"rasp","rule":"rasp.sqli","reached":true}}`, begin.UTC().Format(time.RFC3339Nano), n>>16&255, n>>8&255, n&255, n)
			r.beat("i-1", n, []json.RawMessage{json.RawMessage(signal)})
			r.detected(int64(n)) //nolint:gosec // small
			took = append(took, time.Since(begin))
		}
		percentiles(b, took)
		if page, err := r.Platform().Incidents(ctx, localplatform.IncidentQuery{}); err != nil || page.Total == 0 {
			b.Fatal(page, err)
		}
	})
	b.Run("block-to-agent", func(b *testing.B) {
		r := start(b, server.Options{})
		r.login("i-1")
		ctx := localplatform.WithCaller(b.Context(), r.admin)
		var took []time.Duration
		have := uint64(0)
		for n := 0; b.Loop(); n++ {
			arrived := make(chan wire.Instructions, 1)
			go func() {
				var i wire.Instructions
				_, _, body := r.do(http.MethodGet, fmt.Sprintf("%s?instance=i-1&have=%d", wire.PathInstructions, have), r.agent, "")
				if err := json.Unmarshal([]byte(body), &i); err != nil {
					b.Error(err)
				}
				arrived <- i
			}()
			begin := time.Now()
			if _, err := r.Platform().AddAction(ctx, localplatform.Action{Kind: wire.ActionBlockUser, Target: fmt.Sprint(n)}); err != nil {
				b.Fatal(err)
			}
			i := <-arrived
			took = append(took, time.Since(begin))
			have = i.Version
		}
		percentiles(b, took)
	})
}

func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms-p50")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "ms-p99")
}
