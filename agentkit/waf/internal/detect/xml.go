package detect

import (
	"strings"
)

var xmlWords = []string{"<!doctype", "<!entity", "xinclude", "schemalocation", "<xs:include", "<xs:import", "<xsd:include", "xi:include", "<xsl:", "<![cdata", "<?xml-stylesheet", "xsl:include"}

func xmlGate(_ *View, word bool) bool { return word }

// detectXML looks for declarations that make a parser fetch or expand things.
func detectXML(v *View, out *Findings) {
	s := v.S
	if i := indexFold(s, "<!entity", 0); i >= 0 {
		out.add(XXEEntity, v.below(High), i, clip(s, i, i+100))
	}
	if i := indexFold(s, "<!doctype", 0); i >= 0 {
		decl := s[i:]
		if end := strings.IndexByte(decl, '>'); end >= 0 {
			decl = decl[:end]
		}
		decl = decl[:min(len(decl), 300)]
		switch {
		case containsFold(decl, " system") && !containsFold(decl, "about:legacy-compat"):
			out.add(XXEEntity, v.below(High), i, clip(s, i, i+100))
		case containsFold(decl, " public") && !containsFold(decl, "//w3c//") && !containsFold(decl, "//dtd") && !containsFold(decl, "//ietf"):
			out.add(XXEEntity, v.below(High), i, clip(s, i, i+100))
		case strings.IndexByte(decl, '[') >= 0:
			out.add(XXEEntity, v.below(Medium), i, clip(s, i, i+100))
		}
	}
	for _, w := range [...]string{"xi:include", "http://www.w3.org/2001/xinclude", "<xs:include", "<xsd:include", "<xs:import", "xsi:schemalocation", "nonamespaceschemalocation", "<xsl:include", "<xsl:import", "<xsl:value-of", "<?xml-stylesheet"} {
		at := indexFold(s, w, 0)
		if at < 0 {
			continue
		}
		rest := s[at:min(len(s), at+200)]
		if !containsFold(rest, "http") && !containsFold(rest, "file:") && !containsFold(rest, "href") && !containsFold(rest, "system-property") && !containsFold(rest, "document(") {
			continue
		}
		level := Medium
		if strings.HasPrefix(w, "xi:") || strings.HasPrefix(w, "http") {
			level = High
		}
		out.add(XXEInclude, v.below(level), at, clip(s, at, at+100))
		return
	}
}
