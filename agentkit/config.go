package agentkit

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/internal/flatyaml"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// DefaultURL is where a platform on the same machine listens.
const DefaultURL = "http://127.0.0.1:7777"

// Config configures an Agent. Its zero value works: what is not set here comes
// from the environment, then from a file called sqreen.yaml in the working
// directory or beside the program, then from defaults. Each field names its
// variable; the key in the file is the variable in lower case without "SQREEN_".
type Config struct {
	// URL is where the platform is: "https://sqreen.example.com", or
	// "unix:///run/sqreen.sock". SQREEN_URL; DefaultURL.
	URL string

	// Token is the secret of this app and environment, from "sqreen tokens
	// create". Without one the agent is off. SQREEN_TOKEN, or SQREEN_TOKEN_FILE
	// for a file that holds it.
	Token string

	// App and Env name the app and its environment. The token decides; a name
	// that is set here must agree with it, which protects against a token in the
	// wrong place. SQREEN_APP, SQREEN_ENV.
	App, Env string

	// Disable switches the agent off. SQREEN_DISABLE, to anything but "", "0",
	// "false" and "no".
	Disable bool

	// TrustedProxies are the proxies in front of the app: addresses, CIDRs,
	// "loopback", "private", or "unix" for a proxy on a Unix socket. What they say
	// about the client's address is believed, and nobody else. SQREEN_TRUSTED_PROXIES,
	// separated by commas; none.
	TrustedProxies []string

	// IPHeader is the header that these proxies write. Set it when it is not
	// X-Forwarded-For: "Forwarded", "X-Real-IP", "CF-Connecting-IP".
	// SQREEN_IP_HEADER.
	IPHeader string

	// StripSensitiveKeys are names of parameters, headers and cookies whose values
	// never leave the process, besides password, token and the like.
	// SQREEN_STRIP_SENSITIVE_KEYS, separated by commas.
	StripSensitiveKeys []string

	// StripSensitiveValues are regular expressions for what never leaves the
	// process, besides card numbers. SQREEN_STRIP_SENSITIVE_REGEX is one of them.
	StripSensitiveValues []string

	// CAFile holds the certificates of a platform that the system does not trust,
	// and ServerName the name in its certificate when it is not the URL's.
	// SQREEN_CA_FILE, SQREEN_SERVER_NAME.
	CAFile, ServerName string

	// Modes are what protections do as long as the platform says nothing about
	// them, by the names of wire.Protection*: "off", "monitor" or "block". The key
	// in the file is "modes".
	Modes map[string]string

	// File is the file to read in place of sqreen.yaml. SQREEN_CONFIG_FILE.
	File string

	// Logger takes what an operator may want to know. Nil means silence.
	Logger *slog.Logger

	// Sink takes every signal, scrubbed, in place of a platform; the agent then
	// needs no token and talks to nobody. It must not block. Package agenttest
	// uses it.
	Sink func(*wire.Signal)

	// Transport carries the agent's requests in place of connections of its own.
	Transport http.RoundTripper

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// settings are what environment and file can say, by the variables' names in
// lower case without "sqreen_".
type settings struct {
	texts map[string]string
	lists map[string][]string
	modes map[string]string
}

// The names of settings. Those with several spellings were called differently
// by the manuals and the code of earlier agents.
var (
	textNames  = []string{"url", "token", "token_file", "app", "app_name", "env", "disable", "ip_header", "ca_file", "server_name"}
	listNames  = []string{"trusted_proxies", "strip_sensitive_keys"}
	regexNames = []string{
		"strip_sensitive_regex", "strip_sensitive_regexp", "strip_sensitive_value_regex", "strip_sensitive_value_regexp",
	}
)

// split reads a list out of a text with commas.
func split(s string) (out []string) {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// host is what a configuration is read from: the process, except in tests.
type host struct {
	getenv func(string) string
	read   func(name string) ([]byte, error)
	dirs   []string // where sqreen.yaml may be
}

// environment is the process's own.
func environment() host {
	dirs := []string{"."}
	if exe, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(exe))
	}
	return host{os.Getenv, os.ReadFile, dirs}
}

// fromEnv reads the variables.
func fromEnv(getenv func(string) string) settings {
	s := settings{texts: make(map[string]string), lists: make(map[string][]string)}
	get := func(name string) string { return strings.TrimSpace(getenv("SQREEN_" + strings.ToUpper(name))) }
	for _, name := range textNames {
		s.texts[name] = get(name)
	}
	for _, name := range listNames {
		s.lists[name] = split(get(name))
	}
	for _, name := range regexNames {
		if v := get(name); v != "" {
			s.lists[name] = []string{v} // an expression may hold commas
		}
	}
	return s
}

