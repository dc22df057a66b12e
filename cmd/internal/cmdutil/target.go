package cmdutil

import (
	"io"
	"strings"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// Environment variables for operators. SQREEN_URL and SQREEN_TOKEN are the
// agents' and are not looked at, so that an app and its operator may share a shell.
const (
	EnvURL       = "SQREEN_PLATFORM_URL"
	EnvData      = "SQREEN_DATA"
	EnvToken     = "SQREEN_OPERATOR_TOKEN"      //nolint:gosec // the name of a variable
	EnvTokenFile = "SQREEN_OPERATOR_TOKEN_FILE" //nolint:gosec // the name of a variable
)

// Target decides which platform to reach and with which token: flags first, then
// the environment, then the configuration files. The strongest place that names
// a platform, by URL or by data directory, decides alone.
func (f *Factory) Target() (server.ConnectOptions, error) {
	cfg, err := f.Config()
	if err != nil {
		return server.ConnectOptions{}, err
	}
	o := server.ConnectOptions{Version: f.Build.Version, Now: f.Now}
	from, err := f.choosePlatform(&o, cfg)
	if err != nil {
		return o, err
	}
	return o, f.chooseToken(&o, cfg, from)
}

// choosePlatform fills in URL or Data and returns the file that named it, if any.
func (f *Factory) choosePlatform(o *server.ConnectOptions, cfg Config) (*File, error) {
	if f.Global.URL != "" && f.Global.Data != "" {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "--url and --data exclude each other").
			WithHint("--url reaches a platform over the network, --data the one of a directory")
	}
	envURL, envData := f.Getenv(EnvURL), f.Getenv(EnvData)
	switch {
	case f.Global.URL != "" || f.Global.Data != "":
		o.URL, o.Data = f.Global.URL, f.Global.Data
		return nil, nil
	case envURL != "" && envData != "":
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "%s and %s exclude each other", EnvURL, EnvData)
	case envURL != "" || envData != "":
		o.URL, o.Data = envURL, envData
		return nil, nil
	}
	for i := range cfg {
		if cfg[i].URL != "" || cfg[i].Data != "" {
			o.URL, o.Data = cfg[i].URL, cfg[i].Data
			return &cfg[i], nil
		}
	}
	return nil, nil
}

// chooseToken fills in Token or TokenFile. A token in a file belongs to the URL
// in the same file. A token in the environment is not sent to a platform that a
// project file names, because entering somebody's checkout must not give the
// token away.
func (f *Factory) chooseToken(o *server.ConnectOptions, cfg Config, from *File) error {
	if o.URL == "" {
		return nil
	}
	switch {
	case f.Global.TokenFile == "-":
		text, err := io.ReadAll(io.LimitReader(f.IO.In, 4096))
		o.Token = strings.TrimSpace(string(text))
		return err
	case f.Global.TokenFile != "":
		o.TokenFile = f.Global.TokenFile
		return nil
	}
	env, envFile := f.Getenv(EnvToken), f.Getenv(EnvTokenFile)
	if env != "" || envFile != "" {
		if from != nil && from.Project {
			return localplatform.Errorf(localplatform.CodeInvalid, "%s names the platform %s, and the operator token in the environment is not sent where a project file says", from.Path, o.URL).
				WithHint("if it is yours: export %s=%s", EnvURL, o.URL)
		}
		o.Token, o.TokenFile = env, envFile
		return nil
	}
	for _, file := range cfg {
		if file.URL == o.URL && file.TokenFile != "" {
			o.TokenFile = file.TokenFile
			return nil
		}
	}
	return nil
}
