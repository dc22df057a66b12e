package rasp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/rasp"
)

// browser adds what an ordinary request of a browser brings in: five query
// parameters, ten headers, two cookies.
func browser(in *rasp.Inputs) {
	in.Add("query.q", "ceramic mug")
	in.Add("query.page", "2")
	in.Add("query.sort", "price_asc")
	in.Add("query.category", "kitchen")
	in.Add("query.utm_source", "newsletter-2026-11")
	in.Add("header.User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36")
	in.Add("header.Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8")
	in.Add("header.Accept-Language", "en-US,en;q=0.5")
	in.Add("header.Accept-Encoding", "gzip, deflate, br, zstd")
	in.Add("header.Referer", "https://shop.example/search?q=ceramic+mug&page=1")
	in.Add("header.Host", "shop.example")
	in.Add("header.Connection", "keep-alive")
	in.Add("header.Upgrade-Insecure-Requests", "1")
	in.Add("header.Sec-Fetch-Site", "same-origin")
	in.Add("header.Sec-Ch-Ua", `"Chromium";v="131", "Not_A Brand";v="24"`)
	in.Add("cookie.sid", "c2a8f0b1d4e64f3f9a7b5c3d2e1f0a9b")
	in.Add("cookie.theme", "dark")
}

func BenchmarkSQL(b *testing.B) {
	const plain = "SELECT id, title, price, stock FROM products WHERE category_id = ? AND deleted_at IS NULL ORDER BY price LIMIT ? OFFSET ?"
	cases := []struct{ name, statement string }{
		{"none occurs", plain},
		{"one in a literal", strings.Replace(plain, "category_id = ?", "title LIKE '%ceramic mug%'", 1)},
		{"one as a name", strings.Replace(plain, "category_id = ?", "category_id = kitchen", 1)},
		{"attack", strings.Replace(plain, "category_id = ?", "title LIKE '%ceramic mug%' AND a = 'x' OR 1=1 --'", 1)},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			in := rasp.NewInputs()
			browser(in)
			if c.name == "attack" {
				in.Add("query.a", "x' OR 1=1 --")
			}
			rasp.SQL(in, "sqlite", c.statement)
			b.ReportAllocs()
			for b.Loop() {
				rasp.SQL(in, "sqlite", c.statement)
			}
		})
	}
}

// BenchmarkFirst measures a request's first statement: adding its inputs,
// decoding them and checking.
func BenchmarkFirst(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		in := rasp.NewInputs()
		browser(in)
		rasp.SQL(in, "sqlite", "SELECT id, title, price FROM products WHERE category_id = ? LIMIT 10")
	}
}

// BenchmarkManyInputs measures a request with a large JSON body.
func BenchmarkManyInputs(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			in := rasp.NewInputs()
			for i := range n {
				in.Add(fmt.Sprintf("json.items[%d].name", i), fmt.Sprintf("Item number %d, in blue", i*7919))
			}
			b.ReportAllocs()
			for b.Loop() {
				rasp.SQL(in, "sqlite", "SELECT id, title, price FROM products WHERE category_id = ? LIMIT 10")
			}
		})
	}
}

// BenchmarkLongStatement measures a bulk insert of a megabyte.
func BenchmarkLongStatement(b *testing.B) {
	s := "INSERT INTO t (a, b) VALUES ('x', 1)" + strings.Repeat(", ('ceramic mug ''blue''', 12345)", 32<<10)
	in := rasp.NewInputs()
	browser(in)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		rasp.SQL(in, "sqlite", s)
	}
}
