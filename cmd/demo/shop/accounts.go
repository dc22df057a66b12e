package shop

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// number reads a whole number, 0 when there is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (s *Shop) signupForm(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "signup", view{Title: "New account"})
}

func (s *Shop) signup(w http.ResponseWriter, r *http.Request) {
	name, email, password := r.PostFormValue("name"), r.PostFormValue("email"), r.PostFormValue("password")
	if name == "" || !strings.Contains(email, "@") || len(password) < 6 {
		s.show(w, r, http.StatusUnprocessableEntity, "signup", view{Title: "New account", Data: "We need a name, an e-mail address and a password of six characters or more."})
		return
	}
	result, err := s.db.ExecContext(r.Context(), "INSERT INTO users(name, email, password_hash, role) VALUES (?, ?, ?, 'customer')", name, email, planted.PasswordHash(password))
	if err != nil {
		s.show(w, r, http.StatusConflict, "signup", view{Title: "New account", Data: "That did not work. Perhaps there is an account with this address already."})
		return
	}
	id, err := result.LastInsertId()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.reportSignup(r.Context(), id, email)
	s.sessions.start(w, r).setVisitor(&visitor{ID: id, Name: name, Email: email, Role: "customer"})
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

func (s *Shop) loginForm(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "login", view{Title: "Log in"})
}

func (s *Shop) login(w http.ResponseWriter, r *http.Request) {
	email := r.PostFormValue("email")
	v, err := s.authenticate(r.Context(), email, r.PostFormValue("password"))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		s.reportLogin(r.Context(), nil, email)
		s.show(w, r, http.StatusUnauthorized, "login", view{Title: "Log in", Data: "The address or the password is wrong."})
	case err != nil:
		s.fail(w, r, err)
	default:
		s.reportLogin(r.Context(), v, email)
		s.sessions.start(w, r).setVisitor(v)
		http.Redirect(w, r, "/account", http.StatusSeeOther)
	}
}

// authenticate finds the user. Vulnerable on purpose: the address is part of
// the statement.
func (s *Shop) authenticate(ctx context.Context, email, password string) (*visitor, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	var v visitor
	row := s.db.QueryRowContext(ctx, "SELECT id, name, email, role FROM users WHERE email = '"+halfQuoted(email)+"' AND password_hash = '"+planted.PasswordHash(password)+"'")
	return &v, row.Scan(&v.ID, &v.Name, &v.Email, &v.Role)
}

func (s *Shop) logout(w http.ResponseWriter, r *http.Request) {
	if sess := s.sessions.of(r); sess != nil {
		sess.setVisitor(nil)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// loggedIn returns who asks, or sends them to the login page and returns nil.
func (s *Shop) loggedIn(w http.ResponseWriter, r *http.Request) *visitor {
	if sess := s.sessions.of(r); sess != nil {
		if v := sess.visitor(); v != nil {
			if err := s.reportUser(r.Context(), v); err != nil {
				s.fail(w, r, err)
				return nil
			}
			return v
		}
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

type order struct {
	ID, Items, Total int64
	At               string
}

type accountView struct {
	Email, Card, City, SavedSearch string
	Orders                         []order
	Found                          []lamp
}

func (s *Shop) account(w http.ResponseWriter, r *http.Request) {
	v := s.loggedIn(w, r)
	if v == nil {
		return
	}
	a, err := s.accountView(r.Context(), v.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "account", view{Title: "Your account", Data: a})
}

func (s *Shop) accountView(ctx context.Context, user int64) (accountView, error) {
	var a accountView
	row := s.db.QueryRowContext(ctx, "SELECT email, card, city, saved_search FROM users WHERE id = ?", user)
	if err := row.Scan(&a.Email, &a.Card, &a.City, &a.SavedSearch); err != nil {
		return a, err
	}
	a.Card = masked(a.Card)
	orders, err := s.orders(ctx, "SELECT id, items, total, at FROM orders WHERE user = ? ORDER BY id DESC LIMIT 20", user)
	if err != nil {
		return a, err
	}
	a.Orders = orders
	if a.SavedSearch == "" {
		return a, nil
	}
	// Vulnerable on purpose, by way of the database: what was stored with a
	// bound argument is trusted here.
	a.Found, err = s.find(ctx, a.SavedSearch)
	return a, err
}

func masked(card string) string {
	if len(card) < 4 {
		return ""
	}
	return "•••• " + card[len(card)-4:]
}

func (s *Shop) orders(ctx context.Context, statement string, args ...any) ([]order, error) {
	rows, err := s.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []order
	for rows.Next() {
		var o order
		if err := rows.Scan(&o.ID, &o.Items, &o.Total, &o.At); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

func (s *Shop) saveSearch(w http.ResponseWriter, r *http.Request) {
	v := s.loggedIn(w, r)
	if v == nil {
		return
	}
	if _, err := s.db.ExecContext(r.Context(), "UPDATE users SET saved_search = ? WHERE id = ?", r.PostFormValue("q"), v.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

type adminRow struct {
	ID                      int64
	Name, Email, Role, Card string
	PasswordHash            string
}

// admin lists all customers. The role is read anew, so that somebody who was
// made an admin (by whatever means) is one at once.
func (s *Shop) admin(w http.ResponseWriter, r *http.Request) {
	v := s.loggedIn(w, r)
	if v == nil {
		return
	}
	var role string
	if err := s.db.QueryRowContext(r.Context(), "SELECT role FROM users WHERE id = ?", v.ID).Scan(&role); err != nil {
		s.fail(w, r, err)
		return
	}
	if role != "admin" {
		s.show(w, r, http.StatusForbidden, "error", view{Title: "Staff only", Data: "This page is for the people who run the shop."})
		return
	}
	users, err := s.users(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "admin", view{Title: "Customers", Data: users})
}

func (s *Shop) users(ctx context.Context) ([]adminRow, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, name, email, role, card, password_hash FROM users ORDER BY id LIMIT 500")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []adminRow
	for rows.Next() {
		var u adminRow
		if err := rows.Scan(&u.ID, &u.Name, &u.Email, &u.Role, &u.Card, &u.PasswordHash); err != nil {
			return nil, err
		}
		u.Card = masked(u.Card)
		out = append(out, u)
	}
	return out, rows.Err()
}
