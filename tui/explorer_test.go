package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

func TestMovesThroughAllEvents(t *testing.T) {
	onScreen(t, samplePlatform(3000), 80, 24, Options{}, func(s *screen) {
		s.sees("1 of 3,000")
		s.press("G")
		s.sees("3,000 of 3,000")
		s.press("k")
		s.sees("2,999 of 3,000")
		s.press("g")
		s.sees("1 of 3,000")
		for range 40 {
			s.press("pgdown")
		}
		if got := s.positions(); !isSorted(got) || len(got) != 19 {
			t.Fatalf("rows %v", got)
		}
		s.sees("721 of 3,000")
		for range 100 {
			s.press("ctrl+u")
		}
		s.sees("1 of 3,000")
	})
}

func TestGoesUpFromTheEndThroughEverything(t *testing.T) {
	onScreen(t, samplePlatform(5000), 80, 24, Options{}, func(s *screen) {
		s.press("G")
		for range 300 {
			s.press("pgup")
		}
		s.sees("1 of 5,000")
		if first := s.positions()[0]; first != 5000 {
			t.Fatalf("the first row is event %d", first)
		}
	})
}

func TestSupersededQueryIsCancelled(t *testing.T) {
	shelf := newShelf(sampleEvents(50))
	p := samplePlatform(50)
	cancelled := make(chan struct{}, 1)
	p.events = func(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
		if q.Query == "app:slow" && q.After == 0 {
			<-ctx.Done()
			cancelled <- struct{}{}
			page, err := shelf.page(context.Background(), localplatform.EventQuery{Limit: 1}) // an answer that comes all the same
			return page, err
		}
		return shelf.page(ctx, q)
	}
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		s.press("/")
		s.typed("app:slow")
		s.press("enter")
		s.sees("loading")
		select {
		case <-cancelled:
			t.Fatal("cancelled before anything superseded it")
		default:
		}
		s.press("/", "ctrl+u")
		s.typed("attack:sqli")
		s.press("enter")
		select {
		case <-cancelled:
		default:
			t.Fatal("the first query goes on")
		}
		s.sees("1 of 10", "attack:sqli")
	})
}

func TestLateAnswerOfAnotherRequestIsDropped(t *testing.T) {
	onScreen(t, samplePlatform(50), 80, 24, Options{}, func(s *screen) {
		_, old := s.m.src.begin(slotEvents)
		s.m.src.begin(slotEvents)
		s.take(eventsLoadedMsg{ticket: old, place: placeTop})
		if len(s.m.events.list.rows) != 50 {
			t.Fatal("an answer that nobody waits for was taken")
		}
	})
}

func TestFollowsNewEvents(t *testing.T) {
	shelf := newShelf(sampleEvents(100))
	onScreen(t, shelf.platform(), 80, 24, Options{}, func(s *screen) {
		shelf.put(sampleEvent(101), sampleEvent(102))
		s.pass(time.Second)
		if got := s.positions()[0]; got != 102 {
			t.Fatalf("the first row is event %d", got)
		}
		s.sees("1 of 102", "live")

		s.press("p")
		s.sees("paused")
		shelf.put(sampleEvent(103))
		s.pass(time.Second)
		s.sees("1 new", "of 103")
		if got := s.positions()[0]; got != 102 {
			t.Fatalf("event %d was shown while paused", got)
		}
		s.press("p")
		s.pass(time.Second)
		if got := s.positions()[0]; got != 103 {
			t.Fatalf("after the pause the first row is event %d", got)
		}

		s.press("f")
		s.sees("not following")
		shelf.put(sampleEvent(104))
		s.pass(time.Second)
		s.hides("of 104")
		s.press("f")
		s.pass(time.Second)
		s.sees("of 104")
	})
}

func TestSelectionStaysWhileEventsArrive(t *testing.T) {
	shelf := newShelf(sampleEvents(300))
	onScreen(t, shelf.platform(), 80, 24, Options{}, func(s *screen) {
		s.press("pgdown", "pgdown", "pgdown", "pgdown")
		before, _ := s.m.events.list.selected()
		for pos := int64(301); pos <= 320; pos++ {
			shelf.put(sampleEvent(pos))
			s.pass(100 * time.Millisecond)
		}
		after, _ := s.m.events.list.selected()
		if before.Pos != after.Pos {
			t.Fatalf("the selection went from event %d to %d", before.Pos, after.Pos)
		}
		s.sees("scrolled", "93 of 320")
		s.press("g")
		s.pass(time.Second)
		if got := s.positions()[0]; got != 320 {
			t.Fatalf("the first row is event %d", got)
		}
	})
}

