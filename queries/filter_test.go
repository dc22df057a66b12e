package queries_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sqreen/sqreen/queries"
)

// The canonical text of any query compiles to the same canonical text and finds the same records.
func TestTextCompilesToTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := genQuery(rt)
		f, err := queries.Compile(text, testSchema(), testNow)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		again, err := queries.Compile(f.Text(), testSchema(), testNow)
		if err != nil {
			rt.Fatalf("%s became %s: %v", text, f.Text(), err)
		}
		if again.Text() != f.Text() {
			rt.Fatalf("%s became %s became %s", text, f.Text(), again.Text())
		}
		if !slices.Equal(again.Fields(), f.Fields()) {
			rt.Fatalf("%s has fields %v, its text %s has %v", text, f.Fields(), f.Text(), again.Fields())
		}
		r := genRecord(rt)
		if f.Match(r) != again.Match(r) {
			rt.Fatalf("%s matches %v: %v; %s: %v", text, r, f.Match(r), f.Text(), again.Match(r))
		}
	})
}

// And, OR and NOT of whole queries are those of their answers.
func TestLogicOfWholeQueries(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := genQuery(rt), genQuery(rt)
		r := genRecord(rt)
		match := func(text string) bool {
			f, err := queries.Compile(text, testSchema(), testNow)
			if err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
			return f.Match(r)
		}
		if got, want := match("("+a+") ("+b+")"), match(a) && match(b); got != want {
			rt.Fatalf("(%s) (%s) = %v, want %v", a, b, got, want)
		}
		if got, want := match("("+a+") OR ("+b+")"), match(a) || match(b); got != want {
			rt.Fatalf("(%s) OR (%s) = %v, want %v", a, b, got, want)
		}
		if got, want := match("-("+a+")"), !match(a); got != want {
			rt.Fatalf("-(%s) = %v, want %v", a, got, want)
		}
		fa, _ := queries.Compile(a, testSchema(), testNow)
		fb, _ := queries.Compile(b, testSchema(), testNow)
		both := queries.And(fa, nil, fb)
		if both.Match(r) != (match(a) && match(b)) || match(both.Text()) != both.Match(r) {
			rt.Fatalf("And(%s, %s) = %s goes wrong", a, b, both.Text())
		}
	})
}

// Nothing that matches lies outside of the time range.
func TestTimeRangeLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := genQuery(rt)
		f, err := queries.Compile(text, testSchema(), testNow)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		r := genRecord(rt)
		for _, field := range []string{"at", "last_seen"} {
			from, to := f.TimeRange(field)
			if len(r[field]) == 0 || !f.Match(r) {
				continue
			}
			at := r[field][0].(time.Time).Truncate(time.Microsecond)
			if !from.IsZero() && at.Before(from) || !to.IsZero() && !at.Before(to) {
				rt.Fatalf("%s matches %v, which is outside of %v to %v", text, at, from, to)
			}
		}
	})
}

func TestTimeRange(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, testNow.Location()) }
	tests := []struct {
		text     string
		from, to time.Time
	}{
		{"", time.Time{}, time.Time{}},
		{"env:prod", time.Time{}, time.Time{}},
		{"at:2026-11-01..2026-11-07", day(1), day(8)},
		{"at:>2026-11-01", day(2), time.Time{}},
		{"at:<=2026-11-07 env:prod", time.Time{}, day(8)},
		{"since:24h", testNow.Add(-24 * time.Hour), time.Time{}},
		{"since:24h until:1h", testNow.Add(-24 * time.Hour), testNow.Add(-time.Hour).Add(time.Microsecond)},
		{"since:2026-11-01 since:2026-11-05", day(5), time.Time{}},
		{"at:(2026-11-01,2026-11-07)", day(1), day(8)},
		{"at:2026-11-01 OR at:2026-11-07", day(1), day(8)},
		{"at:2026-11-01 OR env:prod", time.Time{}, time.Time{}},
		{"(at:2026-11-01 env:prod) OR (at:2026-11-03 at:2026-11-09) OR at:2026-11-04", day(1), day(5)},
		{"-at:2026-11-01", time.Time{}, time.Time{}},
		{"at:2026-11-01 at:2026-11-09", day(9), day(2)},
		{"(at:2026-11-01 at:2026-11-09) OR at:2026-11-04", day(4), day(5)},
		{"at:2026-11-04 OR (at:2026-11-01 at:2026-11-09)", day(4), day(5)},
		{"last_seen:2026-11-01", time.Time{}, time.Time{}},
	}
	for _, tt := range tests {
		from, to := compile(t, tt.text).TimeRange("at")
		if !from.Equal(tt.from) || !to.Equal(tt.to) {
			t.Errorf("%q spans %v to %v, want %v to %v", tt.text, from, to, tt.from, tt.to)
		}
	}
}

