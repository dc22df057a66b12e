package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
	"unicode"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Prefixes of secrets, so that scanners for leaked secrets find them.
const (
	agentPrefix    = "sqa_"
	operatorPrefix = "sqo_"
)

// Tokens lists tokens, without their secrets.
func (p *Platform) Tokens(ctx context.Context) ([]localplatform.Token, error) {
	if _, err := p.need(ctx, localplatform.RoleAdmin); err != nil {
		return nil, err
	}
	out := []localplatform.Token{}
	err := p.view(ctx, func(tx localplatform.ControlTx) error {
		list, err := tx.Tokens()
		out = some(list)
		return err
	})
	for i := range out {
		out[i].Hash = nil
	}
	return out, err
}

// CreateToken makes a token and returns its secret, which is not stored. The
// app of an agent's token is in the inventory from then on.
func (p *Platform) CreateToken(ctx context.Context, t localplatform.Token) (localplatform.NewToken, error) {
	who, err := p.need(ctx, localplatform.RoleAdmin)
	if err != nil {
		return localplatform.NewToken{}, err
	}
	now := p.now()
	if err := checkToken(&t, now); err != nil {
		return localplatform.NewToken{}, err
	}
	secret, hash := newSecret(t.Kind)
	t.ID, t.Hash, t.Created, t.By = "t-"+hex.EncodeToString(hash[:4]), hash, now, who.Name
	t.LastUsed, t.Revoked, t.Expires = time.Time{}, time.Time{}, stored(t.Expires)
	err = p.store.Update(ctx, func(tx localplatform.ControlTx) error {
		on := t.Name
		if t.Kind == localplatform.TokenAgent {
			if err := settleTokenApp(tx, &t); err != nil {
				return err
			}
			on = t.App + "/" + t.Env
		}
		if err := tx.PutToken(t); err != nil {
			return err
		}
		return p.audit(tx, who, "token.create", t.ID, strings.TrimSpace(t.Kind+" "+on+" "+string(t.Role)))
	})
	if err != nil {
		return localplatform.NewToken{}, err
	}
	p.opt.TokensChanged()
	t.Hash = nil
	return localplatform.NewToken{Token: t, Secret: secret}, nil
}

func newSecret(kind string) (secret string, hash []byte) {
	prefix := agentPrefix
	if kind == localplatform.TokenOperator {
		prefix = operatorPrefix
	}
	random := make([]byte, 32)
	rand.Read(random) // never fails
	secret = prefix + base64.RawURLEncoding.EncodeToString(random)
	sum := sha256.Sum256([]byte(secret))
	return secret, sum[:]
}

func checkToken(t *localplatform.Token, now time.Time) error {
	t.App, t.Env, t.Name = strings.TrimSpace(t.App), strings.TrimSpace(t.Env), strings.TrimSpace(t.Name)
	if t.Kind == localplatform.TokenAgent {
		t.Name, t.Role = "", ""
	}
	if err := t.Validate(); err != nil {
		return err
	}
	if !t.Expires.IsZero() && !t.Expires.After(now) {
		return localplatform.Errorf(localplatform.CodeInvalid, "the token would expire before it is made")
	}
	if t.Kind == localplatform.TokenOperator {
		t.App, t.Env = "", ""
		return checkName("name", t.Name)
	}
	if err := checkName("app", t.App); err != nil {
		return err
	}
	return checkName("environment", t.Env)
}

// checkName checks a name that people will type and read.
func checkName(what, name string) error {
	switch {
	case strings.Trim(name, ".") == "": // dots alone would be directions in a URL
		return localplatform.Errorf(localplatform.CodeInvalid, "the %s is missing", what)
	case len(name) > wire.MaxNameBytes:
		return localplatform.Errorf(localplatform.CodeInvalid, "the %s is longer than %d bytes", what, wire.MaxNameBytes)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == '/' || r == unicode.ReplacementChar }):
		return localplatform.Errorf(localplatform.CodeInvalid, "the %s %q must be printable and without a slash", what, name)
	}
	return nil
}

// settleTokenApp makes sure that the app of a token exists and takes over its
// spelling.
func settleTokenApp(tx localplatform.ControlTx, t *localplatform.Token) error {
	records, err := tx.Apps()
	if err != nil {
		return err
	}
	for _, r := range records {
		if strings.EqualFold(r.Name, t.App) {
			t.App = r.Name
		}
		if strings.EqualFold(r.Env, t.Env) {
			t.Env = r.Env
		}
	}
	if _, err := tx.App(t.App, t.Env); localplatform.ErrorCode(err) != localplatform.CodeNotFound {
		return err
	}
	return tx.PutApp(localplatform.AppRecord{Name: t.App, Env: t.Env})
}

// RevokeToken closes the door at once, for agents that are connected too.
func (p *Platform) RevokeToken(ctx context.Context, id string) error {
	who, err := p.need(ctx, localplatform.RoleAdmin)
	if err != nil {
		return err
	}
	err = p.store.Update(ctx, func(tx localplatform.ControlTx) error {
		tokens, err := tx.Tokens()
		if err != nil {
			return err
		}
		for _, t := range tokens {
			if t.ID != id {
				continue
			}
			if !t.Revoked.IsZero() {
				return localplatform.Errorf(localplatform.CodeConflict, "token %s has been revoked already", id)
			}
			t.Revoked = p.now()
			if err := tx.PutToken(t); err != nil {
				return err
			}
			return p.audit(tx, who, "token.revoke", t.ID, strings.TrimSpace(t.Kind+" "+t.Name+t.App+" "+t.Env))
		}
		return localplatform.Errorf(localplatform.CodeNotFound, "there is no token %q", id).WithHint("see sqreen tokens list")
	})
	if err == nil {
		p.opt.TokensChanged()
	}
	return err
}
