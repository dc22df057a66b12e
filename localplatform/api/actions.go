package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

const maxReason = 1000

// Actions lists actions, newest first. Without a term on state only those in
// force are listed.
func (p *Platform) Actions(ctx context.Context, query string) ([]localplatform.Action, error) {
	if _, err := p.need(ctx, localplatform.RoleViewer); err != nil {
		return nil, err
	}
	f, err := p.compile(query, localplatform.ActionSchema())
	if err != nil {
		return nil, err
	}
	now := p.now()
	if f == nil || !slices.Contains(f.Fields(), "state") {
		f = queries.And(f, must("state:active", localplatform.ActionSchema(), now))
	}
	out := []localplatform.Action{}
	err = p.view(ctx, func(tx localplatform.ControlTx) error {
		list, err := tx.Actions(f, now)
		out = some(list)
		return err
	})
	slices.SortStableFunc(out, func(a, b localplatform.Action) int { return b.Created.Compare(a.Created) })
	return out, err
}

// AddAction puts an action in force. One on the same target, of the same kind
// and for the same apps is extended instead: it lasts until the later of the
// two ends and keeps its id and hits.
func (p *Platform) AddAction(ctx context.Context, a localplatform.Action) (localplatform.Action, error) {
	who, err := p.need(ctx, localplatform.RoleResponder)
	if err != nil {
		return localplatform.Action{}, err
	}
	now := p.now()
	if err := checkAction(&a, now); err != nil {
		return localplatform.Action{}, err
	}
	a.ID, a.By, a.Created, a.Revoked, a.Hits = "", who.Name, now, time.Time{}, 0
	a.Expires = stored(a.Expires)
	err = p.configure(ctx, func(tx localplatform.ControlTx, version uint64) error {
		if err := settleScope(tx, &a); err != nil {
			return err
		}
		if a.Incident != 0 {
			if _, err := getIncident(tx, a.Incident); err != nil {
				return err
			}
		}
		what, err := p.extend(tx, &a, now)
		if err != nil {
			return err
		}
		a.Version = version
		if err := tx.PutAction(&a); err != nil {
			return err
		}
		if a.Incident != 0 {
			if err := tx.AddTimeline(a.Incident, localplatform.TimelineEntry{At: now, By: who.Name, What: "action", Text: a.ID + ": " + sentence(&a)}); err != nil {
				return err
			}
		}
		return p.audit(tx, who, what, a.ID, sentence(&a))
	})
	if err != nil {
		return localplatform.Action{}, err
	}
	return a, nil
}

// stored is a time as the store keeps it.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0).Truncate(time.Microsecond)
}

func checkAction(a *localplatform.Action, now time.Time) error {
	if err := a.Validate(); err != nil {
		return err
	}
	if !a.Expires.IsZero() && !a.Expires.After(now) {
		return localplatform.Errorf(localplatform.CodeInvalid, "the action would end before it begins").WithHint("leave the end out to block permanently")
	}
	if len(a.Reason) > maxReason {
		return localplatform.Errorf(localplatform.CodeTooLarge, "the reason is longer than %d bytes", maxReason)
	}
	if len(a.Target) > wire.MaxStringBytes || len(a.URL) > wire.MaxStringBytes {
		return localplatform.Errorf(localplatform.CodeTooLarge, "the target or URL is longer than %d bytes", wire.MaxStringBytes)
	}
	if a.Kind == wire.ActionBlockIP || a.Kind == wire.ActionRedirectIP {
		if strings.HasSuffix(a.Target, "/0") {
			return localplatform.Errorf(localplatform.CodeInvalid, "%s is every address there is", a.Target).
				WithHint("to stop all traffic, take the app offline; to switch protection off: sqreen policies set all enabled=false")
		}
	}
	return nil
}

// settleScope checks that the app of an action exists and takes over its
// spelling.
func settleScope(tx localplatform.ControlTx, a *localplatform.Action) error {
	if a.App == "" {
		return nil
	}
	records, err := tx.Apps()
	if err != nil {
		return err
	}
	r, err := findApp(records, a.App, a.Env)
	switch {
	case localplatform.ErrorCode(err) == localplatform.CodeConflict: // all of its environments are meant
		i := slices.IndexFunc(records, func(r localplatform.AppRecord) bool { return strings.EqualFold(r.Name, a.App) })
		a.App = records[i].Name
	case err != nil:
		return err
	default:
		a.App = r.Name
		if a.Env != "" {
			a.Env = r.Env
		}
	}
	return nil
}

