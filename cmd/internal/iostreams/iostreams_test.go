package iostreams

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestColourWanted(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		tty  bool
		want bool
	}{
		{"terminal", nil, true, true},
		{"pipe", nil, false, false},
		{"NO_COLOR wins", map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{"forced in a pipe", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{"CLICOLOR_FORCE=0 forces nothing", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{"dumb terminal", map[string]string{"TERM": "dumb"}, true, false},
	} {
		if got := colourWanted(func(k string) string { return tt.env[k] }, tt.tty); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, naïve, 日本": "plain text, naïve, 日本",
		"a\x1b[2Jb":             `a\x1b[2Jb`,
		"tab\tline\nback\r":     `tab\tline\nback\r`,
		"\u202eexe.txt":         `\u202eexe.txt`,
		"\u009b31m":             `\u009b31m`,
		"bad \xff utf-8":        `bad \xff utf-8`,
		"zero\u200bwidth":       `zero\u200bwidth`,
		"tag \U000e0041":        `tag \U000e0041`,
		"":                      "",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := VisibleLines("a\n\tb\x07"), "a\n\tb\\x07"; got != want {
		t.Errorf("VisibleLines = %q, want %q", got, want)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("a\x1b]0;x\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		v := Visible(s)
		if hasActive(v) {
			t.Errorf("Visible(%q) = %q can still act", s, v)
		}
		if Visible(v) != v {
			t.Errorf("Visible(%q) is not stable", s)
		}
	})
}

func TestGuard(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n":                   "plain\n",
		"\x1b[31mred\x1b[0m":        "\x1b[31mred\x1b[0m",
		"\x1b[38;5;1mred":           "\x1b[38;5;1mred",
		"\x1b[2J":                   `\x1b[2J`,
		"\x1b]0;title\x07":          `\x1b]0;title\x07`,
		"\x1b[" + "1;" + "1H":       `\x1b[1;1H`,
		"\x1b(B\r":                  `\x1b(B\r`,
		"\u202e":                    `\u202e`,
		"\x1b[" + digits(80) + "m.": `\x1b[` + digits(80) + "m.",
	} {
		var whole, single bytes.Buffer
		write(t, NewGuard(&whole), in)
		g := NewGuard(&single)
		for i := range len(in) {
			write(t, g, in[i:i+1])
		}
		if whole.String() != want || single.String() != want {
			t.Errorf("Guard(%q) = %q, byte by byte %q, want %q", in, whole.String(), single.String(), want)
		}
	}
}

func digits(n int) string { return strings.Repeat("1", n) }

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if n, err := io.WriteString(w, s); err != nil || n != len(s) {
		t.Fatalf("wrote %d of %d: %v", n, len(s), err)
	}
}

// FuzzGuard holds that nothing but text, line breaks, tabs and SGR passes, and
// that it does not matter how writes are cut.
func FuzzGuard(f *testing.F) {
	f.Add([]byte("\x1b[31mx\x1b[2J\xc3\x28"), 3)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		cut = min(max(cut, 0), len(data))
		var whole, parts bytes.Buffer
		w, p := NewGuard(&whole), NewGuard(&parts)
		write(t, w, string(data))
		write(t, p, string(data[:cut]))
		write(t, p, string(data[cut:]))
		if whole.String() != parts.String() {
			t.Fatalf("%q cut at %d: %q, want %q", data, cut, parts.String(), whole.String())
		}
		rest := whole.String()
		for {
			i := strings.IndexByte(rest, 0x1b)
			if i < 0 {
				break
			}
			end := strings.IndexByte(rest[i:], 'm')
			if end < 2 || strings.Trim(rest[i+2:i+end], "0123456789;:") != "" {
				t.Fatalf("%q let %q through", data, rest[i:])
			}
			rest = rest[:i] + rest[i+end+1:]
		}
		if hasActive(strings.NewReplacer("\n", "", "\t", "").Replace(rest)) {
			t.Fatalf("%q became %q", data, whole.String())
		}
	})
}

func TestDataIsGuardedOnTerminalsOnly(t *testing.T) {
	s, sc := Test()
	write(t, s.Out, "\x1b[2J")
	if got := sc.Out.String(); got != "\x1b[2J" {
		t.Errorf("a pipe got %q", got)
	}
	s.SetTerminal(80)
	write(t, s.Out, "\x1b[2J")
	write(t, s.ErrOut, "\x1b[2J")
	if got := sc.Out.String() + sc.ErrOut.String(); got != "\x1b[2J"+`\x1b[2J`+`\x1b[2J` {
		t.Errorf("a terminal got %q", got)
	}
}

func TestAsk(t *testing.T) {
	s, sc := Test()
	s.SetTerminal(80)
	sc.In.WriteString("yes \nno")
	for _, want := range []string{"yes", "no"} {
		if got, err := s.Ask("? "); got != want || err != nil {
			t.Errorf("Ask = %q, %v, want %q", got, err, want)
		}
	}
	if _, err := s.Ask("? "); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v, want EOF", err)
	}
	if got, want := sc.ErrOut.String(), "? ? ? "; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	if s.SetNeverPrompt(true); s.CanPrompt() {
		t.Error("CanPrompt despite --no-input")
	}
}

func TestProgressIsForWhatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, sc := Test()
		s.SetTerminal(80)
		s.Progress("fast")()
		if got := sc.ErrOut.String(); got != "" {
			t.Errorf("something fast wrote %q", got)
		}
		stop := s.Progress("slow\x1b[2J")
		time.Sleep(150 * time.Millisecond) // of the bubble's clock
		stop()
		stop()
		if got, want := sc.ErrOut.String(), "\r| slow\\x1b[2J\r\x1b[K"; got != want {
			t.Errorf("something slow wrote %q, want %q", got, want)
		}
	})
}

func TestCapture(t *testing.T) {
	s, sc := Test()
	s.SetTerminal(80)
	text, err := s.Capture(func() error {
		write(t, s.Out, "data")
		write(t, s.ErrOut, " and talk")
		s.StartPager()()
		return io.ErrUnexpectedEOF
	})
	if text != "data and talk" || !errors.Is(err, io.ErrUnexpectedEOF) || sc.Out.Len()+sc.ErrOut.Len() != 0 {
		t.Errorf("captured %q, %v; written %q", text, err, sc.Out.String())
	}
	write(t, s.Out, "after")
	if sc.Out.String() != "after" {
		t.Errorf("after: %q", sc.Out.String())
	}
}

func TestPager(t *testing.T) {
	s, sc := Test()
	s.SetTerminal(80)
	s.pager = "tr a-z A-Z"
	stop := s.StartPager()
	write(t, s.Out, "paged \x1b[2J\n")
	stop()
	write(t, s.Out, "direct\n")
	if got, want := sc.Out.String(), "PAGED \\X1B[2J\ndirect\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s.pager = "no-such-program-anywhere"
	s.StartPager()()
	if !strings.Contains(sc.ErrOut.String(), "PAGER") {
		t.Errorf("a missing pager was not mentioned: %q", sc.ErrOut.String())
	}
}
