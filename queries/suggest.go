package queries

import (
	"fmt"
	"slices"
	"strings"
)

// didYouMean returns a hint with the candidates closest to word, "" when none is close.
func didYouMean(word string, candidates []string) string {
	near := closest(word, candidates)
	for i, c := range near {
		near[i] = fmt.Sprintf("%q", c)
	}
	if len(near) == 0 {
		return ""
	}
	return "did you mean " + orList(near) + "?"
}

// closest returns up to three candidates that word may be a misspelling or a beginning of, best first.
func closest(word string, candidates []string) []string {
	type scored struct {
		name string
		cost int
	}
	var near []scored
	for _, c := range candidates {
		if cost, ok := likeness(strings.ToLower(word), strings.ToLower(c)); ok {
			near = append(near, scored{c, cost})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int { return a.cost - b.cost })
	var names []string
	for _, n := range near {
		if n.cost <= near[0].cost && len(names) < 3 && !slices.Contains(names, n.name) {
			names = append(names, n.name)
		}
	}
	return names
}

// likeness scores how far a word is from a name, the lower the nearer, and whether it is near at all:
// one slip for every three letters, or a beginning of at least two letters, or the other way round.
func likeness(word, name string) (cost int, near bool) {
	if len(word) > 64 {
		return 0, false
	}
	d := distance(word, name)
	if len(word) >= 2 && strings.HasPrefix(name, word) || len(name) >= 3 && strings.HasPrefix(word, name) {
		return min(d, 2), true
	}
	return d, d <= max(1, max(len(word), len(name))/3) && d < min(len(word), len(name))
}

// distance is the number of letters to insert, delete, change or swap with a neighbour that lead from a
// to b (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// orList joins words as a sentence does: a, b or c.
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// some joins words, but not endlessly many.
func some(words []string) string {
	const enough = 8
	if len(words) > enough {
		return strings.Join(words[:enough], ", ") + fmt.Sprintf(" and %d more", len(words)-enough)
	}
	return orList(words)
}
