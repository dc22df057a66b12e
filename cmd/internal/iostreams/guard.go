package iostreams

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Guard is a writer in front of a terminal that lets through text, tabs, line
// breaks and colours (SGR sequences), and shows everything else that a terminal
// would act on. It is the second line of defence: data is made visible where it
// is formatted, and what was forgotten there stops here.
type Guard struct {
	w       io.Writer
	pending []byte // the beginning of a character or sequence that a later Write may complete
}

// maxPending bounds an unfinished sequence; longer ones are not colours.
const maxPending = 64

// NewGuard puts a Guard in front of w.
func NewGuard(w io.Writer) *Guard { return &Guard{w: w} }

// Write shows p on the terminal. It reports all of p as written unless the
// terminal fails.
func (g *Guard) Write(p []byte) (int, error) {
	data := p
	if len(g.pending) > 0 {
		data = append(g.pending, p...)
		g.pending = nil
	}
	var b strings.Builder
	for len(data) > 0 {
		n, whole := g.next(&b, data)
		if !whole {
			g.pending = append([]byte(nil), data...)
			break
		}
		data = data[n:]
	}
	if _, err := io.WriteString(g.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// next writes the first character or colour of data. whole is false when data
// ends inside it.
func (g *Guard) next(b *strings.Builder, data []byte) (n int, whole bool) {
	if data[0] == 0x1b {
		return g.escape(b, data)
	}
	if !utf8.FullRune(data) {
		return 0, false
	}
	r, size := utf8.DecodeRune(data)
	if r == '\n' || r == '\t' {
		b.WriteRune(r)
	} else {
		writeVisible(b, string(data[:size]), r)
	}
	return size, true
}

// escape lets ESC [ digits ; digits m through.
func (g *Guard) escape(b *strings.Builder, data []byte) (n int, whole bool) {
	for i := 1; i < len(data) && i < maxPending; i++ {
		c := data[i]
		switch {
		case i == 1 && c == '[', i > 1 && (c >= '0' && c <= '9' || c == ';' || c == ':'):
			continue
		case i > 1 && c == 'm':
			b.Write(data[:i+1])
			return i + 1, true
		}
		b.WriteString(`\x1b`)
		return 1, true
	}
	if len(data) >= maxPending {
		b.WriteString(`\x1b`)
		return 1, true
	}
	return 0, false
}