func TestFields(t *testing.T) {
	f := compile(t, `since:24h (environment:prod OR -prop.Plan:free) 10.0.0.1 env:staging`)
	want := []string{"at", "env", "ip", "path", "prop.Plan", "title"}
	if got := f.Fields(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAndOfNothingMatchesEverything(t *testing.T) {
	f := queries.And(nil, compile(t, ""), queries.And())
	if !f.Match(record{}) || f.Text() != "" {
		t.Errorf("And() is %q, matches %v", f.Text(), f.Match(record{}))
	}
}

func TestTree(t *testing.T) {
	got := compile(t, `env:prod -(risk:high OR "no entry") since:24h`).Tree()
	want := queries.Node{
		Shape: queries.All, Text: `env:prod -(risk:high OR "no entry") since:24h`,
		Kids: []queries.Node{
			{Shape: queries.Term, Field: "env", Text: "env:prod"},
			{Shape: queries.Not, Text: `-(risk:high OR "no entry")`, Kids: []queries.Node{{
				Shape: queries.Any, Text: `risk:high OR "no entry"`, Kids: []queries.Node{
					{Shape: queries.Term, Field: "risk", Text: "risk:high"},
					{Shape: queries.Phrase, Text: `"no entry"`},
				},
			}}},
			{Shape: queries.Term, Field: "at", Text: "since:24h"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := compile(t, "").Tree(); got.Shape != queries.Everything {
		t.Errorf("the empty query is %+v", got)
	}
}

// Durations are written so that they read back and stay short.
func TestCanonicalDurations(t *testing.T) {
	for text, want := range map[string]string{
		"24h": "24h", "1d": "24h", "2d": "2d", "168h": "7d", "14d": "2w", "90m": "90m", "1h1m1s": "3661s",
		"26h3m4s5ms6us": "1d2h3m4s5ms6us", "-90s": "-90s", "-26h3m4s5ms6us": "-1d2h3m4s5ms6us", "0": "0s", "1.5ms": "1500us", "0.0004ms": "0s",
	} {
		f := compile(t, "duration:"+text)
		if f.Text() != "duration:"+want {
			t.Errorf("%s is written %s, want %s", text, f.Text(), want)
		}
		if again := compile(t, f.Text()); again.Text() != f.Text() {
			t.Errorf("%s is written %s and then %s", text, f.Text(), again.Text())
		}
	}
}

func TestQuoteMeansItself(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.OneOf(rapid.Custom(genText), rapid.String()).Draw(rt, "value")
		if value == "" || strings.ContainsRune(value, 0) {
			return
		}
		for _, text := range []string{"app:" + queries.Quote(value), "app:(x," + queries.Quote(value) + ")", "-(-app:" + queries.Quote(value) + ")"} {
			f, err := queries.Compile(text, testSchema(), testNow)
			if err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
			if !f.Match(record{"app": {value}}) || f.Match(record{"app": {value + "?"}}) {
				rt.Fatalf("%s does not mean %q", text, value)
			}
		}
		f, err := queries.Compile(queries.Quote(value), testSchema(), testNow)
		if err != nil {
			rt.Fatalf("%s: %v", queries.Quote(value), err)
		}
		if !f.Match(record{"title": {"..." + value + "..."}}) {
			rt.Fatalf("%s does not find %q", queries.Quote(value), value)
		}
	})
}
