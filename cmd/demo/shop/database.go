package shop

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// queryTime bounds one page's work, so that an attack by slow queries costs the
// demo's machine no more than this.
const queryTime = 5 * time.Second

const schema = `
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, description TEXT NOT NULL, price INTEGER NOT NULL, stock INTEGER NOT NULL, image TEXT NOT NULL);
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, role TEXT NOT NULL, city TEXT NOT NULL DEFAULT '', card TEXT NOT NULL DEFAULT '', reset_code TEXT NOT NULL DEFAULT '', saved_search TEXT NOT NULL DEFAULT '');
CREATE TABLE reviews (id INTEGER PRIMARY KEY, product INTEGER NOT NULL, author TEXT NOT NULL, stars INTEGER NOT NULL, text TEXT NOT NULL);
CREATE TABLE coupons (code TEXT PRIMARY KEY, percent INTEGER NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, items INTEGER NOT NULL, total INTEGER NOT NULL, at TEXT NOT NULL);
CREATE INDEX reviews_by_product ON reviews(product);
CREATE INDEX orders_by_user ON orders(user);
`

// createDatabase makes the tables and fills them.
func createDatabase(path string, open func(driver.Connector) *sql.DB) (*sql.DB, error) {
	// A file name may hold ? or #, which would end it inside a DSN.
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}).String()
	c, err := newConnector(name + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	if err != nil {
		return nil, err
	}
	db := open(c)
	db.SetMaxOpenConns(4)
	if err := fill(db); err != nil {
		return nil, errorsJoinClose(db, err)
	}
	return db, nil
}

// connector opens connections to one database.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

// maxRandomBlob is the longest value that randomblob makes in the shop.
const maxRandomBlob = 1 << 20

// newConnector makes a driver of the shop's own, whose randomblob refuses long
// values: tools make a query slow by asking for hundreds of megabytes, and the
// demo shall not cost its machine the memory.
func newConnector(dsn string) (*connector, error) {
	d := &sqlite.Driver{}
	err := d.RegisterScalarFunction("randomblob", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		n, ok := args[0].(int64)
		if !ok || n > maxRandomBlob {
			return nil, errors.New("string or blob too big")
		}
		b := make([]byte, max(n, 1))
		_, _ = rand.Read(b) // never fails
		return b, nil
	})
	return &connector{d, dsn}, err
}

// Connect opens a connection.
func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver returns the driver.
func (c *connector) Driver() driver.Driver { return c.driver }

func fill(db *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	for _, in := range inserts() {
		if err := insertAll(ctx, tx, in); err != nil {
			return err
		}
	}
	return tx.Commit()
}

type insert struct {
	into string
	rows [][]any
}

func inserts() []insert {
	products := insert{into: "products(id, name, category, description, price, stock, image)"}
	for _, p := range planted.Products() {
		products.rows = append(products.rows, []any{p.ID, p.Name, p.Category, p.Description, p.Price, p.Stock, p.Image})
	}
	users := insert{into: "users(id, name, email, password_hash, role, city, card, reset_code)"}
	for _, u := range planted.Users() {
		users.rows = append(users.rows, []any{u.ID, u.Name, u.Email, planted.PasswordHash(u.Password), u.Role, u.City, u.Card, u.ResetCode})
	}
	reviews := insert{into: "reviews(product, author, stars, text)"}
	for _, r := range planted.Reviews() {
		reviews.rows = append(reviews.rows, []any{r.Product, r.Author, r.Stars, r.Text})
	}
	coupons := insert{into: "coupons(code, percent)", rows: [][]any{{"WELCOME10", 10}, {"O'BRIEN-5", 5}, {"HARBOUR-LIGHT", 15}}}
	return []insert{products, users, reviews, coupons}
}

func insertAll(ctx context.Context, tx *sql.Tx, in insert) error {
	marks := strings.TrimSuffix(strings.Repeat("?,", len(in.rows[0])), ",")
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO "+in.into+" VALUES ("+marks+")")
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	for _, row := range in.rows {
		if _, err := stmt.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}
