package queries_test

import (
	"testing"
	"time"

	"github.com/sqreen/sqreen/queries"
)

// benchQueries are queries that people leave running on a live tail.
func benchQueries() []string {
	return []string{
		"env:prod risk:>=medium -orm:*",
		"kind:(sqli,xss) status:400..499 ip:10.0.0.0/8",
		"path:*/admin/*.php* -user:alice@example.com",
		`"union select" since:24h`,
		"env:prod (blocked:false OR duration:>500ms) count:>10 prop.plan:free",
	}
}

// benchRecord is a Record whose Values cost nothing, so that Match is what is measured.
func benchRecord() queries.Record {
	return record{
		"app": {"shop"}, "env": {"prod"}, "path": {"/wp/content/uploads/2026/11/admin/index.php?page=1&sort=name"},
		"title": {"SQL injection blocked: 1 UNION SELECT password FROM users"}, "user": {"bob@example.com"},
		"risk": {"high"}, "kind": {"sqli"}, "status": {int64(403)}, "count": {int64(12)}, "at": {testNow},
		"duration": {time.Second}, "blocked": {true}, "ip": {addr("10.1.2.3")}, "package": {"a", "b", "c"}, "prop.plan": {"free"},
	}
}

func BenchmarkMatch(b *testing.B) {
	r := benchRecord()
	for _, text := range benchQueries() {
		b.Run(text, func(b *testing.B) {
			f, err := queries.Compile(text, testSchema(), testNow)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				f.Match(r)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	s := testSchema()
	for _, text := range benchQueries() {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := queries.Compile(text, s, testNow); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSQL(b *testing.B) {
	f, err := queries.Compile(benchQueries()[1], testSchema(), testNow)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.SQL(queries.SQLite); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkComplete(b *testing.B) {
	s := testSchema()
	b.ReportAllocs()
	for b.Loop() {
		queries.Complete("env:prod risk:>=medium ap", 25, s, knownValues)
	}
}
