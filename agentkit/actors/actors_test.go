package actors_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/actors"
	"github.com/sqreen/sqreen/agentkit/wire"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func blockIP(id, cidr string, expires time.Time) wire.Action {
	return wire.Action{ID: id, Kind: wire.ActionBlockIP, CIDR: cidr, Expires: expires}
}

func blockUser(id, user string) wire.Action {
	return wire.Action{ID: id, Kind: wire.ActionBlockUser, User: user}
}

func full(actions ...wire.Action) wire.Instructions {
	return wire.Instructions{Full: true, Actions: actions}
}

func apply(t testing.TB, table *actors.Table, in wire.Instructions) {
	t.Helper()
	for _, err := range table.Apply(in) {
		t.Fatal(err)
	}
}

func ipID(table *actors.Table, ip string, at time.Time) string {
	a, ok := table.LookupIP(netip.MustParseAddr(ip), at)
	if !ok {
		return ""
	}
	return a.ID
}

func TestLongestPrefixInForceWins(t *testing.T) {
	table := actors.New()
	apply(t, table, full(
		blockIP("wide", "198.51.100.0/24", time.Time{}),
		blockIP("narrow", "198.51.100.64/26", noon.Add(time.Hour)),
		blockIP("host", "198.51.100.70", noon),
		blockIP("six", "2001:db8::/32", time.Time{}),
		blockIP("mapped", "::ffff:203.0.113.0/120", time.Time{}),
		blockIP("loose bits", "192.0.2.77/24", time.Time{}),
	))
	tests := []struct {
		ip   string
		at   time.Time
		want string
	}{
		{"198.51.100.1", noon, "wide"},
		{"198.51.100.70", noon.Add(-time.Second), "host"},
		{"198.51.100.70", noon, "narrow"},
		{"198.51.100.70", noon.Add(time.Hour), "wide"},
		{"198.51.101.1", noon, ""},
		{"::ffff:198.51.100.1", noon, "wide"},
		{"2001:db8::1", noon, "six"},
		{"2001:db8::1%eth0", noon, "six"},
		{"203.0.113.9", noon, "mapped"},
		{"192.0.2.1", noon, "loose bits"},
	}
	for _, tt := range tests {
		if got := ipID(table, tt.ip, tt.at); got != tt.want {
			t.Errorf("%s at %s: %q, want %q", tt.ip, tt.at.Format(time.TimeOnly), got, tt.want)
		}
	}
	if _, ok := table.LookupIP(netip.Addr{}, noon); ok {
		t.Error("an invalid address was found")
	}
}

func TestActionsAgainstOnePrefixDoNotHideEachOther(t *testing.T) {
	table := actors.New()
	redirect := wire.Action{ID: "redirect", Kind: wire.ActionRedirectIP, CIDR: "192.0.2.1", URL: "/sorry"}
	apply(t, table, full(redirect, blockIP("short", "192.0.2.1/32", noon), blockIP("long", "192.0.2.1", noon.Add(time.Hour))))
	for _, step := range []struct {
		at   time.Time
		want string
	}{{noon.Add(-1), "long"}, {noon, "long"}, {noon.Add(time.Hour), "redirect"}} {
		if got := ipID(table, "192.0.2.1", step.at); got != step.want {
			t.Errorf("at %s: %q, want %q", step.at.Format(time.TimeOnly), got, step.want)
		}
	}
	apply(t, table, wire.Instructions{Removed: []string{"long"}})
	if got := ipID(table, "192.0.2.1", noon.Add(-1)); got != "short" {
		t.Errorf("after a removal: %q, want short", got)
	}
	a, _ := table.LookupIP(netip.MustParseAddr("192.0.2.1"), noon)
	if a != redirect {
		t.Errorf("got %+v, want %+v", a, redirect)
	}
}