// TestNoEventTwice goes up to the newest while events arrive, by pages and by the
// tail at once.
func TestNoEventTwice(t *testing.T) {
	shelf := newShelf(sampleEvents(400))
	onScreen(t, shelf.platform(), 80, 24, Options{}, func(s *screen) {
		s.press("G")
		for pos := int64(401); pos <= 700; pos++ {
			shelf.put(sampleEvent(pos))
			s.press("pgup")
			if pos%7 == 0 {
				s.pass(35 * time.Millisecond)
			}
		}
		s.press("g")
		s.pass(30 * time.Second)
		s.sees("1 of 700")
		rows := s.m.events.list.rows
		for i := 1; i < len(rows); i++ {
			if rows[i].Pos != rows[i-1].Pos-1 {
				t.Fatalf("event %d comes after %d", rows[i].Pos, rows[i-1].Pos)
			}
		}
	})
}

func TestFloodIsLeftOutAndCounted(t *testing.T) {
	shelf := newShelf(sampleEvents(10))
	onScreen(t, shelf.platform(), 80, 24, Options{}, func(s *screen) {
		var flood []localplatform.Event
		for pos := int64(11); pos <= 3010; pos++ {
			flood = append(flood, sampleEvent(pos))
		}
		shelf.put(flood...)
		s.pass(time.Second)
		s.sees("1 of 3,010", "2,800 not drawn", "600/s")
		if got := s.positions(); got[0] != 3010 || !isSorted(got) {
			t.Fatalf("rows %v", got)
		}
		for range 200 { // what was left out is there for those who look
			s.press("pgdown")
		}
		s.sees("3,010 of 3,010")
	})
}

func TestFiltersWithStackOfSteps(t *testing.T) {
	onScreen(t, samplePlatform(100), 80, 24, Options{}, func(s *screen) {
		s.press("j", "r")
		s.sees("Events › request:R49", "1 of 2", "$ sqreen events 'request:R49'")
		s.press("j", "a")
		s.sees("request:R49 › ip:203.0.113.98", "1 of 1")
		s.press("esc")
		s.sees("1 of 2")
		s.press("esc")
		s.sees("1 of 100")
		s.press("esc")
		s.sees("1 of 100")
	})
}

func TestFindsWithoutFiltering(t *testing.T) {
	onScreen(t, samplePlatform(4000), 80, 24, Options{}, func(s *screen) {
		s.press("n")
		s.sees("nothing to find yet")
		s.press("ctrl+s")
		s.typed("id:(3500,1200)")
		s.press("enter")
		s.sees("501 of 4,000")
		s.press("n")
		s.sees("2,801 of 4,000")
		s.press("n")
		s.sees("no older event matches")
		s.press("N")
		s.sees("501 of 4,000")
		s.press("e")
		s.sees("506 of 4,000")
		s.press("E")
		s.sees("501 of 4,000")
	})
}

func TestMarks(t *testing.T) {
	onScreen(t, samplePlatform(100), 80, 24, Options{}, func(s *screen) {
		s.press("j", "space", "j", "j", "space")
		s.sees(" *")
		s.press("[")
		s.sees("5 of 100")
		s.press("[")
		s.sees("2 of 100")
		s.press("[")
		s.sees("no further mark")
		s.press("]")
		s.sees("5 of 100")
		s.press(":")
		s.typed("unmark")
		s.press("enter", "]")
		s.sees("no further mark")
	})
}

func TestFilterErrorsAndCompletion(t *testing.T) {
	p := samplePlatform(100)
	var asked []string
	p.values = func(schema, field, prefix string) ([]string, error) {
		asked = append(asked, schema+" "+field+" "+prefix)
		return []string{"shop", "shipping"}, nil
	}
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		s.press("/")
		s.typed("status:4xx")
		s.sees("         ^^^ status wants a number")
		s.press("enter")
		s.sees("/ status:4xx", "^^^") // a wrong query is not applied
		s.press("ctrl+u")
		s.typed("app:sh")
		s.sees("shipping")
		if !slices.Contains(asked, "events app sh") {
			t.Fatalf("values asked: %q", asked)
		}
		s.press("tab")
		s.sees("/ app:shop")
		s.typed(" sever")
		s.press("down")
		s.sees("> severity")
		s.press("esc") // first the choice, then the prompt
		s.sees("/ app:shop sever")
		s.press("ctrl+w")
		s.take(tea.PasteMsg{Content: "attack:\nsqli\x1b[2J"})
		s.press("ctrl+u")
		s.typed("attack:sqli")
		s.press("enter")
		s.sees("1 of 20", "Events › attack:sqli")
		s.press("/", "esc")
		s.sees("Events › attack:sqli")
	})
}

