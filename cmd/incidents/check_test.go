package incidents_test

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// watched is a platform that runs, with incidents and the apps given; without
// apps, with shop/prod connected.
func watched(apps []inventory.App, list ...localplatform.Incident) *fakeplatform.Platform {
	if apps == nil {
		apps = []inventory.App{connected("shop", "prod", 10*time.Second)}
	}
	var queries []localplatform.IncidentQuery
	p := asked(&queries, list...)
	p.AppsF = func(string) ([]inventory.App, error) { return apps, nil }
	p.StatusF = func() (localplatform.Status, error) { return localplatform.Status{Mode: "server"}, nil }
	return p
}

func connected(name, env string, ago time.Duration) inventory.App {
	last := cmdtest.Now().Add(-ago)
	return inventory.App{Name: name, Env: env, FirstSeen: last.Add(-time.Hour), LastSeen: last}
}

func TestCheckCodes(t *testing.T) {
	high, low := incident(12, "high", "open"), incident(3, "low", "open")
	silent := []inventory.App{connected("shop", "prod", time.Hour), connected("blog", "prod", time.Second)}
	waiting := []inventory.App{{Name: "shop", Env: "prod"}}
	for _, tt := range []struct {
		name, flags string
		p           *fakeplatform.Platform
		want        int
	}{
		{"clean", "", watched(nil), 0},
		{"a high one", "", watched(nil, high), 2},
		{"acknowledged fails too", "", watched(nil, incident(1, "high", "acknowledged")), 2},
		{"snoozed does not", "", watched(nil, incident(1, "high", "snoozed")), 0},
		{"unless told", "--fail-state snoozed", watched(nil, incident(1, "high", "snoozed")), 2},
		{"a low one", "", watched(nil, low), 0},
		{"a low one with --fail-on low", "--fail-on low", watched(nil, low), 2},
		{"--fail-on none", "--fail-on none", watched(nil, high), 0},
		{"began before --since", "--since 1h", watched(nil, high), 0},
		{"began after --since", "--since 3h", watched(nil, high), 2},
		{"a silent agent", "", watched(silent), 8},
		{"a silent agent elsewhere", "--app blog", watched(silent), 0},
		{"a silent agent is allowed", "--allow-silent", watched(silent), 0},
		{"a policy hit says more than silence", "", watched(silent, high), 2},
		{"an agent that never came", "", watched(waiting), 8},
		{"no agent at all", "", watched([]inventory.App{}), 8},
		{"an app that nobody knows", "--app nope", watched(nil), 8},
		{"too old", "--max-age 1s", recorded(connected("shop", "prod", time.Hour)), 8},
		{"a recording", "", recorded(connected("shop", "prod", time.Hour), connected("blog", "prod", time.Hour)), 0},
		{"a recording in which an app fell silent", "", recorded(connected("shop", "prod", 2*time.Hour), connected("blog", "prod", time.Hour)), 8},
		{"wrong severity", "--fail-on hihg", watched(nil), 1},
		{"wrong state", "--fail-state opne", watched(nil), 1},
		{"wrong output", "-o xml", watched(nil), 1},
		{"two outputs on stdout", "-o table -o json", watched(nil), 1},
		{"wrong query", "--query rsk:x", watched(nil), 1},
		{"an argument", "env:prod", watched(nil), 1},
		{"not allowed", "", &fakeplatform.Platform{IncidentsF: func(localplatform.IncidentQuery) (localplatform.IncidentPage, error) {
			return localplatform.IncidentPage{}, localplatform.Errorf(localplatform.CodeForbidden, "no")
		}}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := cmdtest.New(t, tt.p)
			if got := r.Run("incidents check " + tt.flags); got != tt.want {
				t.Errorf("exit code %d, want %d\n%s", got, tt.want, &r.Screen.ErrOut)
			}
		})
	}
}

// recorded is data that no platform serves.
func recorded(apps ...inventory.App) *fakeplatform.Platform {
	p := watched(apps)
	p.StatusF = func() (localplatform.Status, error) { return localplatform.Status{Mode: "local"}, nil }
	return p
}

func TestCheckScreen(t *testing.T) {
	r := cmdtest.New(t, watched(nil, incident(12, "high", "open"), incident(3, "low", "open")))
	r.Want("incidents check", 2, "12\ttrue\thigh\topen\tshop/prod\tSQL injection by 203.0.113.7\t203.0.113.7\t2026-11-21T11:59:00Z\n"+
		"3\tfalse\tlow\topen\tshop/prod\tSQL injection by 203.0.113.7\t203.0.113.7\t2026-11-21T11:59:00Z\n",
		"failed: 1 incident of severity high or above\nhint: sqreen incidents show 12\n")
	r.Want("incidents check --show failing --fail-on none", 0, "", "passed: no incident fails\n")
	r.IO.SetTerminal(100)
	r.Want("incidents check --show medium", 2, `
ID  FAILS  SEVERITY  STATE  APP        TITLE                         ACTOR        LAST
12  yes    high      open   shop/prod  SQL injection by 203.0.113.7  203.0.113.7  1m ago

1 incident
`, "failed: 1 incident of severity high or above\nhint: sqreen incidents show 12\n")
	r = cmdtest.New(t, recorded(connected("shop", "prod", time.Hour), connected("blog", "prod", 3*time.Hour)))
	r.Want("incidents check", 8, "", `
no data: blog/prod: its agents are silent, last heard of 2026-11-21T09:00:00Z
note: no platform runs on this data; it was last written to 1h ago
not enough data: nothing fails, but not every app reports
hint: --allow-silent accepts that
`)
}

