package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// page is one page of the explorer. All of it runs inside Update and View.
type page interface {
	open() tea.Cmd              // ask for everything that is shown
	shown() tea.Cmd             // it is on screen again: ask for what is old
	resize(w, h int)            // room without the frame
	update(msg tea.Msg) tea.Cmd // takes answers of its own slots, passes over others
	key(c command) tea.Cmd
	click(x, y int) tea.Cmd // counted from the page's corner
	wheel(rows int) tea.Cmd
	view(w, h int) []string
	crumbs() []string
	counted() string
	commandLine() string
	trouble() error // what keeps the page from being up to date
	filter() (query string, schema *queries.Schema)
	setFilter(query, name string) tea.Cmd
}

const toastFor = 5 * time.Second

const slotToast slot = "toast"

// model is the frame: pages, prompt, dialog, help and the latest toast.
type model struct {
	frame
	pages  []page
	names  []string
	at     int
	opened []bool
	w, h   int
	prompt prompt
	dialog dialog
	help   help
	toast  toast
	fresh  bool // the toast has to be taken away after a while
	dark   bool
	events *eventsPage
	cases  *incidentsPage
}

func newModel(src *source, opts Options) (*model, error) {
	keys, st := newKeyMap(), newStyles(true)
	m := &model{w: opts.Width, h: opts.Height, dark: true, names: []string{"Events", "Incidents"}}
	m.frame = frame{src: src, keys: &keys, st: &st, now: opts.Now, tell: m.say}
	var onEvents, onIncidents string
	switch opts.Page {
	case "", PageEvents:
		onEvents = opts.Query
	case PageIncidents:
		onIncidents, m.at = opts.Query, 1
	default:
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "there is no page %q", opts.Page).WithHint("use events or incidents")
	}
	m.events = newEventsPage(&m.frame, onEvents)
	m.cases = newIncidentsPage(&m.frame, onIncidents)
	m.pages = []page{m.events, m.cases}
	m.wireIncidents()
	m.opened = make([]bool, len(m.pages))
	m.resize(m.w, m.h)
	return m, nil
}

// Init asks for the first page and for the colour of the screen.
func (m *model) Init() tea.Cmd {
	return tea.Batch(m.showCmd(m.at), tea.RequestBackgroundColor)
}

func (m *model) page() page { return m.pages[m.at] }

// say shows a toast; Update sees to it that it goes away.
func (m *model) say(t toast) { m.toast, m.fresh = t, true }

// showCmd turns to a page.
func (m *model) showCmd(i int) tea.Cmd {
	m.turn(i)
	if m.opened[i] {
		return m.page().shown()
	}
	m.opened[i] = true
	return m.page().open()
}

// turn makes a page the one on screen.
func (m *model) turn(i int) {
	m.at = i
	m.cases.visible = m.pages[i] == page(m.cases)
}

// toastDueMsg takes a toast away.
type toastDueMsg struct{ ticket }

// Update answers one message. It does no I/O: that is in the commands it returns.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.handle(msg)
	if m.fresh {
		m.fresh = false
		cmd = tea.Batch(cmd, m.src.afterCmd(slotToast, toastFor, func(t ticket) tea.Msg { return toastDueMsg{t} }))
	}
	return m, cmd
}

func (m *model) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		if !m.src.settle(msg.asked()) {
			return nil
		}
		return m.answered(msg)
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
		return m.page().update(msg)
	case tea.BackgroundColorMsg:
		m.setDark(msg.IsDark())
	case tea.KeyPressMsg:
		return m.pressed(msg)
	case tea.PasteMsg:
		return m.pasted(msg.Content)
	case tea.MouseWheelMsg:
		return m.wheeled(tea.Mouse(msg))
	case tea.MouseClickMsg:
		return m.clicked(tea.Mouse(msg))
	}
	return nil
}

// answered hands an answer to whoever asked.
func (m *model) answered(msg answer) tea.Cmd {
	switch msg := msg.(type) {
	case toastDueMsg:
		m.toast = toast{}
	case valuesLoadedMsg:
		m.prompt.valuesLoaded(msg)
		return m.prompt.valuesCmd(m.src)
	case actionDoneMsg:
		return m.actionDone(msg)
	}
	var cmds []tea.Cmd
	for _, p := range m.pages {
		cmds = append(cmds, p.update(msg))
	}
	return tea.Batch(cmds...)
}

