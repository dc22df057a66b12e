package events_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/events"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/localplatform"
)

func event(pos int64) localplatform.Event {
	return localplatform.Event{
		Pos: pos, At: cmdtest.Now().Add(-time.Duration(pos) * time.Second), App: "shop", Env: "prod", Kind: wire.KindAttack, Name: wire.NameAttack, Attack: "sqli",
		Protection: "rasp", Rule: "sqli.tokens", Blocked: true, Reached: true, Severity: "high", IP: netip.MustParseAddr("203.0.113.7"), User: "alice",
		Method: "GET", Path: "/search\x1b[2J", Status: 403, Request: "r-1", Param: "query.q", Message: "changes the statement", Weight: 1,
	}
}

// paged is a platform with n events, which answers at most 3 at once.
func paged(t *testing.T, n int64, want string) *fakeplatform.Platform {
	return &fakeplatform.Platform{EventsF: func(q localplatform.EventQuery) (localplatform.EventPage, error) {
		if q.Query != want {
			t.Errorf("asked %q, want %q", q.Query, want)
		}
		page := localplatform.EventPage{Last: n}
		next := n
		if q.Before > 0 {
			next = q.Before - 1
		}
		for ; next > 0 && len(page.Events) < min(q.Limit, 3); next-- {
			page.Events = append(page.Events, event(next))
		}
		page.More, page.Next = next > 0, next+1
		return page, nil
	}}
}

func TestListReadsAsManyAsAskedFor(t *testing.T) {
	r := cmdtest.New(t, paged(t, 10, "(-blocked:true) app:shop since:24h blocked:false"))
	r.Want("events --app shop --since 24h --blocked=false --limit 5 --columns pos -- -blocked:true", 0, "10\n9\n8\n7\n6\n", "")
	r = cmdtest.New(t, paged(t, 10, ""))
	r.Want("events --columns pos", 0, "10\n9\n8\n7\n6\n5\n4\n3\n2\n1\n", "")
	r.IO.SetTerminal(80)
	r.Want("events --limit 2 --columns pos,name,path", 0, "ID  EVENT  PATH\n10  sqli   /search\\x1b[2J\n 9  sqli   /search\\x1b[2J\n\nshowing 2 events, there are more\n", "")
}

func TestListInPipe(t *testing.T) {
	r := cmdtest.New(t, paged(t, 1, ""))
	r.Want("events", 0, "1\t2026-11-21T11:59:59Z\tshop\tprod\tapp.sqreen.plugins.attack\thigh\ttrue\t203.0.113.7\talice\tGET\t/search\\x1b[2J\t403\n", "")
}

func TestModesExcludeEachOther(t *testing.T) {
	r := cmdtest.New(t, &fakeplatform.Platform{})
	r.Want("events --follow --count", 1, "", "sqreen: --follow, --facets, --histogram and --count exclude each other\nhint: sqreen events --help\n")
	r.Want("events --by app", 1, "", "sqreen: --by splits a --histogram\nhint: sqreen events --help\n")
	r.Want("events --facets kidn", 1, "", "sqreen: unknown field \"kidn\"\nhint: did you mean \"kind\"? There are: "+
		"id, at, received, app, env, instance, kind, name, attack, protection, rule, blocked, reached, severity, ip, user, method, path, route, status, host, agent, request, param, message, weight\n")
}

func TestCount(t *testing.T) {
	r := cmdtest.New(t, &fakeplatform.Platform{CountEventsF: func(q string) (int64, error) { return int64(len(q)), nil }})
	r.Want("events --count kind:attack", 0, "11\n", "")
	r.Want("events --count --json count", 0, "{\n  \"count\": 0\n}\n", "")
}

