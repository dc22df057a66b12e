package shop

import (
	"crypto/rand"
	"net/http"
	"sync"
)

const cookieName = "shop_session"

// maxSessions bounds memory in a demo that runs for days. Beyond it somebody,
// at random, has to log in again.
const maxSessions = 20000

// visitor is who is logged in.
type visitor struct {
	ID    int64
	Name  string
	Email string
	Role  string
}

// session belongs to one browser; its fields are guarded by sessions.mu.
type session struct {
	id   string
	all  *sessions
	user *visitor
}

// visitor returns who is logged in, or nil.
func (s *session) visitor() *visitor {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	return s.user
}

func (s *session) setVisitor(v *visitor) {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	s.user = v
}

// sessions are kept in memory: a restarted shop knows nobody.
type sessions struct {
	mu  sync.Mutex
	all map[string]*session
}

// of returns the session of a request, or nil.
func (s *sessions) of(r *http.Request) *session {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[c.Value]
}

// start returns the request's session, a new one when it has none.
func (s *sessions) start(w http.ResponseWriter, r *http.Request) *session {
	if sess := s.of(r); sess != nil {
		return sess
	}
	sess := &session{id: rand.Text(), all: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*session{}
	}
	for id := range s.all {
		if len(s.all) < maxSessions {
			break
		}
		delete(s.all, id)
	}
	s.all[sess.id] = sess
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: sess.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return sess
}

// line is a product in a cart.
type line struct {
	Product  int64 `json:"product"`
	Quantity int64 `json:"quantity"`
}

// carts holds what each session wants to buy.
type carts struct {
	mu  sync.Mutex
	all map[string][]line
}

func (c *carts) add(id string, l line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string][]line{}
	}
	for i, have := range c.all[id] {
		if have.Product == l.Product {
			c.all[id][i].Quantity = min(have.Quantity+l.Quantity, 99)
			return
		}
	}
	if len(c.all[id]) < 50 && len(c.all) < maxSessions {
		c.all[id] = append(c.all[id], l)
	}
}

func (c *carts) lines(id string) []line {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]line(nil), c.all[id]...)
}

func (c *carts) count(id string) int {
	n := 0
	for _, l := range c.lines(id) {
		n += int(l.Quantity)
	}
	return n
}

func (c *carts) empty(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, id)
}
