package waf

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

// Severity says what an attack could do if it succeeded.
type Severity uint8

// Confidence says how sure the engine is that a match is an attack.
type Confidence uint8

// Severities and confidences.
const (
	Low    = 1
	Medium = 2
	High   = 3
)

var levelNames = [...]string{"", "low", "medium", "high"}

// String returns "low", "medium" or "high".
func (s Severity) String() string { return levelNames[s&3] }

// String returns "low", "medium" or "high".
func (c Confidence) String() string { return levelNames[c&3] }

// Rule is one thing the firewall looks for. It matches a value when one of its
// tests does. The text form is described at ParseRules.
type Rule struct {
	ID         string
	Kind       string // one of wire's Attack kinds
	About      string // one sentence for people: what it detects and why that matters
	Severity   Severity
	Confidence Confidence // at most; a detector that is less sure lowers it
	Technique  string     // ATT&CK technique, "T1190"
	CWE        string     // "CWE-89"
	Stack      []string   // what the application must have for the rule to make sense, any of them; empty means any application
	In         string     // sources and groups, "any" when empty
	Tests      []Test     // any of them is enough
	Matches    []string   // values that must match
	Passes     []string   // look-alikes that must not
}

// Op is what a test does with a value.
type Op string

// Operators of tests.
const (
	Detect   Op = "detect"   // a detector found this class, "sql.union"
	Contains Op = "contains" // any of the texts occurs
	Word     Op = "word"     // any of the texts occurs as a word
	Prefix   Op = "prefix"   // the value begins with any of the texts
	Suffix   Op = "suffix"   // the value ends in any of the texts
	Equals   Op = "equals"   // the value is any of the texts
	Segment  Op = "segment"  // a part between slashes is any of the texts
)

// Test is one condition of a rule. Texts are compared without case.
type Test struct {
	Op    Op
	Args  []string
	Level Confidence // at most; 0 means the rule's
}

// ParseRules reads rules in their text form:
//
//	rule sql-union
//	  about UNION SELECT appended to a query reads other tables.
//	  kind sqli
//	  severity high
//	  confidence high
//	  technique T1190
//	  cwe CWE-89
//	  stack sql
//	  in values
//	  detect sql.union
//	  contains "first text" "second text"
//	  match 1 UNION SELECT name FROM users
//	  pass the union was a great select
//
// Lines that begin with # are comments. A match or pass that is a valid Go string
// in double quotes is unquoted. Errors name the file and line.
func ParseRules(name, text string) ([]Rule, error) {
	var rules []Rule
	sc := bufio.NewScanner(strings.NewReader(text))
	sc.Buffer(nil, 1<<20)
	for line := 1; sc.Scan(); line++ {
		word, rest, _ := strings.Cut(strings.TrimSpace(sc.Text()), " ")
		if word == "" || word[0] == '#' {
			continue
		}
		rest = strings.TrimSpace(rest)
		if word == "rule" {
			rules = append(rules, Rule{ID: rest})
			continue
		}
		if len(rules) == 0 {
			return nil, fmt.Errorf("%s:%d: %q stands before the first rule; begin with a line \"rule NAME\"", name, line, word)
		}
		if err := rules[len(rules)-1].set(word, rest); err != nil {
			return nil, fmt.Errorf("%s:%d: rule %s: %w", name, line, rules[len(rules)-1].ID, err)
		}
	}
	return rules, sc.Err()
}

func (r *Rule) set(word, rest string) (err error) {
	switch word {
	case "kind":
		r.Kind = rest
	case "about":
		r.About = rest
	case "severity":
		var n uint8
		n, err = parseLevel(rest)
		r.Severity = Severity(n)
	case "confidence":
		var n uint8
		n, err = parseLevel(rest)
		r.Confidence = Confidence(n)
	case "technique":
		r.Technique = rest
	case "cwe":
		r.CWE = rest
	case "stack":
		r.Stack = strings.Fields(rest)
	case "in":
		r.In = rest
	case "match", "pass":
		v := unquote(rest)
		if word == "match" {
			r.Matches = append(r.Matches, v)
		} else {
			r.Passes = append(r.Passes, v)
		}
	case string(Detect):
		class, level, _ := strings.Cut(rest, " ")
		t := Test{Op: Detect, Args: []string{class}}
		if level != "" {
			var n uint8
			if n, err = parseLevel(level); err != nil {
				return err
			}
			t.Level = Confidence(n)
		}
		r.Tests = append(r.Tests, t)
	case string(Contains), string(Word), string(Prefix), string(Suffix), string(Equals), string(Segment):
		var args []string
		if args, err = quotedWords(rest); err != nil {
			return err
		}
		r.Tests = append(r.Tests, Test{Op: Op(word), Args: args})
	default:
		return &unknownError{what: "setting", name: word, known: []string{
			"kind", "about", "severity", "confidence", "technique", "cwe", "stack", "in", "match", "pass",
			"detect", "contains", "word", "prefix", "suffix", "equals", "segment",
		}}
	}
	return err
}

func parseLevel(s string) (uint8, error) {
	for i, n := range levelNames {
		if n == s && i > 0 {
			return uint8(i), nil
		}
	}
	return 0, &unknownError{what: "level", name: s, known: levelNames[1:]}
}

// unquote returns a text that is valid as a Go string between double quotes
// unquoted, and every other text as it stands: payloads often begin and end in
// a quote.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' {
		return s
	}
	if v, err := strconv.Unquote(s); err == nil {
		return v
	}
	return s
}

func quotedWords(s string) ([]string, error) {
	var out []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%s: texts are written in double quotes, as in Go", s)
		}
		v, err := strconv.Unquote(q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
		out = append(out, v)
		s = s[len(q):]
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("a text in double quotes is missing")
	}
	return out, nil
}