func TestBaseline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known.json")
	r := cmdtest.New(t, watched(nil, incident(12, "medium", "open")))
	r.Want("incidents check --baseline "+file, 1, "", "sqreen: there is no baseline "+file+"\nhint: sqreen incidents check --write-baseline "+file+"\n")
	r.Want("incidents check --write-baseline "+file, 0, "", "Wrote 1 incident to "+file+".\nhint: sqreen incidents check --baseline "+file+"\n")

	// The same incident on another platform has another number.
	known, worse, other := incident(77, "medium", "open"), incident(78, "high", "open"), incident(79, "medium", "open")
	other.Actors[0].Value = "198.51.100.1"
	for _, tt := range []struct {
		name string
		now  localplatform.Incident
		want int
	}{{"known", known, 0}, {"got worse", worse, 2}, {"another actor", other, 2}} {
		r := cmdtest.New(t, watched(nil, tt.now))
		if got := r.Run("incidents check --fail-on low --baseline " + file); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
	for text, code := range map[string]int{"{": 1, `{"version":2}`: 1, `{"version":1,"incidents":[]}`: 2} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := cmdtest.New(t, watched(nil, worse))
		if got := r.Run("incidents check --baseline " + file); got != code {
			t.Errorf("baseline %s: exit code %d, want %d", text, got, code)
		}
	}
}

func TestSeveralOutputsInOneRun(t *testing.T) {
	dir := t.TempDir()
	evil := incident(12, "high", "open")
	evil.Title = "title\n::error::injected \x1b[2J <&\x00 ]]> 100%"
	bare := incident(3, "low", "acknowledged")
	bare.Evidence, bare.Kind, bare.CWE, bare.Actors = nil, "http_scan", nil, nil
	apps := []inventory.App{connected("shop", "prod", time.Second), connected("blog", "prod", time.Hour)}
	r := cmdtest.New(t, watched(apps, evil, bare))
	f := func(name string) string { return filepath.Join(dir, name) }
	if got := r.Run("incidents check -o table=" + f("t") + " -o json=" + f("j") + " -o sarif=" + f("s") + " -o junit=" + f("x") + " -o annotations"); got != 2 {
		t.Errorf("exit code %d, want 2", got)
	}
	checkAnnotations(t, r.Screen.Out.String())
	checkJSON(t, read(t, f("j")))
	checkSARIF(t, read(t, f("s")), 2)
	checkJUnit(t, read(t, f("x")))
	if got := read(t, f("t")); strings.Count(string(got), "\n") != 2 || !strings.HasPrefix(string(got), "12\ttrue\thigh\t") {
		t.Errorf("table: %s", got)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func checkAnnotations(t *testing.T, out string) {
	t.Helper()
	want := `::error title=sqreen incident 12 (high),file=shop/catalogue.go,line=87::title\n%3A%3A`
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], strings.TrimSuffix(want, `%3A%3A`)) || !strings.Contains(lines[0], "100%25") {
		t.Errorf("annotations:\n%s", out)
	}
	if !strings.HasPrefix(lines[1], "::notice title=sqreen incident 3 (low)::") || !strings.HasPrefix(lines[2], "::warning title=sqreen has not enough data::blog/prod") {
		t.Errorf("annotations:\n%s", out)
	}
	for _, l := range lines {
		if !regexp.MustCompile(`^::(error|warning|notice) [^:]*::[^\x00-\x1f]*$`).MatchString(l) {
			t.Errorf("annotation %q", l)
		}
	}
}

