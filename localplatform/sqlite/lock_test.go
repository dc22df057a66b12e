package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

func TestLockNamesItsHolder(t *testing.T) {
	dir := t.TempDir()
	if o, held := sqlite.Holder(dir); held {
		t.Errorf("an empty directory is held by %s", o)
	}
	since := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	s := open(t, dir, sqlite.Options{Address: "http://127.0.0.1:7777", Now: func() time.Time { return since }})
	o, held := sqlite.Holder(dir)
	if want := (sqlite.Owner{PID: os.Getpid(), Since: since, Address: "http://127.0.0.1:7777"}); !held || o.PID != want.PID || !o.Since.Equal(since) || o.Address != want.Address {
		t.Errorf("Holder = %+v, %v, want %+v", o, held, want)
	}
	for what, try := range map[string]func() error{
		"Open": func() error { _, err := sqlite.Open(dir, sqlite.Options{}); return err },
		"Lock": func() error { _, err := sqlite.Lock(dir); return err },
	} {
		err := try()
		wantCode(t, what, err, localplatform.CodeUnavailable)
		if !errors.Is(err, sqlite.ErrHeld) {
			t.Errorf("%s: %v does not wrap ErrHeld", what, err)
		}
		if text := fmt.Sprint(err); !strings.Contains(text, fmt.Sprintf("process %d", os.Getpid())) || !strings.Contains(text, "http://127.0.0.1:7777") {
			t.Errorf("%s: %q does not say who it is", what, text)
		}
		if hint := localplatform.ErrorHint(err); !strings.Contains(hint, "--url http://127.0.0.1:7777") {
			t.Errorf("%s: hint %q", what, hint)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if o, held := sqlite.Holder(dir); held {
		t.Errorf("after Close it is held by %s", o)
	}
	release, err := sqlite.Lock(dir)
	if err != nil {
		t.Fatalf("Lock after Close: %v", err)
	}
	if _, held := sqlite.Holder(dir); !held {
		t.Error("nobody holds a locked directory")
	}
	release()
	release() // does nothing
	open(t, dir, sqlite.Options{})
}

// Asking who holds a directory never keeps anybody from taking it.
func TestHolderDoesNotGetInTheWay(t *testing.T) {
	dir := t.TempDir()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				sqlite.Holder(dir)
			}
		}
	})
	for range 50 {
		release, err := sqlite.Lock(dir)
		if err != nil {
			t.Errorf("Lock: %v", err)
			break
		}
		release()
	}
	close(stop)
	wg.Wait()
}
