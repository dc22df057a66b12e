package scan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func found(l *Literals, s string) []string {
	var out []string
	for next := 0; next < len(s); {
		var h Hits
		_, next = l.Scan(s, next, &h, 3) // a small limit, so that many scans are stopped and go on
		for i, id := range h.IDs {
			out = append(out, fmt.Sprintf("%s@%d", l.text[id], h.At[i]))
		}
	}
	slices.Sort(out)
	return out
}

// plain finds the same by looking everywhere for everything.
func plain(texts []string, s string) []string {
	var out []string
	lower := []byte(s)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 32
		}
	}
	for _, t := range texts {
		for i := range len(s) {
			if t != "" && strings.HasPrefix(string(lower[i:]), t) {
				out = append(out, fmt.Sprintf("%s@%d", t, i))
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestScanFindsEveryLiteral(t *testing.T) {
	texts := []string{"union", "select", "/etc/passwd", "<!--#", "jndi", "abab", "sleep"}
	for _, s := range []string{
		"", "x", "UNION/**/SeLeCt", "uunion", "cat /etc/passwd", "<!--#exec", "AB ab aB", "unio", "${jndi:x}", strings.Repeat("sleep", 50),
	} {
		if got, want := found(Compile(texts), s), plain(texts, s); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}

func TestScanTellsKindsOfCharacters(t *testing.T) {
	l := Compile(nil)
	chars, _ := l.Scan("a1 '", 0, &Hits{}, 1)
	if want := Letter | Digit | Space | Quote; chars != want {
		t.Errorf("got %b, want %b", chars, want)
	}
}

func FuzzScanAgreesWithPlainSearch(f *testing.F) {
	f.Add("union", "select", "1 UNION SELECT")
	f.Add("ab", "\x00\x01\x02\x03", "AB\x00\x01\x02\x03")
	f.Fuzz(func(t *testing.T, a, b, s string) {
		if len(s) > 4096 || len(a) > 64 || len(b) > 64 {
			return // searching by hand is quadratic
		}
		a, b = strings.ToLower(strings.ToValidUTF8(a, "")), strings.ToLower(strings.ToValidUTF8(b, ""))
		if strings.ContainsFunc(a+b, func(r rune) bool { return r > 127 }) {
			return // literals are ASCII
		}
		texts := []string{"wxyz" + a, b + "abcd", "select"}
		large := slices.Concat(texts, randomLiterals(5000))
		want := plain(texts, s)
		for _, set := range [][]string{texts, large} {
			if got := found(Compile(set), s); !slices.Equal(got, want) && len(set) < 10 || !subset(want, got) {
				t.Errorf("%d literals: got %v, want %v", len(set), got, want)
			}
		}
	})
}

func subset(small, large []string) bool {
	for _, s := range small {
		if !slices.Contains(large, s) {
			return false
		}
	}
	return true
}

func BenchmarkScan(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 100)
	for _, n := range []int{100, 1000, 10000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := Compile(randomLiterals(n))
			var h Hits
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				h.Reset()
				l.Scan(text, 0, &h, 64)
			}
		})
	}
}

func randomLiterals(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]string, n)
	for i := range out {
		var sb strings.Builder
		for range 8 + r.IntN(6) {
			sb.WriteByte("abcdefghijklmnopqrstuvwxyz/._-"[r.IntN(30)])
		}
		out[i] = sb.String()
	}
	return out
}
