package main

import (
	"fmt"
	"strings"
)

var (
	people = []string{"Ann", "O'Brien", "D'Angelo", "José", "Zoë", "Nuñez", "李雷", "N'Golo", "Anne-Marie", "van 't Hoff", "al-Rashid", "Сергей", "McDonald's", "Jean-Luc", "Null", "True", "Select"}
	things = []string{
		"mug", "blue mug", "ceramic mug, 12\" tall", "rock 'n' roll", "50% off", "A&B", "C++", "C#", "a/b", "T-shirt (XL)", "1/2 inch", "size: 10-12", "don't", "it's 5 o'clock", "fish & chips", "100%", "[sale]", "{x}", "a_b", "x;y", "--", "- -", "/* */", "#1", "?", "!", "''", "\"", "`", "\\", "C:\\temp\\", "\\\\server\\share", ":)", ";)", ";-)", "<3", "=", "==", "a=b", "a<b", "1+1", "2-1", "3*4", "@home", "$5", "€5", "5'11\"", "'90s", "y'all", "'tis", "ol'", "users'", "l'été", "O''Neil", "rock–paper", "“quoted”", "‘single’", "1,000.50", "+33 6 12 34", "(555) 123-4567", "a@b.example", "https://a.example/?q=1&r='2'#x", "2026-01-02T03:04:05Z", "12:30", "10.0.0.1", "::1", "f47ac10b-58cc-4372-a567-0e02b2c3d479",
	}
	sentences = []string{
		"select a table from the catalogue", "union of workers", "drop me a line", "I'd like to order by phone", "where is my order?", "insert coin to continue", "the case when nothing works", "update: it works -- thanks!", "Do you like it or not? And why not?", "id = 1 or 2?", "what's the difference between = and ==", "He said \"it's fine\"; we left.", "price between 10 and 20", "delete from my wish list", "1 or 2 pieces", "group by colour, then size", "limit 10 per customer", "not null and void", "order by name", "name from products", "id, name", "count(*)", "from products where", "products", "name", "and", "or", "like", "in", "null", "not",
		"SELECT * FROM users WHERE id = 1", "Use `SELECT 'x' || name FROM t -- comment` for that", "The query ' OR 1=1 -- is a classic", "'; DROP TABLE students; --", "<script>alert('x')</script>", "if (a == 'b') { return \"c\"; }", "fmt.Printf(\"%s\\n\", s)", "{\"name\": \"O'Brien\", \"n\": 1}", "# Title\n\n- item 'one'\n- item \"two\" -- dash\n", "a\tb\nc", "x AND y", "R&D; QA", "Robert'); DROP TABLE Students;--", "admin'--", "100% cotton -- 'soft' /* new */",
	}
	columns = []string{"id", "name", "price", "stock", "category", "owner", "created_at", "description"}
)

// text returns something that people type.
func (m maker) text() string {
	switch m.IntN(6) {
	case 0:
		return pick(m, people) + " " + pick(m, people)
	case 1:
		return pick(m, things)
	case 2:
		return pick(m, things) + pick(m, []string{" ", ", ", " - ", " & ", "; ", " and ", " or ", "'s "}) + pick(m, things)
	case 3:
		return pick(m, sentences)
	case 4:
		return m.payload() // quoted in a comment, or tried on a careful app
	default:
		return strings.TrimSpace(pick(m, sentences) + " " + pick(m, things) + " " + pick(m, people) + pick(m, []string{"", ".", "!", "'", "\"", "?", ";", "\\", "--"}))
	}
}

// value returns something that an app may take for kind k.
func (m maker) value(k kind) string {
	switch k {
	case number:
		return pick(m, []string{
			fmt.Sprint(m.IntN(100000)), fmt.Sprint(1 + m.IntN(9)), fmt.Sprint(-m.IntN(1000)), fmt.Sprintf("%.2f", m.Float64()*100), fmt.Sprintf("%d", m.Uint32()),
			"1e3", "0x1F", "+5", ".5", "1_000", " 7 ", "007", "true",
		})
	case name:
		list := []string{pick(m, columns)}
		for m.IntN(4) == 0 {
			list = append(list, pick(m, columns))
		}
		return strings.Join(list, pick(m, []string{",", ", "})) + pick(m, []string{"", "", "", " ASC", " DESC", " desc", " COLLATE nocase"})
	case remark:
		return pick(m, []string{"/items/{id}", "trace=abc-123", "user O'Brien", "GET /a?b=1", "name: GetUser :one", "it's; fine", "\"x\""})
	default:
		return m.text()
	}
}
