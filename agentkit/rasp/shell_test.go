package rasp_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

var shellAttacks = []struct{ template, input, rule string }{
	{"ping -c 1 {}", "localhost; id", "shell.operator"},
	{"ping -c 1 {}", "localhost&&id", "shell.operator"},
	{"ping -c 1 {}", "localhost|id", "shell.operator"},
	{"ping -c 1 {}", "localhost\nid", "shell.operator"},
	{"ping -c 1 {}", "x||id", "shell.operator"},
	{"ping -c 1 {}", "x>/tmp/x", "shell.operator"},
	{"ping -c 1 {}", ";id", "shell.operator"},
	{"ping -c 1 {}", "$(id)", "shell.substitution"},
	{"ping -c 1 {}", "`id`", "shell.substitution"},
	{"ping -c 1 {}", "${IFS}x", "shell.substitution"},
	{"ping -c 1 {}", "x$IFS-c9", "shell.expansion"},
	{"ping -c 1 {}", "{a,/etc/passwd}", "shell.expansion"},
	{"ping -c 1 {}", "localhost -f", "shell.words"},
	{"ping -c 1 {} -W 1", "#x", "shell.comment"},
	{"ping -c 1 {} -W 1", `a1\`, "shell.escape"},
	{"ping -c 1 '{}'", "x'; id; '", "shell.breakout"},
	{"ping -c 1 '{}'", "'", "shell.breakout"},
	{"ping -c 1 '{}'", "x';id #", "shell.breakout"},
	{`ping -c 1 "{}"`, `x"; id; "`, "shell.breakout"},
	{`ping -c 1 "{}"`, "$(id)", "shell.substitution"},
	{`ping -c 1 "{}"`, "a`id`b", "shell.substitution"},
	{`ping -c 1 "{}"`, "${PATH}", "shell.substitution"},
	{`ping -c 1 "{}"`, "a $HOME", "shell.expansion"},
	{`ping -c 1 "{}" "-W 1"`, `host\`, "shell.escape"},
	{`ping -c 1 $(host {})`, `x) ; id`, "shell.substitution"},
	{"ping -c 1 `host {}`", "x`id", "shell.substitution"},
	{`echo "$(host "{}")"`, `x" y`, "shell.breakout"},
	{`echo ${A:-{}}`, `x}; id`, "shell.substitution"},
	{"echo $(({}+1))", "a[$(id)]", "shell.substitution"},
	{"echo $(({}+1))", "1)); id; ((1", "shell.substitution"},
	{"# {}\nls", "x\nid", "shell.operator"},
	{"cat <<EOF\n{}\nEOF\nls", "a $(id) b", "shell.substitution"},
	{"cat <<EOF\n{}\nEOF\nls", "a\nEOF\nid", "shell.operator"},
	{"cat <<-'EOF'\n{}\n\tEOF\nls", "a\n\tEOF\nid", "shell.operator"},
	{"echo $'{}'", `a' ; id '`, "shell.breakout"},
	{"if [ {} = x ]; then ls; fi", "1 = 1 ]; id; [ 1", "shell.operator"},
	{"{}", "cat /etc/passwd", "shell.words"},
}

var shellHarmless = []struct{ template, input string }{
	{"ping -c 1 {}", "localhost"},
	{"ping -c 1 {}", "192.0.2.1"},
	{"ping -c 1 {}", "mail.shop-1.example"},
	{"ping -c 1 {}", "2001:db8::1"},
	{"ping -c 1 {}", "-c"},
	{"ping -c 1 {}", "ping"},
	{"ls {}", "img_1.png"},
	{"ls {}", "a*b?.png"},
	{"ls {}", "a,b"},
	{"ls {}", "{a}"},
	{"ls {}", "a#b"},
	{"ls {}", "'a b'"},
	{"ls {}", `a\b`},
	{"ls '{}'", "a; id && $(id) `id` \" > x"},
	{"ls '{}'", `a\`},
	{`ls "{}"`, "a; id | b > c & (d) 'e' # f"},
	{`ls "{}"`, "costs $5 or 5$"},
	{`ls "{}"`, `it's`},
	{`ls "{}"`, `C:\dir`},
	{"echo 'it'\\''s {}'", "nice; really"},
	{"# {}\nls", "a; id"},
	{"cat <<'EOF'\n{}\nEOF\nls", "a $(id) `b` 'c"},
	{"cat <<EOF\n{}\nEOF\nls", "it's; a \"test\" | b"},
	{"ls; id | wc {}", ";"},
	{"ls; id | wc {}", "|"},
	{"printf '%s' {}", "%s"},
	{"convert {} -resize 10x10 out.png", "-resize"},
	{"curl -A 'Mozilla/5.0 (X11; Linux x86_64)' x", "Mozilla/5.0 (X11; Linux x86_64) Gecko"},
}

func shell(command, input string) *wire.Attack {
	in := rasp.NewInputs()
	in.Add("query.q", input)
	return rasp.Shell(in, command)
}

func TestShellAttacks(t *testing.T) {
	for _, tt := range shellAttacks {
		command := fill(tt.template, tt.input)
		a := shell(command, tt.input)
		if a == nil || a.Rule != tt.rule {
			t.Errorf("%q in %q: %+v, want %s", tt.input, command, a, tt.rule)
			continue
		}
		k := a.Sink
		if k.Type != "shell" || a.Kind != wire.AttackShell || !a.Reached || !strings.EqualFold(k.Statement[k.Start:k.End], strings.TrimSpace(tt.input)) {
			t.Errorf("%q in %q: marked %q of %+v", tt.input, command, k.Statement[k.Start:k.End], k)
		}
	}
}

func TestShellHarmless(t *testing.T) {
	for _, tt := range shellHarmless {
		command := fill(tt.template, tt.input)
		if a := shell(command, tt.input); a != nil {
			t.Errorf("%q in %q: %s", tt.input, command, a.Message)
		}
	}
}

// TestShellQuotedIsHarmless holds for any text: within single quotes, each of
// its own replaced as the shell wants it, it is one word.
func TestShellQuotedIsHarmless(t *testing.T) {
	for _, tt := range shellAttacks {
		if strings.Contains(tt.input, "'") {
			continue // the input does not stand there in one piece any more
		}
		if a := shell("ping -c 1 '"+tt.input+"' -W 1", tt.input); a != nil {
			t.Errorf("%q: %s", tt.input, a.Message)
		}
	}
}

func TestArgs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		args  []string
		input string
		want  bool
	}{
		{"ssh", []string{"-oProxyCommand=id"}, "-oProxyCommand=id", true},
		{"/usr/bin/git", []string{"fetch", "--upload-pack=id", "origin"}, "--upload-pack=id", true},
		{`C:\bin\curl.exe`, []string{"-K/etc/passwd"}, "-K/etc/passwd", true},
		{"find", []string{".", "-exec", "id"}, "-exec", true},
		{"git", []string{"fetch", "--", "--upload-pack=id"}, "--upload-pack=id", false},
		{"git", []string{"log", "--author=--upload-pack=id"}, "--upload-pack=id", false},
		{"git", []string{"log", "-v"}, "-v", false},
		{"git", []string{"log", "main"}, "main", false},
		{"myprogram", []string{"--upload-pack=id"}, "--upload-pack=id", false},
	} {
		in := rasp.NewInputs()
		in.Add("query.q", tt.input)
		a := rasp.Args(in, tt.name, tt.args)
		if (a != nil) != tt.want {
			t.Errorf("%s %q with %q: %+v", tt.name, tt.args, tt.input, a)
		}
		if a != nil && a.Sink.Statement[a.Sink.Start:a.Sink.End] != tt.input {
			t.Errorf("%s %q: marked %q", tt.name, tt.args, a.Sink.Statement[a.Sink.Start:a.Sink.End])
		}
	}
}

