package sqlite_test

// Benchmarks of the store. GOMAXPROCS=2 is the machine of the targets.
//
//	go test ./localplatform/sqlite -run '^$' -bench Append -benchtime 3s
//	go test ./localplatform/sqlite -run '^$' -bench 'Page|Histogram|Facets|Count' -timeout 1h
//	SQREEN_BENCH_EVENTS=10000000 go test ./localplatform/sqlite -run '^$' -bench 'Page|Histogram|Facets|Count' -timeout 1h
//
// The second and third store a million events first, or as many as are asked
// for; with SQREEN_BENCH_DIR=DIR that is done once and the data stays there.

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/localplatform/storetest"
	"github.com/sqreen/sqreen/queries"
)

// pool makes events whose details are as large as those of an attack.
func pool(seed uint64, n int) []localplatform.Event {
	events := storetest.NewGenerator(seed).Events(n)
	detail := json.RawMessage(`{"kind":"attack","payload":"` + strings.Repeat("x", 500) + `"}`)
	for i := range events {
		events[i].Detail = detail
	}
	return events
}

// BenchmarkAppend measures durable events per second: callers of Append each
// send their batches one after the other, as agents do. "ms/batch" is how long
// a caller waits for its answer.
func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		for _, size := range []int{20, 100, 1000} {
			b.Run(fmt.Sprintf("callers=%d/batch=%d", callers, size), func(b *testing.B) { benchmarkAppend(b, callers, size) })
		}
	}
}