func TestCommands(t *testing.T) {
	onScreen(t, samplePlatform(1000), 80, 24, Options{}, func(s *screen) {
		run := func(line string) {
			s.press(":")
			s.typed(line)
			s.press("enter")
		}
		run("goto 500")
		s.sees("501 of 1,000")
		run("goto x")
		s.sees("goto wants the number of an event")
		run("nonsense")
		s.sees("there is no command :nonsense")
		run("incidents severity:high")
		s.sees("Incidents › live › severity:high")
		run("events attack:sqli")
		s.sees("Events › attack:sqli")
		s.press(":")
		s.typed("hist")
		s.sees("histogram ", "next form")
		s.press("tab", "enter")
		s.sees("by severity")
		run("light")
		run("quit")
		if !s.quit {
			t.Fatal(":quit does not quit")
		}
	})
}

func TestHelpIsSearched(t *testing.T) {
	onScreen(t, samplePlatform(10), 80, 24, Options{}, func(s *screen) {
		s.press("?")
		s.sees("Keys", "one down", "type to search")
		s.typed("follow")
		s.sees("new events as they arrive")
		s.hides("one down")
		s.typed("xyz")
		s.sees("no key for this")
		s.press("esc")
		s.sees("1 of 10")
	})
}

func TestPlatformGoesAwayAndComesBack(t *testing.T) {
	shelf := newShelf(sampleEvents(10))
	p := samplePlatform(10)
	away := true
	p.events = func(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
		if away {
			return localplatform.EventPage{}, localplatform.Errorf(localplatform.CodeUnavailable, "no platform answers").WithHint("start one with: sqreen serve")
		}
		return shelf.page(ctx, q)
	}
	p.count = shelf.count
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		s.sees("no platform answers", "sqreen serve", "ctrl-r")
		away = false
		s.pass(2 * time.Second)
		s.sees("1 of 10")
		s.hides("no platform answers")
		away = true
		shelf.put(sampleEvent(11))
		s.pass(20 * time.Second)
		s.sees("no platform answers", "platform away", "> ") // the rows stay
		away = false
		s.pass(20 * time.Second)
		s.sees("of 11")
		s.hides("no platform answers")
	})
}

func TestBadQueryFromTheCommandLineIsShown(t *testing.T) {
	onScreen(t, newShelf(nil).platform(), 80, 24, Options{Query: "rsik:high"}, func(s *screen) {
		s.sees("rsik")
		s.hides("Asking again by itself")
	})
}

func TestUnknownPage(t *testing.T) {
	if err := Run(t.Context(), &fake{}, Options{Page: "nonsense"}); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
		t.Fatalf("got %v", err)
	}
}

func TestEmptyStatesTellWhatToDo(t *testing.T) {
	p := newShelf(nil).platform()
	p.incidents = func(localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
		return localplatform.IncidentPage{}, nil
	}
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		s.sees("Nothing has been reported yet", "sqreen tokens create", "sqreen demo")
		s.press("enter", "j", "G", "r", "y", "n", "e", "space") // nothing to act on
		s.press("/")
		s.typed("attack:sqli")
		s.press("enter")
		s.sees("No event matches this filter")
		s.press("2")
		s.sees("No incident is live")
		s.press("t")
		s.sees("There has been no incident", "sqreen demo")
	})
}

func TestHostileTextIsHarmless(t *testing.T) {
	e := sampleEvent(1)
	e.Path, e.Method, e.Attack = "/\x1b]0;owned\x07\x1b[2J", "GET", "\u202egnp"
	p := newShelf([]localplatform.Event{e}).platform()
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		for _, bad := range []string{"\x1b]0", "\x1b[2J", "\u202e", "\a"} {
			if strings.Contains(s.m.draw(), bad) {
				t.Errorf("%q reaches the terminal", bad)
			}
		}
		s.sees("␛]0;owned␇")
	})
}

