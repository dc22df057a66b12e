package traffic

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// searches are what people type. Some would frighten a naive protection. None
// holds an apostrophe beside a space: that would break the shop's own statement,
// and nobody could tell it from an attacker's first probe.
func searches() []string {
	return []string{
		"brass", "lantern", "oiled oak", "O'Brien", "drop table lamp", "select a table", "union", "Union table lamp", "lamp -- dimmable",
		"floor lamp or pendant", "1 or 2 bulbs", "E27 & E14", "lamp < 100", "50% linen", "order by price", "what's new?", "where is the signal lamp",
		"O'Neill & D'Angelo", "smoked glass; blackened steel", "insert bulbs into lantern", "\"harbour light\"", "table \"drop\"", "having a lamp",
		"lámpara de latón", "黄铜灯", "like new", "exec desk lamp", "cat lamp", "ping pong table lamp", "null", "true", "nautilus #3", "C:\\lamps",
		"script for lamps", "on/off switch", "../size chart", "a (small) lamp", "bulb set 4x", "lamp=brass", "me@home lamp", "and or not",
	}
}

// remarks are reviews that customers write.
func remarks() []string {
	return []string{
		"Lovely! It's exactly what the kitchen needed.",
		"My colleague calls it the DROP TABLE lamp. Database people...",
		"Small scratch on the shade, but I'd buy it again -- good value.",
		"Select this one if you like brass; where else would you find it?",
		"I <3 it. Width > 30 cm, so measure first!",
		"UNION SELECT is a great name for a product line, tell your marketing.",
		"The manual says \"DROP TABLE lamps\" on page 3. Our DBA laughed.",
		"Light & shadow like in O'Neill's pub. 10/10.",
		"Works with the on/off script of our smart home (curl and all).",
	}
}

func browsers() []string {
	return []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
	}
}

// shop is the life of one place in the shop: one customer after the other,
// each from an address of their own.
func (c *Crowd) shop(ctx context.Context, place int) {
	plan := c.random("place/" + strconv.Itoa(place))
	users := planted.Users()
	for visit := 0; ctx.Err() == nil; visit++ {
		// Those whose passwords were leaked elsewhere stay away: whoever opens
		// their accounts is the stuffer. The admins (ids 1 and 2) do not shop.
		u := users[2+(place*17+visit*5)%(len(users)-2)]
		v := c.visitor(Customer, customerIP(u), pick(plan, browsers()), fmt.Sprintf("customer/%d/%d", place, visit))
		if u.Reused {
			v.stroll(ctx)
			continue
		}
		v.buy(ctx, u)
	}
}

// customerIP gives each customer one address, every fifth an IPv6 one.
func customerIP(u planted.User) netip.Addr {
	if u.ID%5 == 0 {
		return hostOf(CustomersV6, byte(u.ID))
	}
	return hostOf(CustomersV4, byte(u.ID))
}

// stroll looks around without an account.
func (v *visitor) stroll(ctx context.Context) {
	v.get(ctx, "/")
	v.ask(ctx, "/search", "q", pick(v.rng, searches()))
	v.look(ctx, v.anyLamp())
	if v.rng.IntN(3) == 0 {
		v.get(ctx, "/old-catalogue-2019.html") // a dead bookmark
	}
}

// buy is a whole visit: browse, search, log in, buy, say something, leave.
func (v *visitor) buy(ctx context.Context, u planted.User) {
	v.get(ctx, "/")
	category := pick(v.rng, planted.Categories())
	v.ask(ctx, "/products", "category", category)
	for range 1 + v.rng.IntN(3) {
		v.ask(ctx, "/search", "q", pick(v.rng, searches()))
	}
	lamp := v.anyLamp()
	v.look(ctx, lamp)
	v.postJSON(ctx, "/api/cart", map[string]any{"product": lamp, "quantity": 1 + v.rng.IntN(3)})
	if v.rng.IntN(8) == 0 {
		v.post(ctx, "/login", "email", u.Email, "password", u.Password+"1") // a slip of the finger
	}
	if v.post(ctx, "/login", "email", u.Email, "password", u.Password).Status != http.StatusSeeOther {
		return
	}
	v.get(ctx, "/account")
	v.extras(ctx, lamp)
	v.postJSON(ctx, "/api/checkout", map[string]any{"coupon": pick(v.rng, []string{"", "WELCOME10", "O'BRIEN-5", "SELECT-20"}), "note": "Ring at O'Neill's; leave with the porter -- thanks!"})
	v.post(ctx, "/logout")
}

// extras are what only some customers do.
func (v *visitor) extras(ctx context.Context, lamp int) {
	switch v.rng.IntN(5) {
	case 0:
		v.post(ctx, "/product/"+strconv.Itoa(lamp)+"/review", "stars", strconv.Itoa(3+v.rng.IntN(3)), "text", pick(v.rng, remarks()))
	case 1:
		v.post(ctx, "/account/search", "q", pick(v.rng, searches()))
		v.get(ctx, "/account")
	case 2:
		v.ask(ctx, "/preview", "url", pick(v.rng, planted.PartnerURLs()))
	case 3:
		v.get(ctx, "/health?host=localhost")
	}
}

// look opens a product and its picture, as a browser does.
func (v *visitor) look(ctx context.Context, lamp int) {
	page := v.get(ctx, "/product/"+strconv.Itoa(lamp))
	if _, rest, ok := strings.Cut(page.Body, `/image?file=`); ok {
		name, _, _ := strings.Cut(rest, `"`)
		if name, err := url.QueryUnescape(name); err == nil {
			v.ask(ctx, "/image", "file", name)
		}
	}
}

func (v *visitor) anyLamp() int { return 1 + v.rng.IntN(len(planted.Products())) }
