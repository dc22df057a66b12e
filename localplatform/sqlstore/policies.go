package sqlstore

import (
	"encoding/json"

	"github.com/sqreen/sqreen/localplatform"
)

func (t *controlTx) Policies() ([]localplatform.Policy, error) {
	return docs[localplatform.Policy](t, `SELECT doc FROM policies ORDER BY security_group, app, env`)
}

func (t *controlTx) PutPolicy(p localplatform.Policy) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO policies (security_group, app, env, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (security_group, app, env) DO UPDATE SET doc = excluded.doc`,
		p.Scope.Group, p.Scope.App, p.Scope.Env, string(text))
	return err
}

func (t *controlTx) DeletePolicy(s localplatform.PolicyScope) error {
	_, err := t.exec(`DELETE FROM policies WHERE security_group = ? AND app = ? AND env = ?`, s.Group, s.App, s.Env)
	return err
}

func (t *controlTx) ConfigVersion() (uint64, error) {
	var v int64
	err := t.row(`SELECT last FROM sequences WHERE name = 'config'`, nil, &v)
	if isNoRows(err) {
		return 0, nil
	}
	return uint64(v), err
}

func (t *controlTx) BumpConfig() (uint64, error) {
	v, err := t.next("config")
	return uint64(v), err
}

func (t *controlTx) Value(name string) ([]byte, error) {
	var v []byte
	err := t.row(`SELECT value FROM named_values WHERE name = ?`, []any{name}, &v)
	if isNoRows(err) {
		return nil, nil
	}
	if v == nil && err == nil {
		v = []byte{}
	}
	return v, err
}

func (t *controlTx) PutValue(name string, v []byte) error {
	if v == nil {
		v = []byte{}
	}
	_, err := t.exec(`INSERT INTO named_values (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, v)
	return err
}
