package sqlstore

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

func (t *controlTx) Apps() ([]localplatform.AppRecord, error) {
	return t.apps(`1 = 1 ORDER BY name, env`)
}

func (t *controlTx) App(name, env string) (localplatform.AppRecord, error) {
	found, err := t.apps(`name = ? AND env = ?`, name, env)
	if err != nil {
		return localplatform.AppRecord{}, err
	}
	if len(found) == 0 {
		return localplatform.AppRecord{}, localplatform.Errorf(localplatform.CodeNotFound, "there is no app %q in environment %q", name, env)
	}
	return found[0], nil
}

func (t *controlTx) apps(where string, args ...any) ([]localplatform.AppRecord, error) {
	var out []localplatform.AppRecord
	err := t.rows(`SELECT doc, packages FROM apps WHERE `+where, args, func(scan func(dest ...any) error) error {
		var text []byte
		var packages string
		if err := scan(&text, &packages); err != nil {
			return err
		}
		var a localplatform.AppRecord
		if err := json.Unmarshal(text, &a); err != nil {
			return err
		}
		if packages != "" {
			a.Stack.Packages = readPackages(packages)
		}
		out = append(out, a)
		return nil
	})
	return out, err
}

func (t *controlTx) PutApp(a localplatform.AppRecord) error {
	packages, ok := writePackages(a.Stack.Packages)
	if ok {
		a.Stack.Packages = nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO apps (name, env, doc, packages) VALUES (?, ?, ?, ?)
		ON CONFLICT (name, env) DO UPDATE SET doc = excluded.doc, packages = excluded.packages`, a.Name, a.Env, string(text), packages)
	return err
}

// writePackages writes packages a line each. They are nearly all there is to an
// app, and reading a thousand apps' worth of them as JSON takes ten times as
// long. ok is false when a name or version has a tab or a line end; such a list
// stays in the document.
func writePackages(packages []wire.Component) (lines string, ok bool) {
	var b strings.Builder
	for _, p := range packages {
		if strings.ContainsAny(p.Name, "\t\n") || strings.ContainsAny(p.Version, "\t\n") {
			return "", false
		}
		b.WriteString(p.Name)
		b.WriteByte('\t')
		b.WriteString(p.Version)
		b.WriteByte('\n')
	}
	return b.String(), true
}

// readPackages reads what writePackages wrote. The packages share its memory.
func readPackages(lines string) []wire.Component {
	out := make([]wire.Component, 0, strings.Count(lines, "\n"))
	for line := range strings.Lines(lines) {
		name, version, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		out = append(out, wire.Component{Name: name, Version: version})
	}
	return out
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
