package shop

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// browser is a client that keeps its cookies.
type browser struct {
	t    *testing.T
	base string
	http *http.Client
}

func open(t *testing.T) *browser {
	t.Helper()
	s, err := New(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, server.URL, &http.Client{Jar: jar}}
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	res, err := b.http.Get(b.base + path)
	return b.read(res, err)
}

func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	res, err := b.http.PostForm(b.base+path, form)
	return b.read(res, err)
}

func (b *browser) postJSON(path, body string) (int, string) {
	b.t.Helper()
	res, err := b.http.Post(b.base+path, "application/json", strings.NewReader(body))
	return b.read(res, err)
}

func (b *browser) read(res *http.Response, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestEveryPageSaysThatItIsVulnerableOnPurpose(t *testing.T) {
	b := open(t)
	for path, want := range map[string]int{
		"/": 200, "/products?category=pendants": 200, "/search?q=brass": 200, "/product/7": 200, "/product/7000": 404,
		"/login": 200, "/signup": 200, "/account": 200, "/cart": 200, "/health?host=localhost": 200, "/preview": 200,
		"/image?file=nothing.svg": 404, "/wp-login.php": 404, "/search?q=%27": 500,
	} {
		status, body := b.get(path)
		if status != want {
			t.Errorf("GET %s: status %d, want %d", path, status, want)
		}
		if !strings.Contains(body, "Vulnerable on purpose") {
			t.Errorf("GET %s does not say that it is vulnerable on purpose", path)
		}
	}
}

func TestPicturesAndPartnersAreServed(t *testing.T) {
	b := open(t)
	if status, body := b.get("/image?file=lamp-01.svg"); status != 200 || !strings.HasPrefix(body, "<svg") {
		t.Errorf("picture: %d %.40q", status, body)
	}
	for _, partner := range planted.PartnerURLs() {
		if status, body := b.get("/preview?url=" + url.QueryEscape(partner)); status != 200 || !strings.Contains(body, "Warm light") {
			t.Errorf("preview of %s: %d", partner, status)
		}
	}
}

func TestCustomersWithApostrophesAreServed(t *testing.T) {
	b := open(t)
	if status, _ := b.get("/search?q=" + url.QueryEscape("O'Brien's lamp")); status != 200 {
		t.Errorf("search: status %d", status)
	}
	form := url.Values{"name": {"Peg O'Hara"}, "email": {"peg.o'hara@post.example"}, "password": {"harbour-44"}}
	if status, body := b.post("/signup", form); status != 200 || !strings.Contains(body, "Peg O&#39;Hara") {
		t.Errorf("signup: status %d", status)
	}
	b.post("/logout", nil)
	if status, body := b.post("/login", form); status != 200 || !strings.Contains(body, "Your account") {
		t.Errorf("login: status %d", status)
	}
}

func TestBuyingALamp(t *testing.T) {
	b := open(t)
	if status, _ := b.postJSON("/api/checkout", `{"coupon":""}`); status != 401 {
		t.Errorf("stranger's checkout: status %d", status)
	}
	u := planted.Users()[4]
	b.post("/login", url.Values{"email": {u.Email}, "password": {u.Password}})
	if status, body := b.postJSON("/api/cart", `{"product":3,"quantity":2}`); status != 200 || !strings.Contains(body, `"quantity":2`) {
		t.Errorf("add: %d %s", status, body)
	}
	for body, want := range map[string]int{`{"product":3000,"quantity":2}`: 422, `{"product":3,"quantity":-1}`: 422, `{`: 400} {
		if status, _ := b.postJSON("/api/cart", body); status != want {
			t.Errorf("add %s: status %d, want %d", body, status, want)
		}
	}
	price := planted.Products()[2].Price * 2
	status, body := b.postJSON("/api/checkout", `{"coupon":"WELCOME10"}`)
	if want := `"coupon_percent":10`; status != 201 || !strings.Contains(body, want) {
		t.Errorf("checkout of %d: %d %s", price, status, body)
	}
	if _, body := b.get("/api/cart"); !strings.Contains(body, `"lines":[]`) {
		t.Errorf("cart after checkout: %s", body)
	}
	if _, body := b.get("/account"); !strings.Contains(body, "Orders") {
		t.Error("the order is not on the account page")
	}
}

func TestOnlyStaffSeesTheCustomers(t *testing.T) {
	for _, i := range []int{0, 7} {
		b := open(t)
		u := planted.Users()[i]
		b.post("/login", url.Values{"email": {u.Email}, "password": {u.Password}})
		status, body := b.get("/admin")
		if want := u.Role == "admin"; strings.Contains(body, planted.Users()[30].Email) != want || (status == 200) != want {
			t.Errorf("%s (%s) asks for /admin: status %d", u.Name, u.Role, status)
		}
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:80", "example.com:80", "127.0.0.1", ""} {
		l, err := Listen(t.Context(), address)
		if err == nil {
			l.Close()
			t.Errorf("listens on %q", address)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0", "127.8.9.10:0"} {
		l, err := Listen(t.Context(), address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		l.Close()
	}
}

func TestPagesElsewhereCannotUseTheVisitorsBrowser(t *testing.T) {
	b := open(t)
	for name, change := range map[string]func(*http.Request){
		"a name that leads here":     func(r *http.Request) { r.Host = "rebound.example:80" },
		"an image on another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another port's page":        func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"a script on another origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a sandboxed page":           func(r *http.Request) { r.Header.Set("Origin", "null") },
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/health?host=localhost", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		res, err := b.http.Do(r)
		if status, _ := b.read(res, err); status != http.StatusMisdirectedRequest {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

func TestShellDoesNotSeeTheAgentsToken(t *testing.T) {
	t.Setenv("SQREEN_TOKEN", "secret-of-the-agent")
	b := open(t)
	if _, body := b.get("/health?host=" + url.QueryEscape("localhost; env; set")); strings.Contains(body, "secret-of-the-agent") {
		t.Error("the token is in the shell's environment")
	}
}
