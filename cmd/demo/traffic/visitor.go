package traffic

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// visitor is one browser or tool: an address, a user agent and cookies.
type visitor struct {
	crowd   *Crowd
	role    Role
	ip      netip.Addr
	agent   string
	rng     *rand.Rand
	cookies map[string]string
}

func (c *Crowd) visitor(role Role, ip netip.Addr, agent, name string) *visitor {
	return &visitor{crowd: c, role: role, ip: ip, agent: agent, rng: c.random(name), cookies: map[string]string{}}
}

// from returns the same tool behind another address, without its cookies.
func (v *visitor) from(ip netip.Addr) *visitor {
	other := *v
	other.ip, other.cookies = ip, map[string]string{}
	return &other
}

// maxBody bounds what is read of an answer.
const maxBody = 2 << 20

func (v *visitor) get(ctx context.Context, path string) Answer {
	return v.send(ctx, http.MethodGet, path, "", "")
}

// ask gets a page with one query parameter.
func (v *visitor) ask(ctx context.Context, path, key, value string) Answer {
	return v.get(ctx, path+"?"+key+"="+url.QueryEscape(value))
}

// post sends a form given as name, value, name, value ...
func (v *visitor) post(ctx context.Context, path string, pairs ...string) Answer {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.send(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

func (v *visitor) postJSON(ctx context.Context, path string, body any) Answer {
	text, err := json.Marshal(body)
	if err != nil {
		return Answer{}
	}
	return v.send(ctx, http.MethodPost, path, "application/json", string(text))
}

// send waits for the role's next slot and sends one request. An Answer with
// status 0 means that none came.
func (v *visitor) send(ctx context.Context, method, path, kind, body string) Answer {
	a := Answer{Shop: v.crowd.cfg.Shop, Role: v.role, IP: v.ip, Method: method, Path: path}
	if !v.crowd.pace[v.role].wait(ctx) {
		return a
	}
	req, err := http.NewRequestWithContext(ctx, method, v.crowd.cfg.URL+path, strings.NewReader(body))
	if err != nil {
		return a
	}
	v.dress(req, kind)
	begun := time.Now()
	res, err := v.crowd.client.Do(req)
	if err != nil {
		if ctx.Err() == nil {
			v.crowd.count(a)
		}
		return a
	}
	defer func() { _ = res.Body.Close() }()
	v.read(res, &a)
	a.Took = time.Since(begun)
	v.crowd.count(a)
	return a
}

func (v *visitor) dress(req *http.Request, kind string) {
	req.Header.Set("User-Agent", v.agent)
	req.Header.Set("X-Forwarded-For", v.ip.String())
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if v.role == Customer {
		req.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
		req.Header.Set("Accept-Language", "en-US,en;q=0.7,fr;q=0.3")
	}
	for name, value := range v.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
}

func (v *visitor) read(res *http.Response, a *Answer) {
	for _, c := range res.Cookies() {
		v.cookies[c.Name] = c.Value
	}
	// What came before a connection broke is judged all the same.
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxBody))
	a.Status, a.Body, a.Place = res.StatusCode, string(body), res.Header.Get("Location")
	a.Refused = res.StatusCode == http.StatusForbidden && res.Header.Get("X-Demo") == "" && !strings.Contains(a.Body, "Vulnerable on purpose")
}

// pick returns one of a list.
func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }
