package params

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func collect(each func(func(a, v string) bool)) []string {
	var out []string
	each(func(a, v string) bool {
		out = append(out, a+"="+v)
		return true
	})
	return out
}

func TestFormIsTolerant(t *testing.T) {
	for in, want := range map[string][]string{
		"":                           nil,
		"a=1&b=2&a=3":                {"a=1", "b=2", "a=3"},
		"q=a+b%20c%27":               {"q=a b c'"},
		"q=100%&r=%zz&s=%4":          {"q=100%", "r=%zz", "s=%4"},
		"flag&=x&&y=":                {"flag=", "=x", "y="},
		"a=1;b=2":                    {"a=1;b=2"},
		"q=%e2%82%ac":                {"q=€"},
		"na%20me=v":                  {"na me=v"},
		"a=b=c":                      {"a=b=c"},
		"x=%2527":                    {"x=%27"},
		"a%5B%5D=1&a%5B0%5D%5Bk%5D=": {"a[]=1", "a[0][k]="},
	} {
		got := collect(func(y func(a, v string) bool) { Form(in, y) })
		if !slices.Equal(got, want) {
			t.Errorf("Form(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCookies(t *testing.T) {
	got := collect(func(y func(a, v string) bool) { Cookies(`sid=abc; theme="dark"; empty=; odd; x=a=b`, y) })
	want := []string{"sid=abc", "theme=dark", "empty=", "odd=", "x=a=b"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSONAddresses(t *testing.T) {
	for in, want := range map[string][]string{
		`{"a":"x","b":{"c":[1,true,null,"y"]},"d":-1.5e3}`: {"json.a=x", "json.b.c[0]=1", "json.b.c[1]=true", "json.b.c[2]=null", "json.b.c[3]=y", "json.d=-1.5e3"},
		`[{"id":1},{"id":"2"}]`:                            {"json[0].id=1", "json[1].id=2"},
		`"just text"`:                                      {"json=just text"},
		`{"k' OR 1=1--":"v"}`:                              {"json.k' OR 1=1--=k' OR 1=1--", "json.k' OR 1=1--=v"},
		`{"a":"q\"\\\/\n\u0041\ud83d\ude00\ud800x"}`:       {"json.a=q\"\\/\nA😀\uFFFDx"},
		`{"a":"unfinished`:                                 {"json.a=unfinished"},
		`{"a":"x","b":`:                                    {"json.a=x"},
		`{"a":[],"b":{},"c":"z"}`:                          {"json.c=z"},
		`{"a":{"b":1},"c":2}`:                              {"json.a.b=1", "json.c=2"},
		"{\"a\":\"1\"}\n{\"a\":\"2\"}":                     {"json.a=1", "json.a=2"},
		`{a:'single'}`:                                     {"json.a=single"},
	} {
		got := collect(func(y func(a, v string) bool) { JSON(in, y) })
		if !slices.Equal(got, want) {
			t.Errorf("JSON(%s) =\n%q, want\n%q", in, got, want)
		}
	}
}

func TestJSONPassesOnWhatIsTooDeepForAnAddress(t *testing.T) {
	in := strings.Repeat(`{"a":[`, 500) + `"payload"` + strings.Repeat(`]}`, 500)
	got := collect(func(y func(a, v string) bool) { JSON(`{"x":`+in+`,"y":"after"}`, y) })
	if !slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, "=payload") }) || got[len(got)-1] != "json.y=after" {
		t.Errorf("got %d values, last %q", len(got), got[len(got)-1])
	}
}

func TestXML(t *testing.T) {
	in := `<?xml version="1.0"?><!DOCTYPE o [<!ENTITY e SYSTEM "file:///etc/passwd">]><o id="7"><n>O'Brien</n><x>&e;</x><y><![CDATA[<b>]]></y>`
	got := collect(func(y func(a, v string) bool) { XML(in, y) })
	for _, want := range []string{"xml.o.id=7", "xml.o.n=O'Brien", "xml.o.y=<b>"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}

func TestKindOf(t *testing.T) {
	for in, want := range map[string]Body{
		"application/x-www-form-urlencoded; charset=utf-8": URLForm,
		"application/json":                       JSONBody,
		"application/vnd.api+json":               JSONBody,
		"text/json":                              JSONBody,
		"multipart/form-data; boundary=x":        Multipart,
		"multipart/form-data":                    Opaque,
		"application/soap+xml":                   XMLBody,
		"":                                       Text,
		"text/plain":                             Text,
		"image/png":                              Opaque,
		"application/octet-stream":               Opaque,
		"application/json; charset=\"unfinished": JSONBody,
	} {
		if got, _ := KindOf(in, ""); got != want {
			t.Errorf("KindOf(%q) = %v, want %v", in, got, want)
		}
	}
	if got, _ := KindOf("application/json", "gzip"); got != Opaque {
		t.Errorf("compressed JSON = %v, want it left alone", got)
	}
}

func form(t testing.TB, nl string) (boundary, body string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("name", "O'Brien")
	_ = w.WriteField("empty", "")
	f, err := w.CreateFormFile("photo", "cat' OR 1.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(bytes.Repeat([]byte("pixel\r\n--"), 20000))
	_ = w.WriteField("after", "1' OR '1'='1\r\n--not the end")
	_ = w.Close()
	return w.Boundary(), strings.ReplaceAll(b.String(), "\r\n", nl)
}

func TestPartsSeesFieldsBehindLargeFiles(t *testing.T) {
	for _, nl := range []string{"\r\n", "\n"} {
		boundary, body := form(t, nl)
		for _, size := range []int{1, 3, 64, 4096, len(body)} {
			p := NewParts(boundary, 1<<20)
			for piece := range slices.Chunk([]byte(body), size) {
				p.Feed(piece)
			}
			parts := p.Done(0)
			if len(parts) != 4 {
				t.Fatalf("pieces of %d: %d parts, want 4", size, len(parts))
			}
			if parts[0].Name != "name" || parts[0].Value != "O'Brien" || parts[1].Value != "" || parts[3].Value != "1' OR '1'='1"+nl+"--not the end" {
				t.Errorf("pieces of %d: parts = %+.300v", size, parts)
			}
			if f := parts[2]; f.Filename != "cat' OR 1.png" || len(f.Value) != maxFileBytes || !f.Cut || !p.Lost() {
				t.Errorf("pieces of %d: file %q, %d bytes, cut %v", size, f.Filename, len(f.Value), f.Cut)
			}
		}
	}
}

func TestPartsKeepsWithinItsRoom(t *testing.T) {
	boundary, body := form(t, "\r\n")
	p := NewParts(boundary, 10)
	p.Feed([]byte(body))
	kept := 0
	for _, part := range p.Done(0) {
		kept += len(part.Value)
	}
	if kept > 10 || !p.Lost() {
		t.Errorf("kept %d bytes of 10, lost = %v", kept, p.Lost())
	}
}

// FuzzJSON compares with encoding/json: what that one finds must be found here.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":"x","b":[1,"y",{"c":null}]}`, `"\ud83d\ude00\u0000"`, `[[[["z"]]]]`, `{"":""}`, `{"a":"\x"}`, `{'a':b}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := make(map[string]bool)
		n := 0
		JSON(text, func(_, v string) bool {
			got[strings.ToValidUTF8(v, "\uFFFD")] = true
			n++
			return true
		})
		var whole, pieces []string
		JSON(text, func(a, v string) bool { whole = append(whole, a+"="+v); return true })
		var s JSONScanner
		for end := range len(text) + 1 {
			s.Scan(text[:end], end == len(text), func(a, v string) bool { pieces = append(pieces, a+"="+v); return true })
		}
		if len(text) < 2000 && !slices.Equal(whole, pieces) {
			t.Fatalf("%q byte by byte: %q, in one: %q", text, pieces, whole)
		}
		if n > len(text)+1 {
			t.Fatalf("%d values from %d bytes", n, len(text))
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		if !json.Valid([]byte(text)) || d.Decode(&v) != nil {
			return
		}
		walk(v, 0, func(s string) {
			// Runs of invalid bytes become one replacement here and several there.
			if !strings.ContainsRune(s, '\uFFFD') && !got[s] {
				t.Errorf("%q of %q is missing in %v", s, text, got)
			}
		})
	})
}

func walk(v any, depth int, leaf func(string)) {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			walk(e, depth+1, leaf)
		}
	case []any:
		for _, e := range x {
			walk(e, depth+1, leaf)
		}
	case string:
		leaf(x)
	case json.Number:
		leaf(x.String())
	}
}

