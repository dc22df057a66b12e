package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// value is the field of an event as facets and histograms name it.
func value(e *localplatform.Event, field string) string {
	values := e.Values(field)
	if len(values) == 0 {
		return ""
	}
	if at, ok := values[0].(time.Time); ok {
		return at.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(values[0])
}

func testHistogram(t *testing.T, s localplatform.Store) {
	g := NewGenerator(20)
	all := Fill(t, s, g, 2000, 70)
	ranges := []localplatform.HistogramQuery{
		{},
		{From: Start, To: Start.Add(time.Hour)},
		{From: Start.Add(-2 * time.Hour), To: Start.Add(17*time.Second + 3*time.Millisecond), Buckets: 30},
		{From: Start.Add(11 * time.Second), To: Start.Add(43 * time.Second), Buckets: 32},
		{From: Start.Add(-24 * 90 * time.Hour), To: Start.Add(24 * time.Hour), Buckets: 90},
		{From: Start.Add(24 * time.Hour), To: Start.Add(25 * time.Hour)},
	}
	for _, text := range []string{
		"", "kind:attack", "attack:sqli app:shop", "blocked:true", "severity:>=medium", "name:custom.1*", "user:*", "ip:203.0.1.0/24",
		"at:>2026-11-20T12:00:30.5Z", "at:<2026-11-20T12:00:00Z kind:attack", "path:/item/*",
	} {
		for i, q := range ranges {
			for _, by := range []string{"", "attack", "kind", "app", "env", "blocked", "severity"} {
				q.Query, q.By = text, by
				t.Run(fmt.Sprintf("%q %d by %s", text, i, by), func(t *testing.T) { checkHistogram(t, s, all, q) })
			}
		}
	}
	if _, err := s.Histogram(t.Context(), nil, localplatform.HistogramQuery{By: "path"}); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
		t.Errorf("by path: %v, want CodeInvalid", err)
	}
	if _, err := s.Histogram(t.Context(), nil, localplatform.HistogramQuery{From: Start, To: Start}); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
		t.Errorf("an empty range: %v, want CodeInvalid", err)
	}
}

func checkHistogram(t *testing.T, s localplatform.Store, all []localplatform.Event, q localplatform.HistogramQuery) {
	f := compile(t, q.Query)
	h, err := s.Histogram(t.Context(), f, q)
	if err != nil {
		t.Fatal(err)
	}
	end := checkBars(t, h, q)
	type bar struct {
		Start  time.Time
		Count  int64
		Series map[string]int64
	}
	want, total := make([]bar, len(h.Buckets)), int64(0)
	for i := range want {
		want[i] = bar{Start: h.From.Add(time.Duration(i) * h.Step), Series: map[string]int64{}}
	}
	for i := range all {
		e := &all[i]
		if !f.Match(e) || e.At.Before(h.From) || !e.At.Before(end) {
			continue
		}
		b := &want[e.At.Sub(h.From)/h.Step]
		b.Count++
		total++
		if q.By != "" {
			b.Series[strings.ToLower(value(e, q.By))]++
		}
	}
	got := make([]bar, len(h.Buckets))
	for i, b := range h.Buckets {
		got[i] = bar{Start: b.Start, Count: b.Count, Series: map[string]int64{}}
		for k, n := range b.Series {
			got[i].Series[strings.ToLower(k)] += n
		}
	}
	if d := gocmp.Diff(want, got); d != "" || h.Total != total {
		t.Errorf("total %d, want %d; bars (-want +got):\n%s", h.Total, total, d)
	}
}

// checkBars checks that the bars cover the range wanted with whole bars and no
// more, in about the number asked for.
func checkBars(t *testing.T, h localplatform.Histogram, q localplatform.HistogramQuery) (end time.Time) {
	t.Helper()
	end = h.From.Add(time.Duration(len(h.Buckets)) * h.Step)
	want := cmp.Or(q.Buckets, 60)
	if len(h.Buckets) < want/3 || len(h.Buckets) > 3*want+2 {
		t.Errorf("%d bars of %s, want about %d", len(h.Buckets), h.Step, want)
	}
	if q.From.IsZero() {
		return end
	}
	if h.From.After(q.From) || q.From.Sub(h.From) >= h.Step || end.Before(q.To) || end.Sub(q.To) >= h.Step {
		t.Errorf("bars from %s to %s by %s for a range from %s to %s", h.From, end, h.Step, q.From, q.To)
	}
	return end
}

func testFacets(t *testing.T, s localplatform.Store) {
	all := Fill(t, s, NewGenerator(21), 1500, 100)
	fields := []string{"attack", "ip", "user", "path", "blocked", "severity", "status", "name", "app", "id", "kind", "weight", "at"}
	for _, text := range []string{"", "kind:attack", "app:shop severity:high", "user:*", "ip:203.0.1.0/24", "app:nothing", "name:custom.*"} {
		for _, limit := range []int{0, 3, 10_000} {
			t.Run(fmt.Sprintf("%q limit %d", text, limit), func(t *testing.T) {
				f := compile(t, text)
				got, err := s.Facets(t.Context(), f, localplatform.FacetQuery{Fields: fields, Limit: limit})
				if err != nil {
					t.Fatal(err)
				}
				for i := range got {
					for j := range got[i].Values {
						got[i].Values[j].Value = strings.ToLower(got[i].Values[j].Value)
					}
				}
				want := make([]localplatform.Facet, len(fields))
				for i, field := range fields {
					want[i] = facet(matching(all, f), field, cmp.Or(limit, 10))
				}
				if d := gocmp.Diff(want, got); d != "" {
					t.Errorf("facets (-want +got):\n%s", d)
				}
			})
		}
	}
	if _, err := s.Facets(t.Context(), nil, localplatform.FacetQuery{Fields: []string{"colour"}}); localplatform.ErrorCode(err) != localplatform.CodeInvalid {
		t.Errorf("an unknown field: %v, want CodeInvalid", err)
	}
}

