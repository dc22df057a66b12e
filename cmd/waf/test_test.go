package waf_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/waf"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

const values = `{"v": "1' OR 1=1 --", "attack": true, "kind": "sqli"}
{"v": "O'Brien", "attack": false, "kind": "sqli"}
{"v": "nothing at all", "attack": true, "kind": "xss"}
{"v": "<script>alert(1)</script>", "attack": false, "kind": "xss"}

{"v": "hello", "attack": false}
`

// write makes a file, and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestValuesInPipe(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Want("waf test --values "+write(t, values), 0, `
(none)	0	0	1	0
sqli	1	1	1	0
xss	1	0	1	1
total	2	1	3	1
`, "hint: --misses FILE lists what was judged wrongly: 2 lines\n")
}

func TestValuesOnTerminal(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.IO.SetTerminal(100)
	r.Want("waf test --values "+write(t, values), 0, `
KIND    ATTACKS  DETECTED     RATE  LEGITIMATE  FLAGGED     RATE
(none)        0         0        -           1        0      0 %
sqli          1         1    100 %           1        0      0 %
xss           1         0      0 %           1        1    100 %
total         2         1  50.00 %           3        1  33.33 %
`, "hint: --misses FILE lists what was judged wrongly: 2 lines\n")
}

const valuesJSON = `
{
  "attacks": 2,
  "detected": 1,
  "legitimate": 3,
  "flagged": 1,
  "skipped": 0,
  "by_kind": {
    "": {
      "attacks": 0,
      "detected": 0,
      "legitimate": 1,
      "flagged": 0
    },
    "sqli": {
      "attacks": 1,
      "detected": 1,
      "legitimate": 1,
      "flagged": 0
    },
    "xss": {
      "attacks": 1,
      "detected": 0,
      "legitimate": 1,
      "flagged": 1
    }
  }
}
`

// TestValuesJSON holds what scripts read, in a pipe and on a terminal, wherever
// --json stands.
func TestValuesJSON(t *testing.T) {
	r := cmdtest.New(t, nil)
	path := write(t, values)
	r.Want("waf test --json --values "+path, 0, valuesJSON, "")
	r.Screen.In.WriteString(values)
	r.Want("waf test --values - --json", 0, valuesJSON, "")
	r.Want("waf test --json=flagged,attacks --values "+path, 0, "{\n  \"flagged\": 1,\n  \"attacks\": 2\n}\n", "")
	r.IO.SetTerminal(100)
	r.Want("waf test --values "+path+" --json", 0, valuesJSON, "")
	r.Want("waf test --values "+path+" --jq .by_kind.xss.flagged", 0, "1\n", "")
}

// TestValuesAsEvaluate holds the command to the engine's own evaluation.
func TestValuesAsEvaluate(t *testing.T) {
	rules, err := waf.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, rule := range rules {
		for attack, list := range map[bool][]string{true: rule.Matches, false: rule.Passes} {
			for _, v := range list {
				if err := json.NewEncoder(&b).Encode(waf.Labelled{Value: v, Attack: attack, Kind: rule.Kind}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	want, err := waf.Default().Evaluate(waf.ReadValues(strings.NewReader(b.String())), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := cmdtest.New(t, nil)
	if code := r.Run("waf test --json --values " + write(t, b.String())); code != 0 {
		t.Fatalf("exit code %d: %s", code, &r.Screen.ErrOut)
	}
	var got waf.Report
	if err := json.Unmarshal(r.Screen.Out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Attacks < 100 {
		t.Errorf("%d attacks (-engine +command):\n%s", got.Attacks, diff)
	}
}

func TestMisses(t *testing.T) {
	r := cmdtest.New(t, nil)
	in, out := write(t, values), filepath.Join(t.TempDir(), "misses.jsonl")
	if code := r.Run("waf test --values " + in + " --misses " + out + " --json"); code != 0 {
		t.Fatalf("exit code %d: %s", code, &r.Screen.ErrOut)
	}
	if got := r.Screen.ErrOut.String(); got != "Wrote 2 misses to "+out+".\n" {
		t.Errorf("said %q", got)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"line":3,"v":"nothing at all","attack":true,"kind":"xss","matches":[]}
{"line":4,"v":"<script>alert(1)</script>","attack":false,"kind":"xss","matches":[{"rule":`
	if !strings.HasPrefix(string(text), want) || strings.Count(string(text), "\n") != 2 || !strings.Contains(string(text), `"matched":"<script`) {
		t.Errorf("the misses are\n%s", text)
	}
	r.Want("waf test --values "+out, 0, "xss\t1\t0\t1\t1\ntotal\t1\t0\t1\t1\n", "hint: --misses FILE lists what was judged wrongly: 2 lines\n")
	r.Want("waf test --values "+in+" --misses "+in, 1, "", "sqreen: --misses would replace "+in+", which is read\n")
}