func TestDelta(t *testing.T) {
	table := actors.New()
	apply(t, table, full(blockIP("a", "192.0.2.1", time.Time{}), blockIP("b", "192.0.2.2", time.Time{}), blockUser("u", "42")))
	apply(t, table, wire.Instructions{
		Actions: []wire.Action{blockIP("a", "192.0.2.9", time.Time{}), blockUser("v", "43")},
		Removed: []string{"b", "unknown"},
	})
	for ip, want := range map[string]string{"192.0.2.1": "", "192.0.2.2": "", "192.0.2.9": "a"} {
		if got := ipID(table, ip, noon); got != want {
			t.Errorf("%s: %q, want %q", ip, got, want)
		}
	}
	for user, want := range map[string]bool{"42": true, "43": true, "44": false} {
		if _, ok := table.LookupUser(map[string]string{"id": user}, noon); ok != want {
			t.Errorf("user %s: %v, want %v", user, ok, want)
		}
	}
	if table.Len() != 3 {
		t.Errorf("Len = %d, want 3", table.Len())
	}
	apply(t, table, full())
	if table.Len() != 0 || ipID(table, "192.0.2.9", noon) != "" {
		t.Error("an empty full list left something")
	}
}

func TestUsers(t *testing.T) {
	table := actors.New()
	apply(t, table, full(
		blockUser("1", "42"), blockUser("2", "email=ann@a.example"), blockUser("3", "org=7,id=9"),
		blockUser("4", "dXNlcg=="), blockUser("5", "name=Smith, John"),
		wire.Action{ID: "6", Kind: wire.ActionRedirectUser, User: "email=bob@a.example", URL: "/verify"},
		wire.Action{ID: "7", Kind: wire.ActionBlockUser, User: "77", Expires: noon},
	))
	tests := []struct {
		user map[string]string
		want string
	}{
		{map[string]string{"id": "42"}, "1"},
		{map[string]string{"name": "42", "x": "y"}, "1"},
		{map[string]string{"email": "ann@a.example"}, "2"},
		{map[string]string{"name": "ann@a.example"}, ""},
		{map[string]string{"org": "7", "id": "9"}, "3"},
		{map[string]string{"org": "7", "id": "8"}, ""},
		{map[string]string{"org": "7"}, ""},
		{map[string]string{"id": "dXNlcg=="}, "4"},
		{map[string]string{"name": "Smith, John"}, "5"},
		{map[string]string{"email": "bob@a.example"}, "6"},
		{map[string]string{"email": "bob@a.example", "id": "42"}, "1"},
		{map[string]string{"id": "77"}, ""},
		{nil, ""},
	}
	for _, tt := range tests {
		a, ok := table.LookupUser(tt.user, noon)
		if a.ID != tt.want || ok != (tt.want != "") {
			t.Errorf("%v: %q, want %q", tt.user, a.ID, tt.want)
		}
	}
}

func TestPasslists(t *testing.T) {
	table := actors.New()
	in := full(
		wire.Action{ID: "r", Kind: wire.ActionRedirectIP, CIDR: "192.0.2.1", URL: "/sorry?why=1"},
		wire.Action{ID: "s", Kind: wire.ActionRedirectIP, CIDR: "192.0.2.2", URL: "https://b.example/elsewhere"},
		wire.Action{ID: "h", Kind: wire.ActionRedirectIP, CIDR: "192.0.2.3", URL: "/"},
	)
	in.IPPasslist = []string{"10.0.0.0/8", "2001:db8::1"}
	in.PathPasslist = []string{"/health", "/static/*"}
	apply(t, table, in)
	for ip, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "11.0.0.1": false, "2001:db8::1": true, "2001:db8::2": false} {
		if got := table.IPPasslisted(netip.MustParseAddr(ip)); got != want {
			t.Errorf("IPPasslisted(%s) = %v, want %v", ip, got, want)
		}
	}
	for path, want := range map[string]bool{
		"/health": true, "/healthz": false, "/health/": false, "/static/a.js": true, "/static/": true, "/static": false,
		"/static/../admin": false, "/static/a..b": true, "/sorry": true, "/elsewhere": false, "/": false, "": false,
	} {
		if got := table.PathPasslisted(path); got != want {
			t.Errorf("PathPasslisted(%q) = %v, want %v", path, got, want)
		}
	}
	apply(t, table, wire.Instructions{Removed: []string{"r"}})
	if table.PathPasslisted("/sorry") || table.PathPasslisted("/health") {
		t.Error("a passlist outlived its instruction")
	}
}

