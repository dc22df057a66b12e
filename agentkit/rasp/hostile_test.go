package rasp_test

import (
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/rasp"
)

// BenchmarkHostile measures statements and inputs made to cost much: MB/s must
// not fall as they grow.
func BenchmarkHostile(b *testing.B) {
	cases := map[string]struct{ statement, input string }{
		"quotes":           {"SELECT '", "'"},
		"escaped text":     {"it''s ", "'s it"},
		"its own text":     {"a = 'x' AND ", "x' AND a"},
		"comments":         {"/* a */ -- b\n", "a */ --"},
		"list":             {"(1, 'a'), ", "1, 'a'"},
		"half the input":   {"aaaaaaaaaaaaaaaaaaaaaaaa' ", strings.Repeat("a", 40)},
		"open parentheses": {"((((", "(("},
		"words":            {"a = b AND ", "b"},
	}
	for name, c := range cases {
		for _, size := range []int{4 << 10, 256 << 10} {
			statement := strings.Repeat(c.statement, size/len(c.statement))
			b.Run(name+"/"+map[bool]string{true: "4K", false: "256K"}[size == 4<<10], func(b *testing.B) {
				in := rasp.NewInputs()
				in.Add("query.q", c.input)
				b.SetBytes(int64(len(statement)))
				for b.Loop() {
					rasp.SQL(in, "sqlite", statement)
				}
			})
		}
	}
}
