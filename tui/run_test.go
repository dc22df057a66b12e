package tui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

func checkWidth(t *testing.T, line string, want int) {
	t.Helper()
	if n := ansi.StringWidth(line); n > want {
		t.Fatalf("%q is %d cells wide, not %d", line, n, want)
	}
}

// watched is an output that tells when a text has been drawn.
type watched struct {
	mu   sync.Mutex
	out  bytes.Buffer
	want string
	seen chan struct{}
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out.Write(b)
	if w.want != "" && strings.Contains(ansi.Strip(w.out.String()), w.want) {
		w.want = ""
		close(w.seen)
	}
	return len(b), nil
}

func TestRunLeavesNothingBehind(t *testing.T) {
	for _, end := range []string{"key", "context"} {
		t.Run(end, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			in, keys := io.Pipe()
			out := &watched{want: "SQL injection", seen: make(chan struct{})}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				done <- Run(ctx, samplePlatform(100), Options{In: in, Out: out, Page: PageIncidents, Width: 80, Height: 24, Now: noon})
			}()
			<-out.seen
			if end == "key" {
				if _, err := keys.Write([]byte("1iv2q")); err != nil {
					t.Fatal(err)
				}
			} else {
				cancel()
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			cancel()
			_ = keys.Close()
			goleak.VerifyNone(t, before)
		})
	}
}

func TestNoColorLeavesAttributes(t *testing.T) {
	in, keys := io.Pipe()
	out := &watched{want: "SQL injection", seen: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		done <- Run(t.Context(), samplePlatform(100), Options{In: in, Out: out, Page: PageIncidents, Width: 80, Height: 24, Now: noon, NoColor: true})
	}()
	<-out.seen
	if _, err := keys.Write([]byte("q")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	drawn := out.out.String()
	if strings.Contains(drawn, "38;2") || strings.Contains(drawn, "38;5") {
		t.Error("there is colour")
	}
	if !strings.Contains(drawn, "\x1b[7m") && !strings.Contains(drawn, "\x1b[1;7m") {
		t.Error("the selection is not reversed")
	}
}

// bulkEvent is one of a sequence that is mostly ordinary events, so that it takes
// no minutes to look for incidents in a million of them.
func bulkEvent(pos int64) localplatform.Event {
	e := sampleEvent(pos)
	if pos%500 != 0 {
		e.Kind, e.Name, e.Attack, e.Severity, e.Reached, e.Blocked, e.Status = wire.KindEvent, "order.placed", "", "", false, false, 200
	}
	return e
}

// appendEvents fills a data directory with events.
func appendEvents(tb testing.TB, dir string, n int64, make func(int64) localplatform.Event) {
	tb.Helper()
	store, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	now := time.Now().UTC()
	for from, seq := int64(1), uint64(1); from <= n; from, seq = from+2000, seq+1 {
		b := localplatform.Batch{App: "shop", Env: "prod", Instance: "i", Seq: seq, Received: now}
		for i := from; i < min(from+2000, n+1); i++ {
			e := make(i)
			e.At = now.Add(-time.Duration(n-i) * time.Millisecond)
			e.App, e.Env, e.Instance, e.Pos = "shop", "prod", "i", 0
			b.Events = append(b.Events, e)
		}
		if _, err := store.Append(tb.Context(), b); err != nil {
			tb.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		tb.Fatal(err)
	}
}

// TestRealStore walks through events that a real store keeps.
func TestRealStore(t *testing.T) {
	dir := t.TempDir()
	appendEvents(t, dir, 3000, sampleEvent)
	p, err := server.Connect(t.Context(), server.ConnectOptions{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	src := newSource(t.Context(), p)
	defer src.close()
	src.later = never
	m, err := newModel(src, Options{Now: time.Now, Width: 80, Height: 24})
	if err != nil {
		t.Fatal(err)
	}
	m.events.tail.follow = false // the tail waits, and here nothing may
	answerAll(m, m.showCmd(0))
	press := func(keys ...string) {
		for _, k := range keys {
			_, cmd := m.Update(keyPress(k))
			answerAll(m, cmd)
		}
	}
	s := &screen{t: t, m: m}
	s.sees("1 of 3,000", "sqli")
	press("G")
	s.sees("3,000 of 3,000")
	press("g", "e", "e", "enter")
	s.sees("$ sqreen events show 2990", "the input ended a string literal")
	press("esc", "a")
	s.sees("ip:203.0.113.240", "1 of 12")
	press("esc", "/")
	for _, r := range "attack:sqli blocked:true" {
		press(string(r))
	}
	press("enter")
	s.sees("1 of 300")
	press("2", "/")
	for _, r := range "severity:high events:12" {
		press(string(r))
	}
	press("enter", "enter")
	s.sees("SQL injection by 203.0.113", "Advice")
	press("a")
	s.sees("acknowledged")
	press("b", "enter")
	s.sees("is blocked for 24h", "sqreen actions block 203.0.113")
	actions, err := p.Actions(t.Context(), "")
	if err != nil || len(actions) != 1 || actions[0].Incident == 0 {
		t.Fatalf("blocks in force: %+v, %v", actions, err)
	}
	press("v")
	s.sees("› incident", "1 of 12")
	press("esc")
	s.sees("Incidents › live", "Advice")
	s.fits()
}