func TestBadEntryCostsOnlyItself(t *testing.T) {
	table := actors.New()
	in := full(
		blockIP("bad", "300.1.1.1", time.Time{}), blockIP("", "192.0.2.3", time.Time{}), blockIP("none", "", time.Time{}),
		wire.Action{ID: "kind", Kind: "explode"}, wire.Action{ID: "url", Kind: wire.ActionRedirectIP, CIDR: "192.0.2.4"},
		blockIP("good", "192.0.2.1", time.Time{}),
	)
	in.IPPasslist = []string{"x", "10.0.0.1"}
	in.PathPasslist = []string{"health", "/a*b", "/ok"}
	errs := table.Apply(in)
	if len(errs) != 8 {
		t.Errorf("%d errors, want 8: %v", len(errs), errs)
	}
	for _, part := range []string{"300.1.1.1", "explode", `"health"`} {
		if !strings.Contains(fmt.Sprint(errs), part) {
			t.Errorf("no error names %s", part)
		}
	}
	if ipID(table, "192.0.2.1", noon) != "good" || table.Len() != 1 {
		t.Error("the good action is missing")
	}
	if !table.IPPasslisted(netip.MustParseAddr("10.0.0.1")) || !table.PathPasslisted("/ok") {
		t.Error("the good passlist entries are missing")
	}
	// An invalid replacement leaves what was there.
	table.Apply(wire.Instructions{Actions: []wire.Action{blockIP("good", "nowhere", time.Time{})}})
	if ipID(table, "192.0.2.1", noon) != "good" {
		t.Error("an invalid replacement removed the action in force")
	}
}

// TestDeltasGiveWhatAFullListGives applies random changes one by one and checks
// against a table built at once, and against looking through a list.
func TestDeltasGiveWhatAFullListGives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	step := actors.New()
	apply(t, step, full())
	held := map[string]wire.Action{}
	for round := range 60 {
		in := wire.Instructions{}
		for range r.IntN(30) {
			id := fmt.Sprint(r.IntN(200))
			if r.IntN(3) == 0 {
				in.Removed = append(in.Removed, id)
				delete(held, id)
			}
		}
		for range r.IntN(30) {
			a := blockIP(fmt.Sprint(r.IntN(200)), fmt.Sprintf("10.%d.%d.0/%d", r.IntN(2), r.IntN(4), 8+r.IntN(17)), noon.Add(time.Duration(r.IntN(5))*time.Hour))
			if r.IntN(3) == 0 {
				a = wire.Action{ID: a.ID, Kind: wire.ActionBlockUser, User: fmt.Sprint(r.IntN(20)), Expires: a.Expires}
			}
			in.Actions = append(in.Actions, a)
			held[a.ID] = a
		}
		apply(t, step, in)
		if step.Len() != len(held) {
			t.Fatalf("round %d: Len = %d, want %d", round, step.Len(), len(held))
		}
		for range 50 {
			ip := netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(4)), byte(r.IntN(256))})
			at := noon.Add(time.Duration(r.IntN(6)) * time.Hour)
			a, ok := step.LookupIP(ip, at)
			if bits := longest(held, ip, at); (bits >= 0) != ok || (ok && netip.MustParsePrefix(a.CIDR).Bits() != bits) {
				t.Fatalf("round %d: %s at %s: %+v, want a prefix of %d bits", round, ip, at, a, bits)
			}
			user := fmt.Sprint(r.IntN(22))
			if _, ok := step.LookupUser(map[string]string{"id": user}, at); ok != userHeld(held, user, at) {
				t.Fatalf("round %d: user %s: %v", round, user, ok)
			}
		}
	}
}

func longest(held map[string]wire.Action, ip netip.Addr, at time.Time) int {
	best := -1
	for _, a := range held {
		if a.Kind == wire.ActionBlockIP && at.Before(a.Expires) {
			if p := netip.MustParsePrefix(a.CIDR).Masked(); p.Contains(ip) {
				best = max(best, p.Bits())
			}
		}
	}
	return best
}

func userHeld(held map[string]wire.Action, user string, at time.Time) bool {
	for _, a := range held {
		if a.Kind == wire.ActionBlockUser && a.User == user && at.Before(a.Expires) {
			return true
		}
	}
	return false
}

