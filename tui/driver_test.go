package tui

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// shelf is events in order of position, behind the calls of a platform.
type shelf struct {
	mu     sync.Mutex
	events []localplatform.Event
	grown  chan struct{}
}

func newShelf(events []localplatform.Event) *shelf {
	return &shelf{events: events}
}

// put adds events as agents do.
func (s *shelf) put(events ...localplatform.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, events...)
	if s.grown != nil {
		close(s.grown)
		s.grown = nil
	}
}

func (s *shelf) page(ctx context.Context, q localplatform.EventQuery) (localplatform.EventPage, error) {
	wait, cancel := context.WithTimeout(ctx, q.Wait)
	defer cancel()
	for {
		s.mu.Lock()
		page, err := s.now(q)
		if s.grown == nil { // made here, for the bubble of the one who waits
			s.grown = make(chan struct{})
		}
		grown := s.grown
		s.mu.Unlock()
		if err != nil || len(page.Events) > 0 || q.Wait == 0 {
			return page, err
		}
		select {
		case <-wait.Done():
			return page, ctx.Err()
		case <-grown:
		}
	}
}

func (s *shelf) now(q localplatform.EventQuery) (localplatform.EventPage, error) {
	f, err := queries.Compile(q.Query, localplatform.EventSchema(), noon())
	if err != nil {
		return localplatform.EventPage{}, &localplatform.Error{Code: localplatform.CodeInvalidQuery, Message: err.Error()}
	}
	var page localplatform.EventPage
	if n := len(s.events); n > 0 {
		page.Last = s.events[n-1].Pos
	}
	take := func(e *localplatform.Event) bool {
		if (q.Before > 0 && e.Pos >= q.Before) || (q.After > 0 && e.Pos <= q.After) || !f.Match(e) {
			return true
		}
		if len(page.Events) == q.Limit {
			page.More = true
			return false
		}
		page.Events = append(page.Events, *e)
		page.Next = e.Pos
		return true
	}
	for i := range s.events {
		at := len(s.events) - 1 - i
		if q.After != 0 {
			at = i
		}
		if !take(&s.events[at]) {
			break
		}
	}
	return page, nil
}

func (s *shelf) count(query string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page, err := s.now(localplatform.EventQuery{Query: query, Limit: len(s.events)})
	return int64(len(page.Events)), err
}

func (s *shelf) event(pos int64) (localplatform.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Pos == pos {
			return e, nil
		}
	}
	return localplatform.Event{}, localplatform.Errorf(localplatform.CodeNotFound, "event %d is not stored", pos)
}

// platform is a fake on top of the shelf.
func (s *shelf) platform() *fake { return &fake{events: s.page, event: s.event, count: s.count} }

// sampleEvent is one of a varied sequence.
func sampleEvent(pos int64) localplatform.Event {
	e := localplatform.Event{
		Pos: pos, At: noon().Add(time.Duration(pos-5000) * time.Second), App: "shop", Env: "prod", Kind: wire.KindUser,
		Name: wire.NameLoginFailure, IP: netip.AddrFrom4([4]byte{203, 0, 113, byte(pos % 250)}), Method: "POST", Path: "/login",
		Status: 401, Request: fmt.Sprintf("R%d", pos/2), User: "alice@example.com", Weight: 1,
	}
	switch pos % 5 {
	case 0:
		e.Kind, e.Name, e.Attack, e.Severity, e.Method, e.Path = wire.KindAttack, wire.NameAttack, wire.AttackSQLi, localplatform.SeverityHigh, "GET", "/search"
		e.Reached, e.Blocked, e.Message, e.User = true, pos%10 == 0, "the input ended a string literal", ""
	case 1:
		e.Kind, e.Name, e.Attack, e.Severity, e.Method, e.Path = wire.KindAttack, wire.NameAttack, wire.AttackScanner, localplatform.SeverityLow, "GET", "/.git/config"
	case 2:
		e.IP, e.Env, e.Path = netip.MustParseAddr("2001:db8::bad:cafe"), "staging", "/\u6771\u4eac/\u30ed\u30b0\u30a4\u30f3"
	}
	return e
}

func sampleEvents(n int64) []localplatform.Event {
	var out []localplatform.Event
	for pos := int64(1); pos <= n; pos++ {
		out = append(out, sampleEvent(pos))
	}
	return out
}

