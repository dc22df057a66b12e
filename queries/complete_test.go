package queries_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/queries"
)

// knownValues is what a store would answer.
func knownValues(field, prefix string) []string {
	known := map[string][]string{
		"app":     {"shop", "blog", "my shop", `odd"name`},
		"env":     {"prod", "staging"},
		"status":  {"200", "404"},
		"package": {"log4j"},
		"prop.":   {"plan", "amount", "bad name"},
		"ip":      {"203.0.113.7"},
	}
	var values []string
	for _, v := range known[field] {
		if strings.HasPrefix(strings.ToLower(v), strings.ToLower(prefix)) {
			values = append(values, v)
		}
	}
	return values
}

// completeAt completes at the | in text.
func completeAt(text string) []queries.Suggestion {
	before, after, _ := strings.Cut(text, "|")
	return queries.Complete(before+after, utf8.RuneCountInString(before), testSchema(), knownValues)
}

// apply puts a suggestion into text.
func apply(text string, s queries.Suggestion) string {
	runes := []rune(text)
	return string(runes[:s.Start]) + s.Text + string(runes[s.End:])
}

func TestCompleteOffers(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // the whole queries that the first suggestions lead to
	}{
		{"fields by their beginning", "ri|", []string{"risk:"}},
		{"fields after a minus", "-ri|", []string{"-risk:"}},
		{"fields in a group", "(env:prod OR ri|", []string{"(env:prod OR risk:"}},
		{"aliases", "environm|", []string{"environment:"}},
		{"fields whatever the case", "RIS|", []string{"risk:"}},
		{"fields by their middle", "verh|", []string{"overhead:"}},
		{"fields that may be meant", "rsik|", []string{"risk:"}},
		{"the name only when an operator follows", "ri|:high", []string{"risk:high"}},
		{"built-in terms", "sin|", []string{"since:"}},
		{"the dynamic prefix", "pro|", []string{"prop."}},
		{"names under the dynamic prefix", "prop.p|", []string{"prop.plan:"}},
		{"only names that can be written", "prop.|", []string{"prop.plan:", "prop.amount:"}},
		{"comparisons of a whole name", "count|", []string{"count:", "count:>", "count:>=", "count:<", "count:<="}},
		{"comparisons while they are typed", "count:|>5", []string{"count:>5", "count:>=5", "count:<5", "count:<=5"}},
		{"nothing behind a comparison of numbers", "count:>|", nil},
		{"choices", "risk:|", []string{"risk:low", "risk:medium", "risk:high", "risk:>", "risk:>=", "risk:<", "risk:<=", "risk:*", `risk:""`}},
		{"choices by their beginning", "risk:H|", []string{"risk:high"}},
		{"choices after a comparison", "risk:>=m|", []string{"risk:>=medium"}},
		{"choices in place of the whole word", "risk:m|edi env:prod", []string{"risk:medium env:prod"}},
		{"known values", "app:s|", []string{"app:shop"}},
		{"values that need quotes", "app:m|", []string{`app:"my shop"`}},
		{"values in quotes", `app:"my|`, []string{`app:"my shop"`}},
		{"values in closed quotes", `app:"my|" x`, []string{`app:"my shop" x`}},
		{"values in single quotes", `app:'my|`, []string{`app:"my shop"`}},
		{"values with quotes in them", `app:odd|`, []string{`app:"odd\"name"`}},
		{"values in a list", "env:(prod,st|", []string{"env:(prod,staging"}},
		{"values at the beginning of a list", "env:(|)", []string{"env:(prod)", "env:(staging)"}},
		{"values after OR in a list", "env:(prod OR s|)", []string{"env:(prod OR staging)"}},
		{"values after a term and a space", "app:shop env:p|", []string{"app:shop env:prod"}},
		{"numbers that are known", "status:4|", []string{"status:404"}},
		{"the other end of a range", "risk:low..h|", []string{"risk:low..high"}},
		{"the first end of a range", "risk:l|..high", []string{"risk:low..high"}},
		{"booleans", "blocked:|", []string{"blocked:true", "blocked:false"}},
		{"times", "at:to|", []string{"at:today"}},
		{"times ago", "since:|", []string{"since:15m", "since:1h", "since:24h", "since:7d", "since:30d", "since:today", "since:yesterday"}},
		{"durations", "duration:1|", []string{"duration:100ms", "duration:1s", "duration:1m"}},
		{"classes of addresses", "ip:pri|", []string{"ip:private"}},
		{"values of fields with many", "packages:l|", []string{"packages:log4j"}},
		{"keywords between terms", "env:prod o|", []string{"env:prod overhead:", "env:prod orm:", "env:prod OR"}},
		{"keywords before names that only contain them", "env:prod an|", []string{"env:prod AND"}},
		{"nothing in a phrase", `"ri|`, nil},
		{"nothing behind a quote", `app:"my shop"|`, nil},
		{"nothing for fields that do not exist", "nope:|", nil},
		{"runes, not bytes", "é ri| é", []string{"é risk: é"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, s := range completeAt(tt.text) {
				got = append(got, apply(strings.Replace(tt.text, "|", "", 1), s))
			}
			if tt.want != nil {
				got = got[:min(len(got), len(tt.want))]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompleteEverywhere(t *testing.T) {
	got := map[queries.Kind][]string{}
	for _, s := range completeAt("(env:prod |") {
		got[s.Kind] = append(got[s.Kind], s.Text)
		if s.Doc == "" {
			t.Errorf("%q does not say what it is", s.Text)
		}
	}
	if want := []string{"NOT", "OR", "AND", ")"}; !slices.Equal(got[queries.KindKeyword], want) {
		t.Errorf("keywords are %q, want %q", got[queries.KindKeyword], want)
	}
	for _, want := range []string{"app:", "risk:", "since:", "until:", "prop.", "packages:"} {
		if !slices.Contains(got[queries.KindField], want) {
			t.Errorf("no field %q among %q", want, got[queries.KindField])
		}
	}
	for _, s := range completeAt("|") {
		if s.Text == "AND" || s.Text == "OR" || s.Text == ")" {
			t.Errorf("suggested %q where no term stands before", s.Text)
		}
	}
}

// Typing the beginning of any field, taking the suggestion and then any suggested value, makes a query.
func TestCompleteLeadsToValidQueries(t *testing.T) {
	s := testSchema()
	for _, f := range s.Fields {
		for _, sug := range queries.Complete(f.Name, len(f.Name), s, knownValues) {
			if sug.Kind != queries.KindField || sug.Text == "prop." {
				continue
			}
			text := apply(f.Name, sug)
			for _, v := range queries.Complete(text, len(text), s, knownValues) {
				if v.Kind != queries.KindValue {
					continue
				}
				if q := apply(text, v); !valid(q) {
					t.Errorf("%q is not valid", q)
				}
			}
		}
	}
}

func valid(text string) bool {
	_, err := queries.Compile(text, testSchema(), testNow)
	return err == nil
}

func TestCompleteWithoutKnownValues(t *testing.T) {
	got := queries.Complete("app:s", 5, testSchema(), nil)
	if len(got) != 0 {
		t.Errorf("suggested %v out of nowhere", got)
	}
}

func TestCompleteBoundsItsWork(t *testing.T) {
	if got := queries.Complete(strings.Repeat("a ", queries.MaxLength), 1, testSchema(), nil); got != nil {
		t.Errorf("completed a text of twice the allowed length: %v", got)
	}
	many := func(string, string) []string {
		return strings.Fields(strings.Repeat("x", 1000) + strings.Repeat(" y", 1000))
	}
	if got := queries.Complete("app:", 4, testSchema(), many); len(got) > 100 {
		t.Errorf("%d suggestions", len(got))
	}
}
