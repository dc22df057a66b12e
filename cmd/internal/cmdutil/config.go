package cmdutil

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"go.yaml.in/yaml/v3"

	"github.com/sqreen/sqreen/localplatform"
)

// ProjectFile is looked for in the working directory and above.
const ProjectFile = ".sqreen.yaml"

// File is one configuration file. Paths in it are relative to it.
type File struct {
	Path    string `yaml:"-"`
	Project bool   `yaml:"-"` // found near the working directory, so perhaps somebody else's

	URL       string `yaml:"url"`        // platform to use
	Data      string `yaml:"data"`       // data directory to use
	TokenFile string `yaml:"token_file"` // file with the operator token for URL
	NoInput   *bool  `yaml:"no_input"`   // never ask
	Color     string `yaml:"color"`      // auto, always or never
	Serve     Serve  `yaml:"serve"`
	Check     Check  `yaml:"check"`
}

// Serve are defaults for `sqreen serve`.
type Serve struct {
	Listen    string `yaml:"listen"`
	TLSCert   string `yaml:"tls_cert"`
	TLSKey    string `yaml:"tls_key"`
	Retention string `yaml:"retention"`
	MaxSize   string `yaml:"max_size"`
}

// Check are defaults for `sqreen incidents check`.
type Check struct {
	FailOn   string `yaml:"fail_on"`
	Query    string `yaml:"query"`
	Baseline string `yaml:"baseline"`
}

// Config is all configuration files, the strongest first: project, user, system.
type Config []File

// ReadConfig reads the configuration files that exist. A file that cannot be
// read, or says something unknown, is an error: guessing would be worse.
func ReadConfig(dir string, getenv func(string) string) (Config, error) {
	var out Config
	for _, c := range configPaths(dir, getenv) {
		f, err := readFile(c.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f.Project = c.Project
		out = append(out, f)
	}
	return out, nil
}

func configPaths(dir string, getenv func(string) string) []File {
	var out []File
	if p := findUp(dir, ProjectFile); p != "" {
		out = append(out, File{Path: p, Project: true})
	}
	if base := userConfigDir(getenv); base != "" {
		out = append(out, File{Path: filepath.Join(base, "sqreen", "config.yaml")})
	}
	switch system := getenv("SQREEN_SYSTEM_CONFIG"); {
	case system != "":
		out = append(out, File{Path: system})
	case runtime.GOOS == "windows":
		if base := getenv("ProgramData"); base != "" {
			out = append(out, File{Path: filepath.Join(base, "sqreen", "config.yaml")})
		}
	default:
		out = append(out, File{Path: "/etc/sqreen/config.yaml"})
	}
	return out
}

// userConfigDir is $XDG_CONFIG_HOME, else the system's habit.
func userConfigDir(getenv func(string) string) string {
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if runtime.GOOS == "windows" {
		return getenv("AppData")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".config")
	}
	return ""
}

// findUp returns the path of name in dir or the nearest directory above, "" for none.
func findUp(dir, name string) string {
	for dir != "" {
		p := filepath.Join(dir, name)
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			return p
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
	return ""
}

func readFile(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	f := File{Path: path}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return File{}, localplatform.Errorf(localplatform.CodeInvalid, "%s: %w", path, err)
	}
	base := filepath.Dir(path)
	for _, p := range []*string{&f.Data, &f.TokenFile, &f.Serve.TLSCert, &f.Serve.TLSKey, &f.Check.Baseline} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(base, *p)
		}
	}
	return f, nil
}

// First returns the first value that a file sets, or "".
func (c Config) First(get func(File) string) string {
	for _, f := range c {
		if v := get(f); v != "" {
			return v
		}
	}
	return ""
}

// NoInput reports whether the strongest file that says so forbids questions.
func (c Config) NoInput() bool {
	for _, f := range c {
		if f.NoInput != nil {
			return *f.NoInput
		}
	}
	return false
}
