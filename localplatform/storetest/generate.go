package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Start is the time around which generated events happen.
var Start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// Generator makes events that look like those of a busy platform, the same for
// the same seed.
type Generator struct {
	rand *rand.Rand
	n    int
}

// NewGenerator returns a generator for a seed.
func NewGenerator(seed uint64) *Generator {
	return &Generator{rand: rand.New(rand.NewPCG(seed, 7))}
}

func pick[T any](g *Generator, from ...T) T { return from[g.rand.IntN(len(from))] }

// chance is true once in n times.
func (g *Generator) chance(n int) bool { return g.rand.IntN(n) == 0 }

// Event makes the next event. Some come late, some lack values, and letters
// differ in case here and there.
func (g *Generator) Event() localplatform.Event {
	g.n++
	e := localplatform.Event{
		At:  Start.Add(time.Duration(g.n)*50*time.Millisecond + time.Duration(g.rand.IntN(1000))*time.Microsecond),
		App: pick(g, "shop", "shop", "shop", "blog", "api"), Env: pick(g, "prod", "prod", "staging"),
		Instance: fmt.Sprintf("i-%d", g.rand.IntN(5)), Weight: 1,
		Method: pick(g, "GET", "POST"), Path: pick(g, "/", "/search", "/Search", "/login", fmt.Sprintf("/item/%d", g.rand.IntN(500))),
		Host: "shop.example", UserAgent: pick(g, "Mozilla/5.0 (X11; Linux x86_64)", "sqlmap/1.7.2#stable (https://sqlmap.org)", "curl/7.88.1"),
		Request: fmt.Sprintf("r%07x", g.n/2), Status: pick(g, 0, 200, 200, 403, 404, 500),
	}
	e.IP = g.addr()
	if g.chance(20) {
		e.At = e.At.Add(-time.Duration(g.rand.IntN(7200)) * time.Second) // an agent that was cut off
	}
	if g.chance(2) {
		e.User = fmt.Sprintf("user%d", g.rand.IntN(300))
	}
	if g.chance(10) {
		e.Weight = int64(1 + g.rand.IntN(50))
	}
	g.kind(&e)
	e.Detail = json.RawMessage(fmt.Sprintf(`{"kind":%q,"name":%q,"payload":%q}`, e.Kind, e.Name, strings.Repeat("x", g.rand.IntN(300))))
	return e
}

func (g *Generator) addr() netip.Addr {
	switch g.rand.IntN(10) {
	case 0:
		return netip.Addr{}
	case 1:
		return netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", g.rand.IntN(2000)))
	}
	return netip.AddrFrom4([4]byte{203, 0, byte(g.rand.IntN(4)), byte(g.rand.IntN(256))})
}

func (g *Generator) kind(e *localplatform.Event) {
	switch g.rand.IntN(5) {
	case 0, 1:
		e.Kind, e.Name, e.Protection = wire.KindAttack, wire.NameAttack, pick(g, "rasp", "waf")
		e.Attack = pick(g, wire.AttackSQLi, wire.AttackSQLi, wire.AttackXSS, wire.AttackLFI, "SQLi")
		e.Rule = e.Protection + "." + e.Attack
		e.Blocked, e.Reached = g.chance(2), g.chance(4)
		e.Severity = pick(g, localplatform.SeverityLow, localplatform.SeverityMedium, localplatform.SeverityHigh)
		e.Param, e.Message = pick(g, "query.q", "form.name", "header.User-Agent"), "input altered the statement 100% of the_time"
		e.Route = "GET /search"
	case 2:
		e.Kind, e.Name = wire.KindUser, pick(g, wire.NameLoginSuccess, wire.NameLoginFailure)
	case 3:
		e.Kind, e.Name = wire.KindHTTPError, pick(g, wire.NameNotFound, wire.NameServerError)
	default:
		e.Kind, e.Name = wire.KindEvent, pick(g, "cart.add", "Cart.Add", "checkout", fmt.Sprintf("custom.%d", g.rand.IntN(40)))
	}
}

// Events makes n events.
func (g *Generator) Events(n int) []localplatform.Event {
	out := make([]localplatform.Event, n)
	for i := range out {
		out[i] = g.Event()
	}
	return out
}

// Queries are filters over events, of every shape that matters to a store.
func (g *Generator) Queries() []string {
	return []string{
		"", "kind:attack", "attack:sqli", "attack:SQLI blocked:true", "-attack:*", "user:*", "-user:*", "app:shop env:(prod,staging)",
		"ip:203.0.1.17", "ip:203.0.1.0/24", "ip:2001:db8::/64", "-ip:203.0.0.0/16", "ip:*",
		"severity:>=medium", "severity:high reached:true", "status:>=400", "status:403..404", "-status:*", "weight:>10",
		"path:/item/1*", "path:*/SEARCH", "message:*100%*", "message:*the_time*", "agent:sqlmap*", "sqlmap", `"altered the"`,
		"at:>2026-11-20T12:00:30Z", "at:2026-11-20T12:00:10Z..2026-11-20T12:00:20Z", "at:<2026-11-20T12:00:00Z kind:user",
		"id:>500", "id:100..200", "id:7 OR id:9", "name:cart.add OR attack:xss", "NOT (app:shop OR env:staging)",
		"app:shop AND (user:user7 OR ip:203.0.2.9)", "request:r000000a", "rule:waf.* severity:low", "app:nothing",
		"received:>=2026-11-20T12:00:00Z name:checkout", "instance:i-3 method:post", "-(blocked:true OR app:blog)",
		fmt.Sprintf("user:user%d", g.rand.IntN(300)), fmt.Sprintf("path:/item/%d", g.rand.IntN(500)),
		fmt.Sprintf("name:custom.%d", g.rand.IntN(40)),
	}
}
