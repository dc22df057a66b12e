package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

const (
	incidentRows  = 200             // incidents asked for at once
	incidentEvery = 5 * time.Second // the list is asked for again so often while it is on screen
)

// Slots of the incidents page.
const (
	slotIncidents     slot = "incidents"
	slotMoreIncidents slot = "more incidents"
	slotIncident      slot = "incident"
	slotIncidentsDue  slot = "incidents due"
)

// incidentsPage is the list of incidents and what is known of one.
type incidentsPage struct {
	*frame
	schema  *queries.Schema
	query   string
	trail   []string
	sort    int // of incidentSorts
	state   int // of incidentFilters
	rows    []localplatform.Incident
	total   int
	cursor  int
	top     int
	height  int
	width   int
	loaded  bool
	visible bool
	old     bool // it would have been asked again, had it been visible
	err     error
	tries   int
	detail  incidentDetail
	ask     func(dialog)                                // opens a dialog above the page
	typing  func(kind promptKind, label, before string) // opens a prompt
	events  func(query, name string) tea.Cmd            // turns to the events page
	done    func(action) tea.Cmd                        // carries an action out
}

func newIncidentsPage(f *frame, query string) *incidentsPage {
	return &incidentsPage{frame: f, schema: localplatform.IncidentSchema(), query: query}
}

func incidentSorts() []string { return []string{"last", "severity", "first", "events", "id"} }

// stateFilter is one of the choices of which states are listed.
type stateFilter struct{ name, query string }

func incidentFilters() []stateFilter {
	out := []stateFilter{{"live", "state:(open,acknowledged,snoozed)"}, {"all", ""}}
	for _, s := range localplatform.IncidentStates() {
		out = append(out, stateFilter{s, "state:" + s})
	}
	return out
}

// incidentsLoadedMsg is a part of the list.
type incidentsLoadedMsg struct {
	ticket
	page   localplatform.IncidentPage
	offset int
	err    error
}

// incidentLoadedMsg is one incident with its timeline.
type incidentLoadedMsg struct {
	ticket
	incident localplatform.Incident
	err      error
}

// incidentsDueMsg says that the list is old.
type incidentsDueMsg struct{ ticket }

func (p *incidentsPage) loadCmd(sl slot, offset, limit int) tea.Cmd {
	q := localplatform.IncidentQuery{
		Query: and(incidentFilters()[p.state].query, p.query), Sort: incidentSorts()[p.sort],
		Limit: limit, Offset: offset,
	}
	return ask(p.src, sl, func(ctx context.Context, pf localplatform.Platform) (localplatform.IncidentPage, error) {
		return pf.Incidents(ctx, q)
	}, func(t ticket, page localplatform.IncidentPage, err error) tea.Msg {
		return incidentsLoadedMsg{t, page, offset, err}
	})
}

// reloadCmd asks again for what is in memory.
func (p *incidentsPage) reloadCmd() tea.Cmd {
	p.src.cancel(slotMoreIncidents)
	n := (max(len(p.rows), 1) + incidentRows - 1) / incidentRows * incidentRows
	return tea.Batch(p.loadCmd(slotIncidents, 0, min(n, localplatform.MaxPage)), p.incidentCmd(true))
}

func (p *incidentsPage) open() tea.Cmd { return p.reloadCmd() }

func (p *incidentsPage) shown() tea.Cmd {
	if !p.old {
		return nil
	}
	p.old = false
	return p.reloadCmd()
}

// again begins a list in another order or with another filter.
func (p *incidentsPage) again() tea.Cmd {
	p.rows, p.cursor, p.top, p.total, p.loaded, p.err = nil, 0, 0, 0, false, nil
	return p.reloadCmd()
}

func (p *incidentsPage) setFilter(query, _ string) tea.Cmd {
	p.trail = append(p.trail, p.query)
	p.query, p.detail = query, incidentDetail{}
	return p.again()
}

func (p *incidentsPage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case incidentsLoadedMsg:
		return p.listLoaded(msg)
	case incidentLoadedMsg:
		p.detail.loaded(msg)
	case incidentsDueMsg:
		if p.old = !p.visible; p.old {
			return nil
		}
		return p.reloadCmd()
	}
	return nil
}

