package traffic

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/cmd/demo/planted"
	"github.com/sqreen/sqreen/cmd/demo/shop"
)

// openShop serves a shop that nothing protects.
func openShop(t *testing.T) string {
	t.Helper()
	s, err := shop.New(shop.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, s, func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func serve(t *testing.T, h http.Handler, after func()) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.Close()
		after()
	})
	return server.URL
}

func TestAttacksSucceedOnAnUnprotectedShop(t *testing.T) {
	crowd := New(Config{URL: openShop(t), Seed: 1, Rate: MaxRate, Rounds: 1})
	if err := crowd.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := crowd.Report()
	t.Logf("%+v", r)
	fails := []string{"path guessing", "encoded twice", "time"} // the last one depends on the machine
	for _, try := range r.Techniques {
		if worked := try.Worked > 0; worked == slices.Contains(fails, try.Name) && try.Name != "time" {
			t.Errorf("%s: worked %d of %d times", try.Name, try.Worked, try.Tried)
		}
	}
	users := planted.Users()
	if r.Loot.Rows != len(users) || r.Loot.Cards != 8 || r.Loot.Secrets < len(users) {
		t.Errorf("leaked %d rows, %d cards, %d secrets", r.Loot.Rows, r.Loot.Cards, r.Loot.Secrets)
	}
	if r.Loot.Files < 4 || r.Loot.Commands < 5 || r.Loot.Fetches < 5 || r.Loot.Pages < 8 {
		t.Errorf("loot: %+v", r.Loot)
	}
	if r.Loot.Accounts != 5 {
		t.Errorf("%d accounts were opened with leaked passwords, want 5", r.Loot.Accounts)
	}
}

func TestCustomersAreServedWhileOthersAttack(t *testing.T) {
	var mu sync.Mutex
	var bad []string
	crowd := New(Config{URL: openShop(t), Seed: 7, Rate: MaxRate, Rounds: 1, OnAnswer: func(a Answer) {
		if a.Role != Customer {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if a.Status >= 500 || a.Refused {
			bad = append(bad, fmt.Sprint(a.Method, " ", a.Path, " ", a.Status))
		}
		if !CustomersV4.Contains(a.IP) && !CustomersV6.Contains(a.IP) {
			bad = append(bad, "customer from "+a.IP.String())
		}
	}})
	if err := crowd.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(bad) > 0 {
		t.Errorf("%d answers are not what customers expect, for example %s", len(bad), bad[0])
	}
	if n := crowd.Report().Roles[Customer].Sent; n < 100 {
		t.Errorf("customers sent %d requests only", n)
	}
}

// Attackers must not take their own words for loot.
func TestNothingIsCountedThatTheShopDidNotGive(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"echo": func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			fmt.Fprint(w, r.URL.Path, " ", r.Form, " ", r.Header)
		},
		"refusal": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"error":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oh", http.StatusInternalServerError) },
	} {
		t.Run(name, func(t *testing.T) {
			crowd := New(Config{URL: serve(t, answer, func() {}), Rate: MaxRate, Rounds: 1})
			if err := crowd.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			r := crowd.Report()
			if r.Loot.Total() != 0 {
				t.Errorf("loot: %+v", r.Loot)
			}
			refused := r.Roles[Injector].Refused == r.Roles[Injector].Sent
			if refused != (name == "refusal") {
				t.Errorf("refused %d of %d", r.Roles[Injector].Refused, r.Roles[Injector].Sent)
			}
		})
	}
}

func TestSameSeedSameIntentions(t *testing.T) {
	play := func(seed uint64) map[Role][]string {
		var mu sync.Mutex
		seen := map[Role][]string{}
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }), func() {})
		crowd := New(Config{URL: url, Seed: seed, Rate: MaxRate, Rounds: 1, OnAnswer: func(a Answer) {
			mu.Lock()
			defer mu.Unlock()
			seen[a.Role] = append(seen[a.Role], a.IP.String()+" "+a.Method+" "+a.Path)
		}})
		if err := crowd.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		delete(seen, Customer) // how far they come depends on the machine
		return seen
	}
	one, two, other := play(3), play(3), play(4)
	for role := range one {
		if !slices.Equal(one[role], two[role]) {
			t.Errorf("%s: two plays of one seed differ", role)
		}
	}
	if slices.Equal(one[Intruder], other[Intruder]) {
		t.Error("the seed changes nothing")
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	crowd := New(Config{URL: openShop(t), Rate: 200, OnAnswer: func(Answer) { cancel() }})
	if err := crowd.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := New(Config{URL: "nowhere"}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "address") {
		t.Errorf("without an address: %v", err)
	}
}

func TestAddressesComeFromRangesForDocumentation(t *testing.T) {
	documentation := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	crowd := New(Config{})
	var all []netip.Addr
	for _, u := range planted.Users() {
		all = append(all, customerIP(u))
	}
	for _, role := range Roles()[1:] {
		for round := range 100 {
			all = append(all, crowd.attacker(role, round).ip)
		}
	}
	for _, ip := range all {
		if !slices.ContainsFunc(documentation, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			t.Errorf("%s is somebody's", ip)
		}
	}
}
