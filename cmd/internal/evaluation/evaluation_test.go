package evaluation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sqreen/sqreen/cmd/internal/evaluation"
)

// entry is a line for judge: what the label says and what the detection says.
type entry struct {
	Attack bool   `json:"attack"`
	Says   bool   `json:"says"`
	Kind   string `json:"kind"`
}

func judge(number int, text []byte) (evaluation.Verdict, error) {
	var e entry
	if err := evaluation.Decode(text, &e); err != nil {
		return evaluation.Verdict{}, err
	}
	return evaluation.Verdict{Attack: e.Attack, Kind: e.Kind, Flagged: e.Says, Miss: map[string]int{"line": number}}, nil
}

// lines makes n lines of all sorts, with the report that is due.
func lines(n int) (text string, want evaluation.Report, misses string) {
	var b, m strings.Builder
	want.ByKind = map[string]*evaluation.Count{}
	for i := range n {
		e := entry{Attack: i%3 == 0, Says: i%5 < 2, Kind: fmt.Sprintf("k%d", i%4)}
		fmt.Fprintf(&b, "{\"attack\": %t, \"says\": %t, \"kind\": %q}\n", e.Attack, e.Says, e.Kind)
		if e.Attack != e.Says {
			fmt.Fprintf(&m, "{\"line\":%d}\n", i+1)
		}
		if want.ByKind[e.Kind] == nil {
			want.ByKind[e.Kind] = &evaluation.Count{}
		}
		for _, c := range []*evaluation.Count{&want.Count, want.ByKind[e.Kind]} {
			switch {
			case e.Attack && e.Says:
				c.Attacks++
				c.Detected++
			case e.Attack:
				c.Attacks++
			case e.Says:
				c.Legitimate++
				c.Flagged++
			default:
				c.Legitimate++
			}
		}
	}
	return b.String(), want, m.String()
}