func (p *incidentsPage) listLoaded(msg incidentsLoadedMsg) tea.Cmd {
	if msg.err != nil {
		p.err = msg.err
		p.tries++
		return p.dueCmd(backoff(p.tries))
	}
	p.err, p.tries, p.loaded, p.total = nil, 0, true, msg.page.Total
	var at int64
	if len(p.rows) > 0 {
		at = p.rows[p.cursor].ID
	}
	p.rows = append(p.rows[:min(msg.offset, len(p.rows))], msg.page.Incidents...)
	if i := slices.IndexFunc(p.rows, func(in localplatform.Incident) bool { return in.ID == at }); i >= 0 {
		p.cursor = i // the selection stays on its incident
	}
	p.move(0)
	return tea.Batch(p.dueCmd(incidentEvery), p.extendCmd())
}

func (p *incidentsPage) dueCmd(d time.Duration) tea.Cmd {
	if p.err != nil && permanent(p.err) {
		return nil
	}
	return p.src.afterCmd(slotIncidentsDue, d, func(t ticket) tea.Msg { return incidentsDueMsg{t} })
}

// extendCmd asks for further incidents when the selection comes near the end.
func (p *incidentsPage) extendCmd() tea.Cmd {
	near := len(p.rows)-p.cursor <= max(2*p.height, 50)
	if !near || len(p.rows) >= p.total || p.src.busy(slotMoreIncidents) || p.src.busy(slotIncidents) {
		return nil
	}
	return p.loadCmd(slotMoreIncidents, len(p.rows), incidentRows)
}

// move changes the selection and keeps it in view.
func (p *incidentsPage) move(n int) {
	p.cursor = max(0, min(p.cursor+n, len(p.rows)-1))
	p.top = min(p.top, p.cursor)
	if p.height > 0 && p.cursor >= p.top+p.height {
		p.top = p.cursor - p.height + 1
	}
	p.top = max(0, min(p.top, len(p.rows)-p.height))
}

// selected is the incident that keys act on.
func (p *incidentsPage) selected() (*localplatform.Incident, bool) {
	if p.detail.open && p.detail.incident.ID != 0 {
		return &p.detail.incident, true
	}
	if p.cursor >= len(p.rows) {
		return nil, false
	}
	return &p.rows[p.cursor], true
}

// key does what a key asks for.
func (p *incidentsPage) key(c command) tea.Cmd {
	if p.detail.open && p.detail.scrollKey(c) {
		return nil
	}
	if n, ok := rowsOf(c, p.height); ok {
		p.move(n)
		return p.extendCmd()
	}
	switch c {
	case cmdTop:
		p.move(-len(p.rows))
	case cmdBottom:
		p.move(len(p.rows))
		return p.extendCmd()
	case cmdRefresh:
		return p.reloadCmd()
	case cmdBack:
		return p.backCmd()
	case cmdSort, cmdSortBack:
		n := len(incidentSorts())
		p.sort = (p.sort + map[command]int{cmdSort: 1, cmdSortBack: n - 1}[c]) % n
		return p.again()
	case cmdState:
		p.state = (p.state + 1) % len(incidentFilters())
		return p.again()
	}
	return p.actKey(c)
}

func (p *incidentsPage) backCmd() tea.Cmd {
	switch {
	case p.detail.open:
		p.detail = incidentDetail{}
		p.src.cancel(slotIncident)
	case len(p.trail) > 0:
		p.query = p.trail[len(p.trail)-1]
		p.trail = p.trail[:len(p.trail)-1]
		return p.again()
	}
	return nil
}

// actKey does something with the selected incident.
func (p *incidentsPage) actKey(c command) tea.Cmd {
	in, ok := p.selected()
	if !ok {
		return nil
	}
	switch c {
	case cmdEnter:
		if p.detail.open {
			return p.eventsOf(in)
		}
		p.detail = incidentDetail{open: true, incident: *in}
		return p.incidentCmd(false)
	case cmdEvents:
		return p.eventsOf(in)
	case cmdCopy:
		return p.copyCmd(in)
	case cmdCopyCommand:
		p.tell(toast{text: "copied: " + p.commandLine(), good: true})
		return tea.SetClipboard(p.commandLine())
	case cmdBlock:
		if d := newBlockDialog(in, p.now); d != nil {
			p.ask(d)
			return nil
		}
		p.tell(toast{text: "this incident has no actor to block"})
		return nil
	}
	return p.changeKey(c, in)
}