func sameShell(t *testing.T, in *rasp.Inputs, command string) {
	t.Helper()
	got, want := rasp.Shell(in, command), rasp.SlowShell(in, command)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q:\nfast %+v\nslow %+v", command, got, want)
	}
	if got != nil && (got.Sink.Start < 0 || got.Sink.End < got.Sink.Start || got.Sink.End > len(got.Sink.Statement)) {
		t.Fatalf("%q: marked part %d..%d", command, got.Sink.Start, got.Sink.End)
	}
}

func FuzzShell(f *testing.F) {
	for _, tt := range shellAttacks {
		f.Add(fill(tt.template, tt.input), tt.input, "a;b")
	}
	for _, tt := range shellHarmless {
		f.Add(fill(tt.template, tt.input), tt.input, "`")
	}
	f.Fuzz(func(t *testing.T, command, a, b string) {
		in := rasp.NewInputs()
		in.Add("query.a", a)
		in.Add("query.b", b)
		sameShell(t, in, command)
		rasp.Args(in, "git", []string{command, a})
	})
}

func TestShellAgreesOnPieces(t *testing.T) {
	pieces := []string{
		"ls", " ", "'", `"`, "`", "$(", "$((", "${", ")", "}", "{", ",", ";", "&&", "|", "\n", "#", `\`, "<<E", "\nE\n", "<<<", "$x", "$'", "(", "a", "é", "\x00", "{a,b}", ">",
	}
	r := rand.New(rand.NewPCG(5, 6))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 20_000 {
		input := text(1 + r.IntN(5))
		in := rasp.NewInputs()
		in.Add("query.a", input)
		in.Add("query.b", text(2))
		sameShell(t, in, text(r.IntN(9))+input+text(r.IntN(9)))
	}
}

func BenchmarkShell(b *testing.B) {
	for name, command := range map[string]string{
		"none occurs":   "convert /srv/images/0193.jpg -resize 320x240 -quality 85 /srv/thumbs/0193.jpg && rm -f /tmp/lock",
		"one in quotes": "grep -r 'ceramic mug' /srv/pages | head -20",
		"attack":        "grep -r x;id /srv/pages | head -20",
	} {
		b.Run(name, func(b *testing.B) {
			in := rasp.NewInputs()
			browser(in)
			if name == "attack" {
				in.Add("query.a", "x;id")
			}
			rasp.Shell(in, command)
			b.ReportAllocs()
			for b.Loop() {
				rasp.Shell(in, command)
			}
		})
	}
}

// BenchmarkShellLong measures commands made to cost much: MB/s must not fall as
// they grow.
func BenchmarkShellLong(b *testing.B) {
	for _, piece := range []string{"a{", "$(", "'", `"`, "`", "<<E\n", "((", "x;y "} {
		for _, size := range []int{4 << 10, 256 << 10} {
			command := strings.Repeat(piece, size/len(piece))
			b.Run(piece+map[bool]string{true: "/4K", false: "/256K"}[size == 4<<10], func(b *testing.B) {
				in := rasp.NewInputs()
				in.Add("query.q", "x"+piece)
				in.Add("query.r", piece)
				b.SetBytes(int64(len(command)))
				for b.Loop() {
					rasp.Shell(in, command)
				}
			})
		}
	}
}
