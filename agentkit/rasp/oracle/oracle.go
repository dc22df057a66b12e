package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/rasp"
)

// verdict of SQLite on a statement, compared with the same template around a
// value that belongs there.
type verdict int

const (
	same    verdict = iota // compiles to the same program
	changed                // compiles to another
	refused                // does not compile
)

// judge compares programs. It remembers those of the templates.
type judge struct {
	*compiler
	benign map[string][]string
}

func newJudge() (*judge, error) {
	c, err := openCompiler(schema)
	if err != nil {
		return nil, err
	}
	j := &judge{compiler: c, benign: map[string][]string{}}
	for _, t := range templates {
		for _, value := range t.ordinary() {
			p, err := c.program(t.fill(value))
			if err != nil {
				return nil, fmt.Errorf("template %q with %q: %w", t.sql, value, err)
			}
			j.benign[t.sql] = append(j.benign[t.sql], p)
		}
	}
	return j, nil
}

func (j *judge) verdict(t template, statement string) verdict {
	p, err := j.program(statement)
	switch {
	case err != nil:
		return refused
	case slices.Contains(j.benign[t.sql], p):
		return same
	default:
		return changed
	}
}

// flagged asks the check, with the value among ordinary inputs.
func flagged(value, statement string) bool {
	in := rasp.NewInputs()
	in.Add("query.page", "2")
	in.Add("header.User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36")
	in.Add("header.Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	in.Add("query.q", value)
	return rasp.SQL(in, "sqlite", statement) != nil
}

// tally counts what the check said of one sort of pair.
type tally struct {
	what           string
	total, flagged int
	want           bool
	misses         []string
}

func (c *tally) add(value, statement string, got bool) {
	c.total++
	if got {
		c.flagged++
	}
	if got != c.want {
		c.misses = append(c.misses, fmt.Sprintf("%q in %q", value, statement))
	}
}

// right is the part on which the check agrees with SQLite.
func (c *tally) right() float64 {
	if c.total == 0 {
		return 1
	}
	return 1 - float64(len(c.misses))/float64(c.total)
}

// report is the result of one run. Refused is for information: a payload that
// the database refuses did nothing, and is still worth telling.
type report struct{ attacks, harmless, refused tally }

func newReport() *report {
	return &report{
		attacks:  tally{what: "attacks that change the program", want: true},
		harmless: tally{what: "values that do not", want: false},
		refused:  tally{what: "attacks that SQLite refuses", want: true},
	}
}

// attack puts a payload, as it is, into t.
func (r *report) attack(j *judge, t template, payload string) {
	statement := t.fill(payload)
	switch j.verdict(t, statement) {
	case changed:
		if (t.kind != name && t.kind != quoted) || !ordinaryName(payload) {
			r.attacks.add(payload, statement, flagged(payload, statement))
		}
	case refused:
		r.refused.add(payload, statement, flagged(payload, statement))
	}
}

// ordinaryName reports whether a value for a place of names is one that a user
// may choose there: a name or a number, a list of them, perhaps with a sign, an
// alias or an order. The program changes of course.
func ordinaryName(value string) bool {
	const word = `[-+]?([a-z_][a-z_0-9]*|"[^"]*"|[0-9.]+)( [a-z]+)*`
	ok, _ := regexp.MatchString(`(?is)^(`+word+`|[*])(, ?(`+word+`|[*]))*;?$`, strings.TrimSpace(value))
	return ok
}

// value puts a value into t the way a careful app does.
func (r *report) value(j *judge, t template, value string) {
	escaped, _ := t.escape(value)
	statement := t.fill(escaped)
	if j.verdict(t, statement) == same || (t.kind == name && j.verdict(t, statement) == changed) {
		r.harmless.add(value, statement, flagged(value, statement))
	}
}

// generate fills a report with n attacks and values of our own making.
func generate(j *judge, n int, seed uint64) *report {
	r := newReport()
	m := maker{rand.New(rand.NewPCG(seed, seed))}
	for r.attacks.total < n {
		r.attack(j, pick(m, templates), m.payload())
	}
	for r.harmless.total < n*5/2 {
		t := pick(m, templates)
		r.value(j, t, m.value(t.kind))
	}
	return r
}

// write prints the rates and up to limit misses of each sort.
func (r *report) write(w io.Writer, limit int) {
	for _, c := range []*tally{&r.attacks, &r.harmless, &r.refused} {
		fmt.Fprintf(w, "%-32s %7d  flagged %7d (%.3f %%)\n", c.what, c.total, c.flagged, 100*float64(c.flagged)/float64(max(c.total, 1)))
	}
	for _, c := range []*tally{&r.attacks, &r.harmless, &r.refused} {
		for _, miss := range c.misses[:min(limit, len(c.misses))] {
			fmt.Fprintf(w, "wrong on %s: %s\n", c.what, miss)
		}
	}
}