// changeKey changes the state of an incident, at once or through a dialog.
func (p *incidentsPage) changeKey(c command, in *localplatform.Incident) tea.Cmd {
	switch c {
	case cmdAck:
		return p.done(stateAction(in.ID, localplatform.StateAcknowledged))
	case cmdReopen:
		return p.done(stateAction(in.ID, localplatform.StateOpen))
	case cmdResolve:
		p.ask(newConfirm(fmt.Sprintf("Resolve incident %d?", in.ID), in.Title, stateAction(in.ID, localplatform.StateResolved)))
	case cmdIgnore:
		p.ask(newConfirm(fmt.Sprintf("Ignore incident %d and what its actor does?", in.ID), in.Title, stateAction(in.ID, localplatform.StateIgnored)))
	case cmdSnooze:
		p.ask(newSnoozeDialog(in, p.now))
	case cmdAssign:
		p.typing(promptAssign, fmt.Sprintf("assign %d to", in.ID), in.Assignee)
	case cmdNote:
		p.typing(promptNote, fmt.Sprintf("note on %d", in.ID), "")
	}
	return nil
}

// said is what was typed to assign or to note.
func (p *incidentsPage) said(kind promptKind, text string) tea.Cmd {
	in, ok := p.selected()
	if !ok {
		return nil
	}
	if kind == promptAssign {
		return p.done(assignAction(in.ID, text))
	}
	if text == "" {
		return nil
	}
	return p.done(noteAction(in.ID, text))
}

func (p *incidentsPage) eventsOf(in *localplatform.Incident) tea.Cmd {
	if in.Query == "" {
		p.tell(toast{text: "this incident names no events"})
		return nil
	}
	return p.events(in.Query, "incident "+strconv.FormatInt(in.ID, 10))
}

func (p *incidentsPage) copyCmd(in *localplatform.Incident) tea.Cmd {
	b, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		p.tell(toast{text: "this incident cannot be written as JSON: " + err.Error(), bad: true})
		return nil
	}
	p.tell(toast{text: fmt.Sprintf("copied incident %d as JSON", in.ID), good: true})
	return tea.SetClipboard(string(b))
}

// changed takes over an incident after an action on it.
func (p *incidentsPage) changed(in *localplatform.Incident) tea.Cmd {
	if in != nil && p.detail.open && p.detail.incident.ID == in.ID {
		p.detail.incident, p.detail.lines = *in, nil
	}
	if !p.loaded {
		return nil
	}
	return p.reloadCmd()
}

func (p *incidentsPage) click(_, y int) tea.Cmd {
	row := y - 2 // filter line and column names
	if p.detail.open || row < 0 || row >= p.height || p.top+row >= len(p.rows) {
		return nil
	}
	if at := p.top + row; at != p.cursor {
		p.move(at - p.cursor)
		return p.extendCmd()
	}
	return p.actKey(cmdEnter)
}

func (p *incidentsPage) wheel(rows int) tea.Cmd {
	if p.detail.open {
		p.detail.scroll += rows
		return nil
	}
	p.move(rows)
	return p.extendCmd()
}

func (p *incidentsPage) trouble() error { return p.err }

func (p *incidentsPage) filter() (string, *queries.Schema) { return p.query, p.schema }

func (p *incidentsPage) counted() string {
	if len(p.rows) == 0 {
		return ""
	}
	return number(int64(p.cursor+1)) + " of " + number(int64(p.total))
}

func (p *incidentsPage) crumbs() []string {
	out := []string{"Incidents", incidentFilters()[p.state].name}
	if p.query != "" {
		out = append(out, p.query)
	}
	if p.detail.open {
		out = append(out, "incident "+strconv.FormatInt(p.detail.incident.ID, 10))
	}
	return out
}

// commandLine is what to type for what is shown.
func (p *incidentsPage) commandLine() string {
	if p.detail.open {
		return "sqreen incidents show " + strconv.FormatInt(p.detail.incident.ID, 10)
	}
	parts := []string{"sqreen incidents list"}
	if p.query != "" {
		parts = append(parts, shell(p.query))
	}
	switch f := incidentFilters()[p.state].name; f {
	case "live":
	case "all":
		parts = append(parts, "--all")
	default:
		parts = append(parts, "--state "+f)
	}
	if p.sort != 0 {
		parts = append(parts, "--sort "+incidentSorts()[p.sort])
	}
	return strings.Join(parts, " ")
}