const lineHint = `hint: a line looks like {"v": "1' OR 1=1 --", "attack": true, "kind": "sqli"}; --skip-bad leaves out those that do not` + "\n"

func TestBadInput(t *testing.T) {
	r := cmdtest.New(t, nil)
	bad := write(t, values+"{\"v\": \"x\"}\n{\n")
	misses := filepath.Join(t.TempDir(), "misses.jsonl")
	r.Want("waf test --values "+bad+" --misses "+misses, 1, "", "sqreen: "+bad+": line 7: \"attack\" is missing\n"+lineHint)
	if _, err := os.Stat(misses); !os.IsNotExist(err) {
		t.Errorf("misses of a list that could not be read were written: %v", err)
	}
	r.Screen.In.WriteString("{\"attack\": true}")
	r.Want("waf test --values -", 1, "", "sqreen: standard input: line 1: \"v\" is missing\n"+lineHint)
	r.Want("waf test --skip-bad --jq .skipped --values "+bad, 0, "2\n", "note: 2 lines skipped, the first at line 7: \"attack\" is missing\n")
	r.Want("waf test --values "+write(t, "\n"), 0, "total\t0\t0\t0\t0\n", "note: there was no line to judge\n")
	r.Want("waf test", 1, "", "sqreen: nothing to test\nhint: give a request, as in sqreen waf test 'GET /search?q=1', or --values FILE, --request FILE or --har FILE\n")
	r.Want("waf test --values a --json attacks", 1, "", "sqreen: \"attacks\" would be a request, and there is one already\nhint: fields of --json follow =, as in --json=attacks,detected\n")
	r.Want("waf test --values a --har b", 1, "", "sqreen: a request, --request, --har and --values exclude each other\nhint: sqreen waf test --help\n")
	r.Want("waf test /x --skip-bad", 1, "", "sqreen: --skip-bad goes with --values\nhint: sqreen waf test --help\n")
	r.Want("waf test 'GET x'", 1, "", "sqreen: \"x\" is not a request: it has no path that begins with a slash; write it as in 'GET /search?q=1'\n")
	if code := r.Run("waf test --values " + t.TempDir() + "/none"); code != 1 {
		t.Errorf("a file that is not there: exit code %d", code)
	}
}

const blocked = `
GET /search?q=1%27 OR 1=1 --
waf:	blocked: 1 match

  sql-boolean: A condition that is always true or false turns a query's filter off, or asks the database questions.
    address     query.q
    value       "1' OR 1=1 --"
    operator    detect sql.boolean
    matched     "' OR 1=1 --"
    judged      severity high, confidence high (sqli), CWE-89
`

func TestRequest(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Want("waf test 'GET /search?q=1%27 OR 1=1 --'", 0, blocked, "")
	r.Want("waf test /search?q=O%27Brien", 0, "GET /search?q=O%27Brien\nwaf:\tpassed\n", "")
	r.Want("waf test --jq '.results[0].layers[0].matches[0].steps[0], .blocked' /?q=%253Cscript%253Ealert(1)%253C/script%253E", 0, "percent\n1\n", "")
	raw := write(t, "POST /items HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\r\n{\"items\":[{\"name\":\"<script>alert(1)</script>\"}]}")
	r.Want("waf test --jq '.results[0].layers[0].matches[0].address' --request "+raw, 0, "json.items[0].name\n", "")
	r.IO.SetTerminal(100)
	r.Want("waf test 'GET /search?q=1%27 OR 1=1 --'", 0, strings.Replace(blocked, "waf:\t", "waf  ", 1), "")
}