func (m *model) setDark(dark bool) {
	st := newStyles(dark)
	*m.st, m.dark = st, dark
}

func (m *model) resize(w, h int) {
	m.w, m.h = max(w, 0), max(h, 0)
	for _, p := range m.pages {
		p.resize(m.w, m.bodyHeight())
	}
}

// bodyHeight is what the frame leaves: a line above and two below.
func (m *model) bodyHeight() int { return max(m.h-m.above()-m.below(), 0) }

func (m *model) above() int { return min(m.h, 1) }

func (m *model) below() int {
	if m.h < 6 {
		return 0
	}
	return 2
}

// pressed gives a key to what is on top.
func (m *model) pressed(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.dialog != nil:
		return m.act(m.dialog.key(k))
	case m.help.open:
		m.help.key(k)
		return nil
	case m.prompt.open():
		return m.promptKey(k)
	}
	c := m.keys.lookup(m.at, k.String())
	switch c {
	case cmdNone:
		return nil
	case cmdQuit:
		return tea.Quit
	case cmdHelp:
		m.help = newHelp(m.keys, m.at)
		return nil
	case cmdNextPage:
		step := 1
		if k.String() == "shift+tab" {
			step = len(m.pages) - 1
		}
		return m.showCmd((m.at + step) % len(m.pages))
	case cmdPage:
		if i := int(k.Code - '1'); i < len(m.pages) {
			return m.showCmd(i)
		}
		return nil
	case cmdFilter:
		m.openFilter(promptFilter, "/")
		return nil
	case cmdFind:
		m.openFilter(promptFind, "find")
		return nil
	case cmdCommand:
		m.prompt = prompt{kind: promptCommand, label: ":", options: commandOptions(), now: m.now, chosen: -1}
		m.prompt.typed()
		return nil
	}
	return m.pageKey(c)
}

// pageKey gives a key to the page, and does what the page leaves to the frame.
func (m *model) pageKey(c command) tea.Cmd {
	cmd := m.page().key(c)
	m.resize(m.w, m.h) // panes may have opened or closed
	return cmd
}

func (m *model) openFilter(kind promptKind, label string) {
	query, schema := m.page().filter()
	if kind == promptFind {
		query = m.events.find
	}
	m.prompt = prompt{kind: kind, label: label, edit: newEditor(query), schema: schema, now: m.now, chosen: -1}
	m.prompt.typed()
}

func (m *model) promptKey(k tea.KeyPressMsg) tea.Cmd {
	done, left := m.prompt.key(k)
	switch {
	case left:
		m.src.cancel(slotComplete)
		m.prompt = prompt{}
		return nil
	case done:
		p := m.prompt
		m.src.cancel(slotComplete)
		m.prompt = prompt{}
		return m.entered(p.kind, strings.TrimSpace(p.edit.String()))
	}
	return m.prompt.valuesCmd(m.src)
}

func (m *model) pasted(s string) tea.Cmd {
	if !m.prompt.open() || m.dialog != nil {
		return nil
	}
	m.prompt.edit.insert(s)
	m.prompt.typed()
	return m.prompt.valuesCmd(m.src)
}

// entered does what was typed into a prompt.
func (m *model) entered(kind promptKind, text string) tea.Cmd {
	switch kind {
	case promptFilter:
		if old, _ := m.page().filter(); old == text {
			return nil
		}
		return m.page().setFilter(text, "")
	case promptFind:
		if m.events.find = text; text == "" {
			return nil
		}
		return m.events.findCmd(text, true)
	case promptCommand:
		return m.run(text)
	case promptAssign, promptNote:
		return m.incidents().said(kind, text)
	case promptNone:
	}
	return nil
}

func (m *model) wheeled(e tea.Mouse) tea.Cmd {
	if m.dialog != nil || m.prompt.open() {
		return nil
	}
	rows := map[tea.MouseButton]int{tea.MouseWheelUp: -3, tea.MouseWheelDown: 3}[e.Button]
	if m.help.open {
		m.help.scroll += rows
		return nil
	}
	return m.page().wheel(rows)
}

