package rasp

import (
	"strings"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/rasp/sqllex"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// attack describes a finding.
func (c *check) attack(x *index, n *needle, f finding) *wire.Attack {
	in := x.inputs[n.input]
	confidence := "high"
	if !f.certain {
		confidence = "medium"
	}
	statement, start, end := window(c.statement, f.start, f.end)
	return &wire.Attack{
		Kind: wire.AttackSQLi, Protection: "rasp", Rule: f.rule, Reached: true, Severity: "high", Confidence: confidence,
		Param: in.address, Payload: cut(in.value, wire.MaxStringBytes), Match: cut(c.statement[f.start:f.end], wire.MaxStringBytes),
		Message: message(f.rule, in.address, c.statement[f.start:f.end]),
		Sink: &wire.Sink{
			Type: "sql", Statement: statement, Start: start, End: end, Dialect: c.dialectName(),
			Target: c.table(f),
		},
	}
}

func (c *check) dialectName() string {
	if d := sqllex.ParseDialect(c.name); d != sqllex.Generic {
		return d.String()
	}
	return c.name
}

// message says in one sentence what the input did.
func message(rule, address, match string) string {
	match = cut(strings.Join(strings.Fields(match), " "), 80)
	switch rule {
	case ruleBreakout:
		return "The value of " + address + " ends the literal it stands in and goes on as SQL: " + match
	case ruleEscape:
		return "The last character of " + address + " hides the quote that should end its literal: " + match
	case ruleComment:
		return "The value of " + address + " begins a comment in the statement: " + match
	case ruleIdentifier:
		return "The value of " + address + " names a column where the statement compares with a value: " + match
	case ruleClause:
		return "The value of " + address + " adds to the statement more than a name or an order: " + match
	default:
		return "The value of " + address + " is an expression where the statement expects one value: " + match
	}
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const mark = "..."
	n -= len(mark)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + mark
}

// window cuts a long statement to the part around start..end, and returns where
// that stands in it.
func window(s string, start, end int) (part string, from, to int) {
	const most = wire.MaxStringBytes / 2
	if len(s) <= most {
		return s, start, end
	}
	lo := 0
	if end > most {
		lo = max(0, start-most/4)
	}
	for lo > 0 && !utf8.RuneStart(s[lo]) {
		lo--
	}
	part = cut(s[lo:], most)
	return part, start - lo, min(end-lo, len(part))
}

// table returns the first table that the statement names.
func (c *check) table(f finding) string {
	r := &c.readings[0]
	if c.n > 1 && c.readings[1].dialect == f.dialect {
		r = &c.readings[1]
	}
	r.lex()
	for i := range r.tokens {
		if r.tokens[i].Kind != sqllex.Word || int(r.tokens[i].Start) >= f.start {
			continue
		}
		switch strings.ToLower(r.text(i)) {
		case "from", "into", "update", "join", "table":
			if name := r.name(r.after(i)); name != "" {
				return name
			}
		}
	}
	return ""
}

// name returns the name, qualified perhaps, that begins at token i.
func (r *reading) name(i int) string {
	if i >= len(r.tokens) {
		return ""
	}
	t := r.tokens[i]
	if t.Kind == sqllex.Quoted {
		return r.statement[t.Body:t.BodyEnd]
	}
	if t.Kind != sqllex.Word || classify(r.text(i)) != plain {
		return ""
	}
	if dot := i + 1; dot+1 < len(r.tokens) && r.tokens[dot].Kind == sqllex.Dot && r.tokens[dot+1].Kind == sqllex.Word {
		return r.text(i) + "." + r.text(dot+1)
	}
	return r.text(i)
}
