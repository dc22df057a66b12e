package rasp

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"unicode/utf8"
)

// derive adds the needles of input i: its value, and what an app may have made
// of it before the value reached a sink.
func (x *index) derive(i int) {
	v := x.inputs[i].value
	d := derivation{index: x, input: i}
	if strings.EqualFold(x.inputs[i].address, "header.Authorization") {
		d.credentials(v)
		return
	}
	d.layer(v, 0)
}

// derivation collects the needles of one input.
type derivation struct {
	*index
	input int
	count int
}

// layer adds v and decodes it further.
func (d *derivation) layer(v string, depth int) {
	v = strings.TrimSpace(v)
	if !d.add(v) || len(v) > maxDerivedBytes {
		return
	}
	if strings.ContainsAny(v, "\t\n\v\f\r") || strings.Contains(v, "  ") {
		d.add(strings.Join(strings.Fields(v), " "))
	}
	if strings.ContainsAny(v, "'\"\\\x00\n\r") {
		d.add(addSlashes(v))
	}
	if strings.IndexByte(v, '\\') >= 0 && strings.IndexByte(v, '\'') >= 0 { // doubling is not enough in MySQL
		d.add(strings.ReplaceAll(v, "'", "''"))
	}
	if depth == maxLayers {
		return
	}
	if strings.IndexByte(v, ',') > 0 {
		d.list(v)
	}
	d.decode(v, depth+1)
}

// add adds a needle, and reports whether it was worth adding.
func (d *derivation) add(v string) bool {
	if cannotInject(v) || d.count >= maxDerived {
		return false
	}
	for k := len(d.needles) - d.count; k < len(d.needles); k++ {
		if d.needles[k].text == v {
			return false
		}
	}
	n := newNeedle(v, d.input)
	d.needles = append(d.needles, n)
	d.filters = append(d.filters, newFilter(n.fold))
	d.count++
	return true
}

// list adds the items of a list that could do harm on their own, because apps
// split lists and join them again with other separators.
func (d *derivation) list(v string) {
	for item := range strings.SplitSeq(v, ",") {
		if item = strings.TrimSpace(item); len(item) > 2 && !isWord(item) {
			if d.add(item) {
				d.needles[len(d.needles)-1].part = true
			}
		}
	}
}

// decode tries every encoding that v could be in.
func (d *derivation) decode(v string, depth int) {
	if strings.IndexByte(v, '%') >= 0 {
		if u, err := url.QueryUnescape(v); err == nil && u != v {
			d.layer(u, depth)
		}
	} else if strings.IndexByte(v, '+') >= 0 && strings.IndexByte(v, ' ') < 0 {
		d.layer(strings.ReplaceAll(v, "+", " "), depth)
	}
	if strings.IndexByte(v, '&') >= 0 && strings.IndexByte(v, ';') > 0 {
		if u := html.UnescapeString(v); u != v {
			d.layer(u, depth)
		}
	}
	d.json(v, depth)
	if strings.Contains(v, "://") {
		d.queryOf(v, depth)
	}
	if u, ok := base64Text(v); ok {
		d.layer(u, depth)
	}
}

func (d *derivation) json(v string, depth int) {
	switch v[0] {
	case '{', '[', '"':
		var value any
		if json.Unmarshal([]byte(v), &value) == nil {
			d.leaves(value, depth, 0)
			return
		}
	}
	if strings.Contains(v, `\u`) {
		var u string
		if json.Unmarshal([]byte(`"`+v+`"`), &u) == nil && u != v {
			d.layer(u, depth)
		}
	}
}

// maxJSONDepth bounds the walk through a JSON value inside an input.
const maxJSONDepth = 16

func (d *derivation) leaves(value any, depth, nesting int) {
	if nesting > maxJSONDepth || d.count >= maxDerived {
		return
	}
	switch v := value.(type) {
	case string:
		d.layer(v, depth)
	case []any:
		for _, item := range v {
			d.leaves(item, depth, nesting+1)
		}
	case map[string]any:
		for key, item := range v {
			d.layer(key, maxLayers)
			d.leaves(item, depth, nesting+1)
		}
	}
}

// queryOf adds the query parameters of a URL, such as the Referer's.
func (d *derivation) queryOf(v string, depth int) {
	_, query, ok := strings.Cut(v, "?")
	if !ok {
		return
	}
	for pair := range strings.SplitSeq(query, "&") {
		_, value, _ := strings.Cut(pair, "=")
		if u, err := url.QueryUnescape(value); err == nil && !isWord(u) {
			d.layer(u, depth)
		}
	}
}

// credentials adds what an Authorization header holds: the two halves of Basic
// credentials, the claims of a token, or the rest as it is.
func (d *derivation) credentials(v string) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(v), " ")
	rest = strings.TrimSpace(rest)
	if strings.EqualFold(scheme, "Basic") {
		if plain, ok := base64Text(rest); ok {
			user, password, _ := strings.Cut(plain, ":")
			d.layer(user, 0)
			d.layer(password, 0)
			return
		}
	}
	if parts := strings.Split(rest, "."); len(parts) == 3 {
		if claims, ok := base64Text(parts[1]); ok {
			d.layer(claims, 0)
			return
		}
	}
	d.layer(rest, 0)
}

// base64Text decodes v when that gives text: random bytes seldom do.
func base64Text(v string) (string, bool) {
	if len(v) < 8 || !base64Alphabet(v) {
		return "", false
	}
	v = strings.TrimRight(v, "=")
	enc := base64.RawStdEncoding
	if strings.ContainsAny(v, "-_") {
		enc = base64.RawURLEncoding
	}
	out, err := enc.DecodeString(v)
	if err != nil || !printable(out) {
		return "", false
	}
	return string(out), true
}

func base64Alphabet(v string) bool {
	for i := range len(v) {
		c := v[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("+/-_=", c) < 0 {
			return false
		}
	}
	return true
}

func printable(text []byte) bool {
	for _, c := range text {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return utf8.Valid(text)
}

// addSlashes escapes as PHP's function of that name and Go's %q do. Databases
// that do not know the backslash still see a closing quote behind it.
func addSlashes(v string) string {
	var b strings.Builder
	b.Grow(len(v) + 8)
	for i := range len(v) {
		switch c := v[i]; c {
		case '\'', '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case 0:
			b.WriteString(`\0`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
