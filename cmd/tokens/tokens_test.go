package tokens_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
	"github.com/sqreen/sqreen/localplatform"
)

func platform(created *[]localplatform.Token) *fakeplatform.Platform {
	now := cmdtest.Now()
	return &fakeplatform.Platform{
		StatusF: func() (localplatform.Status, error) {
			return localplatform.Status{URL: "http://127.0.0.1:8000"}, nil
		},
		CreateTokenF: func(t localplatform.Token) (localplatform.NewToken, error) {
			*created = append(*created, t)
			t.ID = "t-1"
			return localplatform.NewToken{Token: t, Secret: "s3cret"}, nil
		},
		TokensF: func() ([]localplatform.Token, error) {
			return []localplatform.Token{
				{ID: "t-1", Kind: "agent", App: "shop", Env: "prod", Created: now.Add(-48 * time.Hour), By: "ada", LastUsed: now.Add(-time.Minute)},
				{ID: "t-2", Kind: "operator", Name: "ci\x1b[2J", Role: "viewer", Created: now.Add(-time.Hour), By: "ada", Expires: now.Add(time.Hour)},
				{ID: "t-3", Kind: "operator", Name: "old", Role: "admin", Created: now, By: "ada", Revoked: now},
			}, nil
		},
	}
}

func TestSecretGoesAloneToStandardOutput(t *testing.T) {
	var created []localplatform.Token
	r := cmdtest.New(t, platform(&created))
	r.Want("tokens create --app shop --env prod", 0, "s3cret\n", `
Token t-1 for the agents of shop/prod. Its secret is shown only now.

Run the app with:

  export SQREEN_URL=http://127.0.0.1:8000
  export SQREEN_TOKEN=<the secret>

hint: sqreen inventory show shop/prod tells when it has connected
`)
	r.Want("tokens create --operator alice --role responder --expires 90d", 0, "s3cret\n", `
Token t-1 for alice (responder). Its secret is shown only now.

Use it with:

  export SQREEN_PLATFORM_URL=http://127.0.0.1:8000
  export SQREEN_OPERATOR_TOKEN_FILE=FILE   # a file with the secret
`)
	r.Want("tokens create --app shop/staging --jq .secret", 0, "s3cret\n", "")
	want := []localplatform.Token{
		{Kind: "agent", App: "shop", Env: "prod"},
		{Kind: "operator", Name: "alice", Role: "responder", Expires: cmdtest.Now().Add(90 * 24 * time.Hour)},
		{Kind: "agent", App: "shop", Env: "staging"},
	}
	if diff := cmp.Diff(want, created); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCreateMistakes(t *testing.T) {
	var created []localplatform.Token
	r := cmdtest.New(t, platform(&created))
	r.Want("tokens create", 1, "", "sqreen: say --app and --env for an agent, or --operator and --role for a person\nhint: sqreen tokens create --app shop --env prod\n")
	r.Want("tokens create --app shop", 1, "", "sqreen: an agent token needs an app and an environment\nhint: sqreen tokens create --app shop --env prod\n")
	r.Want("tokens create --app shop --env prod --operator x --role viewer", 1, "", "sqreen: say --app and --env for an agent, or --operator and --role for a person\nhint: sqreen tokens create --app shop --env prod\n")
	r.Want("tokens create --operator x", 1, "", "sqreen: which role has x?\nhint: add --role viewer, responder or admin\n")
	r.Want("tokens create --operator x --role root", 1, "", "sqreen: unknown role \"root\"\nhint: use viewer, responder or admin\n")
	r.Want("tokens create --app shop --env prod --role viewer", 1, "", "sqreen: --role is for --operator; an agent only reports\nhint: sqreen tokens create --help\n")
	r.Want("tokens create --app shop --env prod --expires soon", 1, "", "sqreen: --expires: \"soon\" is not a length of time\nhint: for example 45m, 24h, 30d or 1d12h\n")
	if created != nil {
		t.Errorf("created %+v", created)
	}
}

func TestList(t *testing.T) {
	var created []localplatform.Token
	r := cmdtest.New(t, platform(&created))
	r.Want("tokens list", 0, "t-1\tagent\tshop/prod\t\tactive\t2026-11-19T12:00:00Z\tada\t2026-11-21T11:59:00Z\t\n"+
		"t-2\toperator\tci\\x1b[2J\tviewer\tactive\t2026-11-21T11:00:00Z\tada\t\t2026-11-21T13:00:00Z\n", "")
	r.Want("tokens list --all --columns id,state", 0, "t-1\tactive\nt-2\tactive\nt-3\trevoked\n", "")
	r.Want("tokens list --json hash", 1, "", "sqreen: unknown JSON field \"hash\"\nhint: use id, kind, name, role, app, env, created, by, last_used, expires, revoked\n")
}

func TestRevoke(t *testing.T) {
	var created []localplatform.Token
	var revoked []string
	p := platform(&created)
	p.RevokeTokenF = func(id string) error {
		revoked = append(revoked, id)
		return nil
	}
	r := cmdtest.New(t, p)
	r.Want("tokens revoke t-1", 1, "", "sqreen: Revoke t-1 (agent shop/prod)?: this needs a yes, and nobody can be asked\nhint: add --yes\n")
	r.Want("tokens revoke t-1 t-9 --yes", 1, "", "sqreen: there is no token t-9\nhint: sqreen tokens list\n")
	r.Want("tokens revoke t-1 t-2 --yes", 0, "", "Revoked t-1 (agent shop/prod).\nRevoked t-2 (operator ci\\x1b[2J).\n")
	if diff := cmp.Diff([]string{"t-1", "t-2"}, revoked); diff != "" {
		t.Error(diff)
	}
}