func benchmarkAppend(b *testing.B, callers, size int) {
	s := open(b, b.TempDir(), sqlite.Options{})
	events := pool(1, 10_000)
	var left atomic.Int64
	var wg sync.WaitGroup
	left.Store(int64(b.N))
	used := processorTime()
	b.ResetTimer()
	for i := range callers {
		wg.Go(func() {
			from := (i * 997) % (len(events) - size)
			for seq := uint64(1); left.Add(-1) >= 0; seq++ {
				_, err := s.Append(context.Background(), localplatform.Batch{
					App: "shop", Env: "prod", Instance: fmt.Sprint(i), Seq: seq, Received: storetest.Start, Events: events[from : from+size],
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((processorTime()-used).Nanoseconds())/1000/float64(b.N*size), "cpu-us/event")
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(b.Elapsed().Seconds()*1000*float64(min(callers, b.N))/float64(b.N), "ms/batch")
}

// filled opens a store with as many events as SQREEN_BENCH_EVENTS says, spread
// over the 24 hours before storetest.Start.
func filled(b *testing.B) *sqlite.Store {
	b.Helper()
	n := 1_000_000
	if text := os.Getenv("SQREEN_BENCH_EVENTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	dir := os.Getenv("SQREEN_BENCH_DIR")
	if dir == "" {
		dir = sharedDir(b)
	}
	s := open(b, dir, sqlite.Options{})
	fill(b, s, n)
	return s
}

var benchDir struct {
	sync.Mutex
	path string
}

// sharedDir is one directory for all benchmarks of a run; TestMain removes it.
func sharedDir(b *testing.B) string {
	b.Helper()
	benchDir.Lock()
	defer benchDir.Unlock()
	if benchDir.path == "" {
		var err error
		if benchDir.path, err = os.MkdirTemp("", "sqreen-bench-"); err != nil {
			b.Fatal(err)
		}
	}
	return benchDir.path
}

func fill(b *testing.B, s *sqlite.Store, n int) {
	b.Helper()
	const size = 1000
	have, err := s.CountEvents(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	events := pool(2, 200_000)
	step := 24 * time.Hour / time.Duration(n)
	for i := int(have); i < n; i += size {
		from := i % len(events)
		batch := slices.Clone(events[from : from+size])
		for j := range batch {
			batch[j].At = storetest.Start.Add(-24*time.Hour + time.Duration(i+j)*step)
		}
		_, err := s.Append(b.Context(), localplatform.Batch{
			App: "shop", Env: "prod", Instance: "fill", Seq: uint64(i/size) + 1, Received: batch[0].At, Events: batch,
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	s.WaitSealed()
}

func compile(b testing.TB, text string) *queries.Filter {
	b.Helper()
	f, err := queries.Compile(text, localplatform.EventSchema(), storetest.Start)
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// run calls fn until the benchmark has enough, and reports the 95th percentile
// and the processor time of a call.
func run(b *testing.B, fn func(i int) error) {
	var took []time.Duration
	used := processorTime()
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if err := fn(i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	b.ReportMetric(float64((processorTime()-used).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// BenchmarkPage turns pages by filters on indexed fields, with many matches, few and none.
func BenchmarkPage(b *testing.B) {
	s := filled(b)
	for _, text := range []string{
		"", "kind:attack", "attack:xss app:blog blocked:true", "user:user7", "user:nobody", "ip:203.0.1.17", "ip:203.0.1.0/28", "ip:198.51.100.9", "ip:198.51.100.0/24",
		"request:r000000a", "name:custom.7", "name:nothing", "attack:xxe", "severity:high env:staging app:api", "since:1h kind:attack", "at:2026-11-20T00:00:00Z..2026-11-20T00:05:00Z",
		"at:2026-11-20T00:00:00Z..2026-11-20T00:05:00Z user:user7", "user:user7 attack:xss", "path:/item/77",
	} {
		f := compile(b, text)
		b.Run(strings.NewReplacer(" ", "_", "/", "|").Replace("q="+text), func(b *testing.B) {
			last := s.LastPos()
			run(b, func(i int) error {
				_, err := s.Events(b.Context(), f, localplatform.EventQuery{Before: last - int64(i*7919)%last/2})
				return err
			})
		})
	}
}

// BenchmarkHistogram counts 24 hours of events.
func BenchmarkHistogram(b *testing.B) {
	s := filled(b)
	for _, c := range []struct{ text, by string }{
		{"", ""}, {"kind:attack", "attack"}, {"app:shop severity:>=medium", "severity"}, {"since:24h kind:attack", ""}, {"user:user7", ""}, {"ip:203.0.1.17", "kind"},
	} {
		f := compile(b, c.text)
		b.Run(strings.ReplaceAll("q="+c.text+"/by="+c.by, " ", "_"), func(b *testing.B) {
			run(b, func(int) error {
				_, err := s.Histogram(b.Context(), f, localplatform.HistogramQuery{From: storetest.Start.Add(-24 * time.Hour), To: storetest.Start, By: c.by})
				return err
			})
		})
	}
}

// BenchmarkCount counts by filters that sums and indexes answer.
func BenchmarkCount(b *testing.B) {
	s := filled(b)
	for _, text := range []string{"kind:attack", "since:24h attack:sqli", "user:user7"} {
		f := compile(b, text)
		b.Run(strings.ReplaceAll("q="+text, " ", "_"), func(b *testing.B) {
			run(b, func(int) error {
				_, err := s.CountEvents(b.Context(), f)
				return err
			})
		})
	}
}

// BenchmarkFacets finds the most frequent values.
func BenchmarkFacets(b *testing.B) {
	s := filled(b)
	for _, c := range []struct{ text, fields string }{{"", "app,attack,kind"}, {"user:user7", "ip,path"}} {
		f := compile(b, c.text)
		b.Run("q="+c.text+"/"+c.fields, func(b *testing.B) {
			run(b, func(int) error {
				_, err := s.Facets(b.Context(), f, localplatform.FacetQuery{Fields: strings.Split(c.fields, ",")})
				return err
			})
		})
	}
}

// BenchmarkOpen opens a data directory for reading and takes a first page, as a
// command does that finds no platform running.
func BenchmarkOpen(b *testing.B) {
	dir := func() string { s := filled(b); return s.Dir() }()
	run(b, func(int) error {
		s, err := sqlite.Open(dir, sqlite.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		_, err = s.Events(b.Context(), nil, localplatform.EventQuery{})
		if err2 := s.Close(); err == nil {
			err = err2
		}
		return err
	})
}
