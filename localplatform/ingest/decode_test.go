package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// fullSignal has every field of wire.Signal.
const fullSignal = `{"kind":"attack","name":"app.sqreen.plugins.attack","time":"2026-11-20T11:59:58.123456Z","ip":"203.0.113.7",
"user":{"id":"42","email":"ada@example.com"},
"request":{"id":"r-1","method":"GET","scheme":"https","host":"shop.example","port":"443","path":"/search","query":"q=%27","route":"/search",
 "remote":"10.0.0.2:4711","user_agent":"sqlmap/1.7","referer":"https://shop.example/","headers":{"Accept":["*/*"],"X-Empty":null},
 "params":{"query.q":["' OR 1=1 --"]},"status":403,"blocked":true,"us":1834},
"attack":{"kind":"sqli","protection":"rasp","rule":"rasp.sqli","blocked":true,"reached":true,"severity":"high","confidence":"high","param":"query.q",
 "payload":"' OR 1=1 --","match":"OR 1=1","message":"the input altered a statement","sink":{"type":"sql","statement":"SELECT * FROM p WHERE n = '' OR 1=1 --'","start":29,"end":40,"dialect":"sqlite","database":"shop","target":"p"}},
"stack":[{"function":"main.search","file":"main.go","line":31,"in_app":true},{"function":"net/http.HandlerFunc.ServeHTTP"}],"weight":3}`

func decodeOne(raw string) (localplatform.Event, adjustments, error) {
	var d decoder
	return translate(&d, []byte(raw), noon)
}

func TestSignalBecomesEvent(t *testing.T) {
	e, adj, err := decodeOne(fullSignal)
	if err != nil {
		t.Fatal(err)
	}
	if adj != (adjustments{}) {
		t.Errorf("adjusted: %+v", adj)
	}
	got := fmt.Sprint(e.At.Format(time.RFC3339Nano), e.Kind, e.Name, e.Attack, e.Protection, e.Rule, e.Blocked, e.Reached, e.Severity, e.IP, e.User,
		e.Method, e.Path, e.Route, e.Status, e.Host, e.UserAgent, e.Request, e.Param, e.Message, e.Weight)
	want := fmt.Sprint("2026-11-20T11:59:58.123456Z", "attack", wire.NameAttack, "sqli", "rasp", "rasp.sqli", true, true, "high", "203.0.113.7", "email=ada@example.com,id=42",
		"GET", "/search", "/search", 403, "shop.example", "sqlmap/1.7", "r-1", "query.q", "the input altered a statement", 3)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if string(e.Detail) != fullSignal {
		t.Error("the detail is not the signal as it was sent")
	}
}

