package shop

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// Config says what a shop is made of.
type Config struct {
	// Dir is where the shop keeps its database, pictures and settings. It is
	// created when missing; a database in it is replaced.
	Dir string
	// Open opens the database; nil is sql.OpenDB, without any protection. The
	// demo wraps the connector with sqlhook.
	Open func(driver.Connector) *sql.DB
	// Wrap goes around every page, for example an agent's middleware; nil leaves
	// the pages bare.
	Wrap func(http.Handler) http.Handler
	// Logger takes what goes wrong; nil is silence.
	Logger *slog.Logger
}

// Shop is the application. Make it with New and end it with Close.
type Shop struct {
	dir      string
	db       *sql.DB
	pages    map[string]page
	log      *slog.Logger
	fetch    *http.Client
	handler  http.Handler
	sessions sessions
	carts    carts
	closing  sync.Once
}

// New creates the database and the files in c.Dir and returns a shop ready to
// serve.
func New(c Config) (*Shop, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Open == nil {
		c.Open = sql.OpenDB
	}
	if err := writeFiles(c.Dir); err != nil {
		return nil, fmt.Errorf("write the shop's files: %w", err)
	}
	pages, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("parse the shop's pages: %w", err)
	}
	db, err := createDatabase(filepath.Join(c.Dir, "shop.db"), c.Open)
	if err != nil {
		return nil, fmt.Errorf("create the shop's database: %w", err)
	}
	s := &Shop{dir: c.Dir, db: db, pages: pages, log: c.Logger, fetch: newFetcher()}
	s.handler = s.routes()
	if c.Wrap != nil {
		s.handler = c.Wrap(s.handler)
	}
	s.handler = guard(s.handler)
	return s, nil
}

// ServeHTTP serves the shop's pages.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close closes the database. Requests under way fail.
func (s *Shop) Close() error {
	var err error
	s.closing.Do(func() {
		s.fetch.CloseIdleConnections()
		err = s.db.Close()
	})
	return err
}

func (s *Shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /products", s.products)
	mux.HandleFunc("GET /search", s.search)
	mux.HandleFunc("GET /product/{id}", s.product)
	mux.HandleFunc("POST /product/{id}/review", s.addReview)
	mux.HandleFunc("GET /image", s.image)
	mux.HandleFunc("GET /signup", s.signupForm)
	mux.HandleFunc("POST /signup", s.signup)
	mux.HandleFunc("GET /login", s.loginForm)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("GET /account", s.account)
	mux.HandleFunc("POST /account/search", s.saveSearch)
	mux.HandleFunc("GET /cart", s.cartPage)
	mux.HandleFunc("GET /api/cart", s.getCart)
	mux.HandleFunc("POST /api/cart", s.addToCart)
	mux.HandleFunc("POST /api/checkout", s.checkout)
	mux.HandleFunc("GET /admin", s.admin)
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /preview", s.preview)
	mux.HandleFunc("/", s.notFound)
	return mux
}

// writeFiles puts the pictures and the settings where the shop expects them.
func writeFiles(dir string) error {
	files := shopFiles()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return removeDatabase(filepath.Join(dir, "shop.db"))
}

func removeDatabase(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