// FuzzForm compares with net/url.
func FuzzForm(f *testing.F) {
	f.Add("a=1&b=%27&c+d=e")
	f.Fuzz(func(t *testing.T, raw string) {
		got := make(url.Values)
		Form(raw, func(n, v string) bool { got.Add(n, v); return true })
		want, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		for k, vs := range want {
			if !slices.Equal(got[k], vs) {
				t.Errorf("%q: %q = %q, want %q", raw, k, got[k], vs)
			}
		}
	})
}

// FuzzParts compares with mime/multipart, and one piece with many.
func FuzzParts(f *testing.F) {
	for _, nl := range []string{"\r\n", "\n"} {
		f.Add(strings.ReplaceAll("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--b\r\nContent-Disposition: form-data; name=\"c\"; filename=\"d\"\r\n\r\n\r\n--b--\r\n", "\r\n", nl), 3)
	}
	f.Add("--b\r\n\r\n--b\r\nContent-Disposition: form-data; name=x\r\n\r\n--b--", 1)
	f.Add("junk\n--b \t\r\n\r\nx\r\n--b--", 2)
	f.Fuzz(func(t *testing.T, body string, size int) {
		whole := NewParts("b", 1<<20)
		whole.Feed([]byte(body))
		whole.End()
		pieces := NewParts("b", 1<<20)
		for piece := range slices.Chunk([]byte(body), max(1, min(size, 100))) {
			pieces.Feed(piece)
		}
		pieces.End()
		if a, b := fmt.Sprintf("%#v", whole.Done(0)), fmt.Sprintf("%#v", pieces.Done(0)); a != b {
			t.Fatalf("body %q in pieces of %d:\n%s\nin one:\n%s", body, size, b, a)
		}
		req, _ := http.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		r, _ := req.MultipartReader()
		for {
			part, err := r.NextPart()
			if err != nil {
				return
			}
			value, err := io.ReadAll(part)
			if err != nil {
				return
			}
			if len(value) > 0 && !holds(whole.Done(0), string(value)) {
				t.Errorf("value %q of %q is missing in %#v", value, body, whole.Done(0))
			}
		}
	})
}

func holds(parts []Part, value string) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Value == value })
}
