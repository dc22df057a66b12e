package waf

import (
	"strings"
	"testing"
)

// where returns the source that a rule's examples are put into.
func where(r *Rule) (Source, string) {
	set, headers, _ := parseSources(r.In)
	switch {
	case len(headers) > 0:
		return Header, headers[0]
	case set.has(Query):
		return Query, "q"
	case set.has(Path):
		return Path, ""
	}
	if set.has(File) {
		return File, "file"
	}
	return FileName, "file"
}

func inspectOne(rs *Ruleset, src Source, key, value string) []Match {
	x := rs.Begin()
	defer x.End()
	x.Value(src, key, value)
	return x.Matches()
}

func TestExamplesOfEveryRuleMatch(t *testing.T) {
	rs := Default()
	for _, r := range rs.Rules() {
		if len(r.Matches) == 0 || r.About == "" || r.Kind == "" {
			t.Errorf("rule %s lacks an example, a kind or a description", r.ID)
		}
		src, key := where(&r)
		for _, v := range r.Matches {
			if m := matchOf(inspectOne(rs, src, key, v), r.ID); m == nil || !m.Blocks() {
				t.Errorf("%s does not block %q: %s", r.ID, v, list(inspectOne(rs, src, key, v)))
			}
		}
	}
}

func TestLookalikesOfEveryRulePass(t *testing.T) {
	rs := Default()
	for _, r := range rs.Rules() {
		src, key := where(&r)
		for _, v := range r.Passes {
			for _, m := range inspectOne(rs, src, key, v) {
				if m.Blocks() {
					t.Errorf("%s: look-alike %q is blocked:\n%s", r.ID, v, m.Explain())
				}
			}
		}
	}
}

func matchOf(ms []Match, id string) *Match {
	for i := range ms {
		if ms[i].Rule.ID == id {
			return &ms[i]
		}
	}
	return nil
}

func list(ms []Match) string {
	var out []string
	for _, m := range ms {
		out = append(out, m.Rule.ID+"/"+m.Confidence.String())
	}
	return strings.Join(out, " ")
}
