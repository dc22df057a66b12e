package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/cmd/internal/printer"
)

// watch shows the demo until it is over: a live picture on a terminal, else a
// line now and then.
func (b *board) watch(ctx context.Context) error {
	if b.st.o.IO.IsStdoutTTY() && b.st.o.IO.IsStdinTTY() {
		return b.watchLive(ctx)
	}
	return b.watchLines(ctx)
}

// refresh is how often the live picture is read anew.
const refresh = 500 * time.Millisecond

func (b *board) watchLive(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan error, 1)
	live := &screen{ctx: ctx, board: b, colour: b.st.o.IO.Colour()}
	program := tea.NewProgram(live, tea.WithInput(b.st.o.IO.In), tea.WithOutput(b.st.o.IO.Terminal()), tea.WithoutSignalHandler())
	go func() {
		over <- b.over(ctx)
		program.Quit()
	}()
	_, err := program.Run()
	cancel()
	return errors.Join(<-over, err)
}

// screen is the live picture as Bubble Tea knows it.
type screen struct {
	ctx           context.Context //nolint:containedctx // a program outlives no context
	board         *board
	colour        iostreams.Colour
	picture       picture
	width, height int
}

type (
	lookedMsg struct{ picture picture }
	dueMsg    struct{}
)

// Init reads the first picture.
func (s *screen) Init() tea.Cmd { return s.lookCmd() }

func (s *screen) lookCmd() tea.Cmd {
	return func() tea.Msg { return lookedMsg{s.board.look(s.ctx)} }
}

// Update takes a picture in, and keys.
func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case lookedMsg:
		s.picture = msg.picture
		return s, tea.Tick(refresh, func(time.Time) tea.Msg { return dueMsg{} })
	case dueMsg:
		return s, s.lookCmd()
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "esc", "ctrl+c":
			return s, tea.Quit
		}
	}
	return s, nil
}

// View draws the picture.
func (s *screen) View() tea.View {
	text := ""
	if s.width > 0 && len(s.picture.Stands) > 0 {
		text = draw(s.picture, s.colour, s.width, s.height)
	}
	v := tea.NewView(text)
	v.AltScreen = true
	v.WindowTitle = "sqreen demo"
	return v
}

// linesEvery is how often a line tells how things stand.
const linesEvery = 5 * time.Second

func (b *board) watchLines(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- b.over(ctx) }()
	tick := time.NewTicker(linesEvery)
	defer tick.Stop()
	told := map[int64]bool{}
	for {
		select {
		case err := <-over:
			return err
		case <-tick.C:
			b.tell(b.look(ctx), told)
		}
	}
}

// tell writes what is new, and how each shop stands.
func (b *board) tell(p picture, told map[int64]bool) {
	out, c := b.st.o.IO.ErrOut, b.st.o.IO.Colour()
	for _, i := range p.Incidents {
		if !told[i.ID] {
			told[i.ID] = true
			fmt.Fprintf(out, "%s  incident%s\n", clock(p.Elapsed), incidentLine(i, c))
		}
	}
	for _, s := range p.Stands {
		fmt.Fprintf(out, "%s  %-8s %s requests", clock(p.Elapsed), s.Env, printer.Thousands(sent(s.Report)))
		if p.Platform != "" {
			fmt.Fprintf(out, ", %s attacks seen, %s blocked", printer.Thousands(s.App.Attacks24h), printer.Thousands(s.App.Blocked24h))
		}
		fmt.Fprintf(out, "; attackers got %s\n", haul(s.Report.Loot, c))
	}
	if p.Trouble != "" {
		fmt.Fprintf(out, "%s  %s\n", clock(p.Elapsed), p.Trouble)
	}
}
