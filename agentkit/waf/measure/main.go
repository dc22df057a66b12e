// Command measure tells how the firewall does on sets of cases that are not
// part of this repository. It is a module of its own so that nothing it needs
// enters the agent:
//
//	cd agentkit/waf/measure
//	GOWORK=off go run . gotestwaf DIR   # test cases of GoTestWAF, over real HTTP
//	GOWORK=off go run . crs DIR         # regression tests of the OWASP Core Rule Set
//	GOWORK=off go run . values FILE...  # JSON lines {"v": "...", "attack": true, "kind": "sqli"}
//	GOWORK=off go run . text FILE...    # harmless texts, one on each line, \x01 for a line break
//
// DIR of crs is the folder "tests" of github.com/corazawaf/coraza-coreruleset/v4
// in the module cache. Flag -misses N prints the first N cases that were judged
// wrongly.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf"
)

func main() {
	misses := flag.Int("misses", 0, "print the first `N` cases that were judged wrongly")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: measure [-misses N] gotestwaf|crs|values|text PATH...")
		os.Exit(2)
	}
	t := &tally{show: *misses, kinds: map[string]*waf.Count{}}
	var err error
	switch flag.Arg(0) {
	case "gotestwaf":
		err = goTestWAF(flag.Arg(1), t)
	case "crs":
		err = coreRuleSet(flag.Arg(1), t)
	case "values":
		err = eachFile(flag.Args()[1:], t, waf.ReadValues)
	case "text":
		err = eachFile(flag.Args()[1:], t, lines)
	default:
		err = fmt.Errorf("unknown set %q; known are gotestwaf, crs, values and text", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
	t.print(os.Stdout)
}

// tally counts verdicts by kind.
type tally struct {
	show  int
	kinds map[string]*waf.Count
	total waf.Count
}

// add counts one case and prints it when it is judged wrongly.
func (t *tally) add(kind string, attack, blocked bool, what string) {
	c := t.kinds[kind]
	if c == nil {
		c = &waf.Count{}
		t.kinds[kind] = c
	}
	for _, c := range []*waf.Count{c, &t.total} {
		switch {
		case attack && blocked:
			c.Attacks++
			c.Detected++
		case attack:
			c.Attacks++
		case blocked:
			c.Legitimate++
			c.Flagged++
		default:
			c.Legitimate++
		}
	}
	if attack != blocked && t.show > 0 {
		t.show--
		fmt.Printf("%-24s attack=%v %.300s\n", kind, attack, what)
	}
}

func (t *tally) print(w io.Writer) {
	var names []string
	for n := range t.kinds {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		row(w, n, t.kinds[n])
	}
	row(w, "all", &t.total)
}

func row(w io.Writer, name string, c *waf.Count) {
	fmt.Fprintf(w, "%-44s detected %5d/%-5d %6s   flagged %4d/%-6d %6s\n",
		name, c.Detected, c.Attacks, percent(c.Detected, c.Attacks), c.Flagged, c.Legitimate, percent(c.Flagged, c.Legitimate))
}

func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f%%", 100*float64(n)/float64(of))
}

// eachFile evaluates lists of values.
func eachFile(files []string, t *tally, read func(io.Reader) func() (waf.Labelled, error)) error {
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		report, err := waf.Default().Evaluate(read(f), func(m waf.Miss) {
			if t.show > 0 {
				t.show--
				fmt.Printf("%-12s attack=%v %.300q %v\n", m.Kind, m.Attack, m.Value, m.Rules)
			}
		})
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for kind, c := range report.ByKind {
			key := strings.TrimSpace(name + " " + kind)
			t.kinds[key] = c
		}
		t.total.Attacks += report.Attacks
		t.total.Detected += report.Detected
		t.total.Legitimate += report.Legitimate
		t.total.Flagged += report.Flagged
	}
	return nil
}

// lines reads harmless texts.
func lines(r io.Reader) func() (waf.Labelled, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 16<<20)
	return func() (waf.Labelled, error) {
		for sc.Scan() {
			if text := strings.ReplaceAll(sc.Text(), "\x01", "\n"); strings.TrimSpace(text) != "" {
				return waf.Labelled{Value: text}, nil
			}
		}
		if err := sc.Err(); err != nil {
			return waf.Labelled{}, err
		}
		return waf.Labelled{}, io.EOF
	}
}
