package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// startTime is how long a shop may take to say where it listens.
const startTime = 30 * time.Second

// readyPrefix begins the line by which a shop says where it listens.
const readyPrefix = "shop listens on "

// process is a shop in a process of its own. It ends when its standard input
// closes, which happens also when this process dies without a word.
type process struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
	said  *speech
	done  chan struct{} // closed when the process has ended
	err   error         // how it ended; read after done
}

// startProcess starts a shop and waits until it listens. env is added to this
// process's environment, from which SQREEN_* is removed.
func startProcess(ctx context.Context, command, env []string) (*process, error) {
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // this program itself, ended by stop
	cmd.Env = append(withoutSqreen(os.Environ()), env...)
	cmd.WaitDelay = time.Second // a ping that the shop started may outlive it
	setProcessAttributes(cmd)
	p := &process{cmd: cmd, said: newSpeech(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.said, p.said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	if err := p.start(); err != nil {
		return nil, fmt.Errorf("start the shop: %w", err)
	}
	if err := p.ready(ctx); err != nil {
		_ = p.stop(0) // the error says more
		return nil, err
	}
	return p, nil
}

// start runs the process from a thread that lives as long: where the system
// ends a child with its parent, it means the thread that started it.
func (p *process) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.done)
		}
	}()
	return <-started
}

func (p *process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	select {
	case p.url = <-p.said.ready:
		return nil
	case <-p.done:
		return fmt.Errorf("the shop ended before it listened (%w): %s", p.err, p.said)
	case <-ctx.Done():
		return fmt.Errorf("the shop does not say where it listens (%w): %s", ctx.Err(), p.said)
	}
}

// stop closes the shop's standard input and waits for its end; after grace it
// is killed.
func (p *process) stop(grace time.Duration) error {
	_ = p.stdin.Close() // closed already when it has ended
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Errorf("%w: %s", p.err, p.said)
		}
		return nil
	case <-timer.C:
	}
	_ = p.cmd.Process.Kill() // may have ended meanwhile
	<-p.done
	return fmt.Errorf("the shop did not end within %s and was killed", grace)
}

// withoutSqreen leaves out what this process was told about platforms.
func withoutSqreen(env []string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, "SQREEN_") {
			out = append(out, e)
		}
	}
	return out
}

// speechKept is how much of what a shop said last is kept for error messages.
const speechKept = 4 << 10

// speech listens to what a process writes: it finds the line that says where the
// shop listens and keeps the end of the rest.
type speech struct {
	ready chan string

	mu   sync.Mutex
	text string
	told bool
}

func newSpeech() *speech { return &speech{ready: make(chan string, 1)} }

// Write never fails.
func (s *speech) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(p)
	if !s.told {
		s.find()
	}
	s.text = s.text[max(0, len(s.text)-speechKept):]
	return len(p), nil
}

func (s *speech) find() {
	for line := range strings.Lines(s.text) {
		if url, ok := strings.CutPrefix(line, readyPrefix); ok && strings.HasSuffix(line, "\n") {
			s.told = true
			s.ready <- strings.TrimSpace(url)
			return
		}
	}
}

// String is what the process said last.
func (s *speech) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text := strings.TrimSpace(s.text); text != "" {
		return text
	}
	return "it said nothing"
}
