package events

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Label names an event in a word or two: an attack by its kind, a built-in event
// without its long prefix, a custom event by its name.
func Label(e localplatform.Event) string {
	if e.Attack != "" {
		return e.Attack
	}
	short, builtIn := strings.CutPrefix(e.Name, wire.ReservedPrefix)
	if !builtIn {
		return e.Name
	}
	for _, p := range []string{"users.", "action.", "http.", "plugins."} {
		short = strings.TrimPrefix(short, p)
	}
	return strings.NewReplacer(".", " ", "_", " ").Replace(short)
}
