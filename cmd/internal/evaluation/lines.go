package evaluation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Limits of reading. A batch is large enough that handing it over costs nothing
// beside judging it, and small enough that several of them fit anywhere.
const (
	maxLine    = 16 << 20 // bytes of one line; a longer one is bad
	batchLines = 512
	batchBytes = 256 << 10
)

var errTooLong = fmt.Errorf("longer than %d MiB", maxLine>>20)

// batch is some lines on their way through the judges.
type batch struct {
	lines    []line
	text     []byte // of all lines
	read     int64  // bytes of the file, with what was left out
	err      error  // reading ended with it
	outcomes []outcome
	judged   chan struct{} // closed when outcomes are there
}

// line is one line that is not empty: where it stands in its batch's text.
type line struct {
	number   int // in the file, from 1
	from, to int
	err      error // it could not be read
}

// batches cuts a file into batches. The last one carries the error of reading.
func batches(r io.Reader) iter.Seq[*batch] {
	return func(yield func(*batch) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		for number, more := 0, true; more; {
			b := &batch{judged: make(chan struct{})}
			for more && len(b.lines) < batchLines && b.read < batchBytes {
				number++
				more = b.add(in, number)
			}
			if !yield(b) {
				return
			}
		}
	}
}

// add reads one line and reports whether there may be another one.
func (b *batch) add(in *bufio.Reader, number int) (more bool) {
	l := line{number: number, from: len(b.text)}
	for {
		part, err := in.ReadSlice('\n')
		b.read += int64(len(part))
		if l.err == nil {
			b.text = append(b.text, part...)
			if len(b.text)-l.from > maxLine {
				b.text, l.err = b.text[:l.from], errTooLong
			}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			b.err = fmt.Errorf("line %d: %w", number, err)
			b.text = b.text[:l.from]
			return false
		}
		b.trim(l)
		return err == nil
	}
}

// byteOrderMark is what some editors begin a file with.
const byteOrderMark = "\xef\xbb\xbf"

// trim keeps a line without the space around it, unless nothing is left.
func (b *batch) trim(l line) {
	text := b.text[l.from:]
	if l.number == 1 {
		text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 && l.err == nil {
		b.text = b.text[:l.from]
		return
	}
	b.text = append(b.text[:l.from], text...)
	l.to = len(b.text)
	b.lines = append(b.lines, l)
}
