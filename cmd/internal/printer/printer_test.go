package printer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

var testNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type inner struct {
	Kept    string          `json:"kept"`
	Dropped string          `json:"-"`
	Raw     json.RawMessage `json:"raw,omitempty"`
}

type row struct {
	inner
	Name string            `json:"name"`
	N    int64             `json:"n,omitempty"`
	At   time.Time         `json:"at,omitzero"`
	List []string          `json:"list,omitempty"`
	Map  map[string]string `json:"map"`
}

func rowColumns() []Column[row] {
	return []Column[row]{
		Text("name", func(r row) string { return r.Name }).Cut(4),
		Number("n", func(r row) int64 { return r.N }),
		Time("at", func(r row) time.Time { return r.At }).Yields(1),
		Text("kept", func(r row) string { return r.Kept }).InWide(),
	}
}

func TestFieldsAreAlwaysThere(t *testing.T) {
	if got, want := FieldNames(reflect.TypeFor[row]()), []string{"kept", "raw", "name", "n", "at", "list", "map"}; !slices.Equal(got, want) {
		t.Errorf("fields %v, want %v", got, want)
	}
	got, err := object(&row{Name: "<a>&\u202e\x7f"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\"kept\":\"\",\"raw\":null,\"name\":\"<a>&\u202e\x7f\",\"n\":0,\"at\":null,\"list\":[],\"map\":{}}"; string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	text, err := Marshal(got)
	if err != nil || !strings.Contains(string(text), `"<a>&\u202e\u007f"`) {
		t.Errorf("Marshal: %s, %v", text, err)
	}
	if _, err := object(&row{}, []string{"nothing"}); err == nil {
		t.Error("an unknown field is no error")
	}
}

// FuzzMarshal holds that what Marshal writes means the value and cannot drive a terminal.
func FuzzMarshal(f *testing.F) {
	f.Add("a\x1b\u009b\u202e\U000e0041\xff\"\\")
	f.Fuzz(func(t *testing.T, s string) {
		text, err := Marshal(map[string]string{"v": s})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]string
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		plain, err := json.Marshal(map[string]string{"v": s})
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]string
		if err := json.Unmarshal(plain, &want); err != nil {
			t.Fatal(err)
		}
		if back["v"] != want["v"] {
			t.Errorf("%q came back as %q, want %q", s, back["v"], want["v"])
		}
		if v := iostreams.VisibleLines(string(text)); v != string(text) {
			t.Errorf("%q can act on a terminal", text)
		}
	})
}

func list(t *testing.T, width int, o Options, rows ...row) string {
	t.Helper()
	ios, sc := iostreams.Test()
	if width > 0 {
		ios.SetTerminal(width)
	}
	if err := o.Validate(reflect.TypeFor[row]()); err != nil {
		t.Fatal(err)
	}
	err := List(ios, testNow, &o, Table[row]{Columns: rowColumns(), Rows: rows, Total: 7, One: "row", Many: "rows", Empty: "none"})
	if err != nil {
		t.Fatal(err)
	}
	return sc.Out.String() + sc.ErrOut.String()
}

