package actors

import (
	"fmt"
	"net/url"
	"strings"
)

// hasPath reports whether path is on the list. A path with ".." in it is not
// taken for what it begins with: "/static/../admin" is not static.
func (p *passlist) hasPath(path string) bool {
	if p.paths[path] {
		return true
	}
	for _, prefix := range p.prefixes {
		if strings.HasPrefix(path, prefix) {
			return !climbs(path)
		}
	}
	return false
}

func climbs(path string) bool {
	return strings.Contains(path, "..") && strings.Contains(strings.ReplaceAll(path, `\`, "/")+"/", "/../")
}

// addPath adds "/health" exactly, or "/static/*" with all below it.
func (p *passlist) addPath(s string) error {
	if !strings.HasPrefix(s, "/") {
		return fmt.Errorf("%q does not begin with a slash", s)
	}
	prefix, found := strings.CutSuffix(s, "*")
	if strings.Contains(prefix, "*") {
		return fmt.Errorf("%q has a star that is not its end; write /static/* for all below /static/", s)
	}
	if found {
		p.prefixes = append(p.prefixes, prefix)
	} else {
		p.paths[s] = true
	}
	return nil
}

// addTarget adds the path of a redirect within the app. Another site's is not
// ours, and the front page is too much to leave unprotected.
func (p *passlist) addTarget(target string) {
	u, err := url.Parse(target)
	if err != nil || u.Host != "" || u.Scheme != "" || len(u.Path) < 2 || u.Path[0] != '/' {
		return
	}
	p.paths[u.Path] = true
}