// extend takes over the id of an action in force that says the same, and the
// later end.
func (p *Platform) extend(tx localplatform.ControlTx, a *localplatform.Action, now time.Time) (what string, err error) {
	id, err := p.targets.find(tx, a)
	if err != nil || id == "" {
		return "action.create", err
	}
	old, err := tx.Action(id)
	if err != nil || !old.InForce(now) {
		return "action.create", err
	}
	a.ID, a.Created, a.Hits = old.ID, old.Created, old.Hits
	if old.Expires.IsZero() || !a.Expires.IsZero() && old.Expires.After(a.Expires) {
		a.Expires = old.Expires
	}
	if a.Incident == 0 {
		a.Incident = old.Incident
	}
	a.Reason = cmp.Or(a.Reason, old.Reason)
	return "action.extend", nil
}

// targets finds the action that is about the same target, without reading all
// of them each time: blocklists have many.
type targets struct {
	mu      sync.Mutex
	version uint64 // of the configuration up to which actions are known
	ids     map[target]string
}

// target is what makes two actions say the same.
type target struct{ kind, target, url, app, env string }

func targetOf(a *localplatform.Action) target {
	return target{a.Kind, a.Target, a.URL, a.App, a.Env}
}

// find returns the id of the latest action on a's target, "" for none. It must
// be called in an Update, after BumpConfig: what it learns is what was committed
// before.
func (t *targets) find(tx localplatform.ControlTx, a *localplatform.Action) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, err := tx.ConfigVersion()
	if err != nil {
		return "", err
	}
	changed, err := tx.ActionsChanged(t.version)
	if err != nil {
		return "", err
	}
	for i := range changed {
		t.learn(&changed[i])
	}
	t.version = now - 1 // now is this change's own version
	return t.ids[targetOf(a)], nil
}

func (t *targets) learn(a *localplatform.Action) {
	if t.ids == nil {
		t.ids = map[target]string{}
	}
	key := targetOf(a)
	switch {
	case a.Revoked.IsZero():
		t.ids[key] = a.ID
	case t.ids[key] == a.ID:
		delete(t.ids, key)
	}
}

// RevokeAction ends an action.
func (p *Platform) RevokeAction(ctx context.Context, id string) (localplatform.Action, error) {
	who, err := p.need(ctx, localplatform.RoleResponder)
	if err != nil {
		return localplatform.Action{}, err
	}
	var a localplatform.Action
	now := p.now()
	err = p.configure(ctx, func(tx localplatform.ControlTx, version uint64) (err error) {
		a, err = tx.Action(id)
		if localplatform.ErrorCode(err) == localplatform.CodeNotFound {
			return localplatform.Errorf(localplatform.CodeNotFound, "there is no action %q", id).WithHint("see sqreen actions list")
		}
		if err != nil {
			return err
		}
		if !a.InForce(now) {
			return localplatform.Errorf(localplatform.CodeConflict, "action %s is not in force: it has %s", a.ID, ended(&a))
		}
		a.Revoked, a.Version = now, version
		if err := tx.PutAction(&a); err != nil {
			return err
		}
		if a.Incident != 0 {
			if err := tx.AddTimeline(a.Incident, localplatform.TimelineEntry{At: now, By: who.Name, What: "action", Text: a.ID + " revoked"}); err != nil {
				return err
			}
		}
		return p.audit(tx, who, "action.revoke", a.ID, sentence(&a))
	})
	if err != nil {
		return localplatform.Action{}, err
	}
	return a, nil
}

func ended(a *localplatform.Action) string {
	if !a.Revoked.IsZero() {
		return "been revoked"
	}
	return "expired"
}

// sentence says what an action does.
func sentence(a *localplatform.Action) string {
	verb, object := "block", "address"
	switch a.Kind {
	case wire.ActionBlockUser:
		object = "user"
	case wire.ActionRedirectIP:
		verb = "redirect"
	case wire.ActionRedirectUser:
		verb, object = "redirect", "user"
	}
	text := fmt.Sprintf("%s %s %s", verb, object, a.Target)
	if a.URL != "" {
		text += " to " + a.URL
	}
	switch {
	case a.App != "" && a.Env != "":
		text += " in " + a.App + "/" + a.Env
	case a.App != "":
		text += " in " + a.App
	case a.Env != "":
		text += " in every app of " + a.Env
	}
	if !a.Expires.IsZero() {
		text += " until " + a.Expires.Format(time.RFC3339)
	}
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text
}
