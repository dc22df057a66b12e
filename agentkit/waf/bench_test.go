package waf

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// benignGet is a GET with five query parameters and ten headers.
func benignGet() *Request {
	return &Request{
		Method: "GET", Path: "/catalogue/products", Host: "shop.example.com",
		RawQuery: "q=running+shoes&category=sports&page=3&sort=price_asc&color=dark%20blue",
		Header: map[string][]string{
			"User-Agent":      {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
			"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
			"Accept-Language": {"en-US,en;q=0.5"},
			"Accept-Encoding": {"gzip, deflate, br"},
			"Referer":         {"https://shop.example.com/catalogue?page=2"},
			"Connection":      {"keep-alive"},
			"Cache-Control":   {"max-age=0"},
			"Cookie":          {"session=4f3c2b1a9d8e7f60a1b2c3d4e5f60718; theme=dark; cart=17"},
			"Sec-Fetch-Site":  {"same-origin"},
			"X-Request-Id":    {"550e8400-e29b-41d4-a716-446655440000"},
		},
	}
}

func BenchmarkBenignGet(b *testing.B) {
	rs, r := Default(), benignGet()
	if m := rs.Inspect(r); m != nil {
		b.Fatalf("a benign request matched: %s", m[0].Explain())
	}
	b.ReportAllocs()
	for b.Loop() {
		rs.Inspect(r)
	}
}

func BenchmarkInjectionGet(b *testing.B) {
	rs, r := Default(), benignGet()
	r.RawQuery = "q=1%27%20OR%20%271%27%3D%271%27%20--%20&page=3"
	if !Blocked(rs.Inspect(r)) {
		b.Fatal("the injection was not found")
	}
	b.ReportAllocs()
	for b.Loop() {
		rs.Inspect(r)
	}
}

// benignScalars are about a hundred scalars of a 2 KB JSON document.
func benignScalars() []Input {
	var in []Input
	for i := range 20 {
		key := fmt.Sprintf("items[%d]", i)
		in = append(in,
			Input{JSON, key + ".id", fmt.Sprint(1000 + i)}, Input{JSON, key + ".name", "Running shoe, light"},
			Input{JSON, key + ".size", "42"}, Input{JSON, key + ".price", "79.90"}, Input{JSON, key + ".note", "Please deliver after 5 pm; thanks!"})
	}
	return in
}

func BenchmarkBenignScalars(b *testing.B) {
	rs, in := Default(), benignScalars()
	n := 0
	for _, i := range in {
		n += len(i.Value)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		x := rs.Begin()
		for i := range in {
			x.Value(in[i].Source, in[i].Key, in[i].Value)
		}
		x.End()
	}
}

// benignJSON is a document of 2 KB with a hundred scalars.
func benignJSON() string {
	var b strings.Builder
	b.WriteString(`{"items":[`)
	for i := range 20 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%d","name":"Running shoe, light","size":"42","price":"79.90","note":"After 5 pm; thanks!"}`, 1000+i)
	}
	return b.String() + "]}"
}

func BenchmarkBenignJSON(b *testing.B) {
	rs, body := Default(), benignJSON()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		x := rs.Begin()
		x.Body("application/json", body)
		x.End()
	}
}

func BenchmarkBodySize(b *testing.B) {
	text := "The quick brown fox jumps over the lazy dog, and then it sleeps. "
	for _, size := range []int{2 << 10, 32 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			rs, v := Default(), strings.Repeat(text, size/len(text)+1)[:size]
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				x := rs.Begin()
				x.Value(Form, "comment", v)
				x.End()
			}
		})
	}
}

func BenchmarkRules(b *testing.B) {
	for _, n := range []int{0, 100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rules, err := Builtin()
			if err != nil {
				b.Fatal(err)
			}
			for i := range n {
				rules = append(rules, Rule{ID: fmt.Sprint("custom-", i), Kind: "custom", Tests: []Test{{Op: Contains, Args: []string{fmt.Sprintf("forbidden-word-%06d", i*7919)}}}})
			}
			rs, err := Compile(rules, Stack{})
			if err != nil {
				b.Fatal(err)
			}
			r := benignGet()
			b.ReportAllocs()
			for b.Loop() {
				rs.Inspect(r)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rules, err := Builtin()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Compile(rules, Stack{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBenignJSONIsNotFlagged(t *testing.T) {
	doc, err := json.Marshal(benignScalars())
	if err != nil {
		t.Fatal(err)
	}
	x := Default().Begin()
	defer x.End()
	x.Value(Body, "", string(doc))
	if Blocked(x.Matches()) {
		t.Errorf("blocked: %s", x.Matches()[0].Explain())
	}
}
