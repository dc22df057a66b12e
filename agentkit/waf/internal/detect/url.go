package detect

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

func urlGate(v *View, _ bool) bool { return v.has(scan.Slash) && (v.has(scan.Colon) || v.S[0] == '/') }

// callbackHosts catch what an attacked server sends: whoever names them in a
// request is testing.
var callbackHosts = []string{
	"burpcollaborator.net", "oastify.com", "interact.sh", "interactsh.com", "oast.me", "oast.pro", "oast.live", "oast.site", "oast.online", "oast.fun", "dnslog.cn", "ceye.io", "requestbin.", "canarytokens.", "bxss.me", "xss.ht", "ezxss.", "r87.me", "dnslog.link", "bxss.in",
}

// internalNames resolve to the machine itself.
var internalNames = []string{"localhost", "localtest.me", "lvh.me", "vcap.me", "127.0.0.1.nip.io", "127-0-0-1.", "spoofed.burpcollaborator", "ip6-localhost", "localdomain", "bugbounty.dod.network", "customer1.app.localhost.my.company"}

// metadataNames are where clouds hand out what a machine may know.
var metadataNames = []string{"169.254.169.254", "metadata.google.internal", "latest/meta-data", "metadata/instance", "/computemetadata/", "100.100.100.200", "169.254.170.2", "fd00:ec2::254", "/opc/v1/instance", "instance-data", "metadata.nicob.net", "metadata.packet.net", "169-254-169-254"}

var urlPhrases = slices.Concat(callbackHosts, metadataNames)

func urlPhraseAt(v *View, k, at int, out *Findings) {
	s := v.S
	end := clip(s, at, at+len(urlPhrases[k]))
	if k < len(callbackHosts) {
		if at == 0 || s[at-1] == '.' || s[at-1] == '/' || s[at-1] == '@' || s[at-1] == '\\' {
			out.add(SSRFCallback, v.below(High), max(0, at-30), end)
		}
		return
	}
	level := High
	if near := s[max(0, at-200):at]; !strings.Contains(near, "://") && !strings.HasPrefix(s, "//") {
		level = Low
	}
	out.add(SSRFMetadata, v.below(level), at, end)
}

// detectURL judges where a URL in the value leads.
func detectURL(v *View, out *Findings) {
	s := v.S
	for from, n := 0, 0; n < 20; n++ {
		i := strings.Index(s[from:], "//")
		if i < 0 {
			break
		}
		i += from
		from = i + 2
		urlJudge(v, i, out)
	}
}

// urlJudge judges the URL whose // stands at i.
func urlJudge(v *View, i int, out *Findings) {
	s := v.S
	start := i
	if start > 0 && s[start-1] == ':' {
		start--
		for start > 0 && (isWord(s[start-1]) || s[start-1] == '+' || s[start-1] == '.' && false) && i-start < 20 {
			start--
		}
	} else if start > 0 {
		return
	}
	scheme := strings.TrimSuffix(s[start:i], ":")
	host := s[i+2:]
	if end := strings.IndexAny(host, "/?#\\ \t\r\n\"'<>"); end >= 0 {
		host = host[:end]
	}
	end := clip(s, start, i+2+len(host)+20)
	if attackSchemes.has(scheme) {
		out.add(SSRFScheme, v.below(High), start, end)
	}
	if v.Where == Header {
		return
	}
	authority := host
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	if strings.HasPrefix(host, "[") {
		if c := strings.IndexByte(host, ']'); c > 0 {
			host = host[:c]
		}
	} else {
		if c := strings.LastIndexByte(host, ':'); c >= 0 {
			host = host[:c]
		}
	}
	level := internal(host)
	if level > Low && start > 0 {
		level = Low // inside a longer text
	}
	if level != None {
		out.add(SSRFInternal, v.below(level), start, end)
	}
	remoteFile(v, start, i, authority, host, scheme, out)
}

var attackSchemes = words("gopher dict ldap ldaps tftp rmi netdoc jar sftp iiop nis corba nds")

// internal tells hosts that are the machine itself, in all the ways addresses
// can be written.
func internal(host string) Level {
	if host == "" {
		return None
	}
	for _, n := range internalNames {
		if equalFold(host, n) || len(host) > len(n) && host[len(host)-len(n)-1] == '.' && equalFold(host[len(host)-len(n):], n) {
			return Medium
		}
	}
	h := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if a, err := netip.ParseAddr(h); err == nil {
		a = a.Unmap()
		switch {
		case a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast():
			if a.Is6() || a.String() != "127.0.0.1" {
				return High
			}
			return Medium
		case a.IsPrivate():
			return Low
		}
		return None
	}
	return oddAddress(h)
}

// oddAddress tells addresses written as one number, in hex or octal, or short.
func oddAddress(h string) Level {
	parts, odd := 0, false
	for part := range strings.SplitSeq(h, ".") {
		parts++
		if part == "" || parts > 4 {
			return None
		}
		base := 10
		digits := part
		switch {
		case hasAnyFold(part, "0x"):
			base, digits = 16, part[2:]
		case len(part) > 1 && part[0] == '0':
			base = 8
		}
		for i := range len(digits) {
			if base == 16 && !isHex(digits[i]) || base != 16 && !isDigit(digits[i]) {
				return None
			}
		}
		odd = odd || base != 10 || len(digits) > 3
	}
	if parts == 1 && len(h) < 8 && !odd {
		if h == "0" {
			return High
		}
		return None
	}
	if odd || parts == 2 || parts == 3 {
		return High
	}
	return None
}

// remoteFile tells a URL given as a file to include: an address instead of a
// name, or a script with the question mark that cuts off what is appended.
func remoteFile(v *View, start, i int, authority, host, scheme string, out *Findings) {
	if start > 0 || !equalFold(scheme, "http") && !equalFold(scheme, "https") && !equalFold(scheme, "ftp") && !equalFold(scheme, "ftps") {
		return
	}
	s := v.S
	rest := s[min(len(s), i+2+len(authority)):]
	if strings.ContainsAny(rest, " \n") {
		return
	}
	path := rest
	if q := strings.IndexAny(path, "?#\x00"); q >= 0 {
		path = path[:q]
	}
	script := false
	for _, e := range [...]string{".php", ".txt", ".asp", ".aspx", ".jsp", ".sh", ".inc", ".exe", ".dtd", ".pl", ".py", ".cgi", ".phtml", ".php5", ".gif", ".jpg"} {
		script = script || len(path) > len(e) && equalFold(path[len(path)-len(e):], e)
	}
	cut := strings.HasSuffix(s, "?") || strings.HasSuffix(s, "#") || strings.HasSuffix(s, "\x00") || strings.HasSuffix(s, "??")
	_, err := netip.ParseAddr(host)
	switch {
	case cut && (script || err == nil):
		out.add(RFIURL, High, 0, len(s))
	case strings.HasSuffix(s, "?") && len(s) < 200 && len(rest) < 2:
		out.add(RFIURL, Low, 0, len(s))
	case script && err == nil, script && (containsFold(path, "shell") || containsFold(path, "c99") || containsFold(path, "r57") || containsFold(path, "cmd") || containsFold(path, "evil") || containsFold(host, "evil") || containsFold(host, "attacker")):
		out.add(RFIURL, Medium, 0, len(s))
	case containsFold(host, "evil.") || containsFold(host, "attacker."):
		out.add(RFIURL, Low, 0, len(s))
	}
}
