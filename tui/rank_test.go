package tui

import (
	"testing"

	"github.com/sqreen/sqreen/localplatform"
)

// TestRankSurvivesPagesThatArriveFirst places the selection although a newer
// page arrived between the question and the answer.
func TestRankSurvivesPagesThatArriveFirst(t *testing.T) {
	events := func(from, to int64) (list []localplatform.Event) {
		for pos := from; pos >= to; pos-- {
			list = append(list, localplatform.Event{Pos: pos})
		}
		return list
	}
	p := &eventsPage{}
	p.list.pos = func(e localplatform.Event) int64 { return e.Pos }
	p.list.keepRows = keepRows
	p.list.reset(events(3500, 3301), true, true, false)
	p.list.prependNewer(events(3700, 3501), true, false)
	p.rankCounted(rankCountedMsg{pos: 3500, count: 500})
	if got := p.list.above + p.list.cursor + 1; got != 501 {
		t.Errorf("event 3500 of 4000 is number %d, want 501", got)
	}
}
