package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// Apps lists the inventory, sorted by name and environment.
func (p *Platform) Apps(ctx context.Context, query string) ([]inventory.App, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	f, err := p.compile(query, inventory.Schema())
	if err != nil {
		return nil, err
	}
	known, err := p.gather(ctx)
	if err != nil {
		return nil, err
	}
	out := []inventory.App{}
	for i := range known.records {
		a := known.app(&known.records[i])
		if f == nil || f.Match(&a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b inventory.App) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Env, b.Env))
	})
	return out, nil
}

// App returns one app with its instances.
func (p *Platform) App(ctx context.Context, name, env string) (localplatform.AppDetail, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return localplatform.AppDetail{}, err
	}
	known, err := p.gather(ctx)
	if err != nil {
		return localplatform.AppDetail{}, err
	}
	record, err := findApp(known.records, name, env)
	if err != nil {
		return localplatform.AppDetail{}, err
	}
	d := localplatform.AppDetail{
		App: known.app(&record), Policy: known.policy(&record), Version: known.version, Instances: []localplatform.Instance{},
	}
	for _, i := range known.instances {
		if sameApp(i.App, i.Env, &record) {
			d.Instances = append(d.Instances, i)
		}
	}
	d.Losses, err = p.losses(ctx, &record, known.now)
	return d, err
}

// losses sums up what an app's agents lost or did not look at.
func (p *Platform) losses(ctx context.Context, a *localplatform.AppRecord, now time.Time) ([]localplatform.Count, error) {
	points, err := p.store.Counters(ctx, localplatform.CounterQuery{
		App: a.Name, Env: a.Env, From: now.Add(-24 * time.Hour), To: now.Add(time.Minute),
		Names: []string{wire.CounterDropped, wire.CounterSkipped, wire.CounterTruncated, wire.CounterUnsure},
	})
	if err != nil {
		return nil, err
	}
	out := []localplatform.Count{}
	for i := range points {
		if n := int64(points[i].Value); n > 0 {
			out = append(out, localplatform.Count{Value: points[i].Name + ": " + points[i].Key, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b localplatform.Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return out, nil
}

// findApp finds the app that a person means. An empty env is enough when there
// is only one.
func findApp(records []localplatform.AppRecord, name, env string) (localplatform.AppRecord, error) {
	named := slices.DeleteFunc(slices.Clone(records), func(r localplatform.AppRecord) bool { return !strings.EqualFold(r.Name, name) })
	if len(named) == 0 {
		return localplatform.AppRecord{}, noApp(records, name)
	}
	envs := []string{}
	for _, r := range named {
		if strings.EqualFold(r.Env, env) || env == "" && len(named) == 1 {
			return r, nil
		}
		envs = append(envs, r.Env)
	}
	slices.Sort(envs)
	if env == "" {
		return localplatform.AppRecord{}, localplatform.Errorf(localplatform.CodeConflict, "app %q has %d environments: %s", named[0].Name, len(envs), strings.Join(envs, ", ")).
			WithHint("add --env %s", envs[0])
	}
	return localplatform.AppRecord{}, localplatform.Errorf(localplatform.CodeNotFound, "app %q has no environment %q", named[0].Name, env).
		WithHint("use one of %s", strings.Join(envs, ", "))
}

func noApp(records []localplatform.AppRecord, name string) error {
	err := localplatform.Errorf(localplatform.CodeNotFound, "there is no app %q", name)
	if len(records) == 0 {
		return err.WithHint("connect one: sqreen tokens create --app NAME --env ENV")
	}
	best, distance := "", 3
	for _, r := range records {
		if d := editDistance(strings.ToLower(r.Name), strings.ToLower(name)); d < distance {
			best, distance = r.Name, d
		}
	}
	if best != "" {
		return err.WithHint("did you mean %q?", best)
	}
	return err.WithHint("see sqreen inventory")
}

// editDistance counts the insertions, deletions and replacements between two words.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func sameApp(app, env string, r *localplatform.AppRecord) bool {
	return strings.EqualFold(app, r.Name) && strings.EqualFold(env, r.Env)
}

// SetGroup puts an app in a security group. Groups decide policies, so agents
// are told.
func (p *Platform) SetGroup(ctx context.Context, name, env, group string) error {
	who, err := p.need(ctx, localplatform.RoleAdmin)
	if err != nil {
		return err
	}
	group = strings.TrimSpace(group)
	if group != "" {
		if err := checkName("group", group); err != nil {
			return err
		}
	}
	return p.configure(ctx, func(tx localplatform.ControlTx, _ uint64) error {
		records, err := tx.Apps()
		if err != nil {
			return err
		}
		if _, err := findApp(records, name, env); err != nil && localplatform.ErrorCode(err) != localplatform.CodeConflict {
			return err
		}
		for _, r := range records {
			if !strings.EqualFold(r.Name, name) || env != "" && !strings.EqualFold(r.Env, env) {
				continue
			}
			text := fmt.Sprintf("group %q instead of %q", group, r.Group)
			r.Group = group
			if err := tx.PutApp(r); err != nil {
				return err
			}
			if err := p.audit(tx, who, "app.group", r.Key(), text); err != nil {
				return err
			}
		}
		return nil
	})
}
