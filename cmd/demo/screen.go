package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sqreen/sqreen/cmd/demo/traffic"
	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// draw paints a picture into width and height. It is legible without colour,
// and at 80x24.
func draw(p picture, c iostreams.Colour, width, height int) string {
	lines := []string{heading(p, c), ""}
	lines = append(lines, charts(p, c, width)...)
	lines = append(lines, "")
	lines = append(lines, standLines(p, c)...)
	lines = append(lines, "")
	feet := feet(p, c, width)
	room := height - len(lines) - len(feet)
	if p.Platform == "" {
		lines = append(lines, techniqueLines(p, c, room)...)
	} else {
		lines = append(lines, incidentLines(p, c, room)...)
	}
	for len(lines) < height-len(feet) {
		lines = append(lines, "")
	}
	lines = append(lines[:max(0, min(len(lines), height-len(feet)))], feet...)
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], width, "…")
	}
	return strings.Join(lines[:min(len(lines), height)], "\n")
}

func heading(p picture, c iostreams.Colour) string {
	text := " " + c.Bold("sqreen demo") + "  " + clock(p.Elapsed)
	if p.For > 0 {
		text += " of " + clock(p.For)
	}
	if p.Platform == "" {
		return text + "  " + c.Bad("the agent is off: nothing is protected")
	}
	text += "  platform " + p.Platform
	if p.Trouble != "" {
		text += "  " + c.Bad(iostreams.Visible(p.Trouble))
	}
	return text
}

// clock writes a span as minutes and seconds.
func clock(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// charts draws requests, attacks and blocked requests over time on one scale of
// time, each with its latest rate.
func charts(p picture, c iostreams.Colour, width int) []string {
	room := min(max(width-24, 10), chartSeconds)
	since := min(room, max(1, int(p.Elapsed/time.Second))) // before that there was no demo
	rows := []struct {
		name   string
		counts []int64
		colour func(string) string
	}{{"requests/s", p.Requests, c.Key}, {"attacks/s", p.Attacks, c.Warn}, {"blocked/s", p.Blocked, c.Good}}
	if p.Platform == "" {
		rows = rows[:1]
	}
	var out []string
	for _, r := range rows {
		counts := r.counts[max(0, len(r.counts)-since):]
		out = append(out, fmt.Sprintf(" %-11s %s %5s", r.name, r.colour(spark(counts, room)), printer.Thousands(latest(r.counts))))
	}
	return out
}

// latest is the mean of the last five seconds.
func latest(counts []int64) int64 {
	last := counts[max(0, len(counts)-5):]
	var sum int64
	for _, n := range last {
		sum += n
	}
	if len(last) == 0 {
		return 0
	}
	return (sum + int64(len(last))/2) / int64(len(last))
}

// spark draws counts as bars an eighth of a line high each; an empty second is
// a dot at the bottom, so that time without events is not mistaken for no time.
func spark(counts []int64, width int) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	most := max(1, slices.Max(append([]int64{1}, counts...)))
	var b strings.Builder
	for range width - len(counts) {
		b.WriteRune(' ')
	}
	for _, n := range counts {
		if n <= 0 {
			b.WriteRune('·')
			continue
		}
		b.WriteRune(bars[(n*int64(len(bars))-1)/most])
	}
	return b.String()
}

func standLines(p picture, c iostreams.Colour) []string {
	if p.Platform == "" {
		out := []string{c.Bold(fmt.Sprintf(" %-9s %-7s %9s  %s", "SHOP", "AGENT", "REQUESTS", "WHAT ATTACKERS GOT"))}
		for _, s := range p.Stands {
			out = append(out, fmt.Sprintf(" %-9s %-7s %9s  %s", s.Env, "off", printer.Thousands(sent(s.Report)), haul(s.Report.Loot, c)))
		}
		return out
	}
	out := []string{c.Bold(fmt.Sprintf(" %-7s %-7s %-6s %8s %7s %7s %9s  %s", "SHOP", "MODE", "RISK", "REQUESTS", "ATTACKS", "BLOCKED", "INCIDENTS", "ATTACKERS GOT"))}
	for _, s := range p.Stands {
		risk := string(s.App.Risk)
		if risk == "" {
			risk = "-"
		}
		out = append(out, fmt.Sprintf(" %-7s %s %s %8s %7s %7s %9s  %s", s.Env, pad(c.Word(attackedBy(s.Mode)), 7), pad(c.Word(risk), 6),
			printer.Thousands(sent(s.Report)), printer.Thousands(s.App.Attacks24h), printer.Thousands(s.App.Blocked24h),
			printer.Thousands(int64(s.App.Incidents)), haul(s.Report.Loot, c)))
	}
	return out
}