func TestRefusals(t *testing.T) {
	event := func(fields string) string {
		return `{"kind":"event","name":"x","time":"2026-11-20T12:00:00Z"` + fields + `}`
	}
	many := func(n int, format string) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(format, i))
		}
		return strings.Join(parts, ",")
	}
	long := strings.Repeat("x", wire.MaxStringBytes+1)
	for name, c := range map[string]struct{ raw, want string }{
		"not JSON":             {`{"kind":"event"`, "not valid JSON at byte 15"},
		"not an object":        {`[1]`, "not a JSON object"},
		"two values":           {event("") + "1", "not valid JSON"},
		"bad literal":          {event(`,"z":nul`), "not valid JSON"},
		"bad number":           {event(`,"z":01`), "not valid JSON"},
		"bad escape":           {event(`,"z":"\x"`), "not valid JSON"},
		"control character":    {event(",\"z\":\"\n\""), "not valid JSON"},
		"too long":             {event(`,"z":["` + strings.Repeat(strings.Repeat("x", 16000)+`","`, 5) + `"]`), "longer than 65536 bytes"},
		"long string":          {event(`,"z":"` + long + `"`), "a string is longer than 16384 bytes"},
		"long text":            {event(`,"request":{"path":"` + long + `"}`), "request.path: a string is longer than 16384 bytes"},
		"too deep":             {event(`,"z":` + strings.Repeat("[", wire.MaxDepth) + strings.Repeat("]", wire.MaxDepth)), "nested deeper than 32 levels"},
		"no kind":              {`{"name":"x","time":"2026-11-20T12:00:00Z"}`, "kind: missing"},
		"unknown kind":         {`{"kind":"riddle","time":"2026-11-20T12:00:00Z"}`, "kind: unknown"},
		"kind in capitals":     {`{"Kind":"event"}`, "kind: must be written in lower case"},
		"kind twice":           {`{"kind":"event","kind":"attack"}`, "kind: given twice"},
		"kind of wrong type":   {`{"kind":1}`, "kind: must be a string"},
		"no time":              {`{"kind":"event","name":"x"}`, "time: missing"},
		"bad time":             {`{"kind":"event","name":"x","time":"yesterday"}`, "time: must look like 2026-11-20T13:45:07.123456Z"},
		"escaped time":         {`{"kind":"event","name":"x","time":"2026-11-20T12:00:00\u005a"}`, "time: must look like"},
		"no name":              {`{"kind":"event","time":"2026-11-20T12:00:00Z"}`, "name: missing"},
		"long name":            {`{"kind":"event","name":"` + strings.Repeat("n", wire.MaxNameBytes+1) + `","time":"2026-11-20T12:00:00Z"}`, "name: longer than 200 bytes"},
		"reserved name":        {`{"kind":"event","name":"app.sqreen.users.login.failure","time":"2026-11-20T12:00:00Z"}`, "name: app.sqreen.* is reserved"},
		"reserved in capitals": {`{"kind":"event","name":"App.Sqreen.x","time":"2026-11-20T12:00:00Z"}`, "name: app.sqreen.* is reserved"},
		"unprintable name":     {`{"kind":"event","name":"a\u0007","time":"2026-11-20T12:00:00Z"}`, "name: must be printable"},
		"foreign name":         {`{"kind":"attack","name":"app.sqreen.users.signup","time":"2026-11-20T12:00:00Z","attack":{"kind":"x","protection":"y"}}`, "name: not one of attack signals"},
		"user without name":    {`{"kind":"user","time":"2026-11-20T12:00:00Z"}`, "name: not one of user signals"},
		"attack without facts": {`{"kind":"attack","name":"app.sqreen.plugins.attack","time":"2026-11-20T12:00:00Z"}`, "attack: missing"},
		"attack without kind":  {`{"kind":"attack","name":"app.sqreen.plugins.attack","time":"2026-11-20T12:00:00Z","attack":{}}`, "attack.kind: missing"},
		"bad severity":         {`{"kind":"attack","name":"app.sqreen.plugins.attack","time":"2026-11-20T12:00:00Z","attack":{"kind":"x","protection":"y","severity":"huge"}}`, "attack.severity: must be low, medium or high"},
		"action without id":    {`{"kind":"action","name":"app.sqreen.action.block_ip","time":"2026-11-20T12:00:00Z","action":{}}`, "action.id: missing"},
		"bad address":          {event(`,"ip":"1.2.3"`), "ip: not an address"},
		"bad status":           {event(`,"request":{"status":7}`), "request.status: not an HTTP status"},
		"status in a string":   {event(`,"request":{"status":"200"}`), "request.status: must be a whole number"},
		"broken status":        {event(`,"request":{"status":200.5}`), "request.status: must be a whole number"},
		"negative weight":      {event(`,"weight":-1`), "weight: not between 0 and 1000000"},
		"flag of wrong type":   {event(`,"request":{"blocked":"yes"}`), "request.blocked: must be true or false"},
		"headers of text":      {event(`,"request":{"headers":{"A":"b"}}`), "request.headers: must be an object of lists of strings"},
		"frame of text":        {event(`,"stack":["main"]`), "stack: must be an object"},
		"too many frames":      {event(`,"stack":[` + many(65, `{"line":%d}`) + `]`), "stack: more than 64 frames"},
		"too many properties":  {event(`,"event":{"properties":{` + many(65, `"p%d":1`) + `}}`), "event.properties: more than 64"},
		"empty property":       {event(`,"event":{"properties":{"":1}}`), "event.properties: names must have 1 to 200 bytes"},
		"too many identifiers": {event(`,"user":{` + many(17, `"k%d":"v"`) + `}`), "user: more than 16 identifiers"},
		"user of numbers":      {event(`,"user":{"id":42}`), "user: must be a string"},
		"nested wrong type":    {event(`,"attack":{"sink":{"start":"x"}}`), "attack.sink.start: must be a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := decodeOne(c.raw)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestTolerance(t *testing.T) {
	for name, raw := range map[string]string{
		"unknown fields":      `{"kind":"event","name":"x","time":"2026-11-20T12:00:00Z","new":{"a":[1,2,{"b":null}]},"request":{"new":"x"}}`,
		"nulls":               `{"kind":"event","name":"x","time":"2026-11-20T12:00:00Z","ip":null,"user":null,"request":null,"attack":null,"event":null,"stack":null,"weight":null}`,
		"white space":         " \n{ \"kind\" : \"event\" ,\t\"name\":\"x\",\r\n\"time\":\"2026-11-20T12:00:00Z\" } ",
		"other order":         `{"time":"2026-11-20T12:00:00Z","name":"x","kind":"event"}`,
		"escaped keys":        `{"\u006bind":"event","name":"x","time":"2026-11-20T12:00:00Z"}`,
		"escaped long string": `{"kind":"event","name":"x","time":"2026-11-20T12:00:00Z","z":"` + strings.Repeat(`\u0041`, 10000) + `"}`,
		"deepest":             `{"kind":"event","name":"x","time":"2026-11-20T12:00:00Z","z":` + strings.Repeat("[", wire.MaxDepth-1) + strings.Repeat("]", wire.MaxDepth-1) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			e, _, err := decodeOne(raw)
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != wire.KindEvent || e.Name != "x" || e.Weight != 1 {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestClocksAreClampedAndCounted(t *testing.T) {
	for _, c := range []struct {
		at            time.Time
		want          time.Time
		ahead, behind bool
	}{
		{noon.Add(30 * time.Second), noon.Add(30 * time.Second), false, false},
		{noon.Add(2 * time.Minute), noon, true, false},
		{noon.Add(-29 * 24 * time.Hour), noon.Add(-29 * 24 * time.Hour), false, false},
		{noon.Add(-31 * 24 * time.Hour), noon, false, true},
		{noon.Add(1234567 * time.Nanosecond), noon.Add(1234 * time.Microsecond), false, false},
	} {
		e, adj, err := decodeOne(fmt.Sprintf(`{"kind":"event","name":"x","time":%q}`, c.at.Format(time.RFC3339Nano)))
		if err != nil || !e.At.Equal(c.want) || adj.ahead != c.ahead || adj.behind != c.behind {
			t.Errorf("%s: got %s %+v %v", c.at, e.At, adj, err)
		}
	}
}

func TestTextsAreCleaned(t *testing.T) {
	path := "/" + strings.Repeat("é", 2000)
	e, adj, err := decodeOne(`{"kind":"event","name":"x","time":"2026-11-20T12:00:00Z","ip":"::ffff:192.0.2.1","request":{"path":"` + path + `","user_agent":"a\u0000b` + "\xff" + `"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Path) > maxColumn || !utf8.ValidString(e.Path) || adj.clipped != 1 {
		t.Errorf("path of %d bytes, clipped %d", len(e.Path), adj.clipped)
	}
	if e.UserAgent != "a\uFFFDb\uFFFD" {
		t.Errorf("user agent %q", e.UserAgent)
	}
	if e.IP.String() != "192.0.2.1" {
		t.Errorf("ip %s", e.IP)
	}
	if !utf8.Valid(e.Detail) || !json.Valid(e.Detail) {
		t.Error("the detail is not valid")
	}
}

func TestUserIDIsThatOfTheDomain(t *testing.T) {
	for _, ids := range []map[string]string{nil, {"id": "42"}, {"b": "2", "a": "1"}, {"email": "a@b", "id": "42", "": ""}} {
		var list []identifier
		for k, v := range ids {
			list = append(list, identifier{k, v})
		}
		if got, want := userID(list), localplatform.UserID(ids); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// slowFacts reads what the decoder reads, with encoding/json, and nothing of
// the decoder's code.
func slowFacts(t *testing.T, raw []byte) wire.Signal {
	t.Helper()
	var s wire.Signal
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("the decoder accepted what encoding/json does not: %v\n%q", err, raw)
	}
	return s
}

func compareWithSlow(t *testing.T, f *facts, raw []byte) {
	t.Helper()
	s := slowFacts(t, raw)
	want := facts{kind: s.Kind, name: s.Name, ip: s.IP, weight: int64(s.Weight)}
	if r := s.Request; r != nil {
		want.request, want.method, want.host, want.path, want.route = r.ID, r.Method, r.Host, r.Path, r.Route
		want.userAgent, want.status, want.requestBlocked = r.UserAgent, int64(r.Status), r.Blocked
	}
	if a := s.Attack; a != nil {
		want.hasAttack, want.attack, want.protection, want.rule, want.severity = true, a.Kind, a.Protection, a.Rule, a.Severity
		want.param, want.message, want.attackBlocked, want.reached = a.Param, a.Message, a.Blocked, a.Reached
	}
	if s.Action != nil {
		want.hasAction, want.action = true, s.Action.ID
	}
	if got, want := userID(f.user), localplatform.UserID(s.User); got != want {
		t.Errorf("user: got %q, want %q", got, want)
	}
	got := *f
	if got.time != "" {
		var at time.Time
		if err := at.UnmarshalText([]byte(got.time)); err == nil && !at.Equal(s.Time) {
			t.Errorf("time: got %s, want %s", at, s.Time)
		}
	}
	got.user, got.time = nil, ""
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

// FuzzDecode compares the decoder with encoding/json: what it accepts is valid,
// fits wire.Signal and says the same; what it refuses as not JSON is not.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		fullSignal, `{}`, `{"kind":"event","event":{"properties":{"plan":"free","n":1.5e3,"deep":{"a":[true,false,null]}}}}`,
		`{"user":{"id":"1","id":"2","é":"\ud83d\ude00"}}`, `{"kind":"\ud800","name":"\u0041\/\b"}`, `{"z":[],"z":{}}`, `{"kind":null}`,
		`{"action":{"id":"a-1","url":"/x"},"weight":12}`, `{"request":{"status":-0}}`, "{\"kind\":\"\xff\"}", `{"stack":[null,{"line":1}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = repair(raw)
		var d decoder
		facts, err := d.decode(raw)
		if err == nil {
			if got := facts.time; got != "" {
				var at time.Time
				if at.UnmarshalText([]byte(got)) != nil {
					return // refused later, as encoding/json refuses it now
				}
			} else if bytes.Contains(raw, []byte("time")) {
				return // an empty time, refused later too
			}
			compareWithSlow(t, facts, raw)
			return
		}
		if r, ok := err.(*refusal); ok && r.class == classSyntax && len(raw) < 1000 { //nolint:errorlint // never wrapped
			var object map[string]json.RawMessage
			if json.Unmarshal(raw, &object) == nil && object != nil {
				t.Errorf("refused valid JSON: %v\n%q", err, raw)
			}
		}
	})
}

// FuzzSkip compares the scanner with encoding/json on any JSON.
func FuzzSkip(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e+3,"x\n",true,false,null,{}]}`, ` [ ] `, `"\u00e9"`, `-`, `1.`, `"a`, `{"a" 1}`, `[1,]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := scanner{data: raw}
		err := s.skip()
		if err == nil {
			err = s.end()
		}
		if r, ok := err.(*refusal); ok && r.class == classSize { //nolint:errorlint // never wrapped
			return
		}
		if valid := json.Valid(raw); valid != (err == nil) {
			t.Errorf("valid %v, scanner says %v: %q", valid, err, raw)
		}
	})
}

// FuzzHeartbeat compares the envelope with encoding/json.
func FuzzHeartbeat(f *testing.F) {
	for _, s := range []string{
		`{"version":1,"instance":"i","seq":3,"signals":[{"a":"]"},1,"x,",[],{"b":{}}],"counters":[{"name":"requests","value":3}]}`,
		`{"signals":[]}`, `{"signals":null,"seq":1}`, `{"Signals":[1]}`, `{"signals":[1],"signals":[2]}`, `{"signals":[,]}`, `{"signals":[{]}`, `[]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := DecodeHeartbeat(body)
		var want wire.Heartbeat
		if wantErr := json.Unmarshal(body, &want); wantErr != nil {
			if err != nil {
				return
			}
			// Only what is wrong inside a signal may pass, for that one to be refused.
			var d decoder
			for _, raw := range got.Signals {
				if _, err := d.decode(repair(raw)); err != nil {
					return
				}
			}
			t.Fatalf("accepted a bad heartbeat with good signals: %v\n%q", wantErr, body)
		}
		if err != nil {
			return // stricter: names twice or in capitals
		}
		if len(got.Signals) != len(want.Signals) {
			t.Fatalf("got %d signals, want %d: %q", len(got.Signals), len(want.Signals), body)
		}
		for i := range got.Signals {
			if !bytes.Equal(bytes.TrimSpace(got.Signals[i]), want.Signals[i]) {
				t.Errorf("signal %d: got %q, want %q", i, got.Signals[i], want.Signals[i])
			}
		}
		got.Signals, want.Signals = nil, nil
		if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
			t.Errorf("got  %s\nwant %s", g, w)
		}
	})
}

// BenchmarkDecode turns one signal of a usual size into an event, and the same
// with encoding/json for comparison.
func BenchmarkDecode(b *testing.B) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(fullSignal)); err != nil {
		b.Fatal(err)
	}
	raw := compact.Bytes()
	b.Run("selective", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		var d decoder
		for b.Loop() {
			if _, _, err := translate(&d, raw, noon); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			var s wire.Signal
			if err := json.Unmarshal(raw, &s); err != nil {
				b.Fatal(err)
			}
		}
	})
}
