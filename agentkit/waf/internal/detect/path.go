package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

var pathWords = []string{
	"/etc/", "\\etc\\", "/proc/", "passwd", "shadow", "win.ini", "boot.ini", "system32", "windows", "web-inf", ".htaccess", ".htpasswd", "id_rsa", ".ssh", "file:", "php:", "phar:", "zip:", "expect:", "glob:", "data:", "jar:", "netdoc:", "compress.", "/var/log", "access.log", "error.log", ".bash_history", ".git/", ".env", "wp-config", "ntuser", "web.config", ".aws/", "/var/www", "ogg:", "rar:", "ssh2", "php://", ".svn", "/root/",
	"local file", "/usr/local", "autoexec", "config.sys", "winnt", "/boot/", "/dev/",
}

func pathGate(v *View, word bool) bool {
	if word || v.has(scan.Backslash) {
		return true
	}
	return v.has(scan.Dot) && (v.has(scan.Slash|scan.High) && v.has(scan.Semicolon|scan.Control|scan.Newline|scan.Question|scan.High) || strings.Contains(v.S, ".."))
}

const pathIndex = 4

// detectPath normalises the value as a path and asks where it leads.
func detectPath(v *View, out *Findings) {
	r := pathReader{v: v, s: v.S, out: out}
	r.traversal()
	if v.Words&(1<<pathIndex) != 0 {
		r.files()
	}
	if strings.HasPrefix(v.S, `\\`) && len(v.S) > 4 && strings.IndexByte(v.S[2:], '\\') > 0 && !strings.ContainsAny(v.S, " \n") {
		r.out.add(PathFile, Medium, 0, clip(v.S, 0, len(v.S)))
	}
}

type pathReader struct {
	v   *View
	s   string
	out *Findings
}

// traversal counts steps upwards: ../ ..\ ....// ..;/ .%00./ and the like.
func (r *pathReader) traversal() {
	s := r.s
	steps, run, first, last := 0, 0, -1, 0
	for i := 0; i+1 < len(s); {
		if s[i] != '.' {
			dot := strings.IndexByte(s[i:], '.')
			if dot < 0 {
				break
			}
			i += dot
		}
		n := upward(s[i:])
		if n == 0 || i > 0 && s[i-1] == '.' {
			i++
			continue
		}
		if i > 0 && isWord(s[i-1]) || i+n == len(s) && (i == 0 || s[i-1] != '/' && s[i-1] != '\\') && s[len(s)-1] == '.' {
			i += n // "wait...", "1..5", "..."
			continue
		}
		if first < 0 {
			first = i
		}
		if i-last > 2 {
			run = 0
		}
		run++
		steps = max(steps, run)
		i += n
		last = i
	}
	if first < 0 {
		return
	}
	r.judge(steps, first, last)
}

// upward returns the length of a step upwards at the beginning of s: at least
// two dots, perhaps with something servers ignore, and a separator or the end.
func upward(s string) int {
	if s[0] != '.' {
		return 0
	}
	i, dots := 0, 0
	for i < len(s) && i < 12 {
		switch c := s[i]; {
		case c == '.':
			dots++
		case c == 0 || c == ';' || c == '\r' || c == '\n' || c == '?' && dots == 1:
		case c == '/' || c == '\\' || c == 0xAF || c == 0x9C || c == 0xC0 || c == 0xC1:
			if dots < 2 {
				if dots == 1 && i+1 < len(s) && s[i+1] == '.' && strings.HasPrefix(s[i+1:], "./") {
					return 0
				}
				return 0
			}
			for i < len(s) && (s[i] == '/' || s[i] == '\\' || s[i] >= 0x80) {
				i++
			}
			return i
		default:
			return 0
		}
		i++
	}
	if dots >= 2 && i >= len(s) && i <= 3 {
		return i
	}
	return 0
}

func (r *pathReader) judge(steps, first, last int) {
	s := r.s
	spaced := strings.IndexByte(s, ' ') >= 0 || strings.IndexByte(s, '\n') >= 0
	loot := lootFile(s) >= 0
	level := None
	switch {
	case loot && !r.v.Prose():
		level = High
	case loot:
		level = Medium
	case steps >= 3 && !r.v.Prose() && strings.IndexByte(s, '\n') < 0:
		level = High
	case steps >= 2 && !spaced:
		level = Medium
		if r.v.Decoded {
			level = High
		}
	case !spaced && steps == 1 && (first > 0 && (s[first-1] == '/' || s[first-1] == '\\') || r.v.Decoded || first == 0):
		level = Medium
	case !spaced && steps == 1 && first == 0 && len(s) > 2:
		level = Medium
	case steps >= 2:
		level = Low
	}
	r.out.add(PathTraversal, level, first, clip(s, first, last+40))
}