func TestMouse(t *testing.T) {
	onScreen(t, samplePlatform(100), 80, 24, Options{}, func(s *screen) {
		s.take(tea.MouseClickMsg{Button: tea.MouseLeft, X: 10, Y: 7})
		s.settle()
		s.sees("5 of 100")
		s.take(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
		s.settle()
		s.sees("8 of 100")
		s.take(tea.MouseClickMsg{Button: tea.MouseLeft, X: 10, Y: 10})
		s.settle()
		s.sees("event 93", "payload")
		s.take(tea.MouseClickMsg{Button: tea.MouseLeft, X: 20, Y: 0})
		s.settle()
		s.sees("Incidents › live")
		s.take(tea.MouseClickMsg{Button: tea.MouseLeft, X: 9, Y: 0})
		s.settle()
		s.sees("event 93")
	})
}

func TestCopies(t *testing.T) {
	onScreen(t, samplePlatform(100), 80, 24, Options{}, func(s *screen) {
		s.press("y")
		s.sees("copied event 100 as JSON")
		s.press("Y")
		s.sees("copied: sqreen events")
		s.pass(6 * time.Second)
		s.hides("copied")
	})
}

func TestFacetsFilter(t *testing.T) {
	onScreen(t, samplePlatform(100), 100, 30, Options{}, func(s *screen) {
		s.press("v")
		s.sees("1,200", "scanner")
		s.press("j", "enter")
		s.sees("Events › attack:scanner", "1 of 20")
	})
}

// TestSlowPanesAreWaitedFor refreshes panes while an answer takes its time.
func TestSlowPanesAreWaitedFor(t *testing.T) {
	p := samplePlatform(100)
	asked := 0
	p.facets = func(q localplatform.FacetQuery) ([]localplatform.Facet, error) {
		if q.Fields[0] == "ip" {
			return sampleFacets(q)
		}
		asked++
		<-time.After(58 * time.Second) // on the clock of the test
		return sampleFacets(q)
	}
	onScreen(t, p, 100, 30, Options{}, func(s *screen) {
		s.press("v")
		s.pass(30 * time.Second)
		s.sees("counting", "203.0.113.7")
		s.pass(29 * time.Second)
		s.sees("1,200")
		if asked != 1 {
			t.Fatalf("asked %d times for one answer", asked)
		}
	})
}

func TestHistogramNarrowsToABurst(t *testing.T) {
	p := samplePlatform(10)
	var asked []localplatform.HistogramQuery
	p.histogram = func(q localplatform.HistogramQuery) (localplatform.Histogram, error) {
		asked = append(asked, q)
		h := localplatform.Histogram{From: noon().Add(-24 * time.Hour), Step: 24 * time.Minute, Total: 9}
		if !q.From.IsZero() {
			h.From, h.Step = q.From, q.To.Sub(q.From)/60
		}
		for i := range 60 {
			b := localplatform.HistogramBucket{Start: h.From.Add(time.Duration(i) * h.Step)}
			if i == 30 {
				b.Count = 9
			}
			h.Buckets = append(h.Buckets, b)
		}
		return h, nil
	}
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		s.press("i")
		if len(asked) < 3 || asked[1].To.Sub(asked[1].From) != 24*time.Minute {
			t.Fatalf("asked %v", asked)
		}
	})
}

func TestHiddenListIsNotAskedFor(t *testing.T) {
	p := samplePlatform(10)
	asked := 0
	p.incidents = func(q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
		asked++
		return sampleIncidents(q)
	}
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		s.press("2")
		s.pass(6 * time.Second)
		if asked < 2 {
			t.Fatalf("the list was asked for %d times", asked)
		}
		s.press("1")
		before := asked
		s.pass(30 * time.Second)
		if asked != before {
			t.Fatalf("the hidden list was asked for %d times", asked-before)
		}
		s.press("tab")
		if asked == before {
			t.Fatal("the list is old")
		}
	})
}

func TestDetailFailure(t *testing.T) {
	p := samplePlatform(10)
	p.event = func(int64) (localplatform.Event, error) {
		return localplatform.Event{}, errors.New("gone with the wind")
	}
	onScreen(t, p, 80, 24, Options{}, func(s *screen) {
		s.press("enter")
		s.sees("gone with the wind")
	})
}
