package main

import (
	"html/template"
	"net/http"
	"sync"
)

// book keeps what visitors wrote.
type book struct {
	mu      sync.Mutex
	entries []entry
	page    *template.Template
}

type entry struct{ Name, Text string }

func newBook() *book {
	return &book{page: template.Must(template.New("page").Parse(
		`<!doctype html><title>Guestbook</title><ul>{{range .}}<li><b>{{.Name}}</b>: {{.Text}}</li>{{end}}</ul>` +
			`<form method="post"><input name="name"><input name="text"><button>Sign</button></form>`))}
}

func (b *book) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", b.show)
	mux.HandleFunc("POST /{$}", b.sign)
}

func (b *book) show(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.page.Execute(w, b.entries)
}

func (b *book) sign(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.entries = append(b.entries, entry{r.PostFormValue("name"), r.PostFormValue("text")})
	b.mu.Unlock()
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
