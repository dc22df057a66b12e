package status_test

import (
	"testing"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/localplatform"
)

func TestStatus(t *testing.T) {
	now := cmdtest.Now()
	st := localplatform.Status{
		Version: "1.2.3", Mode: "server", URL: "http://127.0.0.1:7777", Data: "/data", Started: now.Add(-2 * time.Hour), Events: 1234567, LastPos: 100, Detected: 100, Bytes: 5e6,
		Segments: 2, Oldest: now.Add(-30 * 24 * time.Hour), Apps: 3, Instances: 1, Config: 7, MemoryRSS: 40e6,
	}
	r := cmdtest.New(t, &fakeplatform.Platform{StatusF: func() (localplatform.Status, error) { return st, nil }})
	r.IO.SetTerminal(80)
	r.Want("status", 0, `
platform        running
version         1.2.3
address         http://127.0.0.1:7777
data            /data
started         2026-11-21 10:00:00 (2h ago)
apps            3
instances       1 agent reports
live incidents  none
events          1,234,567 in 2 segments, 5.0 MB
oldest          2026-10-22 12:00:00 (30d ago)
detection       up to date
configuration   version 7
memory          40.0 MB
dropped         nothing
`, "")
	st = localplatform.Status{Version: "1.2.3", Mode: "local", Data: "/data", LastPos: 100, Detected: 58, Open: 4, Drops: map[string]int64{"too_large": 5, "none": 0}, Problems: []string{"disk is full\x1b[2J"}}
	r.Want("status", 0, `
platform        not running, data opened by this command
version         1.2.3
data            /data
apps            0
instances       0 agents report
live incidents  4  (sqreen incidents list)
events          0 in 0 segments, 0 B
detection       42 events behind
configuration   version 0

DROPPED, REFUSED OR CUT
too_large  5

PROBLEMS
- disk is full\x1b[2J
`, "")
	r.Want("status --json mode,drops", 0, "{\n  \"mode\": \"local\",\n  \"drops\": {\n    \"none\": 0,\n    \"too_large\": 5\n  }\n}\n", "")
}
