package localplatform

import "strings"

// Severity orders attacks, incidents and notifications. The empty severity
// means none was given and sorts below low.
type Severity string

// Severities, ascending.
const (
	SeverityNone   Severity = ""
	SeverityLow    Severity = "low"
	SeverityMedium Severity = "medium"
	SeverityHigh   Severity = "high"
)

// Severities lists what users may write, ascending.
func Severities() []string {
	return []string{string(SeverityLow), string(SeverityMedium), string(SeverityHigh)}
}

// Rank is 0 for none, 1 for low, 2 for medium and 3 for high.
func (s Severity) Rank() int {
	switch s {
	case SeverityLow:
		return 1
	case SeverityMedium:
		return 2
	case SeverityHigh:
		return 3
	case SeverityNone:
		return 0
	}
	return 0
}

// AtLeast reports whether s is as severe as other, or more.
func (s Severity) AtLeast(other Severity) bool { return s.Rank() >= other.Rank() }

// ParseSeverity reads what a user wrote.
func ParseSeverity(text string) (Severity, error) {
	s := Severity(strings.ToLower(strings.TrimSpace(text)))
	if s.Rank() == 0 {
		return "", Errorf(CodeInvalid, "unknown severity %q", text).WithHint("use low, medium or high")
	}
	return s, nil
}

// String returns the word, "none" for the empty severity.
func (s Severity) String() string {
	if s == SeverityNone {
		return "none"
	}
	return string(s)
}