const archive = `{"log":{"version":"1.2","creator":{"name":"x"},"entries":[
{"request":{"method":"GET","url":"https://shop.example/","headers":[{"name":":path","value":"/"}]}},
{"request":{"method":"GET","url":"https://shop.example/search?q=1%27+OR+1%3D1+--","headers":[]}},
{"request":{"method":"POST","url":"https://shop.example/a","postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"c","value":"<script>alert(1)</script>"}]}}}
]}}`

func TestHAR(t *testing.T) {
	r := cmdtest.New(t, nil)
	path := write(t, archive)
	r.Want("waf test --jq '[.requests,.blocked,.passed,(.results|map(.number))]' --har "+path, 0, "[3,2,1,[2,3]]\n", "")
	r.Want("waf test --jq '.results[1].layers[0].matches[0].address' --har "+path, 0, "form.c\n", "")
	if r.Run("waf test --har " + path); !strings.HasPrefix(r.Screen.Out.String(), "form.c\nrequests:\t3\nblocked:\t2\npassed:\t1\n\n#2 GET https://shop.example/search") {
		t.Errorf("the page is\n%s", &r.Screen.Out)
	}
	for text, want := range map[string]string{
		`[]`:                       "not an HTTP archive: it has no log.entries",
		`{"log":{}}`:               "not an HTTP archive: it has no log.entries",
		``:                         "not an HTTP archive: it has no log.entries",
		`{"log":{"entries":[1`:     "entry 1: json: cannot unmarshal number into Go value of type waf.harEntry",
		`{"log":{"entries":[{}]}}`: `entry 1: no "request"`,
		`{"log":{"entries":[`:      "the archive ends too early: EOF",
	} {
		path := write(t, text)
		r.Want("waf test --har "+path, 1, "", "sqreen: "+path+": "+want+"\n")
	}
}

// shop is an app whose policy has a mode, as a platform tells of it.
func shop(mode string) *fakeplatform.Platform {
	return &fakeplatform.Platform{AppF: func(name, env string) (localplatform.AppDetail, error) {
		if name != "shop" || env != "prod" {
			return localplatform.AppDetail{}, localplatform.Errorf(localplatform.CodeNotFound, "no app %s/%s", name, env)
		}
		return localplatform.AppDetail{
			App:    inventory.App{Name: name, Env: env, Enabled: true, WAF: mode, Technology: "Go", Uses: []string{"sql"}},
			Policy: localplatform.Policy{PathPasslist: []string{"/health", "/static/*"}},
		}, nil
	}}
}

func TestApp(t *testing.T) {
	note := "note: the firewall only monitors shop/prod: attacks are reported and not blocked\n"
	r := cmdtest.New(t, shop("monitor"))
	r.Want("waf test --app shop/prod --jq '.results[0].says' '/?q=1%27 OR 1=1 --'", 0, "reported\n", note)
	r.Want("waf test --app shop/prod /static/x?q=%3Cscript%3E", 0, "GET /static/x?q=%3Cscript%3E\npasslist:\tskipped: the path is on the passlist of shop/prod\n", note)
	r.Want("waf test --app shop/prod --jq .detected --values "+write(t, values), 0, "1\n", note)
	r.Want("waf test --app blog/prod /", 1, "", "sqreen: no app blog/prod\n")
	off := cmdtest.New(t, shop("off"))
	off.Want("waf test --app shop/prod --jq .detected --values "+write(t, values), 0, "0\n", "note: the firewall is off for shop/prod: nothing was looked at\n")
	all, some := cmdtest.New(t, nil), cmdtest.New(t, shop("block"))
	rule := "any(.results[0].layers[].matches[]; .rule==\"code-php\")"
	raw := write(t, "GET /?q=%3C%3Fphp%20system(%24_GET%5B'c'%5D)%3B%20%3F%3E HTTP/1.1\n\n")
	all.Want("waf test --jq '"+rule+"' --request "+raw, 0, "true\n", "")
	some.Want("waf test --app shop/prod --jq '"+rule+"' --request "+raw, 0, "false\n", "")
}
