package detect

import "strings"

// xmlPhrases are declarations that make a parser fetch or expand things.
var xmlPhrases = []string{
	"<!entity", "<!doctype", "xi:include", "http://www.w3.org/2001/xinclude", "<xs:include", "<xsd:include", "<xs:import", "xsi:schemalocation", "nonamespaceschemalocation", "<xsl:include", "<xsl:import", "<xsl:value-of", "<?xml-stylesheet",
}

func xmlPhraseAt(v *View, k, at int, out *Findings) {
	s := v.S
	switch k {
	case 0:
		out.add(XXEEntity, v.below(High), at, clip(s, at, at+100))
	case 1:
		if l := doctype(s[at:min(len(s), at+400)]); l != None {
			out.add(XXEEntity, v.below(l), at, clip(s, at, at+100))
		}
	default:
		rest := s[at:min(len(s), at+200)]
		if !containsFold(rest, "http") && !containsFold(rest, "file:") && !containsFold(rest, "href") && !containsFold(rest, "system-property") && !containsFold(rest, "document(") {
			return
		}
		level := Medium
		if k <= 3 {
			level = High
		}
		out.add(XXEInclude, v.below(level), at, clip(s, at, at+100))
	}
}

// doctype judges a document type: those of HTML are harmless.
func doctype(decl string) Level {
	if end := strings.IndexByte(decl, '>'); end >= 0 {
		decl = decl[:end]
	}
	switch {
	case containsFold(decl, " system") && !containsFold(decl, "about:legacy-compat"):
		return High
	case containsFold(decl, " public") && !containsFold(decl, "//w3c//") && !containsFold(decl, "//dtd") && !containsFold(decl, "//ietf"):
		return High
	case strings.IndexByte(decl, '[') >= 0:
		return Medium
	}
	return None
}
