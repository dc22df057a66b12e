package shop

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// maxJSON bounds a request of the cart API.
const maxJSON = 64 << 10

type cartLine struct {
	line
	Name  string `json:"name"`
	Price int64  `json:"price"`
}

type cartAnswer struct {
	Lines []cartLine `json:"lines"`
	Total int64      `json:"total"`
}

func (s *Shop) getCart(w http.ResponseWriter, r *http.Request) {
	answer, err := s.cart(r.Context(), s.sessions.start(w, r).id)
	if err != nil {
		s.failJSON(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Shop) cartPage(w http.ResponseWriter, r *http.Request) {
	answer, err := s.cart(r.Context(), s.sessions.start(w, r).id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "cart", view{Title: "Cart", Data: answer})
}

func (s *Shop) cart(ctx context.Context, id string) (cartAnswer, error) {
	answer := cartAnswer{Lines: []cartLine{}}
	for _, l := range s.carts.lines(id) {
		c := cartLine{line: l}
		err := s.db.QueryRowContext(ctx, "SELECT name, price FROM products WHERE id = ?", l.Product).Scan(&c.Name, &c.Price)
		if err != nil {
			return answer, err
		}
		answer.Lines = append(answer.Lines, c)
		answer.Total += c.Price * l.Quantity
	}
	return answer, nil
}

func (s *Shop) addToCart(w http.ResponseWriter, r *http.Request) {
	var l line
	if err := readJSON(w, r, &l); err != nil {
		writeJSON(w, http.StatusBadRequest, problem{err.Error()})
		return
	}
	var stock int64
	err := s.db.QueryRowContext(r.Context(), "SELECT stock FROM products WHERE id = ?", l.Product).Scan(&stock)
	switch {
	case errors.Is(err, sql.ErrNoRows) || l.Quantity < 1 || l.Quantity > 99:
		writeJSON(w, http.StatusUnprocessableEntity, problem{"no such product or quantity"})
		return
	case err != nil:
		s.failJSON(w, err)
		return
	}
	sess := s.sessions.start(w, r)
	s.carts.add(sess.id, l)
	s.getCartOf(w, r, sess)
}

func (s *Shop) getCartOf(w http.ResponseWriter, r *http.Request, sess *session) {
	answer, err := s.cart(r.Context(), sess.id)
	if err != nil {
		s.failJSON(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

type checkout struct {
	Coupon string `json:"coupon"`
	Note   string `json:"note"`
}

type receipt struct {
	Order  int64 `json:"order"`
	Total  int64 `json:"total"`
	Coupon any   `json:"coupon_percent"`
}

func (s *Shop) checkout(w http.ResponseWriter, r *http.Request) {
	var in checkout
	if err := readJSON(w, r, &in); err != nil {
		writeJSON(w, http.StatusBadRequest, problem{err.Error()})
		return
	}
	sess := s.sessions.of(r)
	if sess == nil || sess.visitor() == nil {
		writeJSON(w, http.StatusUnauthorized, problem{"log in first"})
		return
	}
	v := sess.visitor()
	if err := s.reportUser(r.Context(), v); err != nil {
		s.failJSON(w, err)
		return
	}
	cart, err := s.cart(r.Context(), sess.id)
	if err != nil {
		s.failJSON(w, err)
		return
	}
	percent, err := s.coupon(r.Context(), in.Coupon)
	if err != nil {
		s.failJSON(w, err)
		return
	}
	s.pay(w, r, sess, cart, percent)
}

// coupon looks a code up. Vulnerable on purpose: the code is part of the
// statement, and whatever it selects goes into the receipt.
func (s *Shop) coupon(ctx context.Context, code string) (any, error) {
	if code == "" {
		return int64(0), nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	var percent any
	err := s.db.QueryRowContext(ctx, "SELECT percent FROM coupons WHERE code = '"+halfQuoted(code)+"'").Scan(&percent)
	if errors.Is(err, sql.ErrNoRows) {
		return int64(0), nil
	}
	return percent, err
}

func (s *Shop) pay(w http.ResponseWriter, r *http.Request, sess *session, cart cartAnswer, percent any) {
	rebate, _ := percent.(int64)
	total := cart.Total - cart.Total*min(max(rebate, 0), 100)/100
	items := int64(s.carts.count(sess.id))
	result, err := s.db.ExecContext(r.Context(), "INSERT INTO orders(user, items, total, at) VALUES (?, ?, ?, ?)",
		sess.visitor().ID, items, total, time.Now().UTC().Format(time.DateTime))
	if err != nil {
		s.failJSON(w, err)
		return
	}
	id, err := result.LastInsertId()
	if err != nil {
		s.failJSON(w, err)
		return
	}
	s.carts.empty(sess.id)
	s.reportOrder(r.Context(), sess.visitor(), items, total)
	writeJSON(w, http.StatusCreated, receipt{Order: id, Total: total, Coupon: percent})
}

// problem is the body of an API answer that is not 2xx.
type problem struct {
	Error string `json:"error"`
}

func (s *Shop) failJSON(w http.ResponseWriter, err error) {
	s.log.Debug("call failed", "error", err)
	writeJSON(w, http.StatusInternalServerError, problem{explain(err)})
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	return json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSON)).Decode(into)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Demo", "vulnerable on purpose")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
