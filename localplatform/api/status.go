package api

import (
	"context"

	"github.com/sqreen/sqreen/localplatform"
)

// Status tells how the platform is.
func (p *Platform) Status(ctx context.Context) (localplatform.Status, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return localplatform.Status{}, err
	}
	stats, err := p.store.Stats(ctx)
	if err != nil {
		return localplatform.Status{}, err
	}
	now := p.now()
	s := localplatform.Status{
		Now: now, Events: stats.Events, LastPos: p.store.LastPos(), Bytes: stats.Bytes,
		Segments: stats.Segments, Oldest: stats.Oldest, Problems: stats.Problems, Drops: map[string]int64{},
	}
	for reason, n := range stats.Drops {
		s.Drops[reason] += n
	}
	err = p.view(ctx, func(tx localplatform.ControlTx) error {
		apps, err := tx.Apps()
		if err != nil {
			return err
		}
		s.Apps = len(apps)
		instances, err := tx.Instances("", "")
		if err != nil {
			return err
		}
		s.Instances = 0
		for i := range instances {
			if now.Sub(instances[i].LastSeen) <= localplatform.SilentAfter {
				s.Instances++
			}
		}
		open := must("state:open", localplatform.IncidentSchema(), now)
		if _, s.Open, err = tx.Incidents(open, localplatform.IncidentQuery{Limit: 1}); err != nil {
			return err
		}
		s.Config, err = tx.ConfigVersion()
		return err
	})
	p.opt.Status(&s)
	return s, err
}

// Instances lists the agents of an app, or all with empty names.
func (p *Platform) Instances(ctx context.Context, app, env string) ([]localplatform.Instance, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	out := []localplatform.Instance{}
	err := p.view(ctx, func(tx localplatform.ControlTx) error {
		list, err := tx.Instances(app, env)
		out = append(out, list...)
		return err
	})
	return out, err
}
