package incidents

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/localplatform"
)

// judge derives the severity from what was counted, and notes in the timeline
// what got worse.
func (d *draft) judge(before *draft) {
	d.Severity = maxSeverity(before.Severity, severityOf(d))
	if before.Events == 0 {
		return
	}
	if d.Severity != before.Severity {
		d.note(d.LastSeen, "severity", fmt.Sprintf("severity raised from %s to %s", before.Severity, d.Severity))
	}
	if d.Exploited > 0 && before.Exploited == 0 {
		d.note(d.LastSeen, "exploited", "an attack got through to "+infoFor(d.Kind).reach)
	}
}

// describe derives the words: title, advice, classes and the query.
func (d *draft) describe() {
	info := infoFor(d.Kind)
	if d.Shared { // others keep the actor they were opened for in front
		slices.SortStableFunc(d.Actors, func(a, b localplatform.IncidentActor) int { return cmp.Compare(b.Events, a.Events) })
	}
	d.MITRE, d.CWE = info.mitre, info.cwe
	d.Title = titleOf(d, info)
	d.Query = eventsQuery(d)
	d.Advice = adviceOf(d, info)
}

func maxSeverity(a, b localplatform.Severity) localplatform.Severity {
	if a.AtLeast(b) {
		return a
	}
	return b
}

// severityOf is the table of severities. What got through is high anywhere.
// What reached a sink and was stopped there shows a real hole: high in
// production, medium elsewhere. A match of the WAF alone is noise until there
// is a lot of it.
func severityOf(d *draft) localplatform.Severity {
	production := !slices.Contains(lesserEnvs, strings.ToLower(d.Env))
	switch {
	case d.Exploited > 0:
		return localplatform.SeverityHigh
	case d.Reached > 0 && production:
		return localplatform.SeverityHigh
	case d.Reached > 0:
		return localplatform.SeverityMedium
	case isAccountKind(d.Kind):
		return pick(production, localplatform.SeverityMedium, localplatform.SeverityLow)
	case d.Kind == localplatform.IncidentScan:
		return pick(production && d.Events >= 500, localplatform.SeverityMedium, localplatform.SeverityLow)
	case d.Events-d.Blocked >= 5 || d.Events >= 50:
		return pick(production, localplatform.SeverityMedium, localplatform.SeverityLow)
	}
	return localplatform.SeverityLow
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func isAccountKind(kind string) bool {
	return kind == localplatform.IncidentBruteForce || kind == localplatform.IncidentCredentialStuffing || kind == localplatform.IncidentTakeover
}

// titleOf says in one line what happened, to what, by whom.
func titleOf(d *draft, info kindInfo) string {
	who := "many addresses"
	if d.key.actor != "" {
		who = d.key.actor
	}
	title := strings.ToUpper(info.title[:1]) + info.title[1:]
	switch {
	case len(d.Compromised) > 0:
		return fmt.Sprintf("%s from %s compromised %s", title, who, some(d.Compromised, "account"))
	case d.key.actorKind == "user" && isAccountKind(d.Kind):
		return fmt.Sprintf("%s: account %s", title, who)
	case isAccountKind(d.Kind):
		return fmt.Sprintf("%s from %s", title, who)
	case d.Exploited > 0:
		return fmt.Sprintf("%s by %s got through to %s", title, who, info.reach)
	case d.Reached > 0:
		return fmt.Sprintf("%s by %s stopped at %s", title, who, info.reach)
	case d.Kind == localplatform.IncidentScan:
		return fmt.Sprintf("%s from %s", title, who)
	case d.Blocked == d.Events:
		return fmt.Sprintf("%s attempts from %s, blocked", title, who)
	}
	return fmt.Sprintf("%s attempts from %s", title, who)
}

func some(list []string, noun string) string {
	if len(list) == 1 {
		return noun + " " + list[0]
	}
	return fmt.Sprintf("%d %ss", len(list), noun)
}

// adviceOf says what to do, the most urgent first, with the command to type.
func adviceOf(d *draft, info kindInfo) []string {
	var out []string
	if d.Exploited > 0 || len(d.Compromised) > 0 {
		out = append(out, info.atOnce)
	}
	for _, user := range d.Compromised {
		out = append(out, fmt.Sprintf("Block the account: sqreen actions block --user %s --reason 'compromised'", shellWord(user)))
	}
	if d.Exploited > 0 && !isAccountKind(d.Kind) {
		out = append(out, fmt.Sprintf("Set the protection to block: sqreen policies set %s/%s %s=block", d.App, d.Env, protectionOf(d.Kind)))
	}
	if d.key.actorKind == "ip" {
		out = append(out, fmt.Sprintf("Block the address: sqreen actions block %s --for 24h --reason 'incident %s'", d.key.actor, d.Kind))
	}
	if d.Reached > 0 && len(d.Evidence) > 0 && d.Evidence[0].Frame != "" {
		out = append(out, "Fix the code at "+d.Evidence[0].Frame+". "+info.fix)
	} else {
		out = append(out, info.fix)
	}
	return append(out, "See its requests: sqreen activity "+shellWord(d.Query))
}

// protectionOf names the runtime protection that stops a kind of attack, or the WAF.
func protectionOf(kind string) string {
	for _, p := range localplatform.Protections() {
		if p.Name == "rasp."+kind {
			return p.Name
		}
	}
	return "waf"
}

// shellWord quotes a word for a POSIX shell when it needs it.
func shellWord(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:@=,", r))
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
