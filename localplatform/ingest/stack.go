package ingest

import (
	"cmp"
	"slices"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Bounds of a stack besides wire.MaxPackages.
const maxStackList = 200 // items of each other list

// boundStack cuts a stack to its limits and says how many items and texts it cut.
func boundStack(s wire.Stack) (wire.Stack, int) {
	cut := 0
	text := func(t *string) {
		if len(*t) > wire.MaxNameBytes {
			*t = bound(*t, wire.MaxNameBytes)
			cut++
		}
	}
	components := func(list []wire.Component, most int) []wire.Component {
		if len(list) > most {
			cut += len(list) - most
			list = list[:most]
		}
		list = slices.Clone(list)
		for i := range list {
			text(&list[i].Name)
			text(&list[i].Version)
		}
		return slices.DeleteFunc(list, func(c wire.Component) bool { return c.Name == "" })
	}
	words := func(list []string) []string {
		if len(list) > maxStackList {
			cut += len(list) - maxStackList
			list = list[:maxStackList]
		}
		list = slices.Clone(list)
		for i := range list {
			text(&list[i])
		}
		return list
	}
	for _, t := range []*string{
		&s.Agent.Name, &s.Agent.Version, &s.Technology, &s.Runtime.Name, &s.Runtime.Version,
		&s.OS, &s.Hostname, &s.Container, &s.Module,
	} {
		text(t)
	}
	s.Packages = components(s.Packages, wire.MaxPackages)
	s.Frameworks = components(s.Frameworks, maxStackList)
	s.ORMs = components(s.ORMs, maxStackList)
	s.Templates = components(s.Templates, maxStackList)
	s.Drivers = components(s.Drivers, maxStackList)
	s.Uses, s.Hooks = words(s.Uses), words(s.Hooks)
	return s, cut
}

// mergeStack is what an app is made of after an instance described itself: the
// newest description, with what other instances were seen to use. In a
// description that is sent during the run, an empty field means no news.
func mergeStack(old, news wire.Stack, login bool) wire.Stack {
	out := news
	if !login {
		out = old
		overlay(&out, &news)
	}
	out.Uses = union(old.Uses, news.Uses)
	if !login {
		out.Hooks = union(old.Hooks, news.Hooks)
	}
	return out
}

// overlay sets what news says in out.
func overlay(out, news *wire.Stack) {
	for _, t := range []struct{ to, from *string }{
		{&out.Agent.Name, &news.Agent.Name},
		{&out.Agent.Version, &news.Agent.Version},
		{&out.Technology, &news.Technology},
		{&out.Runtime.Name, &news.Runtime.Name},
		{&out.Runtime.Version, &news.Runtime.Version},
		{&out.OS, &news.OS},
		{&out.Hostname, &news.Hostname},
		{&out.Container, &news.Container},
		{&out.Module, &news.Module},
	} {
		*t.to = cmp.Or(*t.from, *t.to)
	}
	out.PID = cmp.Or(news.PID, out.PID)
	for _, l := range []struct{ to, from *[]wire.Component }{
		{&out.Frameworks, &news.Frameworks},
		{&out.ORMs, &news.ORMs},
		{&out.Templates, &news.Templates},
		{&out.Drivers, &news.Drivers},
		{&out.Packages, &news.Packages},
	} {
		if len(*l.from) > 0 {
			*l.to = *l.from
		}
	}
}

func union(a, b []string) []string {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}