// TestRunCounts holds the counts and the order of the misses, over many batches.
func TestRunCounts(t *testing.T) {
	for _, n := range []int{0, 1, 511, 512, 513, 20_000} {
		text, want, wantMisses := lines(n)
		var misses strings.Builder
		seen, size := 0, int64(0)
		got, err := evaluation.Run(t.Context(), strings.NewReader(text), judge, evaluation.Settings{
			Misses: &misses, Progress: func(lines int, bytes int64) { seen, size = lines, bytes },
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(evaluation.Report{})); diff != "" {
			t.Errorf("%d lines (-want +got):\n%s", n, diff)
		}
		if misses.String() != wantMisses {
			t.Errorf("%d lines: the misses are not those of the file, in its order", n)
		}
		if seen != n || size != int64(len(text)) {
			t.Errorf("progress told %d lines and %d bytes, want %d and %d", seen, size, n, len(text))
		}
	}
}

// TestRunReads holds what is and what is not a line.
func TestRunReads(t *testing.T) {
	long := `{"attack":true,"kind":"` + strings.Repeat("x", 17<<20) + `"}`
	for _, tt := range []struct {
		name, text     string
		lines, skipped int
		err            string
	}{
		{"no line break at the end", `{"attack":true}`, 1, 0, ""},
		{"empty lines, CR LF and blanks", "\r\n\n  \n {\"attack\":true} \r\n\n", 1, 0, ""},
		{"a byte order mark", "\ufeff{\"attack\":true}\n", 1, 0, ""},
		{"a byte order mark alone", "\ufeff", 0, 0, ""},
		{"not JSON", "{\"attack\":true}\n\n{\n{}", 2, 1, "line 3: not JSON: unexpected end of JSON input"},
		{"two values in a line", "{} {}", 0, 1, "line 1: not JSON: invalid character '{' after top-level value"},
		{"another type", `{"attack":"yes"}`, 0, 1, `line 1: "attack" is a JSON string and should be a bool`},
		{"an array", `["attack"]`, 0, 1, "line 1: a JSON array instead of an object"},
		{"a line that is too long", "{}\n" + long + "\n{}", 2, 1, "line 2: longer than 16 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := evaluation.Run(t.Context(), strings.NewReader(tt.text), judge, evaluation.Settings{})
			if got := fmt.Sprint(err); got != tt.err && (err != nil || tt.err != "") {
				t.Errorf("error %q, want %q", got, tt.err)
			}
			r, err := evaluation.Run(t.Context(), strings.NewReader(tt.text), judge, evaluation.Settings{SkipBad: true})
			if err != nil || r.Attacks+r.Legitimate != tt.lines || r.Skipped != tt.skipped {
				t.Errorf("skipping: %+v, %v; want %d lines and %d skipped", r.Count, err, tt.lines, tt.skipped)
			}
		})
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestRunFails(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("{}\n{}\n{\"att"), iotest.ErrReader(errors.New("gone")))
	r, err := evaluation.Run(t.Context(), broken, judge, evaluation.Settings{SkipBad: true})
	if fmt.Sprint(err) != "line 3: gone" || r.Legitimate != 2 {
		t.Errorf("a reader that breaks: %v, %+v", err, r.Count)
	}
	_, err = evaluation.Run(t.Context(), strings.NewReader(`{"attack":true}`), judge, evaluation.Settings{Misses: brokenWriter{}})
	if fmt.Sprint(err) != "write the misses: no space left" {
		t.Errorf("a writer that breaks: %v", err)
	}
}

// TestRunStops ends when it is told to, also while the input says nothing.
func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	defer out.Close()
	go func() {
		fmt.Fprintln(out, `{}`)
		cancel()
	}()
	if _, err := evaluation.Run(ctx, in, judge, evaluation.Settings{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestRunHoldsLittle lets no judge come to an end and looks how far the reader
// went ahead of them.
func TestRunHoldsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in := &counting{r: repeat("{\"attack\":true,\"kind\":\"" + strings.Repeat("x", 1000) + "\"}\n")}
		stuck := func(int, []byte) (evaluation.Verdict, error) {
			<-ctx.Done()
			return evaluation.Verdict{}, nil
		}
		ended := make(chan error, 1)
		go func() {
			_, err := evaluation.Run(ctx, in, stuck, evaluation.Settings{})
			ended <- err
		}()
		synctest.Wait() // everybody waits for the judges
		if most := int64(3*runtime.GOMAXPROCS(0)+2) * (256<<10 + 128<<10); in.n > most {
			t.Errorf("%d bytes were read ahead, more than %d", in.n, most)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// counting counts what is read.
type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// repeat is a text without end.
func repeat(text string) io.Reader { return &repeated{text: text} }

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

func TestRunBoundsKinds(t *testing.T) {
	var b strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&b, "{\"attack\":true,\"kind\":\"kind %d\"}\n", i)
	}
	r, err := evaluation.Run(t.Context(), strings.NewReader(b.String()), judge, evaluation.Settings{})
	if err != nil || len(r.ByKind) != 1001 || r.ByKind["(further kinds)"].Attacks != 500 {
		t.Errorf("%d kinds, %v", len(r.ByKind), err)
	}
	sum := 0
	for _, c := range r.ByKind {
		sum += c.Attacks
	}
	if sum != r.Attacks {
		t.Errorf("the kinds have %d attacks of %d", sum, r.Attacks)
	}
}

// FuzzRun compares the parallel reading with a plain one.
func FuzzRun(f *testing.F) {
	f.Add([]byte("{\"attack\":true,\"says\":true}\n{}\n\n{\r\n[1]"))
	f.Add([]byte("\xef\xbb\xbf{\"kind\":\"a\"}"))
	f.Add([]byte("\x00\n\"\xff\"\n{\"attack\":1}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := evaluation.Run(t.Context(), iotest.OneByteReader(bytes.NewReader(text)), judge, evaluation.Settings{SkipBad: true})
		if err != nil {
			t.Fatal(err)
		}
		want := plain(text)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(evaluation.Report{})); diff != "" {
			t.Errorf("-plain +parallel:\n%s", diff)
		}
	})
}

// plain counts lines as simply as can be.
func plain(text []byte) evaluation.Report {
	r := evaluation.Report{ByKind: map[string]*evaluation.Count{}}
	for _, line := range bytes.Split(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var e entry
		if json.Unmarshal(line, &e) != nil {
			r.Skipped++
			continue
		}
		if r.ByKind[e.Kind] == nil {
			r.ByKind[e.Kind] = &evaluation.Count{}
		}
		for _, c := range []*evaluation.Count{&r.Count, r.ByKind[e.Kind]} {
			if e.Attack {
				c.Attacks++
			} else {
				c.Legitimate++
			}
			if e.Says && e.Attack {
				c.Detected++
			} else if e.Says {
				c.Flagged++
			}
		}
	}
	return r
}

func BenchmarkRun(b *testing.B) {
	text, _, _ := lines(100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := evaluation.Run(b.Context(), strings.NewReader(text), judge, evaluation.Settings{}); err != nil {
			b.Fatal(err)
		}
	}
}