// fromFile reads the configuration file, if there is one. A key that is not
// known is reported, and the others count.
func fromFile(h host, name string) (s settings, err error) {
	names := []string{name}
	if name == "" {
		names = nil
		for _, dir := range h.dirs {
			names = append(names, filepath.Join(dir, "sqreen.yaml"), filepath.Join(dir, "sqreen.yml"))
		}
	}
	for _, n := range names {
		raw, err := h.read(n)
		if errors.Is(err, os.ErrNotExist) && name == "" {
			continue
		}
		if err != nil {
			return s, fmt.Errorf("configuration file: %w", err)
		}
		return parseFile(n, raw)
	}
	return s, nil
}

func parseFile(name string, raw []byte) (settings, error) {
	values, err := flatyaml.Parse(string(raw))
	if err != nil {
		return settings{}, fmt.Errorf("configuration file %s: %w", name, err)
	}
	s := settings{texts: make(map[string]string), lists: make(map[string][]string)}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := s.set(key, values[key]); err != nil {
			errs = append(errs, fmt.Errorf("configuration file %s, line %d: %w", name, values[key].Line, err))
		}
	}
	return s, errors.Join(errs...)
}

// set takes one setting of a file.
func (s *settings) set(name string, v flatyaml.Value) error {
	switch {
	case name == "modes":
		if v.Map == nil && (v.Text != "" || v.List != nil) {
			return errors.New("modes: want protections and what they do, such as {rasp.sqli: monitor}")
		}
		s.modes = v.Map
	case v.Map != nil:
		return fmt.Errorf("%s: want a text or a list", name)
	case slices.Contains(textNames, name):
		if v.List != nil {
			return fmt.Errorf("%s: want one text, not a list", name)
		}
		s.texts[name] = v.Text
	case slices.Contains(listNames, name):
		s.lists[name] = append(split(v.Text), v.List...)
	case slices.Contains(regexNames, name):
		if s.lists[name] = v.List; v.Text != "" {
			s.lists[name] = []string{v.Text}
		}
	default:
		return fmt.Errorf("%q is not a setting; settings are %s, modes", name, strings.Join(slices.Concat(textNames, listNames, regexNames[:1]), ", "))
	}
	return nil
}

// complete fills what c leaves open from h. What is wrong is in the error; the
// rest counts.
func (c Config) complete(h host) (Config, error) {
	env := fromEnv(h.getenv)
	file, err := fromFile(h, cmp.Or(c.File, strings.TrimSpace(h.getenv("SQREEN_CONFIG_FILE"))))
	errs := []error{err}
	text := func(own string, names ...string) string {
		for _, s := range []settings{env, file} {
			for _, n := range names {
				own = cmp.Or(own, s.texts[n])
			}
		}
		return own
	}
	list := func(own []string, names ...string) []string {
		for _, s := range []settings{env, file} {
			for _, n := range names {
				if len(own) == 0 {
					own = s.lists[n]
				}
			}
		}
		return own
	}
	c.URL = cmp.Or(text(c.URL, "url"), DefaultURL)
	c.App, c.Env = text(c.App, "app", "app_name"), text(c.Env, "env")
	c.IPHeader = text(c.IPHeader, "ip_header")
	c.CAFile, c.ServerName = text(c.CAFile, "ca_file"), text(c.ServerName, "server_name")
	c.Disable = c.Disable || truth(text("", "disable"))
	c.TrustedProxies = list(c.TrustedProxies, "trusted_proxies")
	c.StripSensitiveKeys = list(c.StripSensitiveKeys, "strip_sensitive_keys")
	c.StripSensitiveValues = list(c.StripSensitiveValues, regexNames...)
	modes := make(map[string]string)
	maps.Copy(modes, file.modes)
	maps.Copy(modes, c.Modes)
	c.Modes = modes
	for _, s := range []settings{env, file} {
		if c.Token = cmp.Or(c.Token, s.texts["token"]); c.Token == "" && s.texts["token_file"] != "" {
			raw, err := h.read(s.texts["token_file"])
			if err != nil {
				errs = append(errs, fmt.Errorf("token: %w", err))
			}
			c.Token = strings.TrimSpace(string(raw))
		}
	}
	return c, errors.Join(append(errs, c.check())...)
}

// check names what cannot be right.
func (c *Config) check() error {
	var errs []error
	for what, s := range map[string]*string{"app": &c.App, "env": &c.Env, "token": &c.Token} {
		if strings.ContainsFunc(*s, func(r rune) bool { return r <= ' ' || r == 0x7f }) || len(*s) > wire.MaxNameBytes {
			errs = append(errs, fmt.Errorf("%s: want at most %d characters without spaces", what, wire.MaxNameBytes))
			*s = ""
		}
	}
	return errors.Join(errs...)
}

// offReason says why the agent does not start, or "".
func (c *Config) offReason() string {
	switch {
	case c.Disable:
		return "it is disabled by configuration"
	case c.Token == "" && c.Sink == nil:
		return "there is no token; create one with sqreen tokens create and set SQREEN_TOKEN"
	}
	return ""
}

func truth(s string) bool {
	switch strings.ToLower(s) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}
