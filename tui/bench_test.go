package tui

import (
	"context"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
)

const million = 1_000_000

// endless answers pages of a list of a million events at once.
func endless() *fake {
	var all [1000]localplatform.Event
	for i := range all {
		all[i] = sampleEvent(int64(i))
	}
	make := func(pos int64) localplatform.Event {
		e := all[pos%1000]
		e.Pos = pos
		return e
	}
	return &fake{
		events: func(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
			if q.Wait > 0 {
				<-ctx.Done()
				return localplatform.EventPage{}, ctx.Err()
			}
			page := localplatform.EventPage{Last: million}
			if q.After != 0 {
				for pos := max(q.After, 0) + 1; pos <= million && len(page.Events) < q.Limit; pos++ {
					page.Events = append(page.Events, make(pos))
				}
				page.More = len(page.Events) == q.Limit
				return page, nil
			}
			if q.Before == 0 {
				q.Before = million + 1
			}
			for pos := q.Before - 1; pos > 0 && len(page.Events) < q.Limit; pos-- {
				page.Events = append(page.Events, make(pos))
			}
			page.More = len(page.Events) == q.Limit
			return page, nil
		},
		event: func(pos int64) (localplatform.Event, error) { return make(pos), nil },
		count: func(string) (int64, error) { return million, nil },
	}
}

// never is a clock whose time does not come.
func never(context.Context, time.Duration) bool { return false }

// answerAll runs commands one after the other and gives their answers to the model.
func answerAll(m *model, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			answerAll(m, c)
		}
	default:
		_, next := m.Update(msg)
		answerAll(m, next)
	}
}

func benchModel(b *testing.B, w, h int) *model {
	b.Helper()
	src := newSource(b.Context(), endless())
	b.Cleanup(src.close)
	src.later = never
	m, err := newModel(src, Options{Now: noon, Width: w, Height: h})
	if err != nil {
		b.Fatal(err)
	}
	m.events.tail.follow = false // the tail waits, and here nothing may
	answerAll(m, m.showCmd(0))
	if len(m.events.list.rows) == 0 {
		b.Fatal("no rows")
	}
	return m
}

// BenchmarkKey is one key at a million events: Update with the pages it asks
// for, and View.
func BenchmarkKey(b *testing.B) {
	for name, keys := range map[string][]string{
		"down":      {"j"},
		"page":      {"pgdown"},
		"jump":      {"G", "g"},
		"detail":    {"enter", "j", "k", "esc"},
		"down-120":  {"j"},
		"filtering": {"/", "a", "backspace", "esc"},
	} {
		b.Run(name, func(b *testing.B) {
			w, h := 80, 24
			if name == "down-120" {
				w, h = 120, 40
			}
			m := benchModel(b, w, h)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				_, cmd := m.Update(keyPress(keys[i%len(keys)]))
				answerAll(m, cmd)
				if v := m.View(); v.Content == "" {
					b.Fatal("nothing drawn")
				}
				i++
			}
		})
	}
}

// BenchmarkTail is one frame of a live tail at 5,000 events a second: the events
// of a thirtieth of a second arrive and are drawn.
func BenchmarkTail(b *testing.B) {
	m := benchModel(b, 120, 40)
	m.events.tail.follow = true
	pos := int64(million)
	b.ReportAllocs()
	for b.Loop() {
		const perFrame = 5000 / 30
		events := make([]localplatform.Event, perFrame)
		for i := range events {
			events[i] = sampleEvent(pos + int64(perFrame-i))
		}
		pos += perFrame
		_, t := m.src.begin(slotTail)
		m.Update(tailArrivedMsg{ticket: t, events: events, last: pos})
		if m.View().Content == "" || m.events.list.rows[0].Pos != pos {
			b.Fatal("the newest event is not drawn")
		}
	}
	b.ReportMetric(5000/30, "events/op")
}
