package sqlstore

import (
	"encoding/json"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

func (t *controlTx) Apps() ([]localplatform.AppRecord, error) {
	return docs[localplatform.AppRecord](t, `SELECT doc FROM apps ORDER BY name, env`)
}

func (t *controlTx) App(name, env string) (localplatform.AppRecord, error) {
	a, err := doc[localplatform.AppRecord](t, `SELECT doc FROM apps WHERE name = ? AND env = ?`, name, env)
	return a, notFound(err, "there is no app %q in environment %q", name, env)
}

func (t *controlTx) PutApp(a localplatform.AppRecord) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO apps (name, env, doc) VALUES (?, ?, ?)
		ON CONFLICT (name, env) DO UPDATE SET doc = excluded.doc`, a.Name, a.Env, string(text))
	return err
}

func (t *controlTx) Instances(app, env string) ([]localplatform.Instance, error) {
	where, args := scope(app, env)
	return docs[localplatform.Instance](t, `SELECT doc FROM instances WHERE `+where+` ORDER BY app, env, last_seen DESC, id`, args...)
}

// scope selects by app and environment, empty ones meaning all.
func scope(app, env string) (string, []any) {
	switch {
	case app != "" && env != "":
		return "app = ? AND env = ?", []any{app, env}
	case app != "":
		return "app = ?", []any{app}
	case env != "":
		return "env = ?", []any{env}
	}
	return "1 = 1", nil
}

func (t *controlTx) Instance(app, env, id string) (localplatform.Instance, error) {
	i, err := doc[localplatform.Instance](t, `SELECT doc FROM instances WHERE app = ? AND env = ? AND id = ?`, app, env, id)
	return i, notFound(err, "there is no instance %q of %s/%s", id, app, env)
}

func (t *controlTx) PutInstance(i localplatform.Instance) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO instances (app, env, id, last_seen, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (app, env, id) DO UPDATE SET last_seen = excluded.last_seen, doc = excluded.doc`,
		i.App, i.Env, i.ID, i.LastSeen.UnixMicro(), string(text))
	return err
}

func (t *controlTx) DeleteInstances(lastSeenBefore time.Time) (int64, error) {
	res, err := t.exec(`DELETE FROM instances WHERE last_seen < ?`, lastSeenBefore.UnixMicro())
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
