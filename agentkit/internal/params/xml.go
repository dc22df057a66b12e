package params

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/extract"
)

// XML passes on the texts and attributes of an XML document under addresses
// such as "xml.order.name".
func XML(text string, yield func(address, value string) bool) {
	v := xmlVisitor{yield: yield}
	var w extract.Walker
	w.XML(text, &v)
}

type xmlVisitor struct {
	yield func(address, value string) bool
	done  bool
}

// Visit passes a text on. The reader lends it only for the call.
func (v *xmlVisitor) Visit(kind extract.Kind, path *extract.Path, text string) {
	if v.done || kind == extract.Name || kind == extract.Rest {
		return
	}
	address := "xml"
	if p := path.String(); p != "" {
		address += "." + p[:min(len(p), maxAddress)]
	}
	v.done = !v.yield(address, strings.Clone(text))
}
