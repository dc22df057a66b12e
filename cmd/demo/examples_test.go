//go:build unix

package demo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/cmd/demo/planted"
	"github.com/sqreen/sqreen/cmd/demo/shop"
)

// What the demo tells people to paste must do what it promises.
func TestExamplesWork(t *testing.T) {
	s, err := shop.New(shop.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	defer web.Close()
	defer s.Close()
	want := []string{planted.Users()[40].Email, planted.PaymentKey, "uid=", planted.MetadataKey}
	for i, mark := range want {
		line := examples(web.URL)[i]
		address := strings.TrimSuffix(strings.TrimPrefix(line, "curl '"), "'")
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || !strings.Contains(string(body), mark) {
			t.Errorf("%s: %s without %q (%v)", line, res.Status, mark, err)
		}
	}
	if tool := examples(web.URL)[len(want)]; !strings.HasPrefix(tool, "sqlmap -u '"+web.URL+"/search?q=lamp'") {
		t.Errorf("sqlmap's example: %s", tool)
	}
}