func facet(events []localplatform.Event, field string, limit int) localplatform.Facet {
	counts := map[string]int64{}
	out := localplatform.Facet{Field: field, Values: []localplatform.FacetValue{}}
	for i := range events {
		if v := strings.ToLower(value(&events[i], field)); v == "" {
			out.Absent++
		} else {
			counts[v]++
		}
	}
	for v, n := range counts {
		out.Values = append(out.Values, localplatform.FacetValue{Value: v, Count: n})
	}
	slices.SortFunc(out.Values, func(a, b localplatform.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	for len(out.Values) > limit {
		out.Others += out.Values[len(out.Values)-1].Count
		out.Values = out.Values[:len(out.Values)-1]
	}
	return out
}

func testCounters(t *testing.T, s localplatform.Store) {
	g := NewGenerator(22)
	var sent []localplatform.Counter
	for seq := uint64(1); seq <= 40; seq++ {
		b := batch("c", seq, g.Events(2))
		for range 6 {
			c := localplatform.Counter{
				App: pick(g, "shop", "blog"), Env: pick(g, "prod", "staging"), Name: pick(g, wire.CounterRequests, wire.CounterStatus),
				Minute: Start.Add(time.Duration(g.rand.IntN(180)-60) * time.Minute), Value: float64(g.rand.IntN(100)) / 4,
			}
			if c.Name == wire.CounterStatus {
				c.Key = pick(g, "200", "404")
			}
			b.Counters = append(b.Counters, c)
			sent = append(sent, c)
		}
		mustAppend(t, s, b)
		mustAppend(t, s, b) // a duplicate adds nothing
	}
	for i, q := range []localplatform.CounterQuery{
		{},
		{App: "shop", Names: []string{wire.CounterRequests}},
		{Env: "prod", From: Start, To: Start.Add(time.Hour), Step: time.Minute},
		{App: "blog", From: Start.Add(-30 * time.Minute), To: Start.Add(90 * time.Minute), Step: 7 * time.Minute},
		{Names: []string{"none"}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			got, err := s.Counters(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(sumCounters(sent, q), got); d != "" {
				t.Errorf("counters (-want +got):\n%s", d)
			}
		})
	}
}

func sumCounters(sent []localplatform.Counter, q localplatform.CounterQuery) []localplatform.CounterPoint {
	sums := map[localplatform.CounterPoint]float64{}
	for _, c := range sent {
		if q.App != "" && c.App != q.App || q.Env != "" && c.Env != q.Env || len(q.Names) > 0 && !slices.Contains(q.Names, c.Name) ||
			!q.From.IsZero() && c.Minute.Before(q.From) || !q.To.IsZero() && !c.Minute.Before(q.To) {
			continue
		}
		p := localplatform.CounterPoint{App: c.App, Env: c.Env, Name: c.Name, Key: c.Key, Start: q.From}
		if q.Step != 0 {
			p.Start = q.From.Add(c.Minute.Sub(q.From) / q.Step * q.Step)
		}
		sums[p] += c.Value
	}
	out := []localplatform.CounterPoint{}
	for p, v := range sums {
		p.Value = v
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b localplatform.CounterPoint) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.App, b.App), cmp.Compare(a.Env, b.Env), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// testRetain knows nothing of how a store groups events: nothing newer than the
// limit may go, positions stay, and what is gone is gone from every answer.
func testRetain(t *testing.T, s localplatform.Store) {
	all := Fill(t, s, NewGenerator(23), 3000, 50)
	limit := all[len(all)/2].Received
	removed, err := s.Retain(t.Context(), limit, 0)
	if err != nil {
		t.Fatal(err)
	}
	left, err := s.Read(t.Context(), 0, len(all)+1)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(all)-len(left)) != removed {
		t.Errorf("Retain says %d, but %d are gone", removed, len(all)-len(left))
	}
	for i := range all {
		if all[i].Received.Before(limit) {
			continue
		}
		if !slices.ContainsFunc(left, func(e localplatform.Event) bool { return e.Pos == all[i].Pos }) {
			t.Fatalf("event %d arrived after the limit and is gone", all[i].Pos)
		}
	}
	wantCount(t, s, int64(len(left)))
	r := mustAppend(t, s, batch("after", 1, NewGenerator(24).Events(1)))
	if r.First <= all[len(all)-1].Pos {
		t.Errorf("position %d was given before", r.First)
	}
	if got := mustAppend(t, s, batch("fill", 1, NewGenerator(25).Events(1))); !got.Duplicate {
		t.Error("a batch that was retained away is stored again")
	}
}
