package agentkit

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// fakeHost has the given variables and files.
func fakeHost(env map[string]string, files map[string]string) host {
	fsys := make(fstest.MapFS)
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return host{
		getenv: func(k string) string { return env[k] },
		read:   func(name string) ([]byte, error) { return fs.ReadFile(fsys, strings.TrimPrefix(name, "/")) },
		dirs:   []string{"cwd", "exe"},
	}
}

func TestPrecedence(t *testing.T) {
	files := map[string]string{
		"cwd/sqreen.yaml": "url: https://file\ntoken: from-file\napp: file-app\nenv: file-env\ntrusted_proxies: [10.0.0.0/8, loopback]\n" +
			"strip_sensitive_keys: a, b\nstrip_sensitive_regexp: 'x{1,2}'\nmodes: {rasp.sqli: block, waf: off}\n",
		"exe/sqreen.yaml": "url: https://beside\n",
	}
	env := map[string]string{"SQREEN_URL": "https://env", "SQREEN_APP_NAME": "env-app", "SQREEN_STRIP_SENSITIVE_VALUE_REGEX": "y{1,2}"}
	c, err := Config{URL: "https://config", Modes: map[string]string{"waf": "block"}}.complete(fakeHost(env, files))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ what, got, want string }{
		{"url", c.URL, "https://config"},
		{"token", c.Token, "from-file"},
		{"app", c.App, "env-app"},
		{"env", c.Env, "file-env"},
		{"proxies", strings.Join(c.TrustedProxies, " "), "10.0.0.0/8 loopback"},
		{"keys", strings.Join(c.StripSensitiveKeys, " "), "a b"},
		{"values", strings.Join(c.StripSensitiveValues, " "), "y{1,2}"},
		{"mode of sqli", c.Modes[wire.ProtectionSQLi], "block"},
		{"mode of waf", c.Modes[wire.ProtectionWAF], "block"},
	} {
		if x.got != x.want {
			t.Errorf("%s = %q, want %q", x.what, x.got, x.want)
		}
	}
	c, err = Config{}.complete(fakeHost(env, files))
	if err != nil || c.URL != "https://env" {
		t.Errorf("url = %q, %v, want the environment's", c.URL, err)
	}
	c, _ = Config{}.complete(fakeHost(nil, map[string]string{"exe/sqreen.yml": "url: https://beside"}))
	if c.URL != "https://beside" {
		t.Errorf("url = %q, want that of the file beside the program", c.URL)
	}
	c, _ = Config{}.complete(fakeHost(nil, nil))
	if c.URL != DefaultURL || c.offReason() == "" {
		t.Errorf("url = %q, want the default, and no token to be a reason", c.URL)
	}
}

func TestConfigFileByName(t *testing.T) {
	files := map[string]string{"etc/my.yaml": "token: x"}
	c, err := Config{}.complete(fakeHost(map[string]string{"SQREEN_CONFIG_FILE": "/etc/my.yaml"}, files))
	if err != nil || c.Token != "x" {
		t.Errorf("token %q, %v", c.Token, err)
	}
	_, err = Config{File: "/etc/missing.yaml"}.complete(fakeHost(nil, files))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v, want the missing file to be named", err)
	}
}

func TestTokenFile(t *testing.T) {
	files := map[string]string{"run/secret": "from-secret\n", "cwd/sqreen.yaml": "token: from-file"}
	c, err := Config{}.complete(fakeHost(map[string]string{"SQREEN_TOKEN_FILE": "/run/secret"}, files))
	if err != nil || c.Token != "from-secret" {
		t.Errorf("token %q, %v", c.Token, err)
	}
	_, err = Config{}.complete(fakeHost(map[string]string{"SQREEN_TOKEN_FILE": "/run/other"}, nil))
	if err == nil {
		t.Error("a missing file of the token is not reported")
	}
}

func TestMistakesAreReportedAndTheRestCounts(t *testing.T) {
	files := map[string]string{"cwd/sqreen.yaml": "token: ok\ntrustd_proxies: [10.0.0.0/8]\n"}
	c, err := Config{App: "a name", Env: "prod"}.complete(fakeHost(nil, files))
	if err == nil || !strings.Contains(err.Error(), "trustd_proxies") || !strings.Contains(err.Error(), "app:") {
		t.Errorf("err = %v", err)
	}
	if c.Token != "ok" || c.App != "" || c.Env != "prod" {
		t.Errorf("config = %+v", c)
	}
	c, err = Config{}.complete(fakeHost(nil, map[string]string{"cwd/sqreen.yaml": "token: [unclosed"}))
	if err == nil || c.Token != "" {
		t.Errorf("token %q, err %v", c.Token, err)
	}
}

func TestOffWithReason(t *testing.T) {
	sink := func(*wire.Signal) {}
	for name, x := range map[string]struct {
		c    Config
		want string
	}{
		"no token":      {Config{File: "/dev/null"}, "no token"},
		"disabled":      {Config{Disable: true, Sink: sink}, "disabled"},
		"bad scrubbing": {Config{Sink: sink, StripSensitiveValues: []string{"("}}, "scrubbing"},
		"bad URL":       {Config{Token: "x", URL: "ftp://x"}, "address"},
		"missing CA":    {Config{Token: "x", CAFile: "/nowhere"}, "address"},
	} {
		t.Setenv("SQREEN_TOKEN", "")
		a := New(x.c)
		if got := a.Status().Off; !strings.Contains(got, x.want) || a.Engine() != nil {
			t.Errorf("%s: off because %q, want %q", name, got, x.want)
		}
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for value, disabled := range map[string]bool{"": false, "0": false, "false": false, "no": false, "1": true, "true": true, "anything": true} {
		c, _ := Config{}.complete(fakeHost(map[string]string{"SQREEN_DISABLE": value}, nil))
		if c.Disable != disabled {
			t.Errorf("SQREEN_DISABLE=%q: disabled %v", value, c.Disable)
		}
	}
}

func TestABadProxyCostsOnlyItself(t *testing.T) {
	a := New(Config{Sink: func(*wire.Signal) {}, TrustedProxies: []string{"10.0.0.0/8", "nonsense"}})
	defer func() { _ = a.Close(t.Context()) }()
	if err := a.Err(); err == nil || !strings.Contains(err.Error(), "nonsense") || a.Status().Off != "" {
		t.Errorf("err = %v, status %+v", err, a.Status())
	}
}

// FuzzFile holds that no configuration file stops a program.
func FuzzFile(f *testing.F) {
	f.Add("url: x\ntoken: y\ntrusted_proxies: [a, b]\nmodes: {waf: off}")
	f.Add("a: &a [*a]")
	f.Add("- 1\n- {")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseFile("f", []byte(text))
		if err == nil && len(text) > 0 && slices.Contains(s.lists["trusted_proxies"], "\x00") {
			t.Error("a control character in a proxy's name")
		}
	})
}
