package detect

import "slices"

// shellCommands are programs by what must follow them to be more than a word.
type shellNeed uint8

const (
	needNothing shellNeed = iota + 1 // no other meaning: whoami, ifconfig
	needEnd                          // alone, or with what looks like an argument: ls, id, ps
	needArg                          // only with what looks like an argument: cat, echo, sort
)

var shellCommands = func() map[string]shellNeed {
	m := map[string]shellNeed{}
	put := func(n shellNeed, list string) {
		for w := range words(list) {
			m[w] = n
		}
	}
	put(needNothing, "whoami ifconfig ipconfig netstat nslookup wget getent traceroute tracert systeminfo tasklist taskkill printenv hostnamectl lsb_release uname lsof vmstat iptables crontab chmod chown chgrp rundll32 regsvr32 certutil bitsadmin wmic powershell pwsh cscript wscript mshta msiexec schtasks psexec phpinfo passthru mkfifo socat ncat telnetd busybox netcat useradd usermod adduser lsmod lspci dmesg setfacl gcore arp-scan nmap tcpdump mknod nohup setsid xterm dpkg apt-get yum pacman ifdown ifup iwconfig qwinsta ntdsutil csvde ldifde vssadmin icacls")
	put(needEnd, "ls id ps pwd dir env curl bash zsh dash ksh csh tcsh lynx python python2 python3 perl ruby php lua nodejs node nc ping ping6 ssh scp sftp ftp tftp telnet rsh dig df du arp finger uptime sudo su awk gawk sed grep egrep fgrep tee xxd hexdump base64 openssl docker kubectl mount umount reboot halt poweroff ip ss route gcc make git svn vi vim nano emacs ed tar gzip gunzip zip unzip wc uniq md5sum sha1sum cmd command.com regedit attrib lsattr strace ltrace gdb rm mv cp ln mkdir rmdir touch readlink xargs apt cmd.exe powershell.exe sh ash rbash pkill killall groups whois fping setenv export unset irb expr ver vol net sc reg rev tac od fdisk")
	put(needArg, "cat echo printf sleep kill tail head more less sort find time test who last host man at nice exec eval type start call copy move del erase ren set cut tr date history source sub install read trap wait jobs kill rpm locate which where whereis file split join paste expand look timeout watch stat strings script screen dd diff patch nl fold pr fmt tsort mail sendmail cal bc dc yes true false strings cd alias replace for if while until case do rename")
	return m
}()

// shellFiles are arguments that only someone who looks around asks for.
var shellFiles = []string{
	"/etc/", "/bin/", "/proc/", "/var/log", "/tmp/", "/usr/bin", "/usr/local/bin", "/dev/tcp", "/dev/udp", "/dev/null", "c:\\", "c:/", "/root/", "~/.ssh", "/home/", "%systemroot%", "boot.ini", "win.ini", "/sbin/", "/opt/", "/dev/",
}

// shellCommandWords are the commands that are long enough for the shared pass;
// they open the look at the beginning of a value.
func shellCommandWords() []string {
	var out []string
	for w, need := range shellCommands {
		if len(w) >= 4 && need != needArg {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}