func TestFacets(t *testing.T) {
	p := &fakeplatform.Platform{FacetsF: func(q localplatform.FacetQuery) ([]localplatform.Facet, error) {
		if diff := cmp.Diff(localplatform.FacetQuery{Query: "env:prod", Fields: []string{"attack", "agent"}, Limit: 2}, q); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		return []localplatform.Facet{
			{Field: "attack", Values: []localplatform.FacetValue{{Value: "sqli", Count: 75}, {Value: "x\x1bss", Count: 5}}, Others: 20, Absent: 1000},
			{Field: "agent"},
		}, nil
	}}
	r := cmdtest.New(t, p)
	const line = "events --facets attack,user_agent --env prod --limit 2"
	r.Want(line, 0, "attack\tsqli\t75\nattack\tx\\x1bss\t5\n", "")
	r.Want(line+" --jq .[0].others", 0, "20\n", "")
	r.IO.SetTerminal(80)
	r.Want(line, 0, `
ATTACK
       75   75%  ████████████████████  sqli
        5    5%  █▎  x\x1bss
          20 with other values, 1,000 without a value

AGENT
no values
`, "")
}

func histogram(q localplatform.HistogramQuery) localplatform.Histogram {
	start := cmdtest.Now().Truncate(time.Hour)
	h := localplatform.Histogram{From: start, Step: time.Minute, Total: 15}
	for i, n := range []int64{10, 0, 5} {
		b := localplatform.HistogramBucket{Start: start.Add(time.Duration(i) * time.Minute), Count: n}
		if q.By != "" && n > 0 {
			b.Series = map[string]int64{"sqli": n - 1, "xss": 1}
		}
		h.Buckets = append(h.Buckets, b)
	}
	return h
}

func TestHistogram(t *testing.T) {
	r := cmdtest.New(t, &fakeplatform.Platform{HistogramF: func(q localplatform.HistogramQuery) (localplatform.Histogram, error) {
		return histogram(q), nil
	}})
	r.Want("events --histogram", 0, "2026-11-21T12:00:00Z\t10\n2026-11-21T12:01:00Z\t0\n2026-11-21T12:02:00Z\t5\n", "")
	r.Want("events --histogram --by attack -o csv", 0, "start,attack,count\n2026-11-21T12:00:00Z,sqli,9\n2026-11-21T12:00:00Z,xss,1\n2026-11-21T12:01:00Z,,0\n2026-11-21T12:02:00Z,sqli,4\n2026-11-21T12:02:00Z,xss,1\n", "")
	r.Want("events --histogram --jq '.buckets|length'", 0, "3\n", "")
	r.IO.SetTerminal(31)
	r.Want("events --histogram", 0, "12:00  10  ████████████████████\n12:01   0  \n12:02   5  ██████████\n\n15 events, 1m a line\n", "")
	r.Want("events --histogram --by attack", 0, "12:00  10  ██████████████████▓▓\n12:01   0  \n12:02   5  ████████▓▓\n\n█ sqli  ▓ xss\n15 events, 1m a line\n", "")
}

// TestHistogramZoomsIn holds that a short burst in a long time is not one bar,
// unless the time was asked for.
func TestHistogramZoomsIn(t *testing.T) {
	var asked []localplatform.HistogramQuery
	burst := cmdtest.Now().Add(-10 * time.Hour)
	r := cmdtest.New(t, &fakeplatform.Platform{HistogramF: func(q localplatform.HistogramQuery) (localplatform.Histogram, error) {
		asked = append(asked, q)
		if q.From.IsZero() {
			q.From, q.To = cmdtest.Now().Add(-24*time.Hour), cmdtest.Now()
		}
		h := localplatform.Histogram{From: q.From, Step: q.To.Sub(q.From) / 24, Total: 1}
		for i := range 24 {
			b := localplatform.HistogramBucket{Start: q.From.Add(time.Duration(i) * h.Step)}
			if !burst.Before(b.Start) && burst.Before(b.Start.Add(h.Step)) {
				b.Count = 1
			}
			h.Buckets = append(h.Buckets, b)
		}
		return h, nil
	}})
	if code := r.Run("events --histogram --jq '.buckets[0].start'"); code != 0 {
		t.Fatal(r.Screen.ErrOut.String())
	}
	if len(asked) != 4 || !strings.HasPrefix(r.Screen.Out.String(), "2026-11-21T02:00:0") {
		t.Errorf("asked %d times, ended at %s", len(asked), &r.Screen.Out)
	}
	asked = nil
	r.Run("events --histogram --since 24h")
	if len(asked) != 1 || !asked[0].From.Equal(cmdtest.Now().Add(-24*time.Hour)) {
		t.Errorf("with --since asked %+v", asked)
	}
}

