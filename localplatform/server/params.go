package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

const maxRequestBody = 1 << 20 // of an operator's request

// call is one request of an operator, as a route sees it. The first parameter
// that does not read sticks as err.
type call struct {
	r    *http.Request
	body []byte
	err  error
}

func (c *call) fail(name, want string) {
	if c.err == nil {
		c.err = localplatform.Errorf(localplatform.CodeInvalid, "parameter %s must be %s", name, want)
	}
}

func (c *call) text(name string) string { return c.r.URL.Query().Get(name) }

func (c *call) texts(name string) []string { return c.r.URL.Query()[name] }

func (c *call) number(name string) int64 {
	return c.parse(name, c.text(name))
}

// path is a number in the path.
func (c *call) path(name string) int64 {
	return c.parse(name, c.r.PathValue(name))
}

func (c *call) parse(name, text string) int64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.fail(name, "a whole number")
	}
	return n
}

// small is a number that fits an int on every system.
func (c *call) small(name string) int {
	n := c.number(name)
	if n != int64(int32(n)) {
		c.fail(name, "a smaller number")
		return 0
	}
	return int(n)
}

func (c *call) flag(name string) bool {
	text := c.text(name)
	if text == "" {
		return false
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		c.fail(name, "true or false")
	}
	return b
}

func (c *call) time(name string) time.Time {
	text := c.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		c.fail(name, "a time such as 2026-11-20T13:45:07Z")
	}
	return t
}

func (c *call) span(name string) time.Duration {
	text := c.text(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		c.fail(name, "a duration such as 30s or 5m")
	}
	return d
}

// read decodes the body. Fields that do not exist are refused: a misspelt one
// would silently change nothing.
func read[T any](c *call) T {
	var v T
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil && c.err == nil {
		c.err = localplatform.Errorf(localplatform.CodeInvalid, "the body is not what is expected here: %w", err)
	}
	if dec.More() && c.err == nil {
		c.err = localplatform.Errorf(localplatform.CodeInvalid, "the body holds more than one JSON value")
	}
	return v
}
