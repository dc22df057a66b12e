package api

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

const maxValues = 50

// Values lists values of a field that begin with prefix, for completion:
// the most frequent ones first for events, in order for everything else.
func (p *Platform) Values(ctx context.Context, schema, field, prefix string) ([]string, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	s, err := schemaNamed(schema)
	if err != nil {
		return nil, err
	}
	f, ok := s.Lookup(field)
	if !ok {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "%s have no field %q", s.Name, field)
	}
	switch {
	case f.Type == queries.Bool:
		return beginning([]string{"true", "false"}, prefix), nil
	case len(f.Values) > 0:
		return beginning(f.Values, prefix), nil
	case f.Type == queries.Time || f.Type == queries.Duration:
		return []string{}, nil
	}
	var found []string
	switch s.Name {
	case "events":
		found, err = p.eventValues(ctx, f, prefix)
	case "apps":
		found, err = p.appValues(ctx, f.Name)
	case "incidents":
		found, err = p.incidentValues(ctx, f.Name)
	case "actions":
		found, err = p.actionValues(ctx, f.Name)
	}
	return beginning(found, prefix), err
}

func schemaNamed(name string) (*queries.Schema, error) {
	for _, s := range []*queries.Schema{
		localplatform.EventSchema(), localplatform.IncidentSchema(), localplatform.ActionSchema(), inventory.Schema(),
	} {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, localplatform.Errorf(localplatform.CodeInvalid, "there is no schema %q", name).WithHint("use events, incidents, apps or actions")
}

// beginning keeps what begins with prefix, in the same order, each once.
func beginning(list []string, prefix string) []string {
	out := []string{}
	for _, v := range list {
		if len(out) == maxValues {
			break
		}
		if len(v) >= len(prefix) && strings.EqualFold(v[:len(prefix)], prefix) && v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// eventValues asks the store for the most frequent values. A prefix on a text
// field is asked for too, so that rare values are found.
func (p *Platform) eventValues(ctx context.Context, f *queries.Field, prefix string) ([]string, error) {
	var filter *queries.Filter
	if prefix != "" && f.Type == queries.Text {
		var err error
		if filter, err = p.compile(f.Name+":"+queries.Quote(prefix)+"*", localplatform.EventSchema()); err != nil {
			filter = nil // a prefix that cannot be written as a pattern; the most frequent values still help
		}
	}
	facets, err := p.store.Facets(ctx, filter, localplatform.FacetQuery{Fields: []string{f.Name}, Limit: maxFacet})
	var out []string
	for _, facet := range facets {
		for _, v := range facet.Values {
			out = append(out, v.Value)
		}
	}
	return out, err
}

func (p *Platform) appValues(ctx context.Context, field string) ([]string, error) {
	known, err := p.gather(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range known.records {
		a := known.app(&known.records[i])
		out = append(out, texts(a.Values(field))...)
	}
	slices.Sort(out)
	return out, nil
}

func (p *Platform) actionValues(ctx context.Context, field string) ([]string, error) {
	now := p.now()
	var out []string
	err := p.view(ctx, func(tx localplatform.ControlTx) error {
		list, err := tx.Actions(nil, now)
		for i := range list {
			out = append(out, texts(localplatform.ActionRecord{Action: &list[i], Now: now}.Values(field))...)
		}
		return err
	})
	slices.Sort(out)
	return out, err
}

// incidentValues looks at the latest incidents.
func (p *Platform) incidentValues(ctx context.Context, field string) ([]string, error) {
	var out []string
	err := p.view(ctx, func(tx localplatform.ControlTx) error {
		list, _, err := tx.Incidents(nil, localplatform.IncidentQuery{Limit: localplatform.MaxPage})
		for i := range list {
			out = append(out, incidentText(&list[i], field)...)
		}
		return err
	})
	if field != "id" { // the newest incidents come first
		slices.Sort(out)
	}
	return out, err
}

func incidentText(i *localplatform.Incident, field string) []string {
	switch field {
	case "id":
		return []string{fmt.Sprint(i.ID)}
	case "app":
		return []string{i.App}
	case "env":
		return []string{i.Env}
	case "kind":
		return []string{i.Kind}
	case "title":
		return []string{i.Title}
	case "assignee":
		return []string{i.Assignee}
	case "ip":
		var out []string
		for _, a := range i.Actors {
			if _, err := netip.ParseAddr(a.Value); err == nil {
				out = append(out, a.Value)
			}
		}
		return out
	}
	return nil
}

// texts writes values of a record as a query would.
func texts(values []any) []string {
	var out []string
	for _, v := range values {
		if _, isTime := v.(time.Time); !isTime {
			out = append(out, fmt.Sprint(v))
		}
	}
	return out
}
