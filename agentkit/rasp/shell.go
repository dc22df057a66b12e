package rasp

import (
	"sort"
	"strings"
	"sync"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Rules about commands, as they are named in attacks.
const (
	ruleShellBreakout     = "shell.breakout"     // the input ends the quotes it stands in
	ruleShellOperator     = "shell.operator"     // the input ends a command or redirects it
	ruleShellSubstitution = "shell.substitution" // the input has the shell run or expand something
	ruleShellComment      = "shell.comment"      // the input hides the rest of the line
	ruleShellEscape       = "shell.escape"       // the input's last backslash hides what follows
	ruleShellExpansion    = "shell.expansion"    // the input is replaced by a variable or several words
	ruleShellWords        = "shell.words"        // the input is several words where one stands
	ruleShellOption       = "shell.option"       // the input is an option of the program
)

// Shell says whether one of the inputs changed the structure of command, a text
// that a POSIX shell is about to run, and returns nil when none did. An input
// that stays within one word, quoted or not, is harmless; one that is a command's
// name and nothing else cannot be told from the command's own text.
//
// Shell does not allocate when no input occurs in command.
func Shell(in *Inputs, command string) *wire.Attack {
	if in == nil || in.size.Load() == 0 || command == "" {
		return nil
	}
	x := in.index()
	var pairs pairSet
	pairs.add(command)
	for i := range x.filters {
		if !x.needles[i].word && pairs.has(&x.filters[i]) {
			return searchShell(x, i, &pairs, command)
		}
	}
	return nil
}

// shellCheck is the examination of one command. It is reused, so that its
// buffers are.
type shellCheck struct {
	shellLexer
	command string
	fold    []byte
	lexed   bool
}

var shellChecks = sync.Pool{New: func() any { return new(shellCheck) }}

func newShellCheck(command string) *shellCheck {
	c := shellChecks.Get().(*shellCheck)
	c.command, c.lexed = command, false
	c.fold = appendFold(c.fold[:0], command)
	return c
}

func (c *shellCheck) release() {
	if len(c.command) > maxPooled {
		return
	}
	c.command, c.text = "", ""
	clear(c.documents[:cap(c.documents)])
	shellChecks.Put(c)
}

// searchShell looks for the needles from first on, the first that may occur.
func searchShell(x *index, first int, pairs *pairSet, command string) *wire.Attack {
	c := newShellCheck(command)
	defer c.release()
	for i := first; i < len(x.filters); i++ {
		if !pairs.has(&x.filters[i]) {
			continue
		}
		if f, ok := c.judge(&x.needles[i]); ok {
			return c.attack(x, &x.needles[i], f)
		}
	}
	return nil
}

// shellFinding is an occurrence of an input that changed the command.
type shellFinding struct {
	rule       string
	start, end int
}

// judge says whether an occurrence of n changes how the command is read.
func (c *shellCheck) judge(n *needle) (shellFinding, bool) {
	if n.word {
		return shellFinding{}, false
	}
	for from, count := 0, 0; count < maxOccurrences; count++ {
		start, end := n.find(c.fold, from)
		if start < 0 {
			break
		}
		if !c.lexed {
			c.run(c.command)
			c.lexed = true
		}
		if rule := c.verdict(start, end); rule != "" {
			return shellFinding{rule, start, end}, true
		}
		from = start + 1
	}
	return shellFinding{}, false
}

// weakShell is the length up to which an input without a letter or digit may
// well be the command's own.
const weakShell = 2

// minWords is the length below which an input of several words may well be the
// command's own.
const minWords = 4

// verdict returns the gravest rule that start..end breaks, "" for none.
func (c *shellCheck) verdict(start, end int) string {
	rule, rank := "", -1
	weak := end-start <= weakShell && !strings.ContainsFunc(c.command[start:end], alphanumeric)
	first := sort.Search(len(c.marks), func(i int) bool { return c.marks[i].at >= start })
	for i := first; i < len(c.marks) && c.marks[i].at < end; i++ {
		m := &c.marks[i]
		if int(m.class) <= rank || weak && !c.unterminated(m) {
			continue
		}
		if r := c.broken(m, start, end); r != "" {
			rule, rank = r, int(m.class)
		}
	}
	return rule
}

// unterminated reports whether m is a quote without an end: nobody writes that.
func (c *shellCheck) unterminated(m *shellMark) bool { return m.class == shellQuote && m.partner < 0 }

// broken returns the rule that m breaks as a part of start..end.
func (c *shellCheck) broken(m *shellMark, start, end int) string {
	switch m.class {
	case shellQuote:
		if m.partner < start || m.partner >= end {
			return ruleShellBreakout
		}
	case shellSubstitution:
		return ruleShellSubstitution
	case shellOperator:
		return ruleShellOperator
	case shellComment:
		line, _, _ := strings.Cut(c.command[end:], "\n")
		if strings.TrimSpace(line) != "" {
			return ruleShellComment
		}
	case shellEscape:
		if m.partner >= end && strings.IndexByte(" \t\n'\"`$;&|<>()", c.command[m.partner]) >= 0 {
			return ruleShellEscape
		}
	case shellVariable:
		return ruleShellExpansion
	case shellBrace:
		if m.partner < end {
			return ruleShellExpansion
		}
	case shellBlank:
		if end-start >= minWords {
			return ruleShellWords
		}
	}
	return ""
}

func alphanumeric(r rune) bool {
	return r > 0x7f || r < 0x80 && (nameStart(byte(r)) || digit(byte(r)))
}

// attack describes a finding.
func (c *shellCheck) attack(x *index, n *needle, f shellFinding) *wire.Attack {
	in := x.inputs[n.input]
	confidence := "high"
	if f.rule == ruleShellWords || f.rule == ruleShellExpansion {
		confidence = "medium"
	}
	statement, start, end := window(c.command, f.start, f.end)
	match := c.command[f.start:f.end]
	return &wire.Attack{
		Kind: wire.AttackShell, Protection: "rasp", Rule: f.rule, Reached: true, Severity: "high", Confidence: confidence,
		Param: in.address, Payload: cut(in.value, wire.MaxStringBytes), Match: cut(match, wire.MaxStringBytes),
		Message: shellMessage(f.rule, in.address, match),
		Sink:    &wire.Sink{Type: "shell", Statement: statement, Start: start, End: end, Target: firstWord(c.command)},
	}
}

// firstWord returns the program that a command begins with.
func firstWord(command string) string {
	command = strings.TrimLeft(command, " \t\r\n")
	if i := strings.IndexAny(command, " \t\r\n;&|<>()`$"); i >= 0 {
		command = command[:i]
	}
	return cut(command, 80)
}

// shellMessage says in one sentence what the input did.
func shellMessage(rule, address, match string) string {
	match = cut(strings.Join(strings.Fields(match), " "), 80)
	switch rule {
	case ruleShellBreakout:
		return "The value of " + address + " ends the quotes it stands in and goes on as a command: " + match
	case ruleShellSubstitution:
		return "The value of " + address + " has the shell run or expand something: " + match
	case ruleShellComment:
		return "The value of " + address + " hides the rest of the command: " + match
	case ruleShellEscape:
		return "The last character of " + address + " hides what should end it in the command: " + match
	case ruleShellExpansion:
		return "The shell replaces the value of " + address + " by something else: " + match
	case ruleShellWords:
		return "The value of " + address + " is several words where the command has one: " + match
	case ruleShellOption:
		return "The value of " + address + " is an option of the program that runs: " + match
	default:
		return "The value of " + address + " ends a command, begins another or redirects it: " + match
	}
}
