// Package risk turns what is known of an app into a score with its reasons:
// which evidence gave how many points, and what would lower it.
package risk

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sqreen/sqreen/inventory"
)

// Evidence is what an assessment is made from. Incidents are the live ones of
// the app by severity; Exploited counts those in which an attack got through.
type Evidence struct {
	App, Env   string
	Incidents  map[string]int // "low", "medium", "high" to how many
	Exploited  int
	Weaknesses []inventory.Weakness
}

// Bands: a score from MediumFrom is medium, from HighFrom high.
const (
	MediumFrom = 20
	HighFrom   = 50
	MaxScore   = 100
)

// scale says how many points things of one kind and severity give: the first,
// each further one, and all of them together at most.
type scale struct{ first, next, most int }

func (s scale) points(n int) int {
	if n <= 0 {
		return 0
	}
	return min(s.first+s.next*(n-1), s.most)
}

// incidentScales weigh live incidents. One high incident and anything else
// beside it make a high risk; low ones alone never do.
func incidentScales() map[string]scale {
	return map[string]scale{"high": {45, 10, 65}, "medium": {15, 5, 30}, "low": {3, 2, 9}}
}

// weaknessScales weigh weaknesses. All of them together stay below a high risk:
// a weak app that nobody attacks is not on fire.
func weaknessScales() map[string]scale {
	return map[string]scale{"high": {12, 6, 24}, "medium": {5, 3, 14}, "low": {2, 1, 5}}
}

const exploitedPoints = 25

// Assess gives a score of 0 to MaxScore, its band and its reasons, the heaviest
// first.
func Assess(e Evidence) (int, inventory.Risk, []inventory.Reason) {
	reasons := append(incidentReasons(e), weaknessReasons(e.Weaknesses)...)
	if e.Exploited > 0 {
		reasons = append(reasons, inventory.Reason{
			Points: exploitedPoints, Text: fmt.Sprintf("an attack got through in %s", count(e.Exploited, "live incident")),
			Remedy: fmt.Sprintf("follow the advice of sqreen incidents list 'app:%s env:%s exploited:>0'", e.App, e.Env),
		})
	}
	slices.SortStableFunc(reasons, func(a, b inventory.Reason) int { return cmp.Compare(b.Points, a.Points) })
	score := 0
	for _, r := range reasons {
		score += r.Points
	}
	score = min(score, MaxScore)
	return score, Band(score), reasons
}

// Band names the band of a score.
func Band(score int) inventory.Risk {
	switch {
	case score >= HighFrom:
		return inventory.RiskHigh
	case score >= MediumFrom:
		return inventory.RiskMedium
	}
	return inventory.RiskLow
}

func incidentReasons(e Evidence) []inventory.Reason {
	var out []inventory.Reason
	for _, severity := range []string{"high", "medium", "low"} {
		n := e.Incidents[severity]
		if points := incidentScales()[severity].points(n); points > 0 {
			out = append(out, inventory.Reason{
				Points: points, Text: count(n, severity+" incident") + " not yet resolved",
				Remedy: fmt.Sprintf("sqreen incidents list 'app:%s env:%s severity:%s'", e.App, e.Env, severity),
			})
		}
	}
	return out
}

func weaknessReasons(list []inventory.Weakness) []inventory.Reason {
	var out []inventory.Reason
	for _, severity := range []string{"high", "medium", "low"} {
		var these []inventory.Weakness
		for _, w := range list {
			if w.Severity == severity {
				these = append(these, w)
			}
		}
		if points := weaknessScales()[severity].points(len(these)); points > 0 {
			out = append(out, inventory.Reason{Points: points, Text: weaknessText(these, severity), Remedy: these[0].Remedy})
		}
	}
	return out
}

func weaknessText(these []inventory.Weakness, severity string) string {
	if len(these) == 1 {
		return these[0].Text
	}
	return fmt.Sprintf("%s, the first: %s", count(len(these), severity+" weakness"), these[0].Text)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if noun[len(noun)-1] == 's' {
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
