package shop

import (
	"context"
	"net/http"
	"regexp"
)

// lamp is a product as pages show it. Columns have loose types because an
// injected SELECT returns what it likes, as it would in a dynamic language.
type lamp struct {
	ID          any
	Name        any
	Category    any
	Description any
	Price       any
	Stock       any
	Image       any
}

const lampColumns = "id, name, category, description, price, stock, image"

// Cents is Price when it is a number, else 0.
func (l lamp) Cents() int64 { n, _ := l.Price.(int64); return n }

// apostrophes is what is left of a half-hearted repair: since O'Brien could not
// search, apostrophes between letters are doubled. All others are not.
var apostrophes = regexp.MustCompile(`(\pL)'(\pL)`)

func halfQuoted(text string) string { return apostrophes.ReplaceAllString(text, "$1''$2") }

func (s *Shop) home(w http.ResponseWriter, r *http.Request) {
	lamps, err := s.lamps(r.Context(), "SELECT "+lampColumns+" FROM products WHERE category <> 'spare parts' ORDER BY id % 7, id LIMIT 12")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "home", view{Title: "Lamps and lights", Data: lamps})
}

type listing struct {
	Heading string
	Term    string // shown unescaped when nothing is found
	Lamps   []lamp
}

// maxCards bounds the pictures on one page; the table below has all rows.
const maxCards = 24

// Cards are the lamps shown with a picture.
func (l listing) Cards() []lamp { return l.Lamps[:min(len(l.Lamps), maxCards)] }

func (s *Shop) products(w http.ResponseWriter, r *http.Request) {
	category := r.URL.Query().Get("category")
	// Vulnerable on purpose: the category is part of the statement.
	lamps, err := s.lamps(r.Context(), "SELECT "+lampColumns+" FROM products WHERE category = '"+category+"' ORDER BY price LIMIT 60")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "list", view{Title: "Lamps", Data: listing{Heading: category, Lamps: lamps}})
}

func (s *Shop) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query().Get("q")
	lamps, err := s.find(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "list", view{Title: "Search", Data: listing{Heading: "Search", Term: q, Lamps: lamps}})
}

// find searches the catalogue. Vulnerable on purpose: the text is part of the
// statement.
func (s *Shop) find(ctx context.Context, text string) ([]lamp, error) {
	return s.lamps(ctx, "SELECT "+lampColumns+" FROM products WHERE description || ' ' || name LIKE '%"+halfQuoted(text)+"%'")
}

func (s *Shop) lamps(ctx context.Context, statement string) ([]lamp, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []lamp
	for rows.Next() {
		var l lamp
		if err := rows.Scan(&l.ID, &l.Name, &l.Category, &l.Description, &l.Price, &l.Stock, &l.Image); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

type review struct {
	Author string
	Stars  int64
	Text   string
}

type productView struct {
	Lamp    lamp
	Reviews []review
}

func (s *Shop) product(w http.ResponseWriter, r *http.Request) {
	// Vulnerable on purpose: nobody checks that the id is a number.
	lamps, err := s.lamps(r.Context(), "SELECT "+lampColumns+" FROM products WHERE id = "+r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(lamps) == 0 {
		s.notFound(w, r)
		return
	}
	reviews, err := s.reviews(r.Context(), lamps[0].ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "product", view{Title: "Lamp", Data: productView{lamps[0], reviews}})
}

func (s *Shop) reviews(ctx context.Context, product any) ([]review, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, "SELECT author, stars, text FROM reviews WHERE product = ? ORDER BY id DESC LIMIT 30", product)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []review
	for rows.Next() {
		var v review
		if err := rows.Scan(&v.Author, &v.Stars, &v.Text); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func (s *Shop) addReview(w http.ResponseWriter, r *http.Request) {
	author := "A visitor"
	if sess := s.sessions.of(r); sess != nil && sess.visitor() != nil {
		author = sess.visitor().Name
	}
	stars := min(max(number(r.PostFormValue("stars")), 1), 5)
	// The statement is safe; showing the text unescaped afterwards is not.
	_, err := s.db.ExecContext(r.Context(), "INSERT INTO reviews(product, author, stars, text) VALUES (?, ?, ?, ?)",
		number(r.PathValue("id")), author, stars, r.PostFormValue("text"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/product/"+r.PathValue("id"), http.StatusSeeOther)
}
