package traffic

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// Role is what a visitor is up to.
type Role string

// Roles.
const (
	Customer Role = "customers"
	Scanner  Role = "scanner"
	Injector Role = "sql injector"
	Intruder Role = "intruder"
	Stuffer  Role = "credential stuffer"
)

// Roles lists the roles in the order people read them.
func Roles() []Role { return []Role{Customer, Scanner, Injector, Intruder, Stuffer} }

// share is the part of all requests that a role sends.
func share(r Role) float64 {
	switch r {
	case Customer:
		return 0.45
	case Scanner:
		return 0.15
	case Injector:
		return 0.20
	case Stuffer:
		return 0.10
	case Intruder:
		return 0.10
	}
	return 0
}

// Address ranges of the visitors, from the blocks reserved for documentation.
// Attackers never come from the customers' ranges.
var (
	CustomersV4 = netip.MustParsePrefix("198.51.100.0/24")
	CustomersV6 = netip.MustParsePrefix("2001:db8:c0de::/48")
	AttackersV4 = netip.MustParsePrefix("203.0.113.0/24")
	AttackersV6 = netip.MustParsePrefix("2001:db8:bad::/48")
)

// DefaultRate is the number of requests per second that a crowd sends.
const DefaultRate = 30

// MaxRate bounds Config.Rate: this is a demo, not a load test.
const MaxRate = 2000

// Config says whom to play against which shop.
type Config struct {
	URL    string       // of the shop, without a path
	Seed   uint64       // chooses the visitors' intentions
	Rate   float64      // requests per second of all visitors together; 0 means DefaultRate, MaxRate at most
	Rounds int          // attackers stop after this many rounds, and the crowd with them; 0 means never
	Shop   string       // name of the shop in Answer
	Client *http.Client // nil makes one; redirects are not followed whatever it says
	// OnAnswer, when set, is told of each answer. It is called from several
	// goroutines and must not block.
	OnAnswer func(Answer)
}

// Answer is what came back for one request.
type Answer struct {
	Shop    string
	Role    Role
	IP      netip.Addr
	Method  string
	Path    string // with its query
	Status  int
	Refused bool // not the shop answered, but what protects it
	Took    time.Duration
	Body    string `json:"-"`
	Place   string // where a redirect leads
}

// Crowd plays visitors against one shop.
type Crowd struct {
	cfg    Config
	client *http.Client
	pace   map[Role]*pacer

	mu    sync.Mutex
	tally map[Role]*Tally
	tries map[string]*Technique
	order []string // of tries
	loot  loot
}

// New returns a crowd that has sent nothing yet.
func New(c Config) *Crowd {
	if c.Rate <= 0 {
		c.Rate = DefaultRate
	}
	c.Rate = min(c.Rate, MaxRate)
	crowd := &Crowd{
		cfg: c, client: newClient(c.Client), pace: map[Role]*pacer{}, tally: map[Role]*Tally{},
		tries: map[string]*Technique{}, loot: newLoot(),
	}
	for _, r := range Roles() {
		crowd.pace[r] = &pacer{every: time.Duration(float64(time.Second) / (c.Rate * share(r)))}
		crowd.tally[r] = &Tally{}
	}
	return crowd
}

func newClient(c *http.Client) *http.Client {
	if c == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.Proxy = nil // the shop is on this machine, and nothing goes elsewhere
		t.MaxIdleConnsPerHost = 32
		c = &http.Client{Transport: t, Timeout: 15 * time.Second}
	}
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// Run plays everybody until ctx is done, or until the attackers have finished
// their rounds. It returns an error only when Config.URL is not usable.
func (c *Crowd) Run(ctx context.Context) error {
	if u, err := url.Parse(c.cfg.URL); err != nil || u.Host == "" {
		return errors.New("the crowd needs the shop's address, such as http://127.0.0.1:8080")
	}
	defer c.client.CloseIdleConnections()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var shoppers, attackers sync.WaitGroup
	for i := range 12 {
		shoppers.Go(func() { c.shop(ctx, i) })
	}
	for role, attack := range c.attacks() {
		attackers.Go(func() { c.campaign(ctx, role, attack) })
	}
	attackers.Wait()
	cancel()
	shoppers.Wait()
	return nil
}

// attack is one round of an attacker.
type attack func(ctx context.Context, v *visitor, round int)

func (c *Crowd) attacks() map[Role]attack {
	return map[Role]attack{Scanner: scan, Injector: inject, Intruder: intrude, Stuffer: stuff}
}

// restSlots is how many of its requests an attacker lets pass between rounds.
const restSlots = 60

// campaign repeats an attack, each round from another address.
func (c *Crowd) campaign(ctx context.Context, role Role, attack attack) {
	for round := 0; ctx.Err() == nil && (c.cfg.Rounds == 0 || round < c.cfg.Rounds); round++ {
		attack(ctx, c.attacker(role, round), round)
		if c.cfg.Rounds != 0 {
			continue
		}
		for range restSlots {
			c.pace[role].wait(ctx)
		}
	}
}

// attacker makes a visitor for a round. The last byte of its address tells the
// role apart; every third round comes from IPv6.
func (c *Crowd) attacker(role Role, round int) *visitor {
	base := map[Role]byte{Scanner: 10, Injector: 60, Intruder: 110, Stuffer: 160}[role]
	ip := hostOf(AttackersV4, base+byte(round%40))
	if round%3 == 2 {
		ip = hostOf(AttackersV6, base+byte(round%40))
	}
	return c.visitor(role, ip, attackerAgent(role), string(role)+"/"+ip.String())
}

func attackerAgent(role Role) string {
	switch role {
	case Scanner:
		return "gobuster/3.6"
	case Injector:
		return "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	case Stuffer:
		return "python-requests/2.32.3"
	case Customer, Intruder:
	}
	return "curl/8.9.1"
}

// hostOf returns an address in a prefix by its last byte.
func hostOf(p netip.Prefix, last byte) netip.Addr {
	b := p.Addr().AsSlice()
	b[len(b)-1] = last
	ip, _ := netip.AddrFromSlice(b)
	return ip
}

// random returns a source that depends on the seed and a name only.
func (c *Crowd) random(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(c.cfg.Seed, h.Sum64())) //nolint:gosec // a play must be repeatable
}

// pacer hands out one slot per interval. Time that nobody used is lost, so that
// a pause is not followed by a burst.
type pacer struct {
	every time.Duration
	mu    sync.Mutex
	next  time.Time
}

// wait returns true at the caller's slot, or false when ctx is done first.
func (p *pacer) wait(ctx context.Context) bool {
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	slot := p.next
	p.next = p.next.Add(p.every)
	p.mu.Unlock()
	timer := time.NewTimer(time.Until(slot))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
