package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// Owner is a process that holds a data directory.
type Owner struct {
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
	Address string    `json:"address,omitempty"` // where it can be reached
}

// String says who it is, for people.
func (o Owner) String() string {
	text := fmt.Sprintf("process %d", o.PID)
	if !o.Since.IsZero() {
		text += " since " + o.Since.Local().Format("2006-01-02 15:04:05")
	}
	if o.Address != "" {
		text += " at " + o.Address
	}
	return text
}

// ErrHeld is wrapped by the error of Lock and Open when another process holds
// the directory.
var ErrHeld = errors.New("the data directory is in use")

const lockFile = "lock"

// Holder locks the file for a moment, so one refusal does not mean that the
// directory is in use.
const (
	lockTries = 20
	lockPause = 5 * time.Millisecond
)

// Lock takes a data directory for this process, until release or its end. When
// another process holds it, the error is CodeUnavailable, wraps ErrHeld and says which. Open takes the
// lock by itself.
func Lock(dir string) (release func(), err error) { return lockAs(dir, "", time.Now()) }

func lockAs(dir, address string, now time.Time) (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, localplatform.Errorf(localplatform.CodeUnavailable, "the data directory cannot be written: %w", err).
			WithHint("check the owner and permissions of %s", dir)
	}
	held, err := tryLock(f, true)
	for try := 0; held && err == nil && try < lockTries; try++ {
		time.Sleep(lockPause) // it may only be somebody who asks for the holder
		held, err = tryLock(f, true)
	}
	if err != nil || held {
		defer f.Close()
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		return nil, heldBy(dir, readOwner(f))
	}
	if err := writeOwner(f, Owner{PID: os.Getpid(), Since: now, Address: address}); err != nil {
		return nil, errors.Join(translateIO(err), f.Close())
	}
	return sync.OnceFunc(func() {
		// Emptying the file first leaves nobody's name behind.
		_ = f.Truncate(0)
		_ = f.Close()
	}), nil
}

func translateIO(err error) error {
	return localplatform.Errorf(localplatform.CodeUnavailable, "the lock file cannot be written: %w", err)
}

func heldBy(dir string, o Owner) error {
	e := localplatform.Errorf(localplatform.CodeUnavailable, "%w by %s", ErrHeld, o)
	if o.Address != "" {
		return e.WithHint("talk to it with --url %s, or stop it", o.Address)
	}
	return e.WithHint("wait for it, stop it, or use another directory than %s with --data DIR", dir)
}

// Holder says which process holds a data directory, if any does.
func Holder(dir string) (Owner, bool) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
	if err != nil {
		return Owner{}, false
	}
	defer f.Close()
	held, err := tryLock(f, false)
	if err != nil || !held {
		return Owner{}, false
	}
	return readOwner(f), true
}

func readOwner(f *os.File) (o Owner) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err == nil {
		_ = json.Unmarshal(text, &o) // a half-written name is no name
	}
	return o
}

func writeOwner(f *os.File, o Owner) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(text, '\n'), 0)
	return err
}
