package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// BenchmarkIngest measures the way of signals from HTTP to durable to detected:
// agents in this process send heartbeats over loopback to a real server with
// its detectors running, and the clock stops when the detectors have read the
// last one. One operation is one signal; one in ten is an attack. The agents'
// own work is part of the figure.
//
//	go test -run '^$' -bench Ingest -benchtime 200000x ./localplatform/server
func BenchmarkIngest(b *testing.B) {
	for _, signals := range []int{20, 500} {
		for _, agents := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("signals=%d/agents=%d", signals, agents), func(b *testing.B) { benchmarkIngest(b, agents, signals) })
		}
	}
}

func benchmarkIngest(b *testing.B, agents, signals int) {
	r := start(b, server.Options{})
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: agents}}
	defer hc.CloseIdleConnections()
	for n := range agents {
		var reply wire.LoginReply
		if err := report(b.Context(), hc, r.url, r.agent, wire.PathLogin, wire.Login{Version: wire.Version, Instance: fmt.Sprint("i-", n)}, &reply); err != nil {
			b.Fatal(err)
		}
	}
	tail := benchTail(signals)
	beats := int64((b.N + signals - 1) / signals)
	var next, slowest atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for n := range agents {
		wg.Go(func() {
			for seq := uint64(1); next.Add(1) <= beats; seq++ {
				begin := time.Now()
				if err := benchBeat(b, hc, r, n, seq, tail); err != nil {
					b.Error(err)
					return
				}
				if took := time.Since(begin).Nanoseconds(); took > slowest.Load() {
					slowest.Store(took)
				}
			}
		})
	}
	wg.Wait()
	durable := b.Elapsed()
	r.waitDetected(b)
	b.StopTimer()
	total := float64(beats * int64(signals))
	b.ReportMetric(total/b.Elapsed().Seconds(), "signals/s")
	b.ReportMetric(float64(beats)/durable.Seconds(), "heartbeats/s")
	b.ReportMetric((b.Elapsed()-durable).Seconds()*1000, "ms-behind")
	b.ReportMetric(float64(slowest.Load())/1e6, "ms-slowest")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapInuse)/1e6, "MB-heap")
}

// waitDetected waits until the detectors have read everything.
func (r *running) waitDetected(b *testing.B) {
	ctx := localplatform.WithCaller(b.Context(), r.admin)
	for {
		st, err := r.Platform().Status(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if st.Detected >= st.LastPos {
			return
		}
		time.Sleep(time.Millisecond) // the CPU is the detectors'
	}
}

// benchTail is the part of a heartbeat that is the same in all of them.
func benchTail(signals int) []byte {
	var list []json.RawMessage
	now := time.Now().UTC().Format(time.RFC3339Nano)
	for n := range signals {
		signal := fmt.Sprintf(`{"kind":"user","name":"app.sqreen.users.login.success","time":%q,"ip":"198.51.100.%d","user":{"id":"%d"},"request":{"id":"r-%d","method":"POST","scheme":"https","host":"shop.example","path":"/login","route":"/login","remote":"10.0.0.1:4711","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","headers":{"Accept":["text/html"],"Accept-Language":["en"]},"status":302,"us":1834}}`, now, n%250, n, n)
		if n%10 == 0 {
			signal = fmt.Sprintf(`{"kind":"attack","name":"app.sqreen.plugins.attack","time":%q,"ip":"203.0.113.%d","request":{"id":"r-%d","method":"GET","scheme":"https","host":"shop.example","path":"/search","query":"q=%%27","route":"/search","remote":"10.0.0.1:4711","user_agent":"sqlmap/1.7","params":{"query.q":["' OR 1=1 --"]},"status":403,"blocked":true},"attack":{"kind":"sqli","protection":"rasp","rule":"rasp.sqli","blocked":true,"reached":true,"severity":"high","param":"query.q","payload":"' OR 1=1 --","sink":{"type":"sql","statement":"SELECT * FROM p WHERE n = '' OR 1=1 --'","dialect":"sqlite"}},"stack":[{"function":"main.search","file":"main.go","line":31,"in_app":true}]}`, now, n%8, n)
		}
		list = append(list, json.RawMessage(signal))
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return append(append([]byte(`,"signals":`), text...), '}')
}

func benchBeat(b *testing.B, hc *http.Client, r *running, n int, seq uint64, tail []byte) error {
	head := `{"version":1,"instance":"i-` + strconv.Itoa(n) + `","seq":` + strconv.FormatUint(seq, 10)
	body := append(append(make([]byte, 0, len(head)+len(tail)), head...), tail...)
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.url+wire.PathHeartbeat, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.agent)
	res, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("%d %s: %w", res.StatusCode, text, err)
	}
	return nil
}
