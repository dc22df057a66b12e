package main

import "strings"

const schema = `
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, description TEXT, price REAL, stock INT, category TEXT, owner INT, created_at TEXT);
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT, password TEXT, role TEXT, active INT);
CREATE TABLE comments (id INTEGER PRIMARY KEY, product INT, author TEXT, body TEXT, rating INT);
CREATE TABLE log (at TEXT, path TEXT, agent TEXT);
CREATE INDEX products_category ON products (category);
`

// kind of place that a template leaves open.
type kind int

const (
	text   kind = iota // within '...'
	quoted             // within "..."
	number             // a value without quotes
	name               // a column or an order
	remark             // within a comment
)

// template is a statement with one place left open, and a value that belongs there.
type template struct {
	sql    string
	kind   kind
	benign string
}

func (t template) fill(value string) string { return strings.Replace(t.sql, "{}", value, 1) }

// ordinary returns several values that belong into t. SQLite compiles some
// differently: it stores a constant that occurs twice once, and takes a long
// pattern for a selective one.
func (t template) ordinary() []string {
	switch t.kind {
	case text:
		return []string{t.benign, "a", "7", "-7", "x y", "'' ''", "%", "an ordinary value of more than forty letters"}
	case number:
		return []string{t.benign, "1", "3", "-7", "1.5"}
	default:
		return []string{t.benign}
	}
}

// escape is what a careful app does to a value before it puts it here, and false
// where only values of the right form may go.
func (t template) escape(value string) (string, bool) {
	switch t.kind {
	case text:
		return strings.ReplaceAll(value, "'", "''"), true
	case quoted:
		return strings.ReplaceAll(value, `"`, `""`), true
	default:
		return value, false
	}
}

var templates = []template{
	{"SELECT id, name, price FROM products WHERE name = '{}'", text, "mug"},
	{"SELECT id, name, price FROM products WHERE name = '{}' AND stock > 0", text, "mug"},
	{"SELECT id, name, price FROM products WHERE name LIKE '%{}%'", text, "mug"},
	{"SELECT id, name, price FROM products WHERE name LIKE '%{}%' OR description LIKE '%x%' ORDER BY price LIMIT 20", text, "mug"},
	{"SELECT id, name FROM products WHERE (name LIKE '%{}%' AND stock > 0) ORDER BY name", text, "mug"},
	{"SELECT id, name FROM products WHERE ((category = '{}')) AND price < 100", text, "mug"},
	{"SELECT * FROM users WHERE email = '{}' AND password = 'secret'", text, "a"},
	{"SELECT * FROM users WHERE email = 'a' AND password = '{}'", text, "a"},
	{"SELECT * FROM users WHERE lower(email) = lower('{}') LIMIT 1", text, "a"},
	{"SELECT id FROM products WHERE category IN ('a', '{}', 'b')", text, "c"},
	{"SELECT id FROM products WHERE created_at BETWEEN '{}' AND '2030-01-01'", text, "2026-01-01"},
	{"SELECT p.id, c.body FROM products p JOIN comments c ON c.product = p.id WHERE c.author = '{}' ORDER BY c.id DESC", text, "a"},
	{"SELECT category, count(*) FROM products WHERE name LIKE '%{}' GROUP BY category HAVING count(*) > 1", text, "m"},
	{"INSERT INTO comments (product, author, body, rating) VALUES (1, 'ann', '{}', 5)", text, "fine"},
	{"INSERT INTO comments (product, author, body, rating) VALUES (1, '{}', 'fine', 5)", text, "ann"},
	{"INSERT INTO log (at, path, agent) VALUES ('2026', '/x', '{}')", text, "curl"},
	{"UPDATE users SET name = '{}' WHERE id = 7", text, "ann"},
	{"UPDATE users SET name = 'ann' WHERE email = '{}'", text, "a"},
	{"DELETE FROM comments WHERE author = '{}' AND id = 3", text, "ann"},
	{"SELECT CASE WHEN name = '{}' THEN 1 ELSE 0 END FROM products", text, "mug"},
	{"SELECT id FROM products WHERE name = '{}' UNION SELECT id FROM users WHERE role = 'x'", text, "mug"},
	{"WITH q AS (SELECT id FROM products WHERE name = '{}') SELECT * FROM q WHERE id > 3", text, "mug"},
	{"SELECT json_extract(body, '$.{}') FROM comments", text, "a"},
	{`SELECT "{}" FROM products WHERE id = 4`, quoted, "zz"},
	{`SELECT id FROM products ORDER BY "{}" DESC`, quoted, "zz"},
	{"SELECT id, name, price FROM products WHERE id = {}", number, "7"},
	{"SELECT id, name FROM products WHERE id = {} AND owner = 3", number, "7"},
	{"SELECT id, name FROM products WHERE (owner = {}) ORDER BY id", number, "7"},
	{"SELECT id, name FROM products WHERE price < {} AND name = 'mug'", number, "7"},
	{"SELECT id, name FROM products WHERE owner IN ({})", number, "7"},
	{"SELECT id, name FROM products WHERE owner IN (1, {}, 3) LIMIT 5", number, "7"},
	{"SELECT id, name FROM products WHERE stock BETWEEN {} AND 100", number, "7"},
	{"SELECT id, name FROM products ORDER BY id LIMIT {}", number, "7"},
	{"SELECT id, name FROM products ORDER BY id LIMIT 10 OFFSET {}", number, "7"},
	{"INSERT INTO comments (product, author, body, rating) VALUES ({}, 'ann', 'fine', 5)", number, "7"},
	{"INSERT INTO comments (product, author, body, rating) VALUES (1, 'ann', 'fine', {})", number, "7"},
	{"UPDATE products SET stock = {} WHERE id = 3", number, "7"},
	{"UPDATE products SET stock = stock - 1 WHERE id = {}", number, "7"},
	{"DELETE FROM comments WHERE id = {}", number, "7"},
	{"SELECT category, sum(price) FROM products GROUP BY category HAVING sum(price) > {}", number, "7"},
	{"SELECT id FROM products WHERE abs(stock - {}) < 5", number, "7"},
	{"SELECT p.id FROM products p JOIN users u ON u.id = p.owner AND u.id = {}", number, "7"},
	{"SELECT id, name FROM products ORDER BY {}", name, "name"},
	{"SELECT id, name FROM products ORDER BY {} DESC LIMIT 10", name, "name"},
	{"SELECT id, name FROM products ORDER BY name {}", name, "ASC"},
	{"SELECT {} FROM products WHERE id = 4", name, "name"},
	{"SELECT id, {} FROM products WHERE stock > 4", name, "name"},
	{"SELECT count(*) FROM products GROUP BY {}", name, "category"},
	{"SELECT * FROM {} WHERE id = 4", name, "products"},
	{"SELECT id FROM products WHERE {} = 4", name, "owner"},
	{"SELECT /* {} */ id FROM products WHERE owner = 4", remark, "x"},
	{"SELECT id FROM products -- {}\nWHERE owner = 4", remark, "x"},
}
