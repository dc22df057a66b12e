// Package evaluation measures a detection on labelled lines that somebody brings
// along: how many of the attacks are detected and how much of what is legitimate
// is flagged, in all and for each kind. `sqreen waf test` and `sqreen rasp test`
// share it, and so their flags, outputs and complaints are the same.
//
// A Judge says what a detection makes of one line. Run reads lines in batches,
// lets every processor judge some, and counts in the order of the file, so that
// the result and the list of misses do not depend on the machine. What is held
// in memory at a time is bounded, however long the file is.
package evaluation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// Verdict is what a detection says of one line and what the line's label says.
type Verdict struct {
	Attack  bool   // the label
	Kind    string // the label's kind, "" when it has none
	Flagged bool   // the detection takes it for an attack
	Miss    any    // what --misses writes when Attack and Flagged differ
}

// Wrong tells whether the detection and the label disagree.
func (v *Verdict) Wrong() bool { return v.Attack != v.Flagged }

// Judge reads one line, whose number it is told, and judges it. It is called by
// several goroutines at a time and must not keep text. The error says in a few
// words what is wrong with the line.
type Judge func(number int, text []byte) (Verdict, error)

// Count says how many lines there were and how many the detection took for attacks.
type Count struct {
	Attacks    int `json:"attacks"`
	Detected   int `json:"detected"` // attacks that were flagged
	Legitimate int `json:"legitimate"`
	Flagged    int `json:"flagged"` // legitimate ones that were flagged
}

func (c *Count) add(v *Verdict) {
	flagged := 0
	if v.Flagged {
		flagged = 1
	}
	if v.Attack {
		c.Attacks++
		c.Detected += flagged
		return
	}
	c.Legitimate++
	c.Flagged += flagged
}

// Wrong is the number of lines on which the detection and the label disagree.
func (c *Count) Wrong() int { return c.Attacks - c.Detected + c.Flagged }

// Report is the result of an evaluation.
type Report struct {
	Count
	Skipped int               `json:"skipped"` // lines that could not be read
	ByKind  map[string]*Count `json:"by_kind"` // under "" those without a kind

	firstBad error // the first that was skipped
}

// maxKinds bounds the kinds that are counted apart; more than these are no
// kinds but a mistake in the file.
const maxKinds = 1000

// restKind is under which the kinds beyond maxKinds are counted.
const restKind = "(further kinds)"

func (r *Report) add(v *Verdict) {
	r.Count.add(v)
	kind := v.Kind
	c := r.ByKind[kind]
	if c == nil && len(r.ByKind) >= maxKinds {
		kind = restKind
		c = r.ByKind[kind]
	}
	if c == nil {
		c = &Count{}
		r.ByKind[kind] = c
	}
	c.add(v)
}

// Settings say how to run.
type Settings struct {
	SkipBad  bool                         // count lines that cannot be read instead of ending there
	Misses   io.Writer                    // where what was judged wrongly goes, as JSON lines; may be nil
	Progress func(lines int, bytes int64) // told now and then, from one goroutine; may be nil
}

// Run judges all lines of r. Empty lines are left out. The error names the line
// that could not be read. After an error r must not be used any more: a read of
// it may still be going on.
func Run(ctx context.Context, r io.Reader, judge Judge, s Settings) (Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	report := Report{ByKind: map[string]*Count{}}
	lines, bytes := 0, int64(0)
	for ordered := start(ctx, r, judge, s.Misses != nil); ; {
		b, err := next(ctx, ordered)
		if b == nil || err != nil {
			return report, err
		}
		if err := b.count(&report, &s); err != nil {
			return report, err
		}
		lines, bytes = lines+len(b.lines), bytes+b.read
		if s.Progress != nil {
			s.Progress(lines, bytes)
		}
		if b.err != nil {
			return report, b.err
		}
	}
}

// next waits for the next batch to be judged; nil after the last one.
func next(ctx context.Context, ordered <-chan *batch) (*batch, error) {
	select {
	case b, ok := <-ordered:
		if !ok {
			return nil, ctx.Err()
		}
		select {
		case <-b.judged:
			return b, nil
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	return nil, ctx.Err()
}

// start reads and judges in the background, and returns the batches in the order
// of the file; b.judged is closed when a batch is ready.
func start(ctx context.Context, r io.Reader, judge Judge, misses bool) <-chan *batch {
	workers := runtime.GOMAXPROCS(0)
	jobs, ordered := make(chan *batch, workers), make(chan *batch, workers)
	for range workers {
		go func() {
			for b := range jobs {
				b.judge(judge, misses)
			}
		}()
	}
	go func() {
		defer close(ordered)
		defer close(jobs)
		for b := range batches(r) {
			select {
			case jobs <- b:
			case <-ctx.Done():
				return
			}
			select {
			case ordered <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ordered
}

// outcome is what became of one line.
type outcome struct {
	verdict Verdict
	miss    []byte
	err     error
}

func (b *batch) judge(judge Judge, misses bool) {
	defer close(b.judged)
	b.outcomes = make([]outcome, len(b.lines))
	for i, l := range b.lines {
		o := &b.outcomes[i]
		if o.err = l.err; o.err == nil {
			o.verdict, o.err = judge(l.number, b.text[l.from:l.to])
		}
		if o.err == nil && misses && o.verdict.Wrong() {
			o.miss, o.err = encode(o.verdict.Miss)
		}
		o.verdict.Miss = nil
	}
	b.text = nil
}

// count adds the outcomes of a batch.
func (b *batch) count(r *Report, s *Settings) error {
	for i := range b.outcomes {
		o := &b.outcomes[i]
		switch {
		case o.err == nil:
			r.add(&o.verdict)
		case !s.SkipBad:
			return fmt.Errorf("line %d: %w", b.lines[i].number, o.err)
		default:
			if r.Skipped == 0 {
				r.firstBad = fmt.Errorf("line %d: %w", b.lines[i].number, o.err)
			}
			r.Skipped++
		}
		if o.miss != nil {
			if _, err := s.Misses.Write(o.miss); err != nil {
				return fmt.Errorf("write the misses: %w", err)
			}
		}
	}
	return nil
}

// encode writes a value as a line of JSON.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // people read payloads here
	err := e.Encode(v)
	return b.Bytes(), err
}

// Decode reads a line as a JSON object into v, and says in words for people what
// is wrong with it.
func Decode(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &wrong):
		return fmt.Errorf("not JSON: %w", err)
	case wrong.Field == "":
		return fmt.Errorf("a JSON %s instead of an object", wrong.Value)
	default:
		return fmt.Errorf("%q is a JSON %s and should be a %s", wrong.Field, wrong.Value, wrong.Type)
	}
}

// Missing is the error for a line without a field that it needs.
func Missing(field string) error {
	return fmt.Errorf("%q is missing", field)
}
