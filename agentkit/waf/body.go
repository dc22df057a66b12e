package waf

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/extract"
	"github.com/sqreen/sqreen/agentkit/waf/internal/detect"
)

// Body takes a request body apart by its content type and looks at its values.
// A body of another type, or one that is not what its type says, is looked at as
// it stands. The body is only read; it may be used again after the call.
func (x *Inspection) Body(contentType, body string) {
	if body == "" {
		return
	}
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.TrimSpace(kind)
	switch {
	case hasSuffixFold(kind, "json") || kind == "" && (body[0] == '{' || body[0] == '['):
		x.walk(JSON)
		if !x.walker.JSON(body, x) {
			x.Value(Body, "", body)
		}
	case hasSuffixFold(kind, "xml"):
		x.walk(XML)
		x.markup(body)
		x.walker.XML(body, x)
	case len(kind) > 10 && strings.EqualFold(kind[:10], "multipart/"):
		x.walk(Form)
		x.walker.Multipart(body, contentType, x)
	case strings.EqualFold(kind, "application/x-www-form-urlencoded"):
		x.Query(Form, body)
	default:
		x.Value(Body, "", body)
	}
	x.path = nil
}

func (x *Inspection) walk(src Source) { x.source = src }

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// Visit looks at one text of a body. It is called by the walks of package
// extract, not by users.
func (x *Inspection) Visit(kind extract.Kind, path *extract.Path, text string) {
	x.path = path
	switch kind {
	case extract.Value:
		x.Value(x.source, "", text)
	case extract.Name:
		x.path = nil // a name is no place
		x.name(text)
	case extract.FileName:
		x.fileName("", text)
	case extract.File:
		x.Value(File, "", text)
	case extract.Rest:
		if x.source != XML {
			x.Value(Body, "", text)
		} else {
			x.markup(text)
		}
	}
	x.path = nil
}

// markup looks at a document as a whole for what only its parser would do, such
// as fetching entities. Its elements are no HTML.
func (x *Inspection) markup(text string) {
	x.values++
	x.input = Input{x.source, "", text}
	x.depth = 0
	chars := x.judge(text, detect.Markup)
	if chars&encoded != 0 {
		x.layersOf(text, chars, detect.Markup)
	}
}