func TestFollow(t *testing.T) {
	var asked []localplatform.EventQuery
	r := cmdtest.New(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	p := &fakeplatform.Platform{EventsF: func(q localplatform.EventQuery) (localplatform.EventPage, error) {
		asked = append(asked, q)
		switch len(asked) {
		case 1:
			return localplatform.EventPage{Events: []localplatform.Event{event(5), event(4)}, More: true, Next: 4, Last: 6}, nil
		case 2: // nothing matched, but the store has grown
			return localplatform.EventPage{Last: 9}, nil
		case 3:
			return localplatform.EventPage{Events: []localplatform.Event{event(10)}, More: true, Next: 10, Last: 30}, nil
		}
		cancel()
		return localplatform.EventPage{}, ctx.Err()
	}}
	r.Platform = func(context.Context) (localplatform.Platform, error) { return p, nil }
	r.Want("events --follow --limit 2 --json pos", 130, "{\"pos\":4}\n{\"pos\":5}\n{\"pos\":10}\n", "")
	var after []int64
	for _, q := range asked {
		after = append(after, q.After)
	}
	if diff := cmp.Diff([]int64{0, 6, 9, 10}, after); diff != "" {
		t.Errorf("asked after (-want +got):\n%s", diff)
	}
}

func TestShow(t *testing.T) {
	detail, err := json.Marshal(wire.Signal{
		Kind: wire.KindAttack, Name: wire.NameAttack,
		Request: &wire.Request{ID: "r-1", Method: "GET", Path: "/search", Query: "q=<Redacted by Sqreen>", Host: "shop", Port: "80", Status: 403, Params: map[string][]string{"query.q": {"'\x1b[2J"}}},
		Attack: &wire.Attack{
			Kind: "sqli", Protection: "rasp", Rule: "sqli.tokens", Param: "query.q", Payload: "'\x1b[2J", Message: "changes the statement",
			Sink: &wire.Sink{Type: "sql", Statement: "SELECT '''", Start: 8, End: 9, Dialect: "sqlite"},
		},
		Stack: []wire.Frame{{Function: "shop.search", File: "shop/catalogue.go", Line: 87, InApp: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := cmdtest.New(t, &fakeplatform.Platform{EventF: func(pos int64) (localplatform.Event, error) {
		e := event(pos)
		e.Detail = detail
		return e, nil
	}})
	r.IO.SetTerminal(80)
	r.Want("events show 7", 0, `
Event 7: changes the statement
at        2026-11-21 11:59:53 (7s ago)
app       shop/prod
name      app.sqreen.plugins.attack
severity  high
address   203.0.113.7
user      alice

REQUEST
request  GET /search?q=<Redacted by Sqreen>
id       r-1
host     shop:80
status   403
query.q  '\x1b[2J

ATTACK
kind        sqli
why         changes the statement
protection  rasp sqli.tokens
outcome     blocked at the sink
parameter   query.q
payload     '\x1b[2J
reached     sql, sqlite
statement   SELECT '''

STACK
shop.search
    shop/catalogue.go:87

the whole request: sqreen activity show r-1
all from this address: sqreen events ip:203.0.113.7
`, "")
	r.Want("events show 7 --jq .detail.attack.rule", 0, "sqli.tokens\n", "")
	r.Want("events show x", 1, "", "sqreen: \"x\" is not the number of an event\n")
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		wire.NameLoginFailure: "login failure", wire.NameBlockIP: "block ip", wire.NameNotFound: "not found", "order.placed": "order.placed", wire.NameException: "exception",
	} {
		if got := events.Label(localplatform.Event{Name: name}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
