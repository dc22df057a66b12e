package shop

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"modernc.org/sqlite"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

//go:embed pages/*.html
var pageFiles embed.FS

// page is one parsed page inside the common layout.
type page struct{ *template.Template }

// view is what a page is rendered with.
type view struct {
	Title string
	User  *visitor // nil for strangers
	Cart  int      // lamps in the cart
	Menu  []string
	Data  any
}

func parsePages() (map[string]page, error) {
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	funcs := template.FuncMap{
		"price": price, "stars": stars,
		// Reviews and search terms are shown as they came: a fault of this shop.
		"unescaped": func(s string) template.HTML { return template.HTML(s) }, //nolint:gosec // vulnerable on purpose
	}
	pages := map[string]page{}
	for _, name := range names {
		if path.Base(name) == "layout.html" {
			continue
		}
		t, err := template.New("layout.html").Funcs(funcs).ParseFS(pageFiles, "pages/layout.html", name)
		if err != nil {
			return nil, err
		}
		pages[strings.TrimSuffix(path.Base(name), ".html")] = page{t}
	}
	return pages, nil
}

func price(cents int64) string { return fmt.Sprintf("%d.%02d €", cents/100, cents%100) }

func stars(n int64) string {
	n = min(max(n, 0), 5)
	return strings.Repeat("★", int(n)) + strings.Repeat("☆", int(5-n))
}

// show renders a page whole before it sends a byte, so that an error is an
// error page and not half a page.
func (s *Shop) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Menu = planted.Categories()
	if sess := s.sessions.of(r); sess != nil {
		v.User = sess.visitor()
		v.Cart = s.carts.count(sess.id)
	}
	var out bytes.Buffer
	if err := s.pages[name].Execute(&out, v); err != nil {
		s.log.Error("render", "page", name, "error", err)
		http.Error(w, "This shop is vulnerable on purpose, but this page is just broken.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

// fail shows an error with everything the cause says, another fault: attackers
// read table names in it.
func (s *Shop) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.log.Debug("page failed", "path", r.URL.Path, "error", err)
	s.show(w, r, http.StatusInternalServerError, "error", view{Title: "Something broke", Data: explain(err)})
}

// explain words an error as database drivers do.
func explain(err error) string {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return fmt.Sprintf("SQLite error %d: %s", e.Code(), e)
	}
	return err.Error()
}

func (s *Shop) notFound(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusNotFound, "notfound", view{Title: "Nothing here", Data: r.URL.Path})
}
