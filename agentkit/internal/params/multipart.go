package params

import (
	"bytes"
	"mime"
	"strings"
)

// Bounds of what Parts keeps.
const (
	maxPartHeader = 8 << 10
	maxFileBytes  = 64 << 10 // of the content of one file
	maxParts      = 1000
)

// Part is one field or file of a multipart form.
type Part struct {
	Name     string
	Filename string // empty for a field
	Value    string // of a file, its beginning
	Cut      bool   // Value is not all of it
}

// Parts reads a multipart form as it streams by, piece by piece, keeping the
// fields and the beginnings of files. An upload of any size needs no more memory
// than that, and a field behind it is still seen.
type Parts struct {
	boundary string
	nl       string // "\r\n", or "\n" when the first line ends so: net/http accepts that too
	delim    []byte // nl + "--" + boundary
	first    bool   // no delimiter has been read yet
	drop     int    // bytes of line end left before the value, in case a delimiter follows at once

	room  int // bytes that may still be kept
	state partState
	pend  []byte // not decided yet
	part  Part
	value []byte
	done  []Part
	lost  bool // something was left out for lack of room
}

type partState int

const (
	inPreamble partState = iota
	afterDelimiter
	inHeader
	inValue
	atEnd
)

// NewParts returns a reader for the given boundary that keeps at most room
// bytes.
func NewParts(boundary string, room int) *Parts {
	return &Parts{
		boundary: boundary,
		delim:    []byte("\n--" + boundary),
		first:    true,
		room:     room,
		pend:     []byte("\n"), // the first delimiter stands at the beginning
	}
}

// Feed takes the next piece of the body.
func (p *Parts) Feed(piece []byte) {
	if p.state == atEnd {
		return
	}
	p.pend = append(p.pend, piece...)
	for p.step() {
	}
}

// step decides about some of what is pending, and reports whether there may be
// more to decide.
func (p *Parts) step() bool {
	switch p.state {
	case inPreamble, inValue:
		return p.stepValue()
	case afterDelimiter:
		return p.stepDelimiter()
	case inHeader:
		return p.stepHeader()
	}
	p.pend = nil
	return false
}

// stepValue looks for the next delimiter.
func (p *Parts) stepValue() bool {
	i, found := p.findDelimiter()
	p.keep(p.consume(i))
	if !found {
		return false
	}
	p.finish()
	p.consume(len(p.delim))
	p.state = afterDelimiter
	return true
}

// findDelimiter returns where the next delimiter begins, or how much of what is
// pending is certain not to belong to one. What merely begins like a delimiter
// ("--boundaries") is none.
func (p *Parts) findDelimiter() (at int, found bool) {
	for from := 0; ; {
		i := bytes.Index(p.pend[from:], p.delim)
		if i < 0 {
			return max(from, len(p.pend)-len(p.delim)+1), false
		}
		end := from + i + len(p.delim)
		after := p.pend[end:]
		if len(after) == 0 || len(after) == 1 && after[0] == '-' {
			return from + i, false // what follows will tell
		}
		if strings.IndexByte(" \t\r\n", after[0]) >= 0 || after[0] == '-' && after[1] == '-' {
			return from + i, true
		}
		from += i + 1
	}
}

// stepDelimiter reads what ends the delimiter's line.
func (p *Parts) stepDelimiter() bool {
	line := bytes.IndexByte(p.pend, '\n')
	switch {
	case !p.first && bytes.HasPrefix(p.pend, []byte("--")):
		p.state = atEnd
	case line >= 0:
		if p.first && !p.begin(p.pend[:line]) {
			p.consume(line) // the next line may be the delimiter
			p.state = inPreamble
			return true
		}
		p.consume(line + 1)
		p.state = inHeader
	case len(p.pend) > maxPartHeader:
		p.lost, p.state = true, atEnd
	default:
		return false
	}
	return true
}

