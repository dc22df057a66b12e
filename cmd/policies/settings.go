package policies

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// setting is one thing beside the modes that a policy can say.
type setting struct {
	name, doc string
	get       func(*policy) string // "" when the policy does not say it
	set       func(*policy, string) error
	unset     func(*policy)
}

// others are the settings that are not modes, in the order people read them.
func others() []setting {
	return []setting{
		boolean("kill_switch", "nothing blocks, everything else goes on", func(p *policy) **bool { return &p.KillSwitch }),
		boolean("disabled", "the agent does nothing but heartbeats", func(p *policy) **bool { return &p.Disabled }),
		integer("budget_us", "microseconds for checks in one request", func(p *policy) **int { return &p.BudgetMicro }),
		{
			name: "cpu_share", doc: "part of the CPU that checks may take, 0 to 1",
			get: func(p *policy) string {
				if p.CPUShare == nil {
					return ""
				}
				return strconv.FormatFloat(*p.CPUShare, 'g', -1, 64)
			},
			set: func(p *policy, v string) error {
				f, err := strconv.ParseFloat(v, 64)
				if err != nil {
					return bad("cpu_share", v, "a number from 0 to 1, for example 0.05")
				}
				p.CPUShare = &f
				return nil
			},
			unset: func(p *policy) { p.CPUShare = nil },
		},
		integer("block_status", "status of the blocking page", func(p *policy) **int { return &p.BlockStatus }),
		blockPage(),
		list("scrub_keys", "further keys to scrub", func(p *policy) *[]string { return &p.ScrubKeys }),
		list("scrub_values", "further regular expressions to scrub", func(p *policy) *[]string { return &p.ScrubValues }),
		list("ip_passlist", "addresses and networks that no protection looks at", func(p *policy) *[]string { return &p.IPPasslist }),
		list("path_passlist", "paths that no protection looks at", func(p *policy) *[]string { return &p.PathPasslist }),
	}
}

func bad(name, value, want string) error {
	return localplatform.Errorf(localplatform.CodeInvalid, "%s: %q is not %s", name, value, want)
}

func boolean(name, doc string, field func(*policy) **bool) setting {
	return setting{
		name: name, doc: doc,
		get: func(p *policy) string {
			if v := *field(p); v != nil {
				return map[bool]string{true: "on", false: "off"}[*v]
			}
			return ""
		},
		set: func(p *policy, v string) error {
			on := slices.Contains([]string{"on", "true", "yes"}, strings.ToLower(v))
			if !on && !slices.Contains([]string{"off", "false", "no"}, strings.ToLower(v)) {
				return bad(name, v, "on or off")
			}
			*field(p) = &on
			return nil
		},
		unset: func(p *policy) { *field(p) = nil },
	}
}

func integer(name, doc string, field func(*policy) **int) setting {
	return setting{
		name: name, doc: doc,
		get: func(p *policy) string {
			if v := *field(p); v != nil {
				return strconv.Itoa(*v)
			}
			return ""
		},
		set: func(p *policy, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil {
				return bad(name, v, "a whole number")
			}
			*field(p) = &n
			return nil
		},
		unset: func(p *policy) { *field(p) = nil },
	}
}

func list(name, doc string, field func(*policy) *[]string) setting {
	return setting{
		name: name, doc: doc,
		get: func(p *policy) string { return strings.Join(*field(p), ",") },
		set: func(p *policy, v string) error {
			*field(p) = slices.DeleteFunc(strings.Split(v, ","), func(s string) bool { return s == "" })
			return nil
		},
		unset: func(p *policy) { *field(p) = nil },
	}
}

// maxBlockPage bounds the file of a blocking page, which every agent keeps in memory.
const maxBlockPage = 64 << 10

func blockPage() setting {
	return setting{
		name: "block_page", doc: "HTML of the blocking page: @FILE",
		get: func(p *policy) string {
			if p.BlockPage == nil {
				return ""
			}
			return fmt.Sprintf("(%d bytes)", len(*p.BlockPage))
		},
		set: func(p *policy, v string) error {
			path, ok := strings.CutPrefix(v, "@")
			if !ok {
				return bad("block_page", v, "a file: write block_page=@page.html")
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("read the blocking page: %w", err)
			}
			if len(text) > maxBlockPage {
				return localplatform.Errorf(localplatform.CodeTooLarge, "%s has %d bytes, a blocking page at most %d", path, len(text), maxBlockPage)
			}
			page := string(text)
			p.BlockPage = &page
			return nil
		},
		unset: func(p *policy) { p.BlockPage = nil },
	}
}

// settings writes what a policy says as words that `set` takes.
func settings(p policy) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Modes)) {
		out = append(out, name+"="+p.Modes[name])
	}
	for _, s := range others() {
		if v := s.get(&p); v != "" {
			out = append(out, s.name+"="+v)
		}
	}
	return out
}

// names lists everything that can be set.
func names() []string {
	out := []string{"rasp"}
	for _, p := range localplatform.Protections() {
		out = append(out, p.Name)
	}
	for _, s := range others() {
		out = append(out, s.name)
	}
	return out
}

// apply changes a policy by one NAME=VALUE.
func apply(p *policy, word string) error {
	name, value, ok := strings.Cut(word, "=")
	if !ok {
		return localplatform.Errorf(localplatform.CodeInvalid, "%q is not NAME=VALUE", word).WithHint("for example waf=block")
	}
	for _, s := range others() {
		if s.name == name {
			return s.set(p, value)
		}
	}
	if !slices.Contains(names(), name) {
		return printer.UnknownName("setting", name, names())
	}
	if value != wire.ModeOff && value != wire.ModeMonitor && value != wire.ModeBlock {
		return bad(name, value, "off, monitor or block")
	}
	if p.Modes == nil {
		p.Modes = map[string]string{}
	}
	if name == "rasp" {
		eachRASP(func(full string) { p.Modes[full] = value })
		return nil
	}
	p.Modes[name] = value
	return nil
}

// remove takes a setting out of a policy.
func remove(p *policy, name string) error {
	for _, s := range others() {
		if s.name == name {
			s.unset(p)
			return nil
		}
	}
	if !slices.Contains(names(), name) {
		return printer.UnknownName("setting", name, names())
	}
	if name == "rasp" {
		eachRASP(func(full string) { delete(p.Modes, full) })
		return nil
	}
	delete(p.Modes, name)
	return nil
}

func eachRASP(do func(name string)) {
	for _, p := range localplatform.Protections() {
		if strings.HasPrefix(p.Name, "rasp.") {
			do(p.Name)
		}
	}
}