// lootFiles are files that attackers read, in lower case with slashes; those
// with a leading slash are absolute.
var lootFiles = []string{
	"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hosts", "/etc/issue", "/etc/motd", "/etc/mysql", "/etc/httpd", "/etc/apache", "/etc/nginx", "/etc/ssh", "/etc/crontab", "/etc/fstab", "/etc/sudoers", "/etc/profile", "/etc/php", "/etc/my.cnf", "/etc/resolv.conf", "/etc/hostname", "/etc/security", "/etc/master.passwd", "/etc/environment", "/etc/redhat-release", "/etc/os-release", "/etc/exports", "/etc/samba", "/etc/vsftpd", "/etc/proftpd", "/etc/syslog", "/etc/init.d", "/etc/rc.", "/etc/cron", "/etc/ld.so", "/etc/network", "/etc/lsb-release", "/etc/debian_version", "/etc/kubernetes", "/etc/inetd", "/etc/bash", "/etc/pam", "/etc/snmp", "/etc/squid", "/etc/tomcat", "/etc/wu-ftpd", "/etc/pure-ftpd", "/etc/protocols", "/etc/services",
	"/proc/self", "/proc/version", "/proc/cpuinfo", "/proc/1/", "/proc/net", "/proc/cmdline", "/proc/mounts", "/proc/sched_debug", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/config",
	"/var/log/", "/var/www/", "/var/lib/mysql", "/var/run/secrets", "/var/mail", "/var/spool", "/var/adm", "/root/.", "/.ssh/", "/.bash_history", "/.aws/credentials", "/.bashrc", "/.htpasswd", "/.htaccess", "/.mysql_history", "/.netrc", "/.pgpass", "/.git/config", "/.git/head", "/.svn/entries", "/.env",
	"/boot.ini", "/win.ini", "/windows/", "/winnt/", "/system32/", "/sysprep", "/autoexec.bat", "/config.sys", "/ntuser.dat", "/inetpub/", "/program files", "/xampp/", "/wamp/", "/web.config", "/web-inf/", "/meta-inf/", "/wp-config.php", "/id_rsa", "/authorized_keys", "/config.php", "/access.log", "/access_log", "/error.log", "/error_log", "/httpd.conf", "/php.ini", "/my.cnf", "/passwd", "/shadow", "/global.asa", "/usr/local/apache", "/usr/local/etc", "/usr/local/nginx", "/application.properties", "/application.yml", "/docker-compose", "/localsettings.php", "/settings.py", "/database.yml", "/usr/lib/", "/usr/share/", "/usr/pkg", "/bin/", "/dev/",
}

// lootFile returns where such a file is named, or -1. Separators of both kinds,
// repeated, and "." steps between them count as one.
func lootFile(s string) int {
	for i := range len(s) {
		if s[i] != '/' && s[i] != '\\' && s[i] < 0x80 {
			continue
		}
		if i > 0 && (s[i-1] == '/' || s[i-1] == '\\') {
			continue
		}
		for _, k := range lootByLetter[lootLetter(s[i:])] {
			if matchPath(s[i:], lootFiles[k]) > 0 {
				return i
			}
		}
	}
	return -1
}

// lootByLetter lists the loot files by the letter behind their slash.
var lootByLetter = func() (t [256][]uint16) {
	for k, f := range lootFiles {
		t[f[1]] = append(t[f[1]], uint16(k))
	}
	return t
}()

// lootLetter returns the first letter behind separators and steps that lead
// nowhere, or 0.
func lootLetter(s string) byte {
	i := 0
	for i < len(s) && i < 200 && (s[i] == '/' || s[i] == '\\' || s[i] >= 0x80 || s[i] == '.' && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '\\')) {
		i++
	}
	if i >= len(s) {
		return 0
	}
	return lower(s[i])
}

