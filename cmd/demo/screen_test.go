package demo

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sqreen/sqreen/cmd/demo/traffic"
	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func wave(n, most int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64((i * i) % (most + 1))
	}
	return out
}

func samplePicture() picture {
	report := func(loot traffic.Loot) traffic.Report {
		return traffic.Report{
			Roles: map[traffic.Role]traffic.Tally{traffic.Customer: {Sent: 810}, traffic.Injector: {Sent: 360, Refused: 300}},
			Techniques: []traffic.Technique{
				{Role: traffic.Scanner, Name: "path guessing", Tried: 120},
				{Role: traffic.Injector, Name: "UNION", Tried: 3, Worked: 3},
				{Role: traffic.Injector, Name: "boolean", Tried: 7, Worked: 6},
			},
			Loot: loot,
		}
	}
	p := picture{
		Elapsed: 23 * time.Second, For: 30 * time.Second, Platform: "http://127.0.0.1:40211", Data: "./demo-data",
		Requests: wave(chartSeconds, 60), Attacks: wave(chartSeconds, 20), Blocked: make([]int64, chartSeconds), Total: 14,
		Stands: []standPicture{
			{Env: "prod", Mode: "block", URL: "http://127.0.0.1:40212", Report: report(traffic.Loot{}), App: inventory.App{Risk: inventory.RiskHigh, Attacks24h: 1311, Blocked24h: 1298, Incidents: 6}},
			{Env: "staging", Mode: "monitor", URL: "http://127.0.0.1:40213", Report: report(traffic.Loot{Rows: 50, Cards: 8, Files: 1}), App: inventory.App{Attacks24h: 1310, Incidents: 8}},
		},
	}
	for i := range 30 {
		p.Incidents = append(p.Incidents, localplatform.Incident{
			ID: int64(30 - i), Env: "prod", Severity: localplatform.SeverityHigh, Events: int64(40 + i), Blocked: int64(i), Exploited: int64(i % 3),
			Title: fmt.Sprintf("SQL injection by 203.0.113.%d on /search, and a long title that goes on", 60+i),
		})
	}
	return p
}

func TestScreens(t *testing.T) {
	bare := samplePicture()
	bare.Platform, bare.Data, bare.Stands = "", "", bare.Stands[1:]
	bare.Stands[0].Env, bare.Stands[0].Mode = "bare", "off"
	troubled := samplePicture()
	troubled.Trouble, troubled.Incidents, troubled.Total, troubled.Attacks, troubled.Blocked = "disk full \x1b[2J", nil, 0, nil, nil
	byHand := samplePicture()
	byHand.Examples = examples("http://127.0.0.1:8080")
	ios, _ := iostreams.Test()
	for name, c := range map[string]struct {
		p    picture
		w, h int
	}{
		"protected-80x24": {samplePicture(), 80, 24}, "protected-120x40": {samplePicture(), 120, 40},
		"unprotected-80x24": {bare, 80, 24}, "trouble-80x24": {troubled, 80, 24},
		"by-hand-80x24": {byHand, 80, 24}, "by-hand-120x40": {byHand, 120, 40}, "tiny-30x8": {samplePicture(), 30, 8},
	} {
		t.Run(name, func(t *testing.T) {
			got := draw(c.p, ios.Colour(), c.w, c.h)
			lines := strings.Split(got, "\n")
			if len(lines) > c.h {
				t.Errorf("%d lines, want at most %d", len(lines), c.h)
			}
			for _, line := range lines {
				if w := ansi.StringWidth(line); w > c.w {
					t.Errorf("%d columns wide: %q", w, line)
				}
			}
			golden(t, name, got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "screens", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got+"\n" != string(want) {
		t.Errorf("the screen changed (go test ./cmd/demo -update accepts it):\n%s", got)
	}
}

// Nothing that a picture is drawn from may be of a kind that breaks it.
func TestEverySizeIsDrawn(t *testing.T) {
	ios, _ := iostreams.Test()
	for w := 0; w < 150; w += 7 {
		for h := range 40 {
			for _, p := range []picture{samplePicture(), {}} {
				if got := draw(p, ios.Colour(), w, h); strings.Count(got, "\n") > max(h-1, 0) {
					t.Fatalf("%dx%d: %d lines", w, h, strings.Count(got, "\n")+1)
				}
			}
		}
	}
}

func TestSparkShowsTheShape(t *testing.T) {
	for _, c := range []struct {
		counts []int64
		want   string
	}{
		{nil, "    "},
		{[]int64{0, 0}, "  ··"},
		{[]int64{1, 2, 4, 8}, "▁▂▄█"},
		{[]int64{1, 1, 1, 1}, "████"},
	} {
		if got := spark(c.counts, 4); got != c.want {
			t.Errorf("spark(%v) = %q, want %q", c.counts, got, c.want)
		}
	}
}

func TestMeterCountsBySecond(t *testing.T) {
	now := time.Unix(1000, 0)
	m := newMeter(func() time.Time { return now })
	for range 3 {
		m.note(traffic.Answer{})
	}
	now = now.Add(time.Second)
	m.note(traffic.Answer{})
	now = now.Add(time.Second)
	if got := fmt.Sprint(m.last(4)); got != "[0 0 3 1]" {
		t.Errorf("last(4) = %s", got)
	}
	now = now.Add(meterSeconds * time.Second) // the same slots, another round
	if got := fmt.Sprint(m.last(4)); got != "[0 0 0 0]" {
		t.Errorf("after a pause: last(4) = %s", got)
	}
	if got := len(m.last(10 * meterSeconds)); got != meterSeconds-1 {
		t.Errorf("remembers %d seconds", got)
	}
}
