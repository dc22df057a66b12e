//go:build unix

package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

// The crash tests run this test binary again as a child that appends and writes
// a line for every batch that was acknowledged. It is killed with SIGKILL, and
// then every acknowledged batch has to be there exactly once, every other one
// wholly or not at all, and every file has to be sound.

const (
	crashWriters   = 4
	crashBatch     = 7   // events in a batch
	crashSegment   = 200 // events in a segment: rotation and sealing happen all the time
	killAtVariable = "SQREEN_SQLITE_TEST_KILL_AT"
	countVariable  = "SQREEN_SQLITE_TEST_BATCHES"
)

// child runs when the test binary was started by a crash or fault test.
func child(kind string) error {
	switch kind {
	case "append":
		return appendingChild(os.Getenv("SQREEN_SQLITE_TEST_DIR"))
	case "limited":
		return limitedChild(os.Getenv("SQREEN_SQLITE_TEST_DIR"))
	case "readonly":
		return readOnlyChild(os.Getenv("SQREEN_SQLITE_TEST_DIR"))
	}
	return fmt.Errorf("unknown kind of child %q", kind)
}

// appendingChild appends until it is killed, by its parent or by itself at a
// given step, or has appended as many batches as it was told to.
func appendingChild(dir string) error {
	opts := sqlite.Options{SegmentRows: crashSegment}
	if at, _ := strconv.Atoi(os.Getenv(killAtVariable)); at > 0 {
		var mu sync.Mutex
		n := 0
		opts.SegmentRows = 50
		opts = sqlite.WithSteps(opts, func(point string) {
			mu.Lock()
			defer mu.Unlock()
			// Commits are all alike: the first few are enough.
			if !strings.Contains(point, " ") && n > 20 {
				return
			}
			if n++; n == at {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // nothing happens between the call and the end
			}
		})
	}
	s, err := sqlite.Open(dir, opts)
	if err != nil {
		return err
	}
	batches, _ := strconv.Atoi(os.Getenv(countVariable))
	var wg sync.WaitGroup
	var mu sync.Mutex
	errs := make([]error, crashWriters)
	for i := range crashWriters {
		wg.Go(func() { errs[i] = appendBatches(s, &mu, i, batches/crashWriters) })
	}
	wg.Wait()
	s.WaitSealed()
	return errors.Join(append(errs, s.Close())...)
}

// appendBatches goes on where the store says an instance has been.
func appendBatches(s *sqlite.Store, mu *sync.Mutex, writer, batches int) error {
	ctx := context.Background()
	instance := fmt.Sprintf("w%d", writer)
	last, err := s.LastSeq(ctx, "shop", "prod", instance)
	if err != nil {
		return err
	}
	for seq := last + 1; seq <= last+uint64(batches); seq++ {
		r, err := s.Append(ctx, crashBatchOf(instance, seq))
		if err != nil {
			return err
		}
		mu.Lock()
		fmt.Printf("ack %s %d %d %v\n", instance, seq, r.First, r.Duplicate)
		mu.Unlock()
	}
	return nil
}

func crashBatchOf(instance string, seq uint64) localplatform.Batch {
	b := localplatform.Batch{App: "shop", Env: "prod", Instance: instance, Seq: seq, Received: time.Now()}
	for i := range crashBatch {
		b.Events = append(b.Events, localplatform.Event{
			At: b.Received, Kind: "event", Name: "crash", Instance: instance, Request: fmt.Sprintf("%s-%d-%d", instance, seq, i), Detail: []byte(`{"x":1}`),
		})
	}
	b.Counters = []localplatform.Counter{{Name: "requests", Minute: b.Received, Value: 1}}
	return b
}

// ledger is what a parent knows to be stored: request of an event to position.
type ledger struct {
	acked map[string]int64
	seqs  map[string]uint64
}

// runChild starts a child and reads its acknowledgements. With killAfter > 0
// it is killed when that many have been read; it reports whether it was killed
// or had killed itself.
func (l *ledger) runChild(t *testing.T, dir string, killAfter int, env ...string) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childVariable+"=append", "SQREEN_SQLITE_TEST_DIR="+dir)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.read(t, out, func(n int) {
		if n == killAfter {
			_ = cmd.Process.Kill()
		}
	})
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
			return true
		}
	}
	if err != nil {
		t.Fatalf("child: %v\n%s", err, stderr.String())
	}
	return false
}

