package clientip

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestClient(t *testing.T) {
	const proxy = "10.0.0.9:4711"
	for name, c := range map[string]struct {
		proxies, header, remote string
		headers                 []string // "Name: value"
		want                    string
	}{
		"nobody is trusted, the header is ignored":          {"", "", "203.0.113.7:1234", []string{"X-Forwarded-For: 1.2.3.4"}, "203.0.113.7"},
		"nobody is trusted, not even a private peer":        {"", "", proxy, []string{"X-Forwarded-For: 1.2.3.4"}, "10.0.0.9"},
		"a stranger's header is ignored":                    {"10.0.0.0/8", "", "203.0.113.7:1234", []string{"X-Forwarded-For: 1.2.3.4"}, "203.0.113.7"},
		"one proxy":                                         {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 198.51.100.1"}, "198.51.100.1"},
		"what the client wrote itself is hearsay":           {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 6.6.6.6, 198.51.100.1"}, "198.51.100.1"},
		"a client that claims to be a proxy":                {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 6.6.6.6, 10.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                                       {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 198.51.100.1, 10.2.2.2"}, "198.51.100.1"},
		"several header lines are one list":                 {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 10.2.2.2"}, "198.51.100.1"},
		"all of them proxies: the first hop":                {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 10.3.3.3, 10.2.2.2"}, "10.3.3.3"},
		"no header: the proxy itself":                       {"10.0.0.0/8", "", proxy, nil, "10.0.0.9"},
		"garbage ends the chain":                            {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 198.51.100.1, garbage, 10.2.2.2"}, "10.2.2.2"},
		"an empty hop ends the chain":                       {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 198.51.100.1, "}, "10.0.0.9"},
		"hop with a port":                                   {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 198.51.100.1:8080"}, "198.51.100.1"},
		"IPv6 hop in brackets with a port":                  {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1"},
		"IPv6 hop":                                          {"10.0.0.0/8", "", proxy, []string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1"},
		"IPv4 in IPv6 peer":                                 {"10.0.0.0/8", "", "[::ffff:10.0.0.9]:1", []string{"X-Forwarded-For: ::ffff:198.51.100.1"}, "198.51.100.1"},
		"IPv6 proxy":                                        {"fd00::/8", "", "[fd00::1]:1", []string{"X-Forwarded-For: 198.51.100.1"}, "198.51.100.1"},
		"one trusted address":                               {"10.0.0.9", "", proxy, []string{"X-Forwarded-For: 198.51.100.1"}, "198.51.100.1"},
		"Forwarded":                                         {"10.0.0.0/8", "Forwarded", proxy, []string{`Forwarded: for=6.6.6.6, for="[2001:db8::1]:47011";proto=https;by=10.0.0.9`}, "2001:db8::1"},
		"Forwarded with odd case and port":                  {"10.0.0.0/8", "forwarded", proxy, []string{`Forwarded: proto=http; For="198.51.100.1:_x1"`}, "198.51.100.1"},
		"Forwarded by an unknown node":                      {"10.0.0.0/8", "Forwarded", proxy, []string{`Forwarded: for=198.51.100.1, for=unknown`}, "10.0.0.9"},
		"Forwarded by an obfuscated node":                   {"10.0.0.0/8", "Forwarded", proxy, []string{`Forwarded: for=_hidden`}, "10.0.0.9"},
		"Forwarded when there is no X-Forwarded-For":        {"10.0.0.0/8", "", proxy, []string{"Forwarded: for=198.51.100.1"}, "198.51.100.1"},
		"Forwarded of a client beside the proxy's own list": {"10.0.0.0/8", "", proxy, []string{"Forwarded: for=6.6.6.6", "X-Forwarded-For: 198.51.100.1"}, "198.51.100.1"},
		"only the named header counts":                      {"10.0.0.0/8", "X-Real-IP", proxy, []string{"X-Forwarded-For: 6.6.6.6", "X-Real-Ip: 198.51.100.1"}, "198.51.100.1"},
		"the named header is missing":                       {"10.0.0.0/8", "X-Real-IP", proxy, []string{"X-Forwarded-For: 6.6.6.6"}, "10.0.0.9"},
		"Unix socket, not trusted":                          {"", "", "@", []string{"X-Forwarded-For: 1.2.3.4"}, ""},
		"Unix socket, only networks trusted":                {"10.0.0.0/8", "", "@", []string{"X-Forwarded-For: 1.2.3.4"}, ""},
		"Unix socket, trusted":                              {"unix", "", "@", []string{"X-Forwarded-For: 6.6.6.6, 198.51.100.1"}, "198.51.100.1"},
		"named networks":                                    {"private", "", "192.168.1.1:1", []string{"X-Forwarded-For: 198.51.100.1, 127.0.0.1"}, "198.51.100.1"},
		"zone of a link-local peer":                         {"", "", "[fe80::1%eth0]:80", nil, "fe80::1"},
	} {
		r, err := New(strings.Fields(c.proxies), c.header)
		if err != nil {
			t.Fatal(name, err)
		}
		h := make(http.Header)
		for _, line := range c.headers {
			k, v, _ := strings.Cut(line, ": ")
			h.Add(k, v)
		}
		got := r.Client(c.remote, h)
		if c.want == "" && got.IsValid() || c.want != "" && got != netip.MustParseAddr(c.want) {
			t.Errorf("%s: client = %v, want %v", name, got, c.want)
		}
	}
}

func TestNewNamesWhatIsNotValid(t *testing.T) {
	r, err := New([]string{"10.0.0.0/8", "10.0.0.0/99", "proxy.example.com", ""}, "")
	if err == nil || !strings.Contains(err.Error(), "10.0.0.0/99") || !strings.Contains(err.Error(), "proxy.example.com") {
		t.Errorf("err = %v", err)
	}
	if !r.trusts(netip.MustParseAddr("10.1.2.3")) {
		t.Error("the valid entry is lost")
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", "1.2.3.4:80": "1.2.3.4", " 1.2.3.4 ": "1.2.3.4", "[::1]:80": "::1", "[::1]": "::1", "::1": "::1",
		"::ffff:1.2.3.4": "1.2.3.4", "fe80::1%eth0": "fe80::1", "[::ffff:1.2.3.4]:9": "1.2.3.4",
		"": "", "@": "", "1.2.3": "", "1.2.3.4:": "", "1.2.3.4:http": "", "[::1": "", "[::1]80": "", "[1.2.3.4]:80": "", "unknown": "", "_x": "", "1.2.3.4.5": "", "01.2.3.4": "",
	} {
		got, ok := Parse(in)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("Parse(%q) = %v, %v, want %q", in, got, ok, want)
		}
	}
}

// FuzzClient holds that nothing an untrusted client sends left of what the
// proxy appends changes the answer.
func FuzzClient(f *testing.F) {
	f.Add("6.6.6.6, 10.0.0.1", "for=1.1.1.1", "198.51.100.1")
	f.Add(`"[::1]`, `for="x,y";for=10.0.0.1`, "2001:db8::1")
	r, err := New([]string{"10.0.0.0/8", "fd00::/8"}, "")
	if err != nil {
		f.Fatal(err)
	}
	fw, _ := New([]string{"10.0.0.0/8", "fd00::/8"}, "Forwarded")
	nobody := &Resolver{}
	f.Fuzz(func(t *testing.T, xff, forwarded, seen string) {
		peer, err := netip.ParseAddr(seen)
		if err != nil || peer.Zone() != "" || r.trusts(peer.Unmap()) {
			return
		}
		h := http.Header{"X-Forwarded-For": {xff + ", " + peer.String()}, "Forwarded": {forwarded}}
		if got := r.Client("10.0.0.9:1", h); got != peer.Unmap() {
			t.Errorf("X-Forwarded-For %q: client = %v, want %v", xff, got, peer)
		}
		h = http.Header{"X-Forwarded-For": {xff}, "Forwarded": {forwarded, `for="[` + peer.String() + `]:1"`}}
		if peer.Is4() {
			h["Forwarded"][1] = "for=" + peer.String()
		}
		if got := fw.Client("10.0.0.9:1", h); got != peer.Unmap() {
			t.Errorf("Forwarded %q: client = %v, want %v", forwarded, got, peer)
		}
		if got := nobody.Client("[2001:db8::7]:1", h); got != netip.MustParseAddr("2001:db8::7") {
			t.Errorf("trusting nobody, client = %v", got)
		}
	})
}

func BenchmarkClient(b *testing.B) {
	r, _ := New([]string{"10.0.0.0/8"}, "")
	h := http.Header{"X-Forwarded-For": {"6.6.6.6, 198.51.100.1, 10.2.2.2"}}
	b.ReportAllocs()
	for b.Loop() {
		r.Client("10.0.0.9:4711", h)
	}
}
