package tui

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// dialog asks something above a page. It decides nothing: what it returns is
// carried out by the model.
type dialog interface {
	key(k tea.KeyPressMsg) verdict
	view(w int, st *styles) []string
}

// verdict is what a key led to: the dialog stays, or ends with or without an action.
type verdict struct {
	ended  bool
	action *action
}

// confirm is a question with yes and no.
type confirm struct {
	title, text string
	action      action
}

func newConfirm(title, text string, a action) *confirm { return &confirm{title, text, a} }

func (d *confirm) key(k tea.KeyPressMsg) verdict {
	switch k.String() {
	case "y", "Y", "enter":
		return verdict{true, &d.action}
	case "n", "N", "esc", "q", "ctrl+c":
		return verdict{ended: true}
	}
	return verdict{}
}

func (d *confirm) view(w int, st *styles) []string {
	body := wrapTo(clean(d.text), max(w-4, 1))
	body = append(append(body, ""), commandBody(d.action.cli, w, st)...)
	body = append(body, "", st.key.on("y")+" yes   "+st.key.on("n")+" no")
	return boxed(d.title, body, w, st)
}

// choice asks for one of a few lengths of time, and for whom.
type choice struct {
	title  string
	times  []span
	at     int
	actors []localplatform.IncidentActor // empty when there is nobody to choose
	actor  int
	make   func(actor int, s span) action
	warn   func(actor int) string
}

// span is a length of time; 0 is for ever.
type span struct {
	flag string
	d    time.Duration
}

func (s span) String() string {
	if s.d == 0 {
		return "until it is revoked"
	}
	return "for " + s.flag
}

func newSnoozeDialog(in *localplatform.Incident, now func() time.Time) *choice {
	id := in.ID
	return &choice{
		title: "Snooze incident " + strconv.FormatInt(id, 10),
		times: []span{{"1h", time.Hour}, {"4h", 4 * time.Hour}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}},
		at:    1,
		make:  func(_ int, s span) action { return snoozeAction(id, s, now()) },
	}
}

// newBlockDialog offers to block an actor of an incident; nil when there is none.
func newBlockDialog(in *localplatform.Incident, now func() time.Time) *choice {
	if len(in.Actors) == 0 {
		return nil
	}
	id, title, actors := in.ID, in.Title, in.Actors
	return &choice{
		title:  "Block an actor of incident " + strconv.FormatInt(id, 10),
		times:  []span{{"1h", time.Hour}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 30 * 24 * time.Hour}, {"", 0}},
		at:     1,
		actors: actors,
		make:   func(i int, s span) action { return blockAction(id, title, actors[i], s, now()) },
		warn:   func(i int) string { return doubt(actors[i]) },
	}
}

// doubt says why blocking an actor may hit others.
func doubt(a localplatform.IncidentActor) string {
	ip, err := netip.ParseAddr(a.Value)
	if a.Kind != "ip" || err != nil {
		return ""
	}
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return "This is an address of a private network: perhaps a proxy of yours, with everybody behind it."
	}
	return ""
}

func (d *choice) key(k tea.KeyPressMsg) verdict {
	switch k.String() {
	case "j", "down":
		d.at = (d.at + 1) % len(d.times)
	case "k", "up":
		d.at = (d.at + len(d.times) - 1) % len(d.times)
	case "tab", "right", "l":
		d.actor = (d.actor + 1) % max(len(d.actors), 1)
	case "shift+tab", "left", "h":
		d.actor = (d.actor + max(len(d.actors), 1) - 1) % max(len(d.actors), 1)
	case "enter":
		a := d.make(d.actor, d.times[d.at])
		return verdict{true, &a}
	case "esc", "q", "n", "ctrl+c":
		return verdict{ended: true}
	}
	return verdict{}
}

func (d *choice) view(w int, st *styles) []string {
	var body []string
	if len(d.actors) > 0 {
		a := d.actors[d.actor]
		line := a.Kind + " " + st.strong.on(clean(a.Value)) + "  " + eventCount(a.Events)
		if len(d.actors) > 1 {
			line += st.dim.on("   " + strconv.Itoa(d.actor+1) + " of " + strconv.Itoa(len(d.actors)) + ", tab for the next")
		}
		body = append(body, line, "")
	}
	for i, s := range d.times {
		if i == d.at {
			body = append(body, st.selected.on("> "+s.String()))
			continue
		}
		body = append(body, "  "+s.String())
	}
	if d.warn != nil && d.warn(d.actor) != "" {
		body = append(body, "")
		for _, l := range wrapTo(d.warn(d.actor), max(w-4, 1)) {
			body = append(body, st.warn.on(l))
		}
	}
	a := d.make(d.actor, d.times[d.at])
	body = append(append(body, ""), commandBody(a.cli, w, st)...)
	body = append(body, "", st.key.on("enter")+" does it   "+st.key.on("esc")+" leaves")
	return boxed(d.title, body, w, st)
}

// blockKind is the kind of action that blocks an actor.
func blockKind(a localplatform.IncidentActor) string {
	if a.Kind == "user" {
		return wire.ActionBlockUser
	}
	return wire.ActionBlockIP
}

// blockLine is the command line that blocks an actor.
func blockLine(id int64, reason string, a localplatform.IncidentActor, s span) string {
	parts := []string{"sqreen actions block", a.Value}
	if a.Kind == "user" {
		parts[1] = shell(a.Value) + " --user"
	}
	if s.d == 0 {
		parts = append(parts, "--permanent")
	} else {
		parts = append(parts, "--for "+s.flag)
	}
	return strings.Join(append(parts, "--incident "+strconv.FormatInt(id, 10), "--reason "+shell(reason)), " ")
}

// commandBody is the command line that does what a dialog would do.
func commandBody(cli string, w int, st *styles) []string {
	lines := wrapTo("$ "+clean(cli), max(w-4, 1))
	for i := range lines {
		lines[i] = st.dim.on(lines[i])
	}
	return lines
}