func TestTable(t *testing.T) {
	a := row{Name: "alphabetical", N: 1234, At: testNow.Add(-90 * time.Second), inner: inner{Kept: "k"}}
	b := row{Name: "日本語日本語", N: -5}
	for _, tt := range []struct {
		name  string
		width int
		o     Options
		want  string
	}{
		{"roomy", 80, Options{}, "NAME              N  AT\nalphabetical  1,234  1m ago\n日本語日本語     -5  never\n\nshowing 2 of 7 rows\n"},
		{"cut", 22, Options{}, "NAME         N  AT\nalphab…  1,234  1m ago\n日本語…     -5  never\n\nshowing 2 of 7 rows\n"},
		{"left out", 14, Options{}, "NAME         N\nalphab…  1,234\n日本語…     -5\n\nshowing 2 of 7 rows; no room for at (-o wide shows all)\n"},
		{"wide is never cut", 10, Options{Format: FormatWide}, "NAME              N  AT      KEPT\nalphabetical  1,234  1m ago  k\n日本語日本語     -5  never\n\nshowing 2 of 7 rows\n"},
		{"chosen", 80, Options{Columns: []string{"kept", "N"}}, "KEPT      N\nk     1,234\n         -5\n\nshowing 2 of 7 rows\n"},
		{"pipe", 0, Options{}, "alphabetical\t1234\t2026-11-21T11:58:30Z\n日本語日本語\t-5\t\n"},
		{"sorted", 0, Options{Sort: []string{"n"}, Columns: []string{"n"}}, "-5\n1234\n"},
		{"sorted downwards", 0, Options{Sort: []string{"-at"}, Columns: []string{"n"}}, "1234\n-5\n"},
	} {
		if diff := cmp.Diff(tt.want, list(t, tt.width, tt.o, a, b)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := list(t, 80, Options{}); got != "none\n" {
		t.Errorf("empty on a terminal: %q", got)
	}
}

func TestDataIsTheSameEverywhere(t *testing.T) {
	r := row{Name: "a\x1b[2J\u202e", N: 9007199254740993, List: []string{"x", "y"}}
	for _, o := range []Options{
		{Format: FormatJSON}, {Format: FormatCSV}, {JQ: ".[0].n"}, {JQ: ".[0].list"}, {Template: "{{range .}}{{.n}} {{json .list}}{{end}}"},
	} {
		if pipe, terminal := list(t, 0, o, r), list(t, 80, o, r); pipe != terminal {
			t.Errorf("%+v: pipe %q, terminal %q", o, pipe, terminal)
		}
	}
	if got := list(t, 0, Options{JQ: ".[0].n"}, r); got != "9007199254740993\n" {
		t.Errorf("a big number became %s", got)
	}
}

func TestYAMLKeepsOrderAndTypes(t *testing.T) {
	got := list(t, 0, Options{Format: FormatYAML, Fields: []string{"n", "name", "list", "map"}}, row{Name: "123", N: 123, List: []string{"true", "x: y"}})
	if want := "- n: 123\n  name: \"123\"\n  list:\n    - \"true\"\n    - 'x: y'\n  map: {}\n"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestCSVKeepsFormulasFromRunning(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "@x": "'@x", "-5": "-5", "+x": "'+x", "plain": "plain", "a\nb": "a\nb", "\x1b": `\x1b`} {
		if got := csvCell(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	records, err := csv.NewReader(strings.NewReader(list(t, 0, Options{Format: FormatCSV}, row{Name: "a,\"b\"", N: 1}))).ReadAll()
	if err != nil || !slices.Equal(records[0], []string{"name", "n", "at"}) || records[1][0] != "a,\"b\"" {
		t.Errorf("%v, %v", records, err)
	}
}

func TestBadExpressions(t *testing.T) {
	ios, _ := iostreams.Test()
	for _, o := range []Options{{JQ: "."}, {JQ: ".["}, {JQ: ".[].name.x"}, {JQ: "nope"}, {Template: "{{"}, {Template: "{{.x.y.z}}"}} {
		err := List(ios, testNow, &o, Table[row]{Rows: []row{{Name: "a"}}})
		if good := o.JQ == "."; (err == nil) != good {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []Options{{Format: "xml"}, {JQ: ".", Template: "x"}, {JQ: ".", Format: FormatCSV}, {Fields: []string{"nme"}}} {
		if err := o.Validate(reflect.TypeFor[row]()); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

func TestStream(t *testing.T) {
	for width, want := range map[int]string{
		40: "NAME                               N  AT\nfirst                        1  12:00:00\na longer one than the fir…  10  12:00:00\nx                           2   12:00:00\n",
		14: "NAME         N\nfirst        1\na longer …  10\nx           2\n",
	} {
		ios, sc := iostreams.Test()
		ios.SetTerminal(width)
		s, err := NewStream(ios, func() time.Time { return testNow }, &Options{Format: FormatTable}, rowColumns())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []row{{Name: "first", N: 1, At: testNow}, {Name: "a longer one than the first", N: 10, At: testNow}, {Name: "x", N: 2, At: testNow}} {
			if err := s.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, sc.Out.String()); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", width, diff)
		}
	}
}

func TestStreamOfObjects(t *testing.T) {
	ios, sc := iostreams.Test()
	s, err := NewStream(ios, func() time.Time { return testNow }, &Options{Format: FormatJSON, Fields: []string{"n", "name"}}, rowColumns())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(row{Name: "a\u009b", N: 1}, row{Name: "b", N: 2}); err != nil {
		t.Fatal(err)
	}
	if got, want := sc.Out.String(), "{\"n\":1,\"name\":\"a\\u009b\"}\n{\"n\":2,\"name\":\"b\"}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, o := range []Options{{Sort: []string{"n"}}, {Format: FormatCSV}, {Columns: []string{"nope"}}} {
		if _, err := NewStream(ios, func() time.Time { return testNow }, &o, rowColumns()); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

func TestPage(t *testing.T) {
	write := func(p *Page) string {
		p.Title("A\x1bB")
		p.Field("short", "1")
		p.Field("longer name", "2")
		p.Field("absent", "")
		p.Section("Part")
		p.Rows([]string{"a", "b"}, [][]string{{"1", "2"}, {"333", "4"}})
		p.Item("an item")
		p.Block("two\nlines\x07")
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		return ""
	}
	ios, sc := iostreams.Test()
	write(NewPage(ios, testNow))
	ios.SetTerminal(80)
	write(NewPage(ios, testNow))
	want := "A\\x1bB\nshort:\t1\nlonger name:\t2\n\npart:\n1\t2\n333\t4\n- an item\n  two\n  lines\\x07\n" +
		"A\\x1bB\nshort        1\nlonger name  2\n\nPART\nA    B\n1    2\n333  4\n- an item\n  two\n  lines\\x07\n"
	if diff := cmp.Diff(want, sc.Out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWords(t *testing.T) {
	ago := func(d time.Duration) string { return Ago(testNow.Add(-d), testNow) }
	for got, want := range map[string]string{
		ago(0): "now", ago(59 * time.Second): "59s ago", ago(61 * time.Minute): "1h ago", ago(47 * time.Hour): "47h ago",
		ago(72 * time.Hour): "3d ago", ago(-5 * time.Minute): "in 5m", ago(3 * 365 * 24 * time.Hour): "3y ago", Ago(time.Time{}, testNow): "never",
		Bytes(0): "0 B", Bytes(999): "999 B", Bytes(1400): "1.4 kB", Bytes(20 << 30): "21.5 GB",
		Thousands(-1234567): "-1,234,567", Thousands(999): "999", Thousands(-999): "-999", Count(1, "app", "apps"): "1 app", Count(2000, "app", "apps"): "2,000 apps",
		Bar(8, 8, 4): "████", Bar(1, 800, 4): "▏", Bar(0, 8, 4): "", Bar(5, 8, 4): "██▌",
		Suggest("hgih", []string{"high", "low"}): "high", Suggest("zzz", []string{"high"}): "", Suggest("inv", []string{"inventory", "events"}): "inventory",
		Stamp(testNow.In(time.FixedZone("x", 3600))): "2026-11-21T12:00:00Z",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestColourKeepsColumnsAligned(t *testing.T) {
	ios, sc := iostreams.Test()
	ios.SetTerminal(40)
	ios.SetColorEnabled(true)
	cols := []Column[row]{Word("name", func(r row) string { return r.Name }), Number("n", func(r row) int64 { return r.N })}
	if err := List(ios, testNow, &Options{Format: FormatTable}, Table[row]{Columns: cols, Rows: []row{{Name: "high", N: 1}, {Name: "x", N: 20}}, One: "row", Many: "rows"}); err != nil {
		t.Fatal(err)
	}
	bare := stripSGR(sc.Out.Bytes())
	if want := "NAME   N\nhigh   1\nx     20\n\n2 rows\n"; bare != want {
		t.Errorf("got %q, want %q", bare, want)
	}
	if !strings.Contains(sc.Out.String(), "\x1b[31mhigh") {
		t.Errorf("high is not red: %q", sc.Out.String())
	}
}

func stripSGR(b []byte) string {
	for {
		i := bytes.IndexByte(b, 0x1b)
		if i < 0 {
			return string(b)
		}
		b = slices.Concat(b[:i], b[i+bytes.IndexByte(b[i:], 'm')+1:])
	}
}

func BenchmarkTable(b *testing.B) {
	rows := make([]row, 100)
	for i := range rows {
		rows[i] = row{Name: "name of a row", N: int64(i), At: testNow}
	}
	for b.Loop() {
		ios, _ := iostreams.Test()
		ios.SetTerminal(80)
		if err := List(ios, testNow, &Options{Format: FormatTable}, Table[row]{Columns: rowColumns(), Rows: rows, One: "row", Many: "rows"}); err != nil {
			b.Fatal(err)
		}
	}
}
