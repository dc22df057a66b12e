package demo

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

func TestLivePicture(t *testing.T) {
	ios, _ := iostreams.Test()
	s := &screen{ctx: t.Context(), colour: ios.Colour()}
	if s.View().Content != "" {
		t.Error("draws before it knows anything")
	}
	s.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if _, cmd := s.Update(lookedMsg{samplePicture()}); cmd == nil {
		t.Error("does not look again")
	}
	if got := s.View().Content; !strings.Contains(got, "staging") || strings.Count(got, "\n") != 23 {
		t.Errorf("view:\n%s", got)
	}
	s.Update(tea.WindowSizeMsg{Width: 40, Height: 10})
	if got := s.View().Content; strings.Count(got, "\n") != 9 {
		t.Errorf("after a resize:\n%s", got)
	}
	for _, key := range []tea.KeyPressMsg{{Code: 'q', Text: "q"}, {Code: tea.KeyEscape}, {Code: 'c', Mod: tea.ModCtrl}} {
		_, cmd := s.Update(key)
		if cmd == nil {
			t.Errorf("%s does not end it", key)
			continue
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%s does something else", key)
		}
	}
	if _, cmd := s.Update(tea.KeyPressMsg{Code: 'x', Text: "x"}); cmd != nil {
		t.Error("x does something")
	}
}

func TestLinesTellEachIncidentOnce(t *testing.T) {
	f, out := factory(t)
	b := newBoard(&stage{o: &Options{Factory: f}})
	told := map[int64]bool{}
	p := samplePicture()
	p.Incidents, p.Elapsed = p.Incidents[:2], 65*time.Second
	b.tell(p, told)
	b.tell(p, told)
	got := out.ErrOut.String()
	if strings.Count(got, "#30") != 1 || strings.Count(got, "#29") != 1 {
		t.Errorf("incidents told:\n%s", got)
	}
	if strings.Count(got, "01:05  prod") != 2 || !strings.Contains(got, "50 rows, 8 cards, 1 file") {
		t.Errorf("lines:\n%s", got)
	}
}
