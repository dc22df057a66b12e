package extract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

type recorder struct{ got []string }

func (r *recorder) Visit(kind Kind, path *Path, text string) {
	r.got = append(r.got, fmt.Sprintf("%d %s=%s", kind, path, text))
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestJSON(t *testing.T) {
	var w Walker
	var r recorder
	if !w.JSON(`{"a":"x","items":[{"name":"O\u0027B"},"z\n"],"n":1.5e3,"t":true,"deep":{"$ne":null},"e\"k":"v"}`, &r) {
		t.Error("a valid document is not clean")
	}
	check(t, r.got,
		"1 =a", "0 a=x", "1 a=items", "1 items[0].=name", "0 items[0].name=O'B", "0 items[1]=z\n", "1 items=n", "1 n=t", "1 t=deep", "1 deep.=$ne",
		`1 deep=e"k`, `0 e\"k=v`)
}

func TestJSONThatIsBrokenHidesNothing(t *testing.T) {
	for _, body := range []string{`{"a":"payload`, `{'a':'payload'}`, `payload`, `]]}{"a":payload}`, `{"a" "payload"}`} {
		var w Walker
		var r recorder
		w.JSON(body, &r)
		if !strings.Contains(strings.Join(r.got, " "), "payload") {
			t.Errorf("%s: %v", body, r.got)
		}
	}
}

func TestXML(t *testing.T) {
	var w Walker
	var r recorder
	w.XML(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a b="c&lt;"><d>text</d><e f='g'/><![CDATA[raw]]></a>`, &r)
	check(t, r.got,
		`4 =<?xml version="1.0"?>`, `4 =<!DOCTYPE a [<!ENTITY x "y">]>`, "0 a.b=c&lt;", "0 a.d=text", "0 a.e.f=g", "0 a=raw")
}

func TestMultipart(t *testing.T) {
	body := "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--B\r\n" +
		"Content-Disposition: form-data; name=\"f\"; filename=\"x;y\\\".php\"\r\nContent-Type: text/plain\r\n\r\nline1\r\n\r\nline2\r\n--B--\r\n"
	var w Walker
	var r recorder
	w.Multipart(body, "multipart/form-data; charset=utf-8; boundary=\"B\"", &r)
	check(t, r.got, "1 a=a", "0 a=value", "1 =Content-Type: text/plain", "1 f=f", `3 f=x;y\".php`, "2 f=line1\r\n\r\nline2")
}

func TestMultipartWithoutItsBoundaryIsRest(t *testing.T) {
	var w Walker
	var r recorder
	w.Multipart("payload", "multipart/form-data; boundary=B", &r)
	check(t, r.got, "4 =payload")
}

func FuzzWalks(f *testing.F) {
	f.Add(`{"a":["b",{"c":"\ud83d\ude00"}]}`)
	f.Add(`<a b="c">d<!--e--></a><![CDATA[`)
	f.Add("--B\r\n\r\n--B")
	f.Fuzz(func(t *testing.T, body string) {
		var w Walker
		c := &counter{}
		w.JSON(body, c)
		w.XML(body, c)
		w.Multipart(body, "multipart/form-data; boundary=B", c)
		if c.bytes > 8*len(body)+64 {
			t.Errorf("%d bytes were visited for a body of %d", c.bytes, len(body))
		}
	})
}

type counter struct{ bytes int }

func (c *counter) Visit(_ Kind, _ *Path, text string) { c.bytes += len(text) }

// FuzzJSONStrings holds the strings against those that encoding/json finds.
func FuzzJSONStrings(f *testing.F) {
	f.Add("plain", "esc\"aped\n\u2028")
	f.Fuzz(func(t *testing.T, a, b string) {
		doc, err := json.Marshal([]string{a, b})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		if err := json.Unmarshal(doc, &want); err != nil {
			t.Fatal(err)
		}
		var w Walker
		var got collector
		if !w.JSON(string(doc), &got) {
			t.Errorf("%s is not clean", doc)
		}
		for i := range want { // the reader writes \b and \f as spaces
			want[i] = strings.NewReplacer("\b", " ", "\f", " ").Replace(want[i])
		}
		if !slices.Equal(got.texts, want) {
			t.Errorf("%s: got %q, want %q", doc, got.texts, want)
		}
	})
}

type collector struct{ texts []string }

func (c *collector) Visit(_ Kind, _ *Path, text string) {
	c.texts = append(c.texts, strings.Clone(text))
}