func (l *ledger) read(t *testing.T, out io.Reader, line func(n int)) {
	t.Helper()
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		var instance string
		var seq uint64
		var first int64
		var duplicate bool
		if _, err := fmt.Sscanf(lines.Text(), "ack %s %d %d %v", &instance, &seq, &first, &duplicate); err != nil {
			continue // the kill cut it
		}
		if duplicate {
			t.Errorf("batch %d of %s is new and was called a duplicate", seq, instance)
		}
		for i := range crashBatch {
			l.acked[fmt.Sprintf("%s-%d-%d", instance, seq, i)] = first + int64(i)
		}
		l.seqs[instance] = max(l.seqs[instance], seq)
		line(n)
	}
}

// verify opens the store and checks it against the ledger. Everything stored is
// then in the ledger, so that later rounds hold it to stay.
func (l *ledger) verify(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlite.Open(dir, sqlite.Options{SegmentRows: crashSegment})
	if err != nil {
		t.Fatalf("Open after a kill: %v", err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}()
	if err := s.Check(t.Context()); err != nil {
		t.Fatalf("Check: %v", err)
	}
	if st, err := s.Stats(t.Context()); err != nil || len(st.Problems) > 0 {
		t.Fatalf("Stats: %+v, %v", st, err)
	}
	all, err := s.Read(t.Context(), 0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]int64{}
	for i, e := range all {
		if i > 0 && e.Pos != all[i-1].Pos+1 {
			t.Fatalf("position %d after %d", e.Pos, all[i-1].Pos)
		}
		if _, twice := stored[e.Request]; twice {
			t.Fatalf("event %s is stored twice", e.Request)
		}
		stored[e.Request] = e.Pos
	}
	for request, pos := range l.acked {
		if stored[request] != pos {
			t.Fatalf("event %s was acknowledged at %d and is at %d", request, pos, stored[request])
		}
	}
	l.wholeBatches(t, s, stored)
	l.acked = stored
}

func (l *ledger) wholeBatches(t *testing.T, s *sqlite.Store, stored map[string]int64) {
	t.Helper()
	batches := 0
	for i := range crashWriters {
		instance := fmt.Sprintf("w%d", i)
		last, err := s.LastSeq(t.Context(), "shop", "prod", instance)
		if err != nil || last < l.seqs[instance] || last > l.seqs[instance]+1 {
			t.Fatalf("LastSeq(%s) = %d, %v; %d was acknowledged", instance, last, err, l.seqs[instance])
		}
		l.seqs[instance] = last
		batches += int(last)
		for seq := uint64(1); seq <= last; seq++ {
			first := stored[fmt.Sprintf("%s-%d-0", instance, seq)]
			for j := range crashBatch {
				if pos := stored[fmt.Sprintf("%s-%d-%d", instance, seq, j)]; pos == 0 || pos != first+int64(j) {
					t.Fatalf("batch %d of %s is not whole", seq, instance)
				}
			}
		}
	}
	if len(stored) != batches*crashBatch {
		t.Fatalf("%d events are stored, %d batches make %d", len(stored), batches, batches*crashBatch)
	}
	points, err := s.Counters(t.Context(), localplatform.CounterQuery{})
	if err != nil || batches > 0 && (len(points) != 1 || points[0].Value != float64(batches)) {
		t.Fatalf("counters = %v, %v, want one of %d", points, err, batches)
	}
}

func newLedger() *ledger { return &ledger{acked: map[string]int64{}, seqs: map[string]uint64{}} }

// TestKilledAtRandom kills a child again and again on the same data.
func TestKilledAtRandom(t *testing.T) {
	dir, l := t.TempDir(), newLedger()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	rounds := 25
	if underRace {
		rounds = 4
	}
	for round := range rounds {
		after := 1 + r.IntN(200)
		if !l.runChild(t, dir, after, countVariable+"=100000") {
			t.Fatalf("seed %d, round %d: the child ended by itself", seed, round)
		}
		l.verify(t, dir)
	}
	if len(l.acked) < rounds*crashBatch {
		t.Errorf("only %d events were stored in all", len(l.acked))
	}
}

// TestKilledAtEveryStep kills a child before its first step that changes files,
// before its second, and so on, until one gets through.
func TestKilledAtEveryStep(t *testing.T) {
	stride := 1
	if underRace {
		stride = 9
	}
	for at := 1; ; at += stride {
		dir, l := t.TempDir(), newLedger()
		killed := l.runChild(t, dir, 0, countVariable+"=40", killAtVariable+"="+strconv.Itoa(at))
		l.verify(t, dir)
		l.runChild(t, dir, 0, countVariable+"=12")
		l.verify(t, dir)
		if !killed {
			if at < 20 {
				t.Errorf("there were only %d steps", at)
			}
			return
		}
		if at > 1000 {
			t.Fatal("no child gets through")
		}
	}
}
