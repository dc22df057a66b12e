package queries_test

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/sqreen/sqreen/queries"
)

// The generators draw from few values, so that queries and records meet often, and from the ones that
// are known to be hard: wildcards of LIKE, letters whose case is not ASCII, both address families.

var (
	letters   = []string{"a", "A", "b", "é", "É", "%", "_", "*", `\`, " ", "/", "..", `"`, "'", ",", "(", "-", ":", "ß", "K", "\n"}
	addresses = []string{"10.0.0.1", "10.1.2.3", "11.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8:1::1", "::1", "127.0.0.1", "::", "ffff::", "192.168.1.1", "fe80::1"}
	envs      = []string{"prod", "Prod", "staging", "", "dev"}
	risks     = []string{"low", "medium", "high", "HIGH", "", "unheard of"}
	kinds     = []string{"sqli", "xss", "http_scan", "HTTP_error", ""}
)

func genText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 4).Draw(t, "letters"), "")
}

func genNumber(t *rapid.T) any {
	if rapid.Bool().Draw(t, "decimal") {
		return rapid.SampledFrom([]float64{0, -1.5, 1.5, 2, 3, 404.5, 1e9, 9007199254740992, 1e19, -1e300}).Draw(t, "float")
	}
	return rapid.SampledFrom([]int64{0, 1, 2, 3, -1, 200, 404, 499, 500, 1000, 9007199254740993, 1<<63 - 1, -1 << 63}).Draw(t, "int")
}

func genTime(t *rapid.T) time.Time {
	base := testNow.Add(-time.Duration(rapid.IntRange(0, 96).Draw(t, "hours")) * time.Hour)
	return base.Add(time.Duration(rapid.SampledFrom([]int64{0, 1, -1, 999, 1000, -1000, 60e9}).Draw(t, "off")))
}

func genDuration(t *rapid.T) time.Duration {
	return rapid.SampledFrom([]time.Duration{0, 1, 999, time.Microsecond, time.Millisecond, 500 * time.Millisecond, time.Second, 90 * time.Minute, 24 * time.Hour, -time.Second}).Draw(t, "duration")
}

// genRecord draws a record in which every field may be absent, in each of the ways a value can be absent.
func genRecord(t *rapid.T) record {
	r := record{}
	maybe := func(field string, draw func() any) {
		if rapid.IntRange(0, 3).Draw(t, "has "+field) > 0 {
			r[field] = []any{draw()}
		}
	}
	for _, field := range []string{"app", "path", "title", "user", "zone"} {
		maybe(field, func() any { return genText(t) })
	}
	maybe("env", func() any { return rapid.SampledFrom(envs).Draw(t, "env") })
	maybe("risk", func() any { return rapid.SampledFrom(risks).Draw(t, "risk") })
	maybe("kind", func() any { return rapid.SampledFrom(kinds).Draw(t, "kind") })
	maybe("count", func() any { return genNumber(t) })
	maybe("status", func() any { return genNumber(t) })
	maybe("overhead", func() any { return genNumber(t) })
	maybe("at", func() any { return genTime(t) })
	maybe("last_seen", func() any { return genTime(t) })
	maybe("duration", func() any { return genDuration(t) })
	maybe("blocked", func() any { return rapid.Bool().Draw(t, "blocked") })
	maybe("ip", func() any { return netip.MustParseAddr(rapid.SampledFrom(addresses).Draw(t, "ip")) })
	maybe("prop.x", func() any {
		return rapid.SampledFrom([]any{"10", "a", "A%", "", int64(10), 10.5, int64(0), true, false, "true"}).Draw(t, "x")
	})
	for _, field := range []string{"package", "orm"} {
		for range rapid.IntRange(0, 3).Draw(t, field+"s") {
			r[field] = append(r[field], genText(t))
		}
	}
	return r
}

// genQuery draws a valid query over the whole of testSchema, genSQLQuery one that SQL can answer.
func genQuery(t *rapid.T) string    { return genTree(t, 3, true) }
func genSQLQuery(t *rapid.T) string { return genTree(t, 3, false) }

func genTree(t *rapid.T, depth int, all bool) string {
	kind := rapid.IntRange(0, 9).Draw(t, "node")
	switch {
	case depth > 0 && kind < 2:
		return "(" + genTree(t, depth-1, all) + rapid.SampledFrom([]string{" ", " AND ", " and "}).Draw(t, "and") + genTree(t, depth-1, all) + ")"
	case depth > 0 && kind < 4:
		return "(" + genTree(t, depth-1, all) + rapid.SampledFrom([]string{" OR ", " or ", " || "}).Draw(t, "or") + genTree(t, depth-1, all) + ")"
	case depth > 0 && kind < 6:
		return rapid.SampledFrom([]string{"NOT ", "-", "!", "not "}).Draw(t, "not") + genTree(t, depth-1, all)
	}
	return genTerm(t, all)
}

