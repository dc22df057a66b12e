package waf

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sqreen/sqreen/agentkit/waf/internal/detect"
	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

//go:embed rules/*.rules
var builtin embed.FS

// Stack says what an application is made of; rules for other stacks are left
// out. The words are those of Rule.Stack: languages ("go", "php", "java",
// "node", "python"), "sql" and the databases ("mongodb", "ldap"), "shell",
// "linux", "windows". The zero Stack keeps every rule.
type Stack struct {
	Has []string
}

func (s Stack) keeps(r *Rule) bool {
	if len(s.Has) == 0 || len(r.Stack) == 0 {
		return true
	}
	for _, w := range r.Stack {
		if slices.Contains(s.Has, w) {
			return true
		}
	}
	return false
}

// Ruleset is a compiled set of rules. It never changes, and any number of
// goroutines may use it.
type Ruleset struct {
	rules     []Rule
	compiled  []compiled
	literals  *scan.Literals
	owners    [][]owner  // by literal
	byClass   [][]uint32 // by class of finding, the rules that ask for it and their test
	detectors []detect.Detector
	check     check
	short     []shortText
	shortIn   sourceSet // sources that any of them is looked for in
	pool      sync.Pool
	stats     Stats
}

// check says how values are looked at.
type check uint8

const (
	checkFast  check = iota
	checkPlain       // every detector runs, whatever the pass saw; tests compare the two
)

// compiled is what of a rule is needed while inspecting.
type compiled struct {
	in      sourceSet
	headers []string
}

// owner is one use of a literal: a test of a rule, or the word of a detector.
type owner struct {
	rule  int32 // -1 for a detector
	op    Op
	level Confidence
	bit   detect.Words
	det   uint8 // the detector
	text  int16 // which of its phrases, -1 for a word
}

// shortText is a text of a rule that is compared by itself.
type shortText struct {
	owner
	text string
}

// Stats counts what the engine did and what it left out, since the Ruleset was
// compiled.
type Stats struct {
	Values    atomic.Uint64 // values looked at
	Decoded   atomic.Uint64 // layers of encoding undone
	Matches   atomic.Uint64
	TooDeep   atomic.Uint64 // values with more layers than MaxLayers
	LeftOut   atomic.Uint64 // matches beyond MaxMatches of one request
	BodyParts atomic.Uint64 // parts of bodies left out because of a limit
}

// Default returns the built-in rules, compiled on first use, for an application
// of any stack.
func Default() *Ruleset { return defaultRules() }

var defaultRules = sync.OnceValue(func() *Ruleset {
	rules, err := Builtin()
	if err == nil {
		var rs *Ruleset
		if rs, err = Compile(rules, Stack{}); err == nil {
			return rs
		}
	}
	panic("waf: the built-in rules do not compile: " + err.Error()) // a test compiles them
})

// Builtin returns the built-in rules.
func Builtin() ([]Rule, error) {
	files, err := fs.Glob(builtin, "rules/*.rules")
	if err != nil {
		return nil, err
	}
	var rules []Rule
	for _, f := range files {
		text, err := builtin.ReadFile(f)
		if err != nil {
			return nil, err
		}
		more, err := ParseRules(f, string(text))
		if err != nil {
			return nil, err
		}
		rules = append(rules, more...)
	}
	return rules, nil
}

// Compile checks rules and makes a Ruleset of those that suit the stack. The
// error names every rule that is wrong.
func Compile(rules []Rule, stack Stack) (*Ruleset, error) {
	c := compiler{ids: map[string]bool{}, texts: map[string]int{}}
	c.rs = &Ruleset{detectors: detect.All(), byClass: make([][]uint32, detect.Classes)}
	for i := range c.rs.detectors {
		d := &c.rs.detectors[i]
		for _, w := range d.Words {
			c.literal(w, owner{rule: -1, bit: d.Bit(), text: -1})
		}
		for k, w := range d.Phrases {
			c.literal(w, owner{rule: -1, det: uint8(i), text: int16(k)})
		}
	}
	var errs []error
	for _, r := range rules {
		if !stack.keeps(&r) {
			continue
		}
		if err := c.add(r); err != nil {
			errs = append(errs, fmt.Errorf("rule %q: %w", r.ID, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c.rs.literals = scan.Compile(c.list)
	rs := c.rs
	rs.pool.New = func() any { return newInspection(rs) }
	return rs, nil
}

type compiler struct {
	rs    *Ruleset
	ids   map[string]bool
	texts map[string]int
	list  []string
}

// literal registers one use of a text.
func (c *compiler) literal(text string, o owner) {
	id, ok := c.texts[text]
	if !ok {
		id = len(c.list)
		c.texts[text] = id
		c.list = append(c.list, text)
		c.rs.owners = append(c.rs.owners, nil)
	}
	c.rs.owners[id] = append(c.rs.owners[id], o)
}

func (c *compiler) add(r Rule) error {
	switch {
	case r.ID == "":
		return errors.New("it has no name")
	case c.ids[r.ID]:
		return errors.New("there are two rules of this name")
	case len(r.Tests) == 0:
		return errors.New("it tests nothing; add a line such as: contains \"text\"")
	}
	c.ids[r.ID] = true
	if r.Severity == 0 {
		r.Severity = Medium
	}
	if r.Confidence == 0 {
		r.Confidence = Medium
	}
	if r.In == "" {
		r.In = "any"
	}
	in, headers, err := parseSources(r.In)
	if err != nil {
		return err
	}
	id := int32(len(c.rs.rules))
	for _, t := range r.Tests {
		if err := c.test(id, &r, t); err != nil {
			return err
		}
	}
	c.rs.rules = append(c.rs.rules, r)
	c.rs.compiled = append(c.rs.compiled, compiled{in: in, headers: headers})
	return nil
}

func (c *compiler) test(id int32, r *Rule, t Test) error {
	level := t.Level
	if level == 0 {
		level = r.Confidence
	}
	switch t.Op {
	case Detect:
		for _, a := range t.Args {
			class, ok := detect.ClassNamed(a)
			if !ok {
				return &unknownError{what: "class of finding", name: a, known: detect.ClassNames()}
			}
			c.rs.byClass[class] = append(c.rs.byClass[class], uint32(id)<<2|uint32(level))
		}
	case Contains, Word, Prefix, Suffix, Equals, Segment:
		for _, a := range t.Args {
			if a == "" {
				return fmt.Errorf("%s needs a text that is not empty", t.Op)
			}
			if o := (owner{rule: id, op: t.Op, level: level}); len(a) >= scan.MinLength {
				c.literal(strings.ToLower(a), o)
			} else if err := c.short(strings.ToLower(a), r, o); err != nil {
				return err
			}
		}
	default:
		return &unknownError{what: "operator", name: string(t.Op), known: []string{"detect", "contains", "word", "prefix", "suffix", "equals", "segment"}}
	}
	return nil
}

// short registers a text that is too short for the shared pass. It is looked for
// in the sources of its rule only.
func (c *compiler) short(text string, r *Rule, o owner) error {
	in, _, err := parseSources(r.In)
	c.rs.short = append(c.rs.short, shortText{owner: o, text: text})
	c.rs.shortIn |= in
	return err
}

// Rules returns the rules of the set, in the order they were given.
func (rs *Ruleset) Rules() []Rule { return slices.Clone(rs.rules) }

// Stats returns the counters of the set; they grow while it is in use.
func (rs *Ruleset) Stats() *Stats { return &rs.stats }
