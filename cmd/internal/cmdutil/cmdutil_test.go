package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
)

var testNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{Usage("sqreen", "x"), 1},
		{&FieldsRequest{}, 0},
		{&ExitError{Code: 8}, 8},
		{fmt.Errorf("wrapped: %w", &ExitError{Code: 2}), 2},
		{localplatform.Errorf(localplatform.CodeUnauthorized, "x"), 4},
		{fmt.Errorf("wrapped: %w", localplatform.Errorf(localplatform.CodeForbidden, "x")), 4},
		{localplatform.Errorf(localplatform.CodeNotFound, "x"), 1},
		{fmt.Errorf("reading: %w", context.Canceled), 130},
		{context.DeadlineExceeded, 1},
	} {
		if got := ExitCode(tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestErrorsForPeople(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New("disk is on fire"), "sqreen: disk is on fire\n"},
		{localplatform.Errorf(localplatform.CodeNotFound, "no app %s", "a\x1b[2J").WithHint("sqreen inventory"), "sqreen: no app a\\x1b[2J\nhint: sqreen inventory\n"},
		{fmt.Errorf("check: %w", localplatform.Errorf(localplatform.CodeNotFound, "x").WithHint("y")), "sqreen: check: x\nhint: y\n"},
		{Usage("sqreen events", "no"), "sqreen: no\nhint: sqreen events --help\n"},
		{&ExitError{Code: 2}, ""},
		{context.Canceled, ""},
		{
			&localplatform.Error{Code: localplatform.CodeInvalidQuery, Message: "bad", Query: "日本 rsk:x", Column: 4, End: 7},
			"sqreen: bad\n  日本 rsk:x\n       ^^^\n",
		},
		{
			&localplatform.Error{Code: localplatform.CodeInvalidQuery, Message: "missing", Query: "a:", Column: 3, End: 3},
			"sqreen: missing\n  a:\n    ^\n",
		},
		{
			&localplatform.Error{Code: localplatform.CodeInvalidQuery, Message: "odd", Query: "a\x1bb:c", Column: 90, End: 91},
			"sqreen: odd\n  a\\x1bb:c\n          ^\n",
		},
	} {
		ios, sc := iostreams.Test()
		PrintError(ios, tt.err)
		if got := sc.ErrOut.String(); got != tt.want {
			t.Errorf("%v:\ngot  %q\nwant %q", tt.err, got, tt.want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "24h": 24 * time.Hour, "30d": 720 * time.Hour, "2w": 336 * time.Hour, "1d12h": 36 * time.Hour, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond,
	} {
		if got, err := ParseSpan(in); got != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "x", "5", "h", "-1h", "5 h", "1h5", "1..5h", "99999999999d", "1y"} {
		if got, err := ParseSpan(in); err == nil {
			t.Errorf("%q is read as %v", in, got)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	f.Add("1d12h")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseSpan(s); err == nil && d < 0 {
			t.Errorf("%q is %v", s, d)
		}
	})
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{"10GB": 10e9, "1.5 TB": 15e11, "2GiB": 2 << 30, "512": 512, "5k": 5000, "0": 0} {
		if got, err := ParseSize(in); got != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "GB", "5XB", "-1GB", "1e3", "9999999999TB"} {
		if got, err := ParseSize(in); err == nil {
			t.Errorf("%q is read as %d", in, got)
		}
	}
}

func TestDeadline(t *testing.T) {
	for _, tt := range []struct{ span, until, want string }{
		{"24h", "", "2026-11-22T12:00:00Z"},
		{"", "2026-12-01", "2026-12-01T00:00:00Z"},
		{"", "2026-12-01T08:00:00+01:00", "2026-12-01T07:00:00Z"},
		{"", "", "0001-01-01T00:00:00Z"},
	} {
		got, err := Deadline(testNow, tt.span, tt.until)
		if err != nil || got.UTC().Format(time.RFC3339) != tt.want {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
	for _, tt := range [][2]string{{"1h", "2026-12-01"}, {"0s", ""}, {"x", ""}, {"", "2020-01-01"}, {"", "soon"}} {
		if got, err := Deadline(testNow, tt[0], tt[1]); err == nil {
			t.Errorf("%v is read as %v", tt, got)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{"a-b/c:1": "a-b/c:1", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'"} {
		if got := ShellQuote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// files writes configuration files and returns what ReadConfig makes of them.
func files(t *testing.T, project, user, system string) (Config, error) {
	t.Helper()
	dir := t.TempDir()
	put := func(path, text string) string {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	put("repo/.sqreen.yaml", project)
	put("config/sqreen/config.yaml", user)
	env := map[string]string{"XDG_CONFIG_HOME": filepath.Join(dir, "config"), "SQREEN_SYSTEM_CONFIG": put("etc/config.yaml", system)}
	put("repo/sub/deep/x", "x")
	return ReadConfig(filepath.Join(dir, "repo", "sub", "deep"), func(k string) string { return env[k] })
}

func TestConfigFiles(t *testing.T) {
	cfg, err := files(t, "data: ./here\ncheck: {fail_on: low}\n", "data: /user\nno_input: true\ncheck: {fail_on: medium, query: q}\n", "color: never\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg) != 3 || !cfg[0].Project || cfg[1].Project {
		t.Fatalf("files %+v", cfg)
	}
	if want := filepath.Join(filepath.Dir(cfg[0].Path), "here"); cfg[0].Data != want {
		t.Errorf("data %q, want %q: relative to its file", cfg[0].Data, want)
	}
	get := func(f func(File) string) string { return cfg.First(f) }
	if got := get(func(f File) string { return f.Check.FailOn }); got != "low" {
		t.Errorf("fail_on %q: the project's file is the strongest", got)
	}
	if got := get(func(f File) string { return f.Check.Query }); got != "q" {
		t.Errorf("query %q", got)
	}
	if !cfg.NoInput() {
		t.Error("no_input of the user's file is lost")
	}
}

func TestBrokenConfigIsNotGuessed(t *testing.T) {
	for _, text := range []string{"dtaa: x\n", "data: [\n", "serve: {listn: x}\n"} {
		_, err := files(t, text, "", "")
		if localplatform.ErrorCode(err) != localplatform.CodeInvalid || !strings.Contains(err.Error(), ProjectFile) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if cfg, err := files(t, "", "", ""); err != nil || len(cfg) != 0 {
		t.Errorf("no files: %v, %v", cfg, err)
	}
}

func TestTarget(t *testing.T) {
	project := Config{{Path: "p", Project: true, URL: "https://project", TokenFile: "/p-token"}}
	user := Config{{Path: "u", URL: "https://user", TokenFile: "/u-token"}}
	both := Config{{Path: "p", Project: true, URL: "https://user"}, user[0]}
	for _, tt := range []struct {
		name   string
		global Global
		env    map[string]string
		cfg    Config
		want   string // URL data token tokenfile
		fails  bool
	}{
		{name: "nothing", want: "|||"},
		{name: "a flag beats the environment", global: Global{Data: "d"}, env: map[string]string{EnvURL: "https://env"}, want: "|d||"},
		{name: "the environment beats files", env: map[string]string{EnvURL: "https://env", EnvToken: "s"}, cfg: user, want: "https://env||s|"},
		{name: "the project beats the user", cfg: append(project, user...), want: "https://project|||/p-token"},
		{name: "the user's token goes to the user's platform", global: Global{URL: "https://user"}, cfg: user, want: "https://user|||/u-token"},
		{name: "and to no other", global: Global{URL: "https://other"}, cfg: user, want: "https://other|||"},
		{name: "a token file by flag goes anywhere", global: Global{TokenFile: "f"}, cfg: project, want: "https://project|||f"},
		{name: "a token in the environment does not go where a project says", env: map[string]string{EnvToken: "s"}, cfg: project, fails: true},
		{name: "nor in a file named there", env: map[string]string{EnvTokenFile: "s"}, cfg: project, fails: true},
		{name: "unless the environment names it too", env: map[string]string{EnvToken: "s", EnvURL: "https://project"}, cfg: project, want: "https://project||s|"},
		{name: "a project that names the user's platform", cfg: both, want: "https://user|||/u-token"},
		{name: "no token for a directory", global: Global{Data: "d"}, env: map[string]string{EnvToken: "s"}, want: "|d||"},
		{name: "two flags", global: Global{Data: "d", URL: "u"}, fails: true},
		{name: "two variables", env: map[string]string{EnvData: "d", EnvURL: "u"}, fails: true},
		{name: "a token on standard input", global: Global{URL: "https://x", TokenFile: "-"}, want: "https://x||typed|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ios, sc := iostreams.Test()
			sc.In.WriteString("typed\n")
			f := &Factory{
				IO: ios, Now: func() time.Time { return testNow }, Global: &tt.global,
				Getenv: func(k string) string { return tt.env[k] }, Config: func() (Config, error) { return tt.cfg, nil },
			}
			o, err := f.Target()
			if (err != nil) != tt.fails {
				t.Fatalf("error %v", err)
			}
			if got := strings.Join([]string{o.URL, o.Data, o.Token, o.TokenFile}, "|"); !tt.fails && got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	s := localplatform.IncidentSchema()
	for _, tt := range []struct {
		f    *Filter
		want string
	}{
		{NewFilter(nil), ""},
		{NewFilter([]string{"severity:high"}), "severity:high"},
		{NewFilter([]string{"severity:high", "OR", "app:x"}).Is("env", "prod"), "(severity:high OR app:x) env:prod"},
		{NewFilter(nil).Is("env", "a b", "c").Is("app"), `env:("a b",c)`},
		{NewFilter(nil).Is("app", "").Term("-state:open"), "-state:open"},
	} {
		if got, err := tt.f.Text(s, testNow); got != tt.want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, tt.want)
		}
	}
	// A query that would change what the flags mean is not a query.
	_, err := NewFilter([]string{"app:a) OR (app:b"}).Is("env", "prod").Text(s, testNow)
	if localplatform.ErrorCode(err) != localplatform.CodeInvalidQuery {
		t.Errorf("got %v", err)
	}
	if f := NewFilter([]string{"is:open"}); !f.Mentions("state", s, testNow) || f.Mentions("env", s, testNow) {
		t.Error("Mentions does not see what the query says")
	}
}

func TestConfirm(t *testing.T) {
	for _, tt := range []struct {
		name, typed string
		tty, yes    bool
		want        error
	}{
		{"yes", "y\n", true, false, nil},
		{"no", "n\n", true, false, ErrDeclined},
		{"just enter", "\n", true, false, ErrDeclined},
		{"end of input", "", true, false, context.Canceled},
		{"--yes", "", false, true, nil},
	} {
		ios, sc := iostreams.Test()
		if tt.tty {
			ios.SetTerminal(80)
		}
		sc.In.WriteString(tt.typed)
		if err := Confirm(ios, tt.yes, "Sure?"); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	ios, _ := iostreams.Test()
	if err := Confirm(ios, false, "Sure?"); localplatform.ErrorHint(err) != "add --yes" {
		t.Errorf("where nobody can be asked: %v", err)
	}
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ios, sc := iostreams.Test()
		f := &Factory{IO: ios, Now: time.Now}
		ctx, cancel := context.WithTimeout(t.Context(), 11*time.Second)
		defer cancel()
		rounds := 0
		err := (&WatchOptions{Every: 2 * time.Second}).Run(ctx, f, func(context.Context) error {
			rounds++
			fmt.Fprintf(f.IO.Out, "%d\n", rounds/2)
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || rounds != 6 {
			t.Errorf("%d rounds, %v", rounds, err)
		}
		if got, want := sc.Out.String(), "0\n1\n2\n3\n"; got != want {
			t.Errorf("a pipe got %q, want %q: only what changed", got, want)
		}
	})
}

func TestWatchOnTerminal(t *testing.T) {
	ios, sc := iostreams.Test()
	ios.SetTerminal(80)
	f := &Factory{IO: ios, Now: func() time.Time { return testNow }}
	ctx, cancel := context.WithCancel(t.Context())
	err := (&WatchOptions{Every: time.Hour}).Run(ctx, f, func(context.Context) error {
		fmt.Fprint(f.IO.Out, "a\x1b[2Jb\nc\n")
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got, want := sc.Out.String(), "\x1b[2J\x1b[Ha\\x1b[2Jb\x1b[K\nc\x1b[K\n\x1b[K\nevery 1h0m0s, 12:00:00; Ctrl-C stops\x1b[K\x1b[J"; got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := WriteFile(path, writes("one", nil)); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, writes("two", errors.New("full"))); err == nil {
		t.Error("a failed write is no error")
	}
	if got, _ := os.ReadFile(path); string(got) != "one" {
		t.Errorf("after a failed write the file holds %q", got)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := WriteFile(os.DevNull, writes("x", nil)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is a regular file now", os.DevNull)
	}
}

// writes writes text and then fails with err, if there is one.
func writes(text string, err error) func(io.Writer) error {
	return func(w io.Writer) error {
		_, writeErr := io.WriteString(w, text)
		return errors.Join(writeErr, err)
	}
}
