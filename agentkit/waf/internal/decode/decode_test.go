package decode

import (
	"encoding/base64"
	"testing"
)

func TestLayer(t *testing.T) {
	for _, c := range []struct {
		in, want string
		steps    Steps
	}{
		{"plain", "", 0},
		{"%3Cscript%3e", "<script>", Percent},
		{"%253C", "%3C", Percent},
		{"100% %zz %4", "", 0},
		{"%u003cb%U003E", "<b>", PercentU},
		{"&lt;svg/onload&equals;alert&#40;1&#x29;&gt;", "<svg/onload=alert(1)>", Entity},
		{"j&#X41vascript&colon;", "jAvascript:", Entity},
		{"&#0000000040document", "(document", Entity},
		{"a&lt=5&copy;b", "", 0},
		{`\u0027 \x27 \u{27} \u{00027}`, "' ' ' '", Escape},
		{`\' \q \u12`, "", 0},
		{"scr\x00ipt", "script", Null},
		{"\xc0\xae\xc0\xae\xc0\xaf", "../", Overlong},
		{"\xe0\x80\xaf", "/", Overlong},
		{"＜ｓｃｒｉｐｔ＞", "<script>", Fullwidth},
		{"ⒼⓄⓄⒼⓁⒺ.ⒸⓄⓂ", "GOOGLE.COM", Fullwidth},
		{"嘍嘊Set-Cookie", "\r\nSet-Cookie", Overlong},
		{"Grüße aus Köln, 東京", "", 0},
		{"%c0%ae", "\xc0\xae", Percent},
		{`\74script\76`, "", 0},
		{`\101\102`, "AB", Escape},
	} {
		got, steps := Layer(nil, c.in)
		if string(got) != c.want || steps != c.steps {
			t.Errorf("Layer(%q) = %q, %v; want %q, %v", c.in, got, steps.Names(), c.want, c.steps.Names())
		}
	}
}

func TestText(t *testing.T) {
	for _, plain := range []string{"' or 1=1--", "<script>alert(1)</script>", "../../etc/passwd", ";wget http://host/x"} {
		for name, enc := range map[string]*base64.Encoding{
			"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "rawurl": base64.RawURLEncoding,
		} {
			got, ok := Text(nil, enc.EncodeToString([]byte(plain)))
			if !ok || string(got) != plain {
				t.Errorf("%s of %q: got %q, %v", name, plain, got, ok)
			}
		}
	}
}

func TestTextLeavesWordsAlone(t *testing.T) {
	for _, s := range []string{
		"username", "Mozilla", "catalogue", "internationalisation", "4f3c2b1a9d8e7f60", "550e8400-e29b-41d4-a716-446655440000",
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", "123456789012", "some words here", "", "====",
	} {
		if got, ok := Text(nil, s); ok {
			t.Errorf("%q was taken for the base64 of %q", s, got)
		}
	}
}

func TestUTF7Text(t *testing.T) {
	got, ok := UTF7Text(nil, "+ADw-script+AD4-alert(1)")
	if want := "<script>alert(1)"; !ok || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, ok, want)
	}
	if got, ok := UTF7Text(nil, "C+A is 1+Abc"); ok {
		t.Errorf("ordinary pluses became %q", got)
	}
}

func FuzzDecoders(f *testing.F) {
	for _, s := range []string{"%41%u0041&#x41;\\u0041\\x41\x00", "\xc0\xae＜", "PHNjcmlwdD4=", "+ADw-", "&#99999999999;", `\u{110000}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		prefix := []byte("prefix")
		out, steps := Layer(prefix, s)
		if string(out[:6]) != "prefix" || len(out) > 6+3*len(s) {
			t.Errorf("Layer(%q) = %q", s, out)
		}
		if steps == 0 && len(out) != 6 {
			t.Errorf("Layer(%q) changed nothing and wrote %q", s, out[6:])
		}
		if out, ok := Text(prefix, s); ok == (len(out) == 6) {
			t.Errorf("Text(%q) = %q, %v", s, out, ok)
		}
		if out, ok := UTF7Text(prefix, s); !ok && len(out) != 6 {
			t.Errorf("UTF7Text(%q) = %q", s, out)
		}
		if out := Pluses(prefix, s); len(out) != 6+len(s) {
			t.Errorf("Pluses(%q) = %q", s, out)
		}
	})
}

func BenchmarkLayer(b *testing.B) {
	s := "a text of ordinary words, 100% of it & more, with a Straße in it and so on"
	var buf []byte
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		buf, _ = Layer(buf[:0], s)
	}
}