func (m *model) clicked(e tea.Mouse) tea.Cmd {
	if e.Button != tea.MouseLeft || m.dialog != nil || m.help.open || m.prompt.open() {
		return nil
	}
	if e.Y == 0 {
		if i := m.tabAt(e.X); i >= 0 {
			return m.showCmd(i)
		}
		return nil
	}
	cmd := m.page().click(e.X, e.Y-m.above())
	m.resize(m.w, m.h)
	return cmd
}

// View draws the screen.
func (m *model) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen, v.MouseMode, v.WindowTitle = true, tea.MouseModeCellMotion, "sqreen"
	return v
}

func (m *model) draw() string {
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	lines := append(make([]string, 0, m.h), m.header())
	body := m.page().view(m.w, m.bodyHeight())
	m.overBody(body)
	lines = append(lines, body...)
	if m.below() > 0 {
		lines = append(lines, m.footer()...)
	}
	if m.w < 60 || m.h < 12 { // where layouts give up, the edge still holds
		for i := range lines {
			lines[i] = styled(lines[i], m.w)
		}
	}
	return strings.Join(lines[:min(len(lines), m.h)], "\n")
}

// overBody lays help, a dialog or the suggestions over the page.
func (m *model) overBody(body []string) {
	switch {
	case m.help.open:
		copy(body, m.help.view(m.w, len(body), m.st))
	case m.dialog != nil:
		overlay(body, m.dialog.view(min(m.w, 76), m.st), m.w)
	case m.prompt.open():
		menu := m.prompt.menu(m.w, len(body)-1, m.st)
		copy(body[len(body)-len(menu):], menu)
	}
}

// header is the pages and the way to what is shown.
func (m *model) header() string {
	var b strings.Builder
	b.WriteString(m.st.bar.on("sqreen "))
	for i, n := range m.names {
		t := m.st.dim
		if i == m.at {
			t = m.st.tab
		}
		b.WriteString(t.on(tabLabel(i, n)) + " ")
	}
	crumbs := m.page().crumbs()
	for i := range crumbs {
		crumbs[i] = clean(head(crumbs[i], 8*m.w))
	}
	return styled(b.String()+" "+m.st.dim.on(strings.Join(crumbs, " \u203a ")), m.w)
}

func tabLabel(i int, name string) string { return " " + string(rune('1'+i)) + " " + name + " " }

// tabAt says which page's name is under the mouse, -1 for none.
func (m *model) tabAt(x int) int {
	at := len("sqreen ")
	for i, n := range m.names {
		w := len(tabLabel(i, n))
		if x >= at && x < at+w {
			return i
		}
		at += w + 1
	}
	return -1
}

// footer is the prompt, or the status line and the most useful keys.
func (m *model) footer() []string {
	if m.prompt.open() && m.dialog == nil && !m.help.open {
		line, below := m.prompt.view(m.w, m.st)
		return []string{line, below}
	}
	return []string{m.status(), m.keyLine()}
}

func (m *model) status() string {
	left := m.st.dim.on("$ " + clean(head(m.page().commandLine(), 8*m.w)))
	switch err := m.page().trouble(); {
	case m.toast.text != "":
		t := m.st.strong
		if m.toast.good {
			t = m.st.good
		} else if m.toast.bad {
			t = m.st.bad
		}
		left = t.on(clean(m.toast.String()))
	case err != nil:
		f := failure(err)
		left = m.st.bad.on("! " + clean(f.String()) + again(err))
	}
	return sides(left, m.st.strong.on(m.page().counted()), m.w)
}

func again(err error) string {
	if permanent(err) {
		return ""
	}
	return " (asking again; ctrl-r now)"
}

// keyLine shows keys of the page, as many as fit.
func (m *model) keyLine() string {
	var b strings.Builder
	used := 0
	for _, h := range shortHelp(m.at) {
		label := m.keys.label(h.command)
		n := len(label) + 1 + len(h.word) + 2
		if used+n > m.w {
			break
		}
		used += n
		b.WriteString(m.st.key.on(label) + " " + m.st.dim.on(h.word) + "  ")
	}
	return b.String() + spaces(m.w-used)
}
