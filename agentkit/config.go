package agentkit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

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

// settings are what environment and file can say. The yaml names are the
// variables' in lower case.
type settings struct {
	URL            string            `yaml:"url"`
	Token          string            `yaml:"token"`
	TokenFile      string            `yaml:"token_file"`
	App            string            `yaml:"app"`
	AppName        string            `yaml:"app_name"` // what earlier agents called it
	Env            string            `yaml:"env"`
	Disable        string            `yaml:"disable"`
	TrustedProxies list              `yaml:"trusted_proxies"`
	IPHeader       string            `yaml:"ip_header"`
	StripKeys      list              `yaml:"strip_sensitive_keys"`
	StripRegex     list              `yaml:"strip_sensitive_regex"`
	StripRegexp    list              `yaml:"strip_sensitive_regexp"`
	StripValue     list              `yaml:"strip_sensitive_value_regex"`
	StripValuep    list              `yaml:"strip_sensitive_value_regexp"`
	CAFile         string            `yaml:"ca_file"`
	ServerName     string            `yaml:"server_name"`
	Modes          map[string]string `yaml:"modes"`
}

// list is a YAML list, or a text with commas.
type list []string

// UnmarshalYAML reads either form.
func (l *list) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = split(n.Value)
		return nil
	}
	return n.Decode((*[]string)(l))
}

func split(s string) (out list) {
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

// fromEnv reads the variables. Both spellings of earlier agents are understood,
// because their manuals and their code differed.
func fromEnv(getenv func(string) string) settings {
	get := func(name string) string { return strings.TrimSpace(getenv("SQREEN_" + name)) }
	one := func(name string) list {
		if v := get(name); v != "" {
			return list{v} // an expression may hold commas
		}
		return nil
	}
	return settings{
		URL: get("URL"), Token: get("TOKEN"), TokenFile: get("TOKEN_FILE"), App: get("APP"), AppName: get("APP_NAME"), Env: get("ENV"),
		Disable: get("DISABLE"), TrustedProxies: split(get("TRUSTED_PROXIES")), IPHeader: get("IP_HEADER"),
		StripKeys: split(get("STRIP_SENSITIVE_KEYS")), StripRegex: one("STRIP_SENSITIVE_REGEX"), StripRegexp: one("STRIP_SENSITIVE_REGEXP"),
		StripValue: one("STRIP_SENSITIVE_VALUE_REGEX"), StripValuep: one("STRIP_SENSITIVE_VALUE_REGEXP"),
		CAFile: get("CA_FILE"), ServerName: get("SERVER_NAME"),
	}
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

func parseFile(name string, raw []byte) (s settings, err error) {
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err = d.Decode(&s); err == nil || errors.Is(err, io.EOF) {
		return s, nil
	}
	err = fmt.Errorf("configuration file %s: %w", name, err)
	var lenient settings
	if yaml.Unmarshal(raw, &lenient) == nil {
		return lenient, err
	}
	return settings{}, err
}

// complete fills what c leaves open from h. What is wrong is in the error; the
// rest counts.
func (c Config) complete(h host) (Config, error) {
	env := fromEnv(h.getenv)
	file, err := fromFile(h, cmp.Or(c.File, strings.TrimSpace(h.getenv("SQREEN_CONFIG_FILE"))))
	errs := []error{err}
	c.URL = cmp.Or(c.URL, env.URL, file.URL, DefaultURL)
	c.App = cmp.Or(c.App, env.App, env.AppName, file.App, file.AppName)
	c.Env = cmp.Or(c.Env, env.Env, file.Env)
	c.IPHeader = cmp.Or(c.IPHeader, env.IPHeader, file.IPHeader)
	c.CAFile = cmp.Or(c.CAFile, env.CAFile, file.CAFile)
	c.ServerName = cmp.Or(c.ServerName, env.ServerName, file.ServerName)
	c.Disable = c.Disable || truth(cmp.Or(env.Disable, file.Disable))
	c.TrustedProxies = firstList(c.TrustedProxies, env.TrustedProxies, file.TrustedProxies)
	c.StripSensitiveKeys = firstList(c.StripSensitiveKeys, env.StripKeys, file.StripKeys)
	c.StripSensitiveValues = firstList(c.StripSensitiveValues,
		env.StripRegex, env.StripRegexp, env.StripValue, env.StripValuep,
		file.StripRegex, file.StripRegexp, file.StripValue, file.StripValuep)
	modes := maps.Clone(file.Modes)
	if modes == nil {
		modes = make(map[string]string)
	}
	maps.Copy(modes, c.Modes)
	c.Modes = modes
	for _, s := range []settings{env, file} {
		if c.Token != "" {
			break
		}
		c.Token = s.Token
		if c.Token == "" && s.TokenFile != "" {
			raw, err := h.read(s.TokenFile)
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

func firstList[L ~[]string](lists ...L) []string {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}
