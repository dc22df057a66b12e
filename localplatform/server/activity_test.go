package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
	"github.com/sqreen/sqreen/localplatform/server"
)

// However the events of requests are mixed, paging through the activity brings
// each request once, whole, where its newest matching event stands.
func TestActivityBringsEachRequestOnce(t *testing.T) {
	r := start(t, server.Options{})
	r.login("i-1")
	rng := rand.New(rand.NewPCG(1, 2))
	want := map[string]int{} // events of each request
	order := []string{}      // by newest telling event, oldest first
	var signals []json.RawMessage
	at := time.Now().UTC().Format(time.RFC3339Nano)
	for range 400 {
		id := fmt.Sprintf("r-%d", rng.IntN(120))
		kind := `"kind":"event","name":"seen"`
		switch rng.IntN(4) {
		case 0:
			kind = `"kind":"http_error","name":"app.sqreen.http.not_found"` // tells nothing by itself
		case 1:
			id = "" // outside of any request
		}
		if id != "" {
			want[id]++
		}
		signals = append(signals, json.RawMessage(fmt.Sprintf(`{%s,"time":%q,"request":{"id":%q,"method":"GET","path":"/"}}`, kind, at, id)))
		if strings.Contains(kind, "seen") || id == "" {
			if id != "" {
				order = slices.DeleteFunc(order, func(o string) bool { return o == id })
			}
			if strings.Contains(kind, "seen") {
				order = append(order, id)
			}
		}
	}
	slices.Reverse(order)
	r.beat("i-1", 1, signals)
	ctx := localplatform.WithCaller(t.Context(), r.admin)
	for _, limit := range []int{1, 7, 100, 500} {
		var got []string
		q := localplatform.EventQuery{Limit: limit}
		for more := true; more; {
			page, err := r.Platform().Activity(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page.Activities {
				got = append(got, a.Request)
				if a.Request != "" && len(a.Events) != want[a.Request] {
					t.Errorf("%s has %d events, want %d", a.Request, len(a.Events), want[a.Request])
				}
				if !slices.IsSortedFunc(a.Events, func(x, y localplatform.Event) int { return int(x.Pos - y.Pos) }) || a.First != a.Events[0].Pos {
					t.Errorf("%s is out of order", a.Request)
				}
			}
			q.Before, more = page.Next, page.More
		}
		if !slices.Equal(got, order) {
			t.Errorf("limit %d: got %d requests, want %d\n%v\n%v", limit, len(got), len(order), got, order)
		}
	}
}

func TestParametersThatDoNotRead(t *testing.T) {
	r := start(t, server.Options{})
	token := r.operator(localplatform.RoleAdmin)
	for query, want := range map[string]string{
		"/events?limit=ten":                   "limit must be a whole number",
		"/events?limit=9999999999":            "limit must be a smaller number",
		"/events?detail=maybe":                "detail must be true or false",
		"/events?after=1&wait=soon":           "wait must be a duration",
		"/events/first":                       "pos must be a whole number",
		"/events/histogram?from=noon":         "from must be a time",
		"/counters?step=1":                    "step must be a duration",
		"/activity?before=x":                  "before must be a whole number",
		"/incidents?offset=x":                 "offset must be a whole number",
		"/incidents/x":                        "id must be a whole number",
		"/audit?limit=x":                      "limit must be a whole number",
		"/events/facets?limit=x":              "limit must be a whole number",
		"/events?q=" + url.QueryEscape("(a"):  "",
		"/values?schema=events&field=colours": "no field",
	} {
		status, _, body := r.do(http.MethodGet, client.Prefix+query, token, "")
		if status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
	for path, body := range map[string]string{
		"/actions": `{"kind":"block_user","target":"1","expire":"2099-01-01T00:00:00Z"}`, // misspelt: it would be for ever
		"/tokens":  `{"kind":"agent"} {}`,
	} {
		if status, _, text := r.do(http.MethodPost, client.Prefix+path, token, body); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, _, body := r.do(http.MethodPost, client.Prefix+"/actions", token, strings.Repeat(" ", 2<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("long body: %d %s", status, body)
	}
}
