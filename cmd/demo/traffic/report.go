package traffic

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// Tally counts what one role sent and how it was answered.
type Tally struct {
	Sent    int64 // requests that were answered
	Refused int64 // by what protects the shop
	Errors  int64 // answered with 5xx
	Failed  int64 // not answered at all
}

// Technique says how one way of attacking went.
type Technique struct {
	Role   Role
	Name   string
	Tried  int64
	Worked int64
}

// Loot is what attackers got out of the shop, each thing counted once.
type Loot struct {
	Rows     int // customers whose data was seen
	Cards    int // distinct card numbers
	Secrets  int // password hashes and reset codes
	Files    int // files read that are not pictures
	Commands int // commands run
	Fetches  int // internal addresses fetched
	Pages    int // scripts planted in pages
	Accounts int // accounts opened with somebody else's password
}

// Total is the number of things of all kinds.
func (l Loot) Total() int {
	return l.Rows + l.Cards + l.Secrets + l.Files + l.Commands + l.Fetches + l.Pages + l.Accounts
}

// Report is how things stand.
type Report struct {
	Roles      map[Role]Tally
	Techniques []Technique // in the order they were first tried
	Loot       Loot
}

// Report may be called at any time.
func (c *Crowd) Report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Report{Roles: map[Role]Tally{}, Loot: c.loot.sum()}
	for role, t := range c.tally {
		r.Roles[role] = *t
	}
	for _, name := range c.order {
		r.Techniques = append(r.Techniques, *c.tries[name])
	}
	return r
}

// count notes an answer.
func (c *Crowd) count(a Answer) {
	c.mu.Lock()
	t := c.tally[a.Role]
	switch a.Status {
	case 0:
		t.Failed++
	default:
		t.Sent++
		if a.Refused {
			t.Refused++
		}
		if a.Status >= 500 {
			t.Errors++
		}
	}
	c.mu.Unlock()
	if c.cfg.OnAnswer != nil {
		c.cfg.OnAnswer(a)
	}
}

// tried notes how one try of a technique ended.
func (v *visitor) tried(technique string, worked bool) {
	c := v.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tries[technique]
	if t == nil {
		t = &Technique{Role: v.role, Name: technique}
		c.tries[technique] = t
		c.order = append(c.order, technique)
	}
	t.Tried++
	if worked {
		t.Worked++
	}
}

// loot is a Loot by what it consists of.
type loot struct {
	known   map[string]string          // planted value to its kind
	got     map[string]map[string]bool // kind to values
	codes   map[string]bool            // planted reset codes
	pattern *regexp.Regexp
}

// Kinds of loot.
const (
	lootRow     = "row"
	lootCard    = "card"
	lootSecret  = "secret"
	lootFile    = "file"
	lootCommand = "command"
	lootFetch   = "fetch"
	lootPage    = "page"
	lootAccount = "account"
)

func newLoot() loot {
	l := loot{
		known: map[string]string{}, codes: map[string]bool{}, got: map[string]map[string]bool{},
		pattern: regexp.MustCompile(`[\w.\-]+@` + regexp.QuoteMeta(planted.Domain) + `|[0-9a-f]{64}|\d{15,16}`),
	}
	for _, u := range planted.Users() {
		l.known[u.Email] = lootRow
		l.known[u.Card] = lootCard
		l.known[planted.PasswordHash(u.Password)] = lootSecret
		l.codes[u.ResetCode] = true
	}
	return l
}

func (l *loot) sum() Loot {
	n := func(kind string) int { return len(l.got[kind]) }
	return Loot{
		Rows: n(lootRow), Cards: n(lootCard), Secrets: n(lootSecret), Files: n(lootFile),
		Commands: n(lootCommand), Fetches: n(lootFetch), Pages: n(lootPage), Accounts: n(lootAccount),
	}
}

func (l *loot) add(kind, value string) {
	if l.got[kind] == nil {
		l.got[kind] = map[string]bool{}
	}
	l.got[kind][value] = true
}

// leaked looks for planted data in an answer, notes it and says how many
// pieces there are.
func (v *visitor) leaked(a Answer) int {
	v.crowd.mu.Lock()
	defer v.crowd.mu.Unlock()
	found := map[string]bool{}
	for _, text := range v.crowd.loot.pattern.FindAllString(a.Body, -1) {
		if kind := v.crowd.loot.known[text]; kind != "" {
			v.crowd.loot.add(kind, text)
			found[text] = true
		}
	}
	return len(found)
}

// took notes a piece of loot.
func (v *visitor) took(kind, value string) {
	v.crowd.mu.Lock()
	defer v.crowd.mu.Unlock()
	v.crowd.loot.add(kind, value)
}

// contains reports whether an answer holds one of several marks.
func (a Answer) contains(marks ...string) bool {
	return slices.ContainsFunc(marks, func(m string) bool { return strings.Contains(a.Body, m) })
}

// Stolen lists the e-mail addresses that leaked, sorted, for display.
func (c *Crowd) Stolen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.loot.got[lootRow]))
}
