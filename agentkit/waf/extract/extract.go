// Package extract takes request bodies apart into addresses and values without
// allocating: JSON, XML and multipart forms. (Urlencoded forms are taken apart
// by waf.Inspection.Query.)
//
// The readers here are for looking at attacks, not for decoding data. They are
// lenient where parsers differ, they go on after what a strict parser refuses,
// and whatever they cannot read they hand over as it stands, so that a body that
// is broken on purpose hides nothing. Each takes time linear in the body.
//
// A visitor gets strings that are valid during the call only.
package extract

import "strconv"

// Path is where a value stands in a document. It is built while walking and
// written out only when somebody asks.
type Path struct {
	steps [MaxDepth]step
	depth int
}

// MaxDepth is how deep paths are written. Values below are visited all the
// same, with the path of their ancestor at this depth.
const MaxDepth = 64

// step is a name, or an index where the name is empty.
type step struct {
	name  string
	index int
	list  bool
}

// String writes the path: "items[3].name".
func (p *Path) String() string {
	var b []byte
	for _, s := range p.steps[:min(p.depth, MaxDepth)] {
		if s.list {
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(s.index), 10)
			b = append(b, ']')
			continue
		}
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, s.name...)
	}
	return string(b)
}

func (p *Path) push(s step) {
	if p.depth < MaxDepth {
		p.steps[p.depth] = s
	}
	p.depth++
}

func (p *Path) pop() {
	if p.depth > 0 {
		p.depth--
	}
}

func (p *Path) top() *step {
	if p.depth == 0 || p.depth > MaxDepth {
		return nil
	}
	return &p.steps[p.depth-1]
}

// Kind is what a visited text is.
type Kind uint8

// Kinds of visited texts.
const (
	Value    Kind = iota // scalar, text or attribute
	Name                 // name of a member, field or attribute
	File                 // content of an uploaded file
	FileName             // name of an uploaded file
	Rest                 // what could not be read
)

// Visitor is called for each text.
type Visitor interface {
	Visit(kind Kind, path *Path, text string)
}
