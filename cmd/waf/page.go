package waf

import (
	"fmt"

	"github.com/sqreen/sqreen/cmd/internal/printer"
)

// page shows what was found, for a person. Of an archive the sum is told first.
func (i *Inspection) page(p *printer.Page, archive bool) {
	if archive {
		i.sum(p)
	}
	for n := range i.Results {
		if archive {
			p.Line("")
		}
		i.Results[n].page(p, archive)
	}
	if i.LeftOut > 0 {
		p.Line("\n%s with findings are not shown", printer.Count(int64(i.LeftOut), "further request", "further requests"))
	}
}

func (i *Inspection) sum(p *printer.Page) {
	p.Field("requests", printer.Thousands(int64(i.Requests)))
	for _, s := range []struct {
		name string
		n    int
	}{{saysBlocked, i.Blocked}, {saysReported, i.Reported}, {saysUnsure, i.Unsure}, {saysPassed, i.Passed}, {saysSkipped, i.Skipped}} {
		if s.n > 0 {
			p.Field(s.name, printer.Thousands(int64(s.n)))
		}
	}
}

func (r *Result) page(p *printer.Page, numbered bool) {
	title := r.Method + " " + r.Target
	if numbered {
		title = fmt.Sprintf("#%d %s", r.Number, title)
	}
	p.Title(title)
	for i := range r.Layers {
		l := &r.Layers[i]
		p.Field(l.Name, l.line(p))
	}
	for i := range r.Layers {
		for _, m := range r.Layers[i].Matches {
			p.Line("")
			p.Block(m.explained)
		}
	}
}

// line says in one line what a layer says.
func (l *Layer) line(p *printer.Page) string {
	text := p.Word(l.Says)
	switch n := len(l.Matches); {
	case l.Why != "":
		text += ": " + printer.Clean(l.Why)
	case l.Says == saysUnsure:
		text += ": " + printer.Count(int64(n), "match", "matches") + " of low confidence, counted and let through"
	case n > 0:
		text += ": " + printer.Count(int64(n), "match", "matches")
	}
	return text
}
