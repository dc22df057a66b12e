package iostreams

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

type pager struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	old io.Writer
}

// StartPager sends Out through the program in PAGER when a person reads it. The
// returned function must be called when all is written; it waits for the person
// to leave the pager. Without PAGER, or with PAGER=cat, nothing happens; a pager
// that does not start is complained about and done without.
func (s *IOStreams) StartPager() (stop func()) {
	args := strings.Fields(s.pager)
	if !s.outTTY || s.captured || s.paging != nil || len(args) == 0 || args[0] == "cat" {
		return func() {}
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec,noctx // the user's own choice; it must outlive Ctrl-C, which it handles
	cmd.Stdout, cmd.Stderr, cmd.Env = s.rawOut, s.rawErr, pagerEnv(os.Environ())
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintf(s.ErrOut, "%s PAGER: %s\n", s.Colour().Warn("warning:"), Visible(err.Error()))
		return func() {}
	}
	s.paging = &pager{cmd: cmd, in: in, old: s.Out}
	s.Out = NewGuard(brokenPipeIsFine{in})
	return s.stopPager
}

func (s *IOStreams) stopPager() {
	if s.paging == nil {
		return
	}
	_ = s.paging.in.Close()
	_ = s.paging.cmd.Wait()
	s.Out, s.paging = s.paging.old, nil
}

// pagerEnv gives less the options that suit short and coloured output.
func pagerEnv(env []string) []string {
	for _, kv := range env {
		if strings.HasPrefix(kv, "LESS=") {
			return env
		}
	}
	return append(env, "LESS=FRX")
}

// brokenPipeIsFine forgives that the person left the pager early.
type brokenPipeIsFine struct{ w io.Writer }

func (b brokenPipeIsFine) Write(p []byte) (int, error) {
	n, err := b.w.Write(p)
	if err != nil && (errors.Is(err, os.ErrClosed) || isBrokenPipe(err)) {
		return len(p), nil
	}
	return n, err
}