// pad fills coloured text up to a width.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

func sent(r traffic.Report) int64 {
	var n int64
	for _, t := range r.Roles {
		n += t.Sent
	}
	return n
}

// haul says in words what attackers got.
func haul(l traffic.Loot, c iostreams.Colour) string {
	var parts []string
	for _, k := range lootKinds() {
		if n := int64(k.get(l)); n > 0 {
			parts = append(parts, printer.Count(n, k.one, k.many))
		}
	}
	if len(parts) == 0 {
		return c.Good("nothing")
	}
	return c.Bad(strings.Join(parts, ", "))
}

type lootKind struct {
	one, many string
	get       func(traffic.Loot) int
}

// lootKinds lists what can be stolen, the worst first.
func lootKinds() []lootKind {
	return []lootKind{
		{"row", "rows", func(l traffic.Loot) int { return l.Rows }},
		{"card", "cards", func(l traffic.Loot) int { return l.Cards }},
		{"secret", "secrets", func(l traffic.Loot) int { return l.Secrets }},
		{"command", "commands", func(l traffic.Loot) int { return l.Commands }},
		{"file", "files", func(l traffic.Loot) int { return l.Files }},
		{"internal page", "internal pages", func(l traffic.Loot) int { return l.Fetches }},
		{"script", "scripts", func(l traffic.Loot) int { return l.Pages }},
		{"account", "accounts", func(l traffic.Loot) int { return l.Accounts }},
	}
}

func incidentLines(p picture, c iostreams.Colour, room int) []string {
	if room < 2 {
		return nil
	}
	out := []string{c.Bold(" LATEST INCIDENTS") + c.Faint(fmt.Sprintf("  %d in all", p.Total))}
	if len(p.Incidents) == 0 {
		return append(out, c.Faint(" none yet"))
	}
	for _, i := range p.Incidents[:min(len(p.Incidents), room-1)] {
		out = append(out, incidentLine(i, c))
	}
	return out
}

func incidentLine(i localplatform.Incident, c iostreams.Colour) string {
	return fmt.Sprintf(" %4s %s %-8s %s  %s", fmt.Sprintf("#%d", i.ID), pad(c.Word(i.Severity.String()), 6), printer.Clean(i.Env), printer.Clean(i.Title), c.Faint(tally(i)))
}

// tally says how many events an incident has and what became of them.
func tally(i localplatform.Incident) string {
	text := printer.Count(i.Events, "event", "events")
	if i.Blocked > 0 {
		text += fmt.Sprintf(", %s blocked", printer.Thousands(i.Blocked))
	}
	if i.Exploited > 0 {
		text += fmt.Sprintf(", %s got through", printer.Thousands(i.Exploited))
	}
	return text
}

// techniqueLines shows the attacks of an unprotected demo.
func techniqueLines(p picture, c iostreams.Colour, room int) []string {
	if room < 2 || len(p.Stands) == 0 {
		return nil
	}
	out := []string{c.Bold(" ATTACKS")}
	tries := p.Stands[0].Report.Techniques
	for _, t := range tries[max(0, len(tries)-room+1):] {
		word := c.Faint("failed")
		if t.Worked > 0 {
			word = c.Bad("worked")
		}
		out = append(out, fmt.Sprintf(" %s %4d of %-4d %s", word, t.Worked, t.Tried, t.Name))
	}
	return out
}

// feet says where the shops are, how to attack them by hand if that is wanted,
// and how to end. An example that does not fit cannot be copied and is left out.
func feet(p picture, c iostreams.Colour, width int) []string {
	var out []string
	for _, line := range p.Examples {
		if ansi.StringWidth(line)+2 <= width {
			out = append(out, "  "+c.Key(line))
		}
	}
	if len(out) > 0 {
		out = append([]string{c.Bold(" ATTACK IT YOURSELF")}, append(out, "")...)
	}
	for _, s := range p.Stands {
		out = append(out, fmt.Sprintf(" %-7s %s", s.Env, s.URL))
	}
	keys := " q ends the demo"
	if p.Data != "" {
		keys += ", its data stays in " + printer.Clean(p.Data)
	}
	return append(out, c.Faint(keys))
}
