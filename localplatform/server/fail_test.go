package server

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/sqreen/sqreen/localplatform/sqlite"
)

// A server whose listener breaks ends, says why, and lets the data go.
func TestServerThatBreaks(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Options{Data: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Wait: %v", err)
	}
	if _, held := sqlite.Holder(dir); held {
		t.Error("the data directory is still held")
	}
	if err := s.Stop(context.Background()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// A part that gives up takes the server down: running on would lose something.
func TestPartThatFails(t *testing.T) {
	s, err := New(Options{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	s.background("a part", func(context.Context) error { return broken })
	if err := s.Wait(); !errors.Is(err, broken) {
		t.Errorf("Wait: %v", err)
	}
}

func TestReadMarkNeverGoesBack(t *testing.T) {
	var m readMark
	for _, pos := range []int64{3, 7, 5} {
		m.reached(pos)
	}
	if got := m.pos.Load(); got != 7 {
		t.Errorf("at %d", got)
	}
}
