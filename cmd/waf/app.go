package waf

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/actors"
	"github.com/sqreen/sqreen/agentkit/waf"
	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/localplatform"
)

// protection is what stands between a request and an app.
type protection struct {
	rules *waf.Ruleset
	mode  string        // of the firewall
	app   string        // whose it is, "" for any app
	paths *actors.Table // with the passlist; nil without an app
}

// protection returns what the agent of any app has, or what the app of --app has.
func (o *TestOptions) protection(ctx context.Context) (*protection, error) {
	if o.App == "" {
		return &protection{rules: waf.Default(), mode: wire.ModeBlock}, nil
	}
	name, env, err := cmdutil.SplitApp(o.App, "")
	if err != nil {
		return nil, err
	}
	app, err := cmdutil.Load(ctx, o.Factory, "reading the app", func(p localplatform.Platform) (localplatform.AppDetail, error) {
		return p.App(ctx, name, env)
	})
	if err != nil {
		return nil, err
	}
	return protectionOf(&app)
}

func protectionOf(a *localplatform.AppDetail) (*protection, error) {
	builtin, err := waf.Builtin()
	if err != nil {
		return nil, err
	}
	rules, err := waf.Compile(builtin, stackOf(a))
	if err != nil {
		return nil, err
	}
	p := &protection{rules: rules, mode: a.WAF, app: a.Name + "/" + a.Env, paths: actors.New()}
	if !a.Enabled {
		p.mode = wire.ModeOff
	}
	for _, err := range p.paths.Apply(wire.Instructions{Version: a.Version, Full: true, Policy: a.Policy.Wire(), PathPasslist: a.Policy.PathPasslist}) {
		return nil, fmt.Errorf("the policy of %s: %w", p.app, err)
	}
	return p, nil
}

// stackOf says in the words of rules what an app is made of. Of an app that has
// never said what it is made of nothing is known, and every rule is kept.
func stackOf(a *localplatform.AppDetail) waf.Stack {
	if a.Technology == "" {
		return waf.Stack{}
	}
	has := []string{strings.ToLower(a.Technology)}
	has = append(has, a.Uses...)
	for _, d := range a.Drivers {
		has = append(has, driverWords(d.Name)...)
	}
	for _, i := range a.Instances {
		os, _, _ := strings.Cut(i.Stack.OS, "/")
		has = append(has, os)
	}
	slices.Sort(has)
	return waf.Stack{Has: slices.DeleteFunc(slices.Compact(has), func(s string) bool { return s == "" })}
}

// driverWords are the words for a database driver; what is not known to be
// something else speaks SQL.
func driverWords(name string) []string {
	for _, word := range []string{"mongo", "ldap", "redis", "memcache", "elastic"} {
		if strings.Contains(strings.ToLower(name), word) {
			if word == "mongo" {
				word = "mongodb"
			}
			return []string{word}
		}
	}
	return []string{"sql"}
}
