// Package iostreams is the only way commands read and write. It knows whether
// each stream is a terminal, how wide it is and whether colour is wanted, and it
// keeps what data contains from driving the terminal.
//
// Data goes to Out and talk (progress, questions, warnings, hints) goes to
// ErrOut. On a terminal both pass through a [Guard], so that a request path or a
// payload with escape sequences in it shows instead of acts.
package iostreams

import (
	"bufio"
	"bytes"
	"io"
	"os"

	"golang.org/x/term"
)

// IOStreams are the streams of one run of a command.
type IOStreams struct {
	In     io.Reader
	Out    io.Writer // data
	ErrOut io.Writer // talk

	rawOut   io.Writer // Out without its Guard
	rawErr   io.Writer
	lines    *bufio.Reader // of In, made by the first question
	inTTY    bool
	outTTY   bool
	errTTY   bool
	colour   bool
	noPrompt bool
	width    int // 0: ask the terminal
	fd       int
	pager    string
	paging   *pager
	captured bool
}

// DefaultWidth is assumed where no terminal can be asked.
const DefaultWidth = 80

// System returns the streams of this process. getenv is os.Getenv: NO_COLOR,
// CLICOLOR_FORCE, TERM and PAGER are looked at.
func System(getenv func(string) string) *IOStreams {
	s := &IOStreams{
		In: os.Stdin, rawOut: os.Stdout, rawErr: os.Stderr,
		inTTY: term.IsTerminal(int(os.Stdin.Fd())), outTTY: term.IsTerminal(int(os.Stdout.Fd())),
		errTTY: term.IsTerminal(int(os.Stderr.Fd())), fd: int(os.Stdout.Fd()), pager: getenv("PAGER"),
	}
	s.colour = colourWanted(getenv, s.outTTY)
	enableEscapes(os.Stdout)
	enableEscapes(os.Stderr)
	s.guard()
	return s
}

// colourWanted follows no-color.org and bixense.com/clicolors.
func colourWanted(getenv func(string) string, tty bool) bool {
	switch force := getenv("CLICOLOR_FORCE"); {
	case getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case getenv("TERM") == "dumb":
		return false
	}
	return tty
}

func (s *IOStreams) guard() {
	s.Out, s.ErrOut = s.rawOut, s.rawErr
	if s.outTTY {
		s.Out = NewGuard(s.rawOut)
	}
	if s.errTTY {
		s.ErrOut = NewGuard(s.rawErr)
	}
}

// Screen is what a command under test reads from and writes to.
type Screen struct {
	In, Out, ErrOut bytes.Buffer
}

// Test returns streams on buffers that are not terminals, without colour.
func Test() (*IOStreams, *Screen) {
	sc := &Screen{}
	s := &IOStreams{In: &sc.In, rawOut: &sc.Out, rawErr: &sc.ErrOut}
	s.guard()
	return s, sc
}

// SetTerminal says, for a test, that all streams are a terminal of a width.
func (s *IOStreams) SetTerminal(width int) {
	s.inTTY, s.outTTY, s.errTTY, s.width = true, true, true, width
	s.guard()
}

// IsStdinTTY reports whether a person may type.
func (s *IOStreams) IsStdinTTY() bool { return s.inTTY }

// IsStdoutTTY reports whether a person reads Out.
func (s *IOStreams) IsStdoutTTY() bool { return s.outTTY }

// IsStderrTTY reports whether a person reads ErrOut.
func (s *IOStreams) IsStderrTTY() bool { return s.errTTY }

// ColorEnabled reports whether Out may carry colour.
func (s *IOStreams) ColorEnabled() bool { return s.colour }

// SetColorEnabled overrides what the environment said.
func (s *IOStreams) SetColorEnabled(on bool) { s.colour = on }

// SetNeverPrompt makes CanPrompt false: --no-input.
func (s *IOStreams) SetNeverPrompt(on bool) { s.noPrompt = on }

// CanPrompt reports whether a question would reach a person who can answer it.
func (s *IOStreams) CanPrompt() bool { return s.inTTY && s.errTTY && !s.noPrompt }

// TerminalWidth is the width of Out in columns, DefaultWidth when it is not a terminal.
func (s *IOStreams) TerminalWidth() int {
	if s.width > 0 {
		return s.width
	}
	if s.outTTY {
		if w, _, err := term.GetSize(s.fd); err == nil && w > 0 {
			return w
		}
	}
	return DefaultWidth
}

// Capture collects what fn writes to Out and ErrOut. The streams still say what
// they are, so that the text is made for them.
func (s *IOStreams) Capture(fn func() error) (string, error) {
	var b bytes.Buffer
	out, talk := s.Out, s.ErrOut
	s.Out, s.ErrOut, s.captured = &b, &b, true
	err := fn()
	s.Out, s.ErrOut, s.captured = out, talk, false
	return b.String(), err
}

// Terminal is Out without the Guard, for front ends that draw the screen
// themselves. They must neutralise data with Visible.
func (s *IOStreams) Terminal() io.Writer { return s.rawOut }