// matchPath compares a path with a pattern and returns how long the match is.
func matchPath(s, pattern string) int {
	i := 0
	for k := 0; k < len(pattern); k++ {
		if i >= len(s) {
			return 0
		}
		if pattern[k] != '/' {
			for i < len(s) && (s[i] == '"' || s[i] == '\'' || s[i] == '^' || s[i] == 0) && k > 1 {
				i++
			}
			if i >= len(s) || lower(s[i]) != pattern[k] && s[i] != '?' && s[i] != '*' {
				return 0
			}
			if (s[i] == '?' || s[i] == '*') && k < 3 {
				return 0
			}
			i++
			continue
		}
		if s[i] != '/' && s[i] != '\\' && s[i] < 0x80 {
			return 0
		}
		for i < len(s) && (s[i] == '/' || s[i] == '\\' || s[i] >= 0x80 || s[i] == '.' && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '\\')) {
			i++
		}
	}
	return i
}

// absolute are loot files that count without any step upwards.
func absoluteLoot(s string) bool {
	return hasAnyFold(s, "/etc/", "/proc/", "/var/log/", "/windows/", "/winnt/", "/root/", "/boot.ini", "c:", "d:", "\\windows", "\\winnt", "\\boot.ini", "/web-inf", "web-inf", "/.ssh", ".ssh/", ".htaccess", ".htpasswd", "~/.", "/var/www", "/var/lib", "/.git/", ".git/", "/usr/local/a", "/home/", "/.aws", "/.bash", "/.env", "/id_rsa", "/var/run/secrets", "/var/mail", "/var/adm", "/inetpub", "/xampp", "/etc\\", "\\etc", "/wp-config", "/.svn", "/sys/", "boot.ini", "/boot/", "/usr/pkg", "/usr/local/etc", "/var/spool", "%")
}

// files judges values that name such a file outright.
func (r *pathReader) files() {
	s := strings.Trim(r.s, " \t\r\n\"'|;\x00")
	at := lootFile(r.s)
	if at < 0 {
		if hasAnyFold(s, "boot.ini", "win.ini", "web-inf/", ".htaccess", ".htpasswd", "wp-config.php", ".ssh/id_", ".git/config", ".aws/cred", ".bash_history") && len(s) < 60 && strings.IndexByte(s, ' ') < 0 {
			r.out.add(PathFile, Medium, 0, len(r.s))
		}
		return
	}
	var level Level
	spaced := strings.ContainsAny(s, " \n\t") && !hasAnyFold(s[min(len(s), 1):], ":/program files", ":\\program files")
	switch {
	case !spaced && (at == 0 || absoluteLoot(s)) && r.v.Where != Header:
		level = High
		if hasAnyFold(s, "/.", "c:", "d:", "/home/", "/var/www", "/usr/") {
			level = Medium
		}
	case !spaced && hasAnyFold(s, "file:"):
		level = High
	case !spaced && !strings.Contains(s, "://"):
		level = Medium
		if !containsFold(s, "/etc/passwd") && !containsFold(s, "/etc/shadow") && !containsFold(s, "boot.ini") && !containsFold(s, "win.ini") && !containsFold(s, "/proc/self") {
			level = Low
		}
	case spaced && !r.v.Prose() && len(s) < 200 && (containsFold(s, "/etc/passwd") || containsFold(s, "/etc/shadow")):
		level = Medium
	default:
		level = Low
	}
	r.out.add(PathFile, level, at, clip(r.s, at, at+40))
}

// pathPhrases are URI schemes by which a runtime reads something else than a
// file of the application's.
var pathPhrases = []string{"php://", "phar://", "zip://", "expect://", "glob://", "compress.zlib://", "compress.bzip2://", "ogg://", "rar://", "ssh2.", "jar:", "netdoc:", "zlib:", "file:", "data://", "local_file"}

func pathPhraseAt(v *View, k, at int, out *Findings) {
	s, w := v.S, pathPhrases[k]
	if wordBefore(s, at) {
		return
	}
	level := High
	switch w {
	case "file:":
		rest := s[at+len(w):]
		if !hasAnyFold(rest, "/", "\\", "c:", "localhost/", "127.0.0.1/") || at > 0 && v.Prose() {
			return
		}
		level = Medium
		if lootFile(s[at:min(len(s), at+300)]) >= 0 {
			level = High
		}
	case "jar:", "netdoc:", "zlib:":
		if at > 0 || len(s) <= len(w)+2 || isSpace(s[len(w)]) {
			return
		}
		level = Medium
	case "ssh2.":
		if !strings.Contains(s[at:min(len(s), at+20)], "://") {
			return
		}
	}
	out.add(PathWrapper, v.below(level), at, clip(s, at, at+60))
}