func genTerm(t *rapid.T, all bool) string {
	fields := testSchema().Fields
	at := rapid.IntRange(0, len(fields)+3).Draw(t, "field")
	switch {
	case at == len(fields):
		return genWord(t)
	case at == len(fields)+1:
		return rapid.SampledFrom([]string{"since", "until", "SINCE"}).Draw(t, "name") + ":" + genAgo(t)
	case at > len(fields)+1:
		return genField(t, "prop.x", func() string { return genDynamicValue(t) })
	}
	f := fields[at]
	if f.Name == "orm" && !all {
		return genWord(t)
	}
	name := rapid.SampledFrom(append([]string{f.Name, strings.ToUpper(f.Name)}, f.Aliases...)).Draw(t, "name")
	return genField(t, name, func() string { return genValue(t, f) })
}

// genWord draws a bare word or a phrase.
func genWord(t *rapid.T) string {
	switch rapid.IntRange(0, 3).Draw(t, "word") {
	case 0:
		return rapid.SampledFrom([]string{"a", "*", "A*b", "é", `\%`, "10.0.0.1", "10.0.0.0/8", "2001:db8::/32"}).Draw(t, "fixed")
	case 1:
		return `"` + escapeQuotes("a"+genText(t)) + `"`
	}
	return queries.Quote("a" + genText(t))
}

func escapeQuotes(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}

func genField(t *rapid.T, name string, value func() string) string {
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return name + ":*"
	case 1:
		return name + `:""`
	case 2:
		return name + rapid.SampledFrom([]string{":", "=", "!="}).Draw(t, "op") + "(" + value() + rapid.SampledFrom([]string{",", " , ", " OR "}).Draw(t, "sep") + value() + ")"
	case 3:
		return name + ":(" + value() + `,"",` + value() + ")"
	case 4:
		if v := value(); strings.Trim(v[:1], "<>") != "" {
			return name + "!=" + v
		}
	}
	return name + ":" + value()
}

func genValue(t *rapid.T, f queries.Field) string {
	switch f.Type {
	case queries.Number:
		return genOrdered(t, func() string { return fmt.Sprint(genNumber(t)) })
	case queries.Time:
		return genOrdered(t, func() string { return genWhen(t) })
	case queries.Duration:
		return genOrdered(t, func() string {
			return rapid.SampledFrom([]string{"0", "1us", "1ms", "500ms", "0.5s", "1s", "1h30m", "90m", "1d", "-1s"}).Draw(t, "duration")
		})
	case queries.Bool:
		return rapid.SampledFrom([]string{"true", "false", "YES", "no", "1", "0"}).Draw(t, "bool")
	case queries.IP:
		return rapid.SampledFrom(append(addresses, "10.0.0.0/8", "0.0.0.0/0", "::/0", "::/64", "::/96", "::ffff:0:0/95", "2001:db8::/32", "10.1.2.3/9", "::ffff:10.0.0.0/104", "private", "v4", "v6", "loopback", "10.0.0.0..10.1.2.3", "::1..2001:db8::1")).Draw(t, "ip")
	case queries.Enum:
		if len(f.Values) > 0 {
			choice := func() string { return rapid.SampledFrom(f.Values).Draw(t, "choice") }
			if f.Ordered {
				return genOrdered(t, choice)
			}
			return rapid.SampledFrom([]string{choice(), strings.ToUpper(choice()), choice()[:1] + "*"}).Draw(t, "enum")
		}
	case queries.Text:
	}
	return genTextValue(t)
}

func genTextValue(t *rapid.T) string {
	switch rapid.IntRange(0, 2).Draw(t, "text value") {
	case 0:
		return rapid.SampledFrom([]string{"a*", "*A", "*é*", "a*b", `\%*`, `*\**`, `*_*`, `*\\`, "**a**", "prod", "PROD*"}).Draw(t, "pattern")
	case 1:
		if v := genText(t); v != "" {
			return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(v) + "'"
		}
	}
	return queries.Quote(genText(t))
}

func genDynamicValue(t *rapid.T) string {
	return rapid.SampledFrom([]string{"10", `"10"`, ">9", "<=10", "10..11", "..10.5", "a", "a*", "true", "false", "..", "1..b", `"1..2"`, "10.50"}).Draw(t, "dynamic")
}

// genOrdered draws a comparison or a range of values that need not be in order.
func genOrdered(t *rapid.T, one func() string) string {
	switch rapid.IntRange(0, 5).Draw(t, "order") {
	case 0:
		return one()
	case 1:
		return one() + ".."
	case 2:
		return ".." + one()
	case 3:
		v := one()
		return v + ".." + v
	}
	return rapid.SampledFrom([]string{">", ">=", "<", "<="}).Draw(t, "comparison") + one()
}

func genWhen(t *rapid.T) string {
	when := genTime(t)
	layout := rapid.SampledFrom([]string{
		"2006-01-02", "2006-01", "2006", "2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15:04:05",
		time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000000Z07:00", "15:04",
	}).Draw(t, "layout")
	return rapid.SampledFrom([]string{when.Format(layout), when.UTC().Format(time.RFC3339), "today", "yesterday", "now", "now-24h", "-36h"}).Draw(t, "when")
}

func genAgo(t *rapid.T) string {
	return rapid.SampledFrom([]string{"24h", "1d12h", "0s", "today", "yesterday", "2026-11-20", "2026-11-19T10:00:00Z", "now-1h"}).Draw(t, "ago")
}
