package rasp

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Args says whether one of the inputs became an option of the program name, and
// returns nil when none did. It knows programs whose options run other programs,
// or read and write files. Args are those after the program's name; what stands
// behind "--" is no option. Options of two characters are left alone: the app's
// own look the same.
//
// Args does not allocate when it finds nothing.
func Args(in *Inputs, name string, args []string) *wire.Attack {
	if in == nil || in.size.Load() == 0 || !optionsMatter(name) {
		return nil
	}
	for i, arg := range args {
		if arg == "--" {
			return nil
		}
		if len(arg) < 3 || arg[0] != '-' {
			continue
		}
		if a := option(in.index(), name, args, i); a != nil {
			return a
		}
	}
	return nil
}

// option compares argument i with the inputs.
func option(x *index, name string, args []string, i int) *wire.Attack {
	for k := range x.needles {
		n := &x.needles[k]
		if n.text != args[i] || n.part {
			continue
		}
		in := x.inputs[n.input]
		command := name + " " + strings.Join(args[:i], " ")
		if i > 0 {
			command += " "
		}
		statement, start, end := window(command+strings.Join(args[i:], " "), len(command), len(command)+len(args[i]))
		return &wire.Attack{
			Kind: wire.AttackShell, Protection: "rasp", Rule: ruleShellOption, Reached: true, Severity: "medium", Confidence: "medium",
			Param: in.address, Payload: cut(in.value, wire.MaxStringBytes), Match: cut(args[i], wire.MaxStringBytes),
			Message: shellMessage(ruleShellOption, in.address, args[i]),
			Sink:    &wire.Sink{Type: "shell", Statement: statement, Start: start, End: end, Target: cut(name, 80)},
		}
	}
	return nil
}

// optionsMatter reports whether an option of the program can run something, or
// read or write a file of the caller's choice.
func optionsMatter(name string) bool {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if n := len(name) - len(".exe"); n > 0 && strings.EqualFold(name[n:], ".exe") {
		name = name[:n]
	}
	switch name {
	case "curl", "wget", "git", "hg", "svn", "ssh", "scp", "sftp", "rsync", "ftp", "nc", "ncat", "socat", "openssl", "nmap", "tcpdump", "dig":
		return true
	case "tar", "bsdtar", "zip", "unzip", "7z", "cpio", "ar", "find", "fd", "rg", "sort", "sed", "awk", "gawk", "xargs", "split", "tee", "diff", "file", "less", "man", "vim", "vi":
		return true
	case "ffmpeg", "ffprobe", "convert", "magick", "mogrify", "identify", "gs", "exiftool", "pandoc", "pdflatex", "wkhtmltopdf", "chromium", "google-chrome", "soffice", "inkscape":
		return true
	case "psql", "pg_dump", "mysql", "mysqldump", "sqlite3", "mongodump", "redis-cli", "sendmail", "mail", "mutt", "gpg", "crontab":
		return true
	case "python", "python3", "perl", "ruby", "node", "php", "lua", "java", "go", "make", "npm", "pip", "composer", "env", "sudo", "su", "nice", "timeout", "docker", "kubectl", "systemctl", "journalctl":
		return true
	}
	return false
}
