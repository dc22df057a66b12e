package tui

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

func sampleHistogram(q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	h := localplatform.Histogram{From: noon().Add(-time.Hour), Step: time.Minute}
	for i := range int64(60) {
		n := (i * 7) % 13
		series := map[string]int64{"high": n / 2, "low": n - n/2}
		if q.By == "blocked" {
			series = map[string]int64{"true": n / 3, "false": n - n/3}
		}
		h.Buckets = append(h.Buckets, localplatform.HistogramBucket{Start: h.From.Add(time.Duration(i) * time.Minute), Count: n, Series: series})
		h.Total += n
	}
	return h, nil
}

func sampleFacets(q localplatform.FacetQuery) ([]localplatform.Facet, error) {
	if q.Fields[0] == "ip" {
		return []localplatform.Facet{{Field: "ip", Values: []localplatform.FacetValue{{Value: "203.0.113.7", Count: 77}}, Others: 3}}, nil
	}
	return []localplatform.Facet{
		{Field: "attack", Values: []localplatform.FacetValue{{Value: "sqli", Count: 1200}, {Value: "scanner", Count: 310}}},
		{Field: "severity"},
	}, nil
}

// sampleDetail is an event with its whole signal; its texts are hostile.
func sampleDetail(pos int64) (localplatform.Event, error) {
	e := sampleEvent(pos)
	statement := `SELECT id, name FROM products WHERE name LIKE '%x' OR '1'='1%'`
	at := strings.Index(statement, "x'")
	payload := `x' OR '1'='1`
	sig := wire.Signal{
		Kind: e.Kind, Name: e.Name, Time: e.At, IP: e.IP.String(),
		Request: &wire.Request{
			ID: e.Request, Method: e.Method, Host: "shop.example", Path: e.Path, Query: "q=x", Status: 500, Micros: 1500,
			UserAgent: "evil\x1b]0;owned\x07 agent", Headers: map[string][]string{"Accept": {"*/*"}}, Params: map[string][]string{"query.q": {payload}},
		},
		Attack: &wire.Attack{
			Kind: wire.AttackSQLi, Protection: "rasp", Rule: "sql-structure", Param: "query.q", Payload: payload, Match: "' OR '", Reached: true,
			Sink: &wire.Sink{Type: "sql", Dialect: "sqlite", Statement: statement, Start: at, End: at + len(payload)},
		},
		Stack: []wire.Frame{
			{Function: "database/sql.(*DB).QueryContext", File: "sql.go", Line: 1800},
			{Function: "shop.search", File: "/app/search.go", Line: 42, InApp: true},
		},
	}
	raw, err := json.Marshal(sig)
	e.Detail = raw
	return e, err
}

func sampleIncident(id int64) (localplatform.Incident, error) {
	actors := []localplatform.IncidentActor{{Kind: "ip", Value: "203.0.113.7", Events: 31, Blocked: 12, First: noon().Add(-time.Hour), Last: noon()}}
	if id%2 == 0 {
		actors = append(actors, localplatform.IncidentActor{Kind: "user", Value: "it's bob", Events: 2, First: noon(), Last: noon()})
	}
	sev := []localplatform.Severity{localplatform.SeverityHigh, localplatform.SeverityMedium, localplatform.SeverityLow}[id%3]
	return localplatform.Incident{
		ID: id, App: "shop", Env: "prod", Kind: wire.AttackSQLi, Title: fmt.Sprintf("SQL injection by 203.0.113.%d got through", id), Severity: sev,
		State: localplatform.StateOpen, FirstSeen: noon().Add(-time.Hour), LastSeen: noon().Add(-time.Duration(id) * time.Minute),
		Events: 31 * id, Blocked: 12, Reached: 4, Exploited: 1, Actors: actors, Query: "attack:sqli ip:203.0.113.7",
		Evidence: []localplatform.Evidence{{
			Pos: 5, At: noon(), Summary: "the input ended a string literal", Param: "query.q", Payload: "x' OR '1'='1",
			Statement: "SELECT id FROM products WHERE name = 'x' OR '1'='1'", Frame: "shop.search /app/search.go:42", Worth: 3,
		}},
		Advice: []string{"Bind the value of query.q in shop.search (/app/search.go:42).", "Block the address: sqreen actions block 203.0.113.7 --for 24h"},
		MITRE:  []string{"T1190"}, CWE: []string{"CWE-89"},
		Timeline: []localplatform.TimelineEntry{
			{At: noon().Add(-time.Hour), By: "detector", What: "opened", Text: "first attack"},
			{At: noon().Add(-time.Minute), By: "alice", What: "note", Text: "looking into it"},
		},
	}, nil
}

func sampleIncidents(q localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
	const total = 120
	page := localplatform.IncidentPage{Total: total}
	for id := int64(q.Offset + 1); id <= total && len(page.Incidents) < q.Limit; id++ {
		in, _ := sampleIncident(id)
		page.Incidents = append(page.Incidents, in)
	}
	return page, nil
}

// samplePlatform has all that both pages show.
func samplePlatform(events int64) *fake {
	f := newShelf(sampleEvents(events)).platform()
	f.event, f.histogram, f.facets = sampleDetail, sampleHistogram, sampleFacets
	f.incidents, f.incident = sampleIncidents, sampleIncident
	f.values = func(string, string, string) ([]string, error) { return []string{"sqli", "ssrf"}, nil }
	return f
}

func TestScreens(t *testing.T) {
	screens := map[string]struct {
		opts Options
		do   func(s *screen)
	}{
		"events":           {do: func(*screen) {}},
		"events-filtered":  {do: func(s *screen) { s.press("/"); s.typed("attack:sqli"); s.press("enter") }},
		"events-typing":    {do: func(s *screen) { s.press("/"); s.typed("attack:s") }},
		"events-wrong":     {do: func(s *screen) { s.press("/"); s.typed("rsik:high") }},
		"events-panes":     {do: func(s *screen) { s.press("i", "v") }},
		"events-detail":    {do: func(s *screen) { s.press("e", "enter") }},
		"events-zoom":      {do: func(s *screen) { s.press("e", "enter", "z") }},
		"events-help":      {do: func(s *screen) { s.press("?"); s.typed("mark") }},
		"incidents":        {opts: Options{Page: PageIncidents}, do: func(*screen) {}},
		"incidents-detail": {opts: Options{Page: PageIncidents}, do: func(s *screen) { s.press("enter") }},
		"incidents-block":  {opts: Options{Page: PageIncidents}, do: func(s *screen) { s.press("j", "b", "tab", "j") }},
	}
	for name, c := range screens {
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				onScreen(t, samplePlatform(5000), size[0], size[1], c.opts, func(s *screen) {
					c.do(s)
					s.golden(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]))
				})
			})
		}
	}
}
