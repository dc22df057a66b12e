package scrub_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/scrub"
	"github.com/sqreen/sqreen/agentkit/wire"
)

const gone = wire.Redacted

func scrubber(t testing.TB, c scrub.Config) *scrub.Scrubber {
	t.Helper()
	s, err := scrub.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeys(t *testing.T) {
	s := scrubber(t, scrub.Config{Keys: []string{"ssn", "pin-code"}})
	params := map[string]bool{
		"query.password": true, "form.Password": true, "form.user[password]": true, "json.user.password": true,
		"json.items[0].apiKey": true, "json.api_key": true, "header.X-Api-Key": true, "form.access-token": true,
		"json.accessToken": true, "json.secrets.a.b": true, "json.password.old": true, "form.password2": true,
		"form.passwordConfirm": true, "form.userpassword": true, "form.client_secret": true, "form.passwd": true,
		"header.Proxy-Authorization": true, "json.SSN": true, "form.pincode": true, "form.PIN_CODE": true,
		"query.secretary": false, "query.q": false, "query.token": false, "form.pass": false, "form.author": false,
		"json.keys[0]": false, "form.issn": true, "query.lessness": false,
	}
	for _, address := range slices.Sorted(maps.Keys(params)) {
		got := s.Params(map[string][]string{address: {"value"}})[address]
		want := "value"
		if params[address] {
			want = gone
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestText(t *testing.T) {
	s := scrubber(t, scrub.Config{Values: []string{`\b\d{3}-\d{2}-\d{4}\b`}})
	tests := []struct{ text, want string }{
		{"nothing to see", "nothing to see"},
		{"card 4111 1111 1111 1111, thanks", "card " + gone + ", thanks"},
		{"4111-1111-1111-1111", gone},
		{"378282246310005", gone},
		{"order 4111111111111112", "order 4111111111111112"},
		{"order 12345678901234567890", "order 12345678901234567890"},
		{"41111111111111111", "41111111111111111"},
		{"0000000000000000", "0000000000000000"},
		{"at 1763683200007", "at 1763683200007"},
		{"id 7 4111 1111 1111 1111", "id 7 " + gone},
		{"ssn 123-45-6789.", "ssn " + gone + "."},
		{`{"user":"ann","password":"x\"y","n":1}`, `{"user":"ann","password":"` + gone + `","n":1}`},
		{`{"password":{"a":["b"]},"n":1}`, `{"password":` + gone + `,"n":1}`},
		{`{"password": 12345}`, `{"password": ` + gone + `}`},
		{`{\"password\":\"x\"}`, `{\"password\":\"` + gone + `\"}`},
		{"%7B%22password%22%3A%22x%22%7D", "%7B%22password%22%3A%22" + gone + "%22%7D"},
		{"user=ann&password=x%20y&z=1", "user=ann&password=" + gone + "&z=1"},
		{"user[password]=x; z=1", "user[password]=" + gone + "; z=1"},
		{"Authorization: Bearer abc.def\nHost: a", "Authorization: " + gone + "\nHost: a"},
		{"password: hunter2 and more", "password: " + gone + " and more"},
		{"the password is secret", "the password is secret"},
		{"<user><password>x y</password></user>", "<user><password>" + gone + "</password></user>"},
		{"'password' => 'x'", "'password' => '" + gone + "'"},
		{"Content-Disposition: form-data; name=\"password\"\r\n\r\nx y\r\n--b", "Content-Disposition: form-data; name=\"password\"\r\n\r\n" + gone + "\r\n--b"},
		{"password=", "password="},
		{"password", "password"},
		{`{"password":"unterminated`, `{"password":"` + gone},
	}
	for _, tt := range tests {
		got := s.Text(tt.text)
		if got != tt.want {
			t.Errorf("Text(%q)\n got %q\nwant %q", tt.text, got, tt.want)
		}
		if again := s.Text(got); again != got {
			t.Errorf("a second pass over %q gave %q", got, again)
		}
	}
}

func TestURL(t *testing.T) {
	s := scrubber(t, scrub.Config{})
	tests := []struct{ url, want string }{
		{"https://a.example/x?q=1", "https://a.example/x?q=1"},
		{"https://ann:pw@a.example/x", "https://" + gone + "@a.example/x"},
		{"//ann@a.example", "//" + gone + "@a.example"},
		{"/x?password=a%20b&q=1#top", "/x?password=" + gone + "&q=1#top"},
		{"/x?user%5Bpassword%5D=a", "/x?user%5Bpassword%5D=" + gone},
		{"/cb#access_token=abc&state=1", "/cb#access_token=" + gone + "&state=1"},
		{"/x?card=4111+1111+1111+1111&q=a+b", "/x?card=" + gone + "&q=a+b"},
		{"/pay/4111111111111111/now", "/pay/" + gone + "/now"},
		{"/x?d=%7B%22password%22%3A%22hidden%22%7D", `/x?d={"password":"` + gone + `"}`},
		{"%zz?password=x", "%zz?password=" + gone},
		{"", ""},
	}
	for _, tt := range tests {
		if got := s.URL(tt.url); got != tt.want {
			t.Errorf("URL(%q)\n got %q\nwant %q", tt.url, got, tt.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	s := scrubber(t, scrub.Config{})
	got := s.Headers(map[string][]string{
		"Authorization": {"Bearer abc"}, "X-Api-Key": {"k"}, "Cookie": {"theme=dark; access_token=abc; a"},
		"Set-Cookie": {"api_key=abc; Path=/; HttpOnly"}, "Referer": {"https://a.example/?password=x"}, "Accept": {"*/*"},
	})
	want := map[string][]string{
		"Authorization": {gone}, "X-Api-Key": {gone}, "Cookie": {"theme=dark; access_token=" + gone + "; a"},
		"Set-Cookie": {"api_key=" + gone + "; Path=/; HttpOnly"}, "Referer": {"https://a.example/?password=" + gone}, "Accept": {"*/*"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestSQL(t *testing.T) {
	s := scrubber(t, scrub.Config{Values: []string{`\d{3}-\d{2}-\d{4}`}})
	tests := []struct{ sql, want string }{
		{"SELECT * FROM u WHERE name = 'ann' AND password = 'x''y' AND id = 3", "SELECT * FROM u WHERE name = 'ann' AND password = '" + gone + "' AND id = 3"},
		{"SELECT * FROM u WHERE u.\"Password\" LIKE 'x%' OR a = 'b'", "SELECT * FROM u WHERE u.\"Password\" LIKE '" + gone + "' OR a = 'b'"},
		{"UPDATE u SET password = crypt('x', 'y'), name = 'ann'", "UPDATE u SET password = crypt('" + gone + "', '" + gone + "'), name = 'ann'"},
		{"SELECT 1 WHERE api_key IN ('a', 'b') AND c = 'd'", "SELECT 1 WHERE api_key IN ('" + gone + "', '" + gone + "') AND c = 'd'"},
		{"SELECT 1 WHERE 'x' = password", "SELECT 1 WHERE '" + gone + "' = password"},
		{"SELECT 1 WHERE secret = 12345", "SELECT 1 WHERE secret = " + gone},
		{"INSERT INTO u (name, password, age) VALUES ('a', 'b', 3), ('c', md5('d'), 4)", "INSERT INTO u (name, password, age) VALUES ('a', '" + gone + "', 3), ('c', md5('" + gone + "'), 4)"},
		{"CREATE USER a IDENTIFIED BY 'x'", "CREATE USER a IDENTIFIED BY '" + gone + "'"},
		{"ALTER ROLE a PASSWORD 'x'", "ALTER ROLE a PASSWORD '" + gone + "'"},
		{"SELECT 1 WHERE card = '4111 1111 1111 1111' OR n = 4111111111111111", "SELECT 1 WHERE card = '" + gone + "' OR n = " + gone},
		{"SELECT 1 WHERE ssn = 123-45-6789 -- 123-45-6789", "SELECT 1 WHERE ssn = " + gone + " -- " + gone},
		{"SELECT password, name FROM u WHERE id = 'a'", "SELECT password, name FROM u WHERE id = 'a'"},
		{"SELECT 1 WHERE body = '{\"password\":\"x\"}'", "SELECT 1 WHERE body = '{\"password\":\"" + gone + "\"}'"},
		{"SELECT 1 WHERE password = '' OR 1=1 --'", "SELECT 1 WHERE password = '' OR 1=1 --'"},
	}
	for _, tt := range tests {
		if got := s.SQL(tt.sql); got != tt.want {
			t.Errorf("SQL(%q)\n got %q\nwant %q", tt.sql, got, tt.want)
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for _, c := range []scrub.Config{{Values: []string{"("}}, {Values: []string{"x*"}}, {Keys: []string{"--"}}} {
		if _, err := scrub.New(c); err == nil {
			t.Errorf("New(%+v) gave no error", c)
		}
	}
	s := scrubber(t, scrub.Config{NoDefaults: true, Keys: []string{"q"}})
	if got := s.Text("password=a&q=b 4111111111111111"); got != "password=a&q="+gone+" 4111111111111111" {
		t.Errorf("without defaults: %q", got)
	}
}

// example is a signal with secrets wherever one can be.
func example(secret string) *wire.Signal {
	return &wire.Signal{
		Kind: wire.KindAttack, Name: wire.NameAttack, Time: time.Unix(1, 0).UTC(), IP: "192.0.2.1",
		User: map[string]string{"id": "42", "email": secret + "@a.example"},
		Request: &wire.Request{
			ID: "r", Method: "POST", Path: "/login/" + secret, Query: "password=" + secret + "&q=1", Route: "/login/{x}",
			UserAgent: "curl " + secret, Referer: "https://x:" + secret + "@a.example/",
			Headers: map[string][]string{"Authorization": {"Bearer " + secret}, "X-Note": {"say " + upperASCII(secret)}},
			Params:  map[string][]string{"form.password": {secret}, "query.note": {"my " + secret}},
		},
		Attack: &wire.Attack{
			Kind: wire.AttackSQLi, Protection: "rasp", Rule: "sqli.breakout", Param: "form.password", Payload: secret, Match: secret,
			Message: "The value of form.password ends the literal: " + secret,
			Sink: &wire.Sink{
				Type: "sql", Statement: "SELECT 1 WHERE name = 'ann' AND p = '" + secret + "' AND 1 = 1", Start: 37, End: 37 + len(secret),
				Dialect: "sqlite",
			},
		},
		Event: &wire.Event{Properties: map[string]any{
			"plain": "x", "note": "is " + secret, "password": map[string]any{"old": secret, "n": 12345.0, "list": []string{secret}},
			"card": int64(4111111111111111), "nested": map[string]any{"a": []any{map[string]any{"api_key": secret}}},
			"typed": struct{ Secret string }{secret},
		}},
		Stack: []wire.Frame{{Function: "main." + secret, File: "/a/b.go", Line: 3}},
	}
}

func TestSignalHoldsNoRemovedValue(t *testing.T) {
	const secret = "hunter22"
	sig := example(secret)
	before, err := json.Marshal(sig)
	if err != nil {
		t.Fatal(err)
	}
	scrubbed := *sig
	scrubber(t, scrub.Config{}).Signal(&scrubbed)
	text, err := json.Marshal(scrubbed)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{secret, "411111", "12345"} {
		if strings.Contains(strings.ToLower(string(text)), s) {
			t.Errorf("%s is still in %s", s, text)
		}
	}
	k := scrubbed.Attack.Sink
	if got := k.Statement[k.Start:k.End]; got != gone {
		t.Errorf("the marked part of the statement is %q, want the marker", got)
	}
	if scrubbed.User["id"] != "42" || scrubbed.Request.Route != "/login/{x}" || scrubbed.Event.Properties["plain"] != "x" {
		t.Errorf("harmless values are gone: %s", text)
	}
	after, err := json.Marshal(sig)
	if err != nil {
		t.Fatal(err)
	}
	if string(after) != string(before) {
		t.Error("the caller's values were written to")
	}
}

func TestSignalKeepsEvidence(t *testing.T) {
	sig := &wire.Signal{
		Kind: wire.KindAttack, Request: &wire.Request{Params: map[string][]string{"query.q": {"x' OR 1=1 --"}, "form.password": {"abc"}}},
		Attack: &wire.Attack{
			Param: "query.q", Payload: "x' OR 1=1 --", Match: "x' OR 1=1 --",
			Sink: &wire.Sink{Type: "sql", Statement: "SELECT 1 WHERE password = 'abcdef' AND a = 'x' OR 1=1 --'", Start: 44, End: 56},
		},
	}
	scrubber(t, scrub.Config{}).Signal(sig)
	if sig.Attack.Payload != "x' OR 1=1 --" {
		t.Errorf("payload %q", sig.Attack.Payload)
	}
	k := sig.Attack.Sink
	if got := k.Statement[k.Start:k.End]; got != "x' OR 1=1 --" {
		t.Errorf("marked part %q of %q", got, k.Statement)
	}
	if strings.Contains(k.Statement, "abcdef") {
		t.Errorf("password in %q", k.Statement)
	}
}

// FuzzSignal puts a value under a sensitive key and everywhere else, and looks
// for it afterwards.
func FuzzSignal(f *testing.F) {
	for _, s := range []string{"hunter22", "a b&c=d", "x'y\"z\\", "<Red", "4111111111111111", "ĀĒ%20é", "{\"a\":1}", "true", "1e10"} {
		f.Add(s)
	}
	s := scrubber(f, scrub.Config{Keys: []string{"ssn"}, Values: []string{`[A-Z]{2}\d{6}`}})
	f.Fuzz(func(t *testing.T, secret string) {
		secret = strings.ToValidUTF8(secret, "")
		trimmed := strings.TrimSpace(secret)
		if len(trimmed) < 4 || strings.Contains(strings.ToLower(gone), strings.ToLower(trimmed)) {
			return
		}
		sig := example(secret)
		s.Signal(sig)
		for where, text := range sigTexts(sig) {
			if strings.Contains(lowerASCII(text), lowerASCII(trimmed)) {
				t.Fatalf("%q is still in %s: %q", trimmed, where, text)
			}
		}
		if k := sig.Attack.Sink; k.Start < 0 || k.End < k.Start || k.End > len(k.Statement) {
			t.Fatalf("marked part %d..%d of %q", k.Start, k.End, k.Statement)
		}
	})
}

func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r + 'A' - 'a'
		}
		return r
	}, s)
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// sigTexts are the free texts of a signal.
func sigTexts(s *wire.Signal) map[string]string {
	out := map[string]string{
		"path": s.Request.Path, "query": s.Request.Query, "agent": s.Request.UserAgent, "referer": s.Request.Referer,
		"payload": s.Attack.Payload, "match": s.Attack.Match, "message": s.Attack.Message, "statement": s.Attack.Sink.Statement,
		"function": s.Stack[0].Function, "email": s.User["email"], "properties": fmt.Sprint(s.Event.Properties["note"], s.Event.Properties["nested"]),
	}
	for k, v := range s.Request.Params {
		out["param "+k] = strings.Join(v, "|")
	}
	for k, v := range s.Request.Headers {
		out["header "+k] = strings.Join(v, "|")
	}
	return out
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"password=1", `{"secret":["a"]}`, "4111 1111 1111 1111", "name=\"password\"\r\n\r\nx\r\n", "<secret>x"} {
		f.Add(s)
	}
	s := scrubber(f, scrub.Config{Values: []string{`[a-z]+\d`}})
	f.Fuzz(func(t *testing.T, text string) {
		s.URL(text)
		s.SQL(text)
		s.Headers(map[string][]string{text: {text}, "Cookie": {text}})
		s.Text(text)
	})
}

func BenchmarkSignal(b *testing.B) {
	s := scrubber(b, scrub.Config{})
	sig := example("hunter22")
	b.ReportAllocs()
	for b.Loop() {
		c := *sig
		s.Signal(&c)
	}
}

func BenchmarkText(b *testing.B) {
	s := scrubber(b, scrub.Config{})
	text := strings.Repeat(`{"name":"Ann Smith","order":123456,"note":"please ring the bell","items":[{"sku":"A-1","n":2}]}`, 160)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s.Text(text)
	}
}

// BenchmarkHostileText shows that no text makes the work grow faster than itself.
func BenchmarkHostileText(b *testing.B) {
	s := scrubber(b, scrub.Config{})
	for name, piece := range map[string]string{"digits": "4111-1111-", "keys": "password=", "quotes": `"password":"\`, "trees": `"password":[`, "tags": "<password>", "escapes": `\"password\":\"`} {
		text := strings.Repeat(piece, 16<<10/len(piece))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Text(text)
			}
		})
	}
}
