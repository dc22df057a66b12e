package queries_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sqreen/sqreen/queries"
)

// What a query says of some fields holds whenever the query does, and is all of it when it says so.
func TestOnIsImplied(t *testing.T) {
	fields := testFieldNames()
	rapid.Check(t, func(rt *rapid.T) {
		text := genQuery(rt)
		f := mustCompile(rt, text)
		some := rapid.SliceOfDistinct(rapid.SampledFrom(fields), rapid.ID).Draw(rt, "fields")
		on, exact := f.On(some...)
		for _, name := range on.Fields() {
			if !slices.Contains(some, name) {
				rt.Fatalf("%s on %v looks at %s", text, some, name)
			}
		}
		for range 5 {
			r := genRecord(rt)
			if f.Match(r) && !on.Match(r) {
				rt.Fatalf("%s matches %v, but what it says on %v (%s) does not", text, r, some, on.Text())
			}
			if exact && f.Match(r) != on.Match(r) {
				rt.Fatalf("%s on %v is said to be all of it, but they differ on %v", text, some, r)
			}
		}
		r := genRecord(rt)
		if all, exact := f.On(f.Fields()...); !exact || all.Match(r) != f.Match(r) {
			rt.Fatalf("%s on all its fields is %s, exact %v", text, all.Text(), exact)
		}
	})
}

// A query is its range and the rest.
func TestBetweenSplits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := genQuery(rt)
		f := mustCompile(rt, text)
		rest, from, to := f.Between("at")
		for range 5 {
			r := genRecord(rt)
			in := from.IsZero() && to.IsZero()
			for _, v := range r.Values("at") {
				at := v.(time.Time).Truncate(time.Microsecond)
				in = (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to))
			}
			if got, want := rest.Match(r) && in, f.Match(r); got != want {
				rt.Fatalf("%s is split into %q from %v to %v: %v for %v, want %v", text, rest.Text(), from, to, got, r, want)
			}
		}
	})
}

func TestBetweenOfAPlainRange(t *testing.T) {
	f := mustCompile(t, "since:24h env:prod at:<now-1h")
	rest, from, to := f.Between("at")
	if rest.Text() != "env:prod" || !from.Equal(testNow.Add(-24*time.Hour)) || !to.Equal(testNow.Add(-time.Hour)) {
		t.Errorf("rest %q from %v to %v", rest.Text(), from, to)
	}
}

// Whatever matches has one of the words and one of the addresses.
func TestOneOfAndAddrsAreImplied(t *testing.T) {
	found := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"env:prod", "env:(prod,staging)", "user:(a,É,b)", "ip:10.0.0.0/8", "ip:(10.0.0.1,::1)"}).Draw(rt, "term") +
			rapid.SampledFrom([]string{" ", " OR ", " -"}).Draw(rt, "operator") + "(" + genQuery(rt) + ")"
		f := mustCompile(rt, text)
		r := genRecord(rt)
		if !f.Match(r) {
			return
		}
		for _, field := range []string{"app", "env", "user", "path"} {
			words, ok := f.OneOf(field)
			if !ok {
				continue
			}
			found++
			if !slices.ContainsFunc(r.Values(field), func(v any) bool { return slices.Contains(words, asciiLower(v.(string))) }) {
				rt.Fatalf("%s matches %v without a %s of %q", text, r, field, words)
			}
		}
		ranges, ok := f.Addrs("ip")
		if ok && !slices.ContainsFunc(r.Values("ip"), func(v any) bool { return inRanges(v.(netip.Addr), ranges) }) {
			rt.Fatalf("%s matches %v without an address in %v", text, r, ranges)
		}
	})
	if found == 0 {
		t.Error("no query with words was tried")
	}
}

func TestOneOfAndAddrsOfPlainTerms(t *testing.T) {
	f := mustCompile(t, "user:(Ann,bob) ip:10.0.0.0/8 -app:x")
	if words, ok := f.OneOf("user"); !ok || !slices.Equal(words, []string{"ann", "bob"}) {
		t.Errorf("OneOf(user) = %q, %v", words, ok)
	}
	if words, ok := f.OneOf("app"); ok {
		t.Errorf("OneOf(app) = %q of a negated term", words)
	}
	ranges, ok := f.Addrs("ip")
	if !ok || len(ranges) != 1 || !inRanges(netip.MustParseAddr("10.255.0.1"), ranges) || inRanges(netip.MustParseAddr("11.0.0.0"), ranges) {
		t.Errorf("Addrs = %v, %v", ranges, ok)
	}
}

func inRanges(a netip.Addr, ranges []queries.AddrRange) bool {
	a = netip.AddrFrom16(a.As16())
	return slices.ContainsFunc(ranges, func(r queries.AddrRange) bool { return !a.Less(r.From) && !r.To.Less(a) })
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func testFieldNames() []string {
	var names []string
	for _, f := range testSchema().Fields {
		names = append(names, f.Name)
	}
	return append(names, "prop.x")
}

func mustCompile(t interface{ Fatalf(string, ...any) }, text string) *queries.Filter {
	f, err := queries.Compile(text, testSchema(), testNow)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}
