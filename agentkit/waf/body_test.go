package waf

import "testing"

func TestBodiesAreTakenApart(t *testing.T) {
	const mp = "multipart/form-data; boundary=B"
	for _, c := range []struct{ contentType, body, address string }{
		{"application/json", `{"items":[{"id":1},{"name":"1' or '1'='1"}]}`, "json.items[1].name"},
		{"application/json; charset=utf-8", `{"a":"\u003cscript\u003ealert(1)\u003c/script\u003e"}`, "json.a"},
		{"application/vnd.api+json", `{"user":{"$ne":null}}`, "name"},
		{"", `{"a":"<script>alert(1)</script>"}`, "json.a"},
		{"application/x-www-form-urlencoded", "a=b&c=%3Cscript%3Ealert(1)", "form.c"},
		{"text/xml", `<a><b>1' or '1'='1</b></a>`, "xml.a.b"},
		{"text/xml", `<a b="&lt;script&gt;alert(1)"/>`, "xml.a.b"},
		{"application/soap+xml", `<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>`, "xml"},
		{mp, "--B\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n; cat /etc/passwd\r\n--B--", "form.q"},
		{mp, "--B\r\nContent-Disposition: form-data; name=\"../../etc/passwd\"\r\n\r\nx\r\n--B--", "name"},
		{mp, "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"shell.php\"\r\n\r\nx\r\n--B--", "filename.f"},
		{mp, "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.jpg\"\r\n\r\n<?php system($_GET['c']);\r\n--B--", "file.f"},
		{"text/plain", "1' or '1'='1", "body"},
		{"application/json", `{"a":"b"} 1' union select 1,2--`, "body"},
	} {
		x := Default().Begin()
		x.Body(c.contentType, c.body)
		if m := x.Matches(); !Blocked(m) || m[0].Address != c.address {
			t.Errorf("%s %q: got %+v, want a match at %s", c.contentType, c.body, m, c.address)
		}
		x.End()
	}
}

func TestHarmlessBodiesPass(t *testing.T) {
	const mp = "multipart/form-data; boundary=B"
	for _, c := range [][2]string{
		{"application/json", `{"name":"O'Brien","form":{"object":"<3"},"list":[1,2.5,null,true]}`},
		{"application/xml", `<order><form>A</form><object id="1">x</object><script-name>y</script-name></order>`},
		{"application/xml", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`},
		{mp, "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"main.go\"\r\nContent-Type: text/plain\r\n\r\nx := `select * from users where id=` + id; rm -rf /\r\n--B--"},
		{"application/x-www-form-urlencoded", "name=O%27Brien&note=a+%3C+b&tag=a&tag=b"},
	} {
		x := Default().Begin()
		x.Body(c[0], c[1])
		for _, m := range x.Matches() {
			if m.Blocks() {
				t.Errorf("%s: blocked:\n%s", c[1], m.Explain())
			}
		}
		x.End()
	}
}

func TestRepeatedParametersAreJoined(t *testing.T) {
	m := Default().Inspect(&Request{RawQuery: "id=1%20union%20select%201&x=y&id=2,3%20from%20users--"})
	if !Blocked(m) {
		t.Error("an injection spread over two parameters is not blocked")
	}
}
