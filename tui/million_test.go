package tui

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/sqreen/sqreen/localplatform/server"
)

var (
	generate = flag.String("generate", "", "fill this data directory with events for TestGenerate")
	amount   = flag.Int64("events", million, "how many events TestGenerate and BenchmarkStoreKey make")
)

// TestGenerate makes a data directory to look at with `sqreen --data DIR tui`:
//
//	go test ./tui -run TestGenerate -generate DIR -events 1000000 -timeout 10m
//
// Without the flag it makes a small one and sees that it can be read.
func TestGenerate(t *testing.T) {
	dir, n := *generate, *amount
	if dir == "" {
		dir, n = t.TempDir(), 100
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	appendEvents(t, dir, n, bulkEvent)
	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got, err := p.CountEvents(t.Context(), ""); err != nil || got < n {
		t.Fatalf("%d events, %v", got, err)
	}
}

// BenchmarkStoreKey is a key with all that the store does for it: what a person
// waits for in the worst case, since keys do not wait for the store.
func BenchmarkStoreKey(b *testing.B) {
	dir := *generate
	if dir == "" {
		dir = b.TempDir()
		appendEvents(b, dir, *amount, bulkEvent)
	}
	p, err := server.Connect(b.Context(), server.ConnectOptions{Data: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close() })
	for name, keys := range map[string][]string{"down": {"j"}, "page": {"pgdown"}, "jump": {"G", "g"}, "high": {"e"}} {
		b.Run(name, func(b *testing.B) {
			src := newSource(b.Context(), p)
			b.Cleanup(src.close)
			src.later = never
			m, err := newModel(src, Options{Now: time.Now, Width: 120, Height: 40})
			if err != nil {
				b.Fatal(err)
			}
			m.events.tail.follow = false
			answerAll(m, m.showCmd(0))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				_, cmd := m.Update(keyPress(keys[i%len(keys)]))
				answerAll(m, cmd)
				if m.View().Content == "" {
					b.Fatal("nothing drawn")
				}
				i++
			}
		})
	}
}