func checkJSON(t *testing.T, text []byte) {
	t.Helper()
	var got struct {
		Version   int              `json:"version"`
		Exit      int              `json:"exit_code"`
		Failing   int              `json:"failing"`
		Incidents []map[string]any `json:"incidents"`
		Silent    []map[string]any `json:"silent"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || got.Exit != 2 || got.Failing != 1 || len(got.Incidents) != 2 || len(got.Silent) != 1 || got.Incidents[0]["fails"] != true || got.Incidents[0]["severity"] != "high" {
		t.Errorf("JSON: %s", text)
	}
}

// checkSARIF holds a log against what SARIF 2.1.0 requires of the parts we write.
func checkSARIF(t *testing.T, text []byte, results int) {
	t.Helper()
	var log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name            string `json:"name"`
					SemanticVersion string `json:"semanticVersion"`
					Rules           []struct {
						ID    string `json:"id"`
						Short struct {
							Text string `json:"text"`
						} `json:"shortDescription"`
						Config struct {
							Level string `json:"level"`
						} `json:"defaultConfiguration"`
						Properties map[string]any `json:"properties"`
					} `json:"rules"`
				} `json:"driver"`
			} `json:"tool"`
			Invocations []struct {
				Successful    *bool  `json:"executionSuccessful"`
				EndTime       string `json:"endTimeUtc"`
				Notifications []struct {
					Message struct {
						Text string `json:"text"`
					} `json:"message"`
				} `json:"toolExecutionNotifications"`
			} `json:"invocations"`
			Results []struct {
				RuleID    string `json:"ruleId"`
				RuleIndex *int   `json:"ruleIndex"`
				Level     string `json:"level"`
				Kind      string `json:"kind"`
				Message   struct {
					Text string `json:"text"`
				} `json:"message"`
				Locations []struct {
					Physical *struct {
						Artifact struct {
							URI string `json:"uri"`
						} `json:"artifactLocation"`
						Region struct {
							StartLine int `json:"startLine"`
						} `json:"region"`
					} `json:"physicalLocation"`
					Logical []struct {
						FullName string `json:"fullyQualifiedName"`
					} `json:"logicalLocations"`
				} `json:"locations"`
				Fingerprints map[string]string `json:"partialFingerprints"`
				Suppressions []struct {
					Kind string `json:"kind"`
				} `json:"suppressions"`
			} `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(text, &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || !strings.Contains(log.Schema, "sarif-schema-2.1.0") || len(log.Runs) != 1 {
		t.Fatalf("SARIF: %s", text)
	}
	run := log.Runs[0]
	if d := run.Tool.Driver; d.Name != "sqreen" || d.SemanticVersion != "1.2.3" {
		t.Errorf("driver %+v", d)
	}
	levels := []string{"none", "note", "warning", "error"}
	for _, rule := range run.Tool.Driver.Rules {
		if rule.ID == "" || rule.Short.Text == "" || !slices.Contains(levels, rule.Config.Level) || rule.Properties["tags"] == nil {
			t.Errorf("rule %+v", rule)
		}
	}
	if inv := run.Invocations; len(inv) != 1 || inv[0].Successful == nil || len(inv[0].Notifications) != 1 || inv[0].Notifications[0].Message.Text == "" {
		t.Errorf("invocations %+v", inv)
	} else if _, err := time.Parse(time.RFC3339, inv[0].EndTime); err != nil {
		t.Error(err)
	}
	if len(run.Results) != results {
		t.Fatalf("%d results, want %d", len(run.Results), results)
	}
	for i, res := range run.Results {
		if res.RuleIndex == nil || *res.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[*res.RuleIndex].ID != res.RuleID {
			t.Errorf("result %d: rule %s is not where ruleIndex says", i, res.RuleID)
		}
		// Where kind is not "fail", level must be "none".
		if !slices.Contains(levels, res.Level) || res.Kind != "fail" || res.Message.Text == "" || len(res.Fingerprints) == 0 || len(res.Locations) != 1 {
			t.Errorf("result %+v", res)
		}
		loc := res.Locations[0]
		if len(loc.Logical) == 0 || loc.Logical[0].FullName != "shop/prod" {
			t.Errorf("result %d: logical location %+v", i, loc.Logical)
		}
		if p := loc.Physical; p != nil {
			if u, err := url.Parse(p.Artifact.URI); err != nil || u.String() != "shop/catalogue.go" || p.Region.StartLine != 87 {
				t.Errorf("result %d: %+v", i, p)
			}
		}
	}
	if run.Results[0].Locations[0].Physical == nil || run.Results[1].Locations[0].Physical != nil {
		t.Error("a physical location is for findings whose evidence names a line, and only for those")
	}
}

func checkJUnit(t *testing.T, text []byte) {
	t.Helper()
	var got struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Suites   []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Cases    []struct {
				Name    string  `xml:"name,attr"`
				Failure *string `xml:"failure"`
				Error   *string `xml:"error"`
				Skipped *struct {
					Message string `xml:"message,attr"`
				} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if got.Tests != 4 || got.Failures != 1 || got.Errors != 1 || len(got.Suites) != 2 || got.Suites[0].Name != "blog/prod" || got.Suites[0].Cases[0].Error == nil {
		t.Fatalf("JUnit: %s", text)
	}
	shop := got.Suites[1]
	if shop.Name != "shop/prod" || shop.Tests != 3 || shop.Failures != 1 || shop.Cases[0].Error != nil || shop.Cases[1].Failure == nil || shop.Cases[2].Skipped == nil {
		t.Errorf("JUnit: %s", text)
	}
}