// screen runs a model the way Bubble Tea does, inside a bubble of synctest.
type screen struct {
	t    testing.TB
	m    *model
	msgs chan tea.Msg
	quit bool
}

// onScreen starts the explorer on a platform and waits until it is still.
func onScreen(t *testing.T, p localplatform.Platform, w, h int, opts Options, test func(s *screen)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t.Context(), p)
		defer src.close()
		opts.Width, opts.Height = w, h
		if opts.Now == nil {
			opts.Now = noon
		}
		m, err := newModel(src, opts)
		if err != nil {
			t.Fatal(err)
		}
		s := &screen{t: t, m: m, msgs: make(chan tea.Msg, 10_000)}
		s.start(m.showCmd(m.at))
		s.settle()
		test(s)
	})
}

// start runs a command beside the model.
func (s *screen) start(cmd tea.Cmd) {
	if cmd != nil {
		go func() { s.msgs <- cmd() }()
	}
}

// settle lets everything happen that happens without time passing.
func (s *screen) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-s.msgs:
			s.take(msg)
		default:
			return
		}
	}
}

func (s *screen) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			s.start(c)
		}
	case tea.QuitMsg:
		s.quit = true
	default:
		_, cmd := s.m.Update(msg)
		s.start(cmd)
	}
}

// pass lets time pass.
func (s *screen) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); s.settle() {
		step := time.NewTimer(min(20*time.Millisecond, time.Until(end)))
		<-step.C
	}
}

// press sends keys by their names.
func (s *screen) press(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		s.take(keyPress(k))
		s.settle()
	}
}

// typed sends text character by character.
func (s *screen) typed(text string) {
	s.t.Helper()
	for _, r := range text {
		s.take(tea.KeyPressMsg{Code: r, Text: string(r)})
		s.settle()
	}
}

func keyPress(name string) tea.KeyPressMsg {
	special := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "down": {Code: tea.KeyDown}, "up": {Code: tea.KeyUp},
		"pgdown": {Code: tea.KeyPgDown}, "pgup": {Code: tea.KeyPgUp}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd}, "left": {Code: tea.KeyLeft},
		"backspace": {Code: tea.KeyBackspace}, "space": {Code: tea.KeySpace, Text: " "},
	}
	if k, ok := special[name]; ok {
		return k
	}
	if r, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: []rune(r)[0], Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// text is the screen without colour.
func (s *screen) text() string { return plain(s.m.draw()) }

func plain(drawn string) string {
	lines := strings.Split(ansi.Strip(drawn), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// sees fails unless all texts are on screen.
func (s *screen) sees(texts ...string) {
	s.t.Helper()
	for _, want := range texts {
		if !strings.Contains(s.text(), want) {
			s.t.Fatalf("the screen does not show %q:\n%s", want, s.text())
		}
	}
}

// hides fails when one of the texts is on screen.
func (s *screen) hides(texts ...string) {
	s.t.Helper()
	for _, not := range texts {
		if strings.Contains(s.text(), not) {
			s.t.Fatalf("the screen shows %q:\n%s", not, s.text())
		}
	}
}

// golden compares the screen with a file.
func (s *screen) golden(name string) {
	s.t.Helper()
	s.fits()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(s.text()), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(s.text(), "\n")); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// fits fails when the screen is larger than the terminal.
func (s *screen) fits() {
	s.t.Helper()
	lines := strings.Split(s.m.draw(), "\n")
	if len(lines) > max(s.m.h, 1) {
		s.t.Fatalf("%d lines on a screen of %dx%d:\n%s", len(lines), s.m.w, s.m.h, s.text())
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); n > s.m.w {
			s.t.Fatalf("line %d is %d cells wide on a screen of %dx%d: %q", i, n, s.m.w, s.m.h, ansi.Strip(l))
		}
	}
}

// positions are the events on screen.
func (s *screen) positions() []int64 {
	var out []int64
	for _, e := range s.m.events.list.visible() {
		out = append(out, e.Pos)
	}
	return out
}

func isSorted(pos []int64) bool {
	return slices.IsSortedFunc(pos, func(a, b int64) int { return int(b - a) })
}
