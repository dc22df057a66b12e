package waf

import (
	"fmt"
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// Match says that a value of a request looks like an attack.
type Match struct {
	Rule       *Rule
	Address    string     // "query.q"
	Value      string     // the value as the application sees it, at most MaxValueBytes of it
	Matched    string     // the part that matched, after decoding
	Operator   string     // the test that matched: "detect sql.union", "contains"
	Steps      []string   // the decoding that led to it, outermost first; empty when none was needed
	Confidence Confidence // how sure the engine is of this match
}

// MaxValueBytes bounds what a Match keeps of a value.
const MaxValueBytes = 4096

// Blocks is the default policy: medium and high confidence block.
func (m *Match) Blocks() bool { return m.Confidence >= Medium }

// Attack returns the match as the platform is told about it. The caller scrubs
// it and says whether the request was blocked.
func (m *Match) Attack() wire.Attack {
	return wire.Attack{
		Kind: m.Rule.Kind, Protection: wire.ProtectionWAF, Rule: m.Rule.ID,
		Severity: m.Rule.Severity.String(), Confidence: m.Confidence.String(),
		Param: m.Address, Payload: m.Value, Match: m.Matched, Message: m.Rule.About,
	}
}

// Explain tells in a few lines why the rule matched: rule, operator, decoding
// steps and the part of the value.
func (m *Match) Explain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", m.Rule.ID, m.Rule.About)
	fmt.Fprintf(&b, "  address     %s\n", m.Address)
	fmt.Fprintf(&b, "  value       %q\n", m.Value)
	if len(m.Steps) > 0 {
		fmt.Fprintf(&b, "  decoded by  %s\n", strings.Join(m.Steps, ", then "))
	}
	fmt.Fprintf(&b, "  operator    %s\n", m.Operator)
	fmt.Fprintf(&b, "  matched     %q\n", m.Matched)
	fmt.Fprintf(&b, "  judged      severity %s, confidence %s (%s)", m.Rule.Severity, m.Confidence, m.Rule.Kind)
	if m.Rule.CWE != "" {
		fmt.Fprintf(&b, ", %s", m.Rule.CWE)
	}
	return b.String()
}

// holds tells whether a literal that stands at at satisfies the operator.
func (o *owner) holds(s string, at, n int) bool {
	end := at + n
	switch o.op {
	case Contains:
		return true
	case Prefix:
		return at == 0
	case Suffix:
		return end == len(s)
	case Equals:
		return at == 0 && end == len(s)
	case Word:
		return (at == 0 || !wordByte(s[at-1])) && (end == len(s) || !wordByte(s[end]))
	case Segment:
		return (at == 0 || s[at-1] == '/') && (end == len(s) || s[end] == '/' || s[end] == '?' || s[end] == ';')
	}
	return false
}

const wordKinds = scan.Letter | scan.Digit

func wordByte(c byte) bool { return scan.KindOf(c)&wordKinds != 0 || c == '_' }