func TestLookupsRunDuringApply(t *testing.T) {
	table := actors.New()
	apply(t, table, full(blockIP("always", "192.0.2.1", time.Time{}), blockUser("u", "42")))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if ipID(table, "192.0.2.1", noon) != "always" {
					t.Error("an action in force was not found")
					return
				}
				if _, ok := table.LookupUser(map[string]string{"id": "42"}, noon); !ok {
					t.Error("a user in force was not found")
					return
				}
			}
		}()
	}
	for i := range 300 {
		table.Apply(wire.Instructions{Actions: []wire.Action{
			blockIP(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i%256), noon.Add(-time.Hour)), blockUser(fmt.Sprint("u", i), fmt.Sprint(i)),
		}})
	}
	close(stop)
	wg.Wait()
}

func FuzzApply(f *testing.F) {
	f.Add("192.0.2.0/24", "id=42", "/static/*", "/x")
	f.Add("::ffff:1.2.3.4/100", "a=1,b=2,=", "*", "%zz")
	f.Fuzz(func(t *testing.T, cidr, user, path, url string) {
		table := actors.New()
		table.Apply(wire.Instructions{
			Full: true, IPPasslist: []string{cidr}, PathPasslist: []string{path},
			Actions: []wire.Action{
				blockIP("1", cidr, time.Time{}), blockUser("2", user),
				{ID: "3", Kind: wire.ActionRedirectUser, User: user, URL: url},
			},
		})
		table.LookupUser(map[string]string{"id": user, user: cidr}, noon)
		table.PathPasslisted(path)
		if addr, err := netip.ParseAddr(cidr); err == nil {
			if _, ok := table.LookupIP(addr, noon); !ok {
				t.Errorf("%s is blocked and was not found", cidr)
			}
		}
		table.Apply(wire.Instructions{Removed: []string{"1", "2", "3"}})
		if table.Len() != 0 {
			t.Errorf("%d actions are left", table.Len())
		}
	})
}

// million returns a table of a million actions, and addresses of which about
// half are found.
func million(b *testing.B) (*actors.Table, []netip.Addr) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]wire.Action, 1_000_000)
	for i := range list {
		addr := netip.AddrFrom4([4]byte{byte(r.IntN(224)), byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))})
		list[i] = blockIP(fmt.Sprint("act_", i), fmt.Sprintf("%s/%d", addr, 24+r.IntN(9)), noon.Add(time.Hour))
	}
	table := actors.New()
	apply(b, table, full(list...))
	ips := make([]netip.Addr, 4096)
	for i := range ips {
		ips[i] = netip.AddrFrom4([4]byte{byte(r.IntN(224)), byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))})
		if i%2 == 0 {
			ips[i] = netip.MustParsePrefix(list[r.IntN(len(list))].CIDR).Addr()
		}
	}
	return table, ips
}

func BenchmarkMillion(b *testing.B) {
	table, ips := million(b)
	for _, clients := range []int{64, 4096} { // how many addresses come by turns: the more, the colder the caches
		b.Run(fmt.Sprintf("lookup of %d", clients), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				table.LookupIP(ips[i%clients], noon)
				i++
			}
		})
	}
	b.Run("lookup parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				table.LookupIP(ips[i&4095], noon)
			}
		})
	})
	b.Run("delta of one", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			table.Apply(wire.Instructions{Actions: []wire.Action{blockIP(fmt.Sprint("n", i%1000), fmt.Sprintf("225.0.%d.%d", i%250, i%7), noon)}})
			i++
		}
	})
	b.Run("delta of one user", func(b *testing.B) {
		i := 0
		for b.Loop() {
			table.Apply(wire.Instructions{Actions: []wire.Action{blockUser(fmt.Sprint("u", i%1000), fmt.Sprint(i))}})
			i++
		}
	})
}

func BenchmarkUsers(b *testing.B) {
	table := actors.New()
	list := make([]wire.Action, 100_000)
	for i := range list {
		list[i] = blockUser(fmt.Sprint(i), fmt.Sprint(i))
	}
	apply(b, table, full(list...))
	for name, user := range map[string]map[string]string{"found": {"id": "77", "email": "a@b"}, "not found": {"id": "x", "email": "a@b"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.LookupUser(user, noon)
			}
		})
	}
}