// begin takes the rest of the first delimiter's line, which says how lines end.
// It reports whether the line is a delimiter at all: nothing but blanks may
// follow it.
func (p *Parts) begin(rest []byte) bool {
	rest, crlf := bytes.CutSuffix(rest, []byte("\r"))
	if len(bytes.Trim(rest, " \t")) > 0 {
		return false
	}
	p.first, p.nl = false, "\n"
	if crlf {
		p.nl = "\r\n"
	}
	p.delim = []byte(p.nl + "--" + p.boundary)
	return true
}

// stepHeader reads the part's header up to the empty line.
func (p *Parts) stepHeader() bool {
	head, rest, found := cutHeader(p.pend)
	if !found {
		if len(p.pend) > maxPartHeader {
			p.lost, p.state = true, atEnd
			return true
		}
		return false
	}
	p.part = describePart(string(head))
	// The delimiter may follow at once, without a line end of its own.
	p.pend = append([]byte(p.nl), rest...)
	p.drop, p.state = len(p.nl), inValue
	return true
}

// cutHeader splits what comes before the first empty line from what comes
// after it. Lines end in "\n" or "\r\n".
func cutHeader(b []byte) (head, rest []byte, found bool) {
	for at := 0; ; {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return nil, nil, false
		}
		if n == 0 || n == 1 && b[at] == '\r' {
			return b[:at], b[at+n+1:], true
		}
		at += n + 1
	}
}

// consume removes n bytes from the front and returns them; they are valid until
// the next change of pend.
func (p *Parts) consume(n int) []byte {
	out := p.pend[:n]
	p.pend = p.pend[n:]
	return out
}

// keep adds to the current value as far as there is room.
func (p *Parts) keep(b []byte) {
	if p.state != inValue {
		return
	}
	n := min(p.drop, len(b))
	b, p.drop = b[n:], p.drop-n
	room := p.room
	if p.part.Filename != "" {
		room = min(room, maxFileBytes-len(p.value))
	}
	if len(b) > room {
		b = b[:max(0, room)]
		p.part.Cut, p.lost = true, true
	}
	p.value = append(p.value, b...)
	p.room -= len(b)
}

// finish ends the current part.
func (p *Parts) finish() {
	if p.state != inValue {
		return
	}
	if len(p.done) < maxParts {
		p.part.Value = string(p.value)
		p.done = append(p.done, p.part)
	} else {
		p.lost = true
	}
	p.value, p.part = p.value[:0], Part{}
}

// End says that the body is over. A value that nothing ended is a part too.
func (p *Parts) End() {
	if p.state == inValue {
		i := bytes.Index(p.pend, p.delim)
		if i < 0 {
			i = len(p.pend)
		}
		p.keep(p.consume(i))
		p.finish()
	}
	p.state = atEnd
}

// Done returns the parts that are complete, from the given index on.
func (p *Parts) Done(from int) []Part { return p.done[from:] }

// Lost reports whether something was left out for lack of room.
func (p *Parts) Lost() bool { return p.lost }

// Values passes on the value of a part, and its file name.
func (p Part) Values(yield func(address, value string) bool) bool {
	if !named("form", p.Name, p.Value, yield) {
		return false
	}
	return p.Filename == "" || yield("form."+p.Name+".filename", p.Filename)
}

// describePart reads the name and file name out of a part's header.
func describePart(header string) (p Part) {
	for line := range strings.SplitSeq(header, "\n") {
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(strings.TrimSpace(name), "Content-Disposition") {
			continue
		}
		if _, values, err := mime.ParseMediaType(value); err == nil {
			return Part{Name: values["name"], Filename: values["filename"]}
		}
		return Part{Name: looseParam(value, "name"), Filename: looseParam(value, "filename")}
	}
	return Part{}
}

// looseParam finds key="value" in a header that is not well formed.
func looseParam(header, key string) string {
	for part := range strings.SplitSeq(header, ";") {
		k, v, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(k), key) {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}
