// Package params takes apart what a request brings in: queries, forms,
// cookies, JSON and multipart bodies.
//
// It is not a validating parser. An attacker sends what is malformed on
// purpose, and the handler's parser may be more forgiving than the standard, so
// everything here goes on as far as it can and never fails. Values are passed to
// a function as they are found; it returns false to stop.
package params

import (
	"mime"
	"strings"
)

// Form passes on the names and values of a query or of a form body. A piece
// that is not properly encoded is passed as it stands.
func Form(raw string, yield func(name, value string) bool) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if !yield(Unescape(name), Unescape(value)) {
			return
		}
	}
}

// Unescape decodes percent signs and plus signs, leaving what is not a valid
// escape alone. It does not allocate when there is nothing to decode.
func Unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		if strings.IndexByte(s, '+') < 0 {
			return s
		}
		return strings.ReplaceAll(s, "+", " ")
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			out = append(out, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// UnescapePath decodes percent signs only, as in a path.
func UnescapePath(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	return Unescape(strings.ReplaceAll(s, "+", "%2B"))
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Cookies passes on the names and values in a Cookie header, without the
// quotes that may surround a value.
func Cookies(header string, yield func(name, value string) bool) {
	for header != "" {
		var part string
		part, header, _ = strings.Cut(header, ";")
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok && name == "" {
			continue
		}
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		if !yield(name, value) {
			return
		}
	}
}

// Body is a kind of body that can be taken apart.
type Body int

// Kinds of body.
const (
	Opaque    Body = iota // not looked at: images, archives, compressed or unknown binary data
	URLForm               // application/x-www-form-urlencoded
	JSONBody              // application/json and relatives
	Multipart             // multipart/form-data
	XMLBody               // application/xml, text/xml and relatives
	Text                  // anything that may be text
)

// KindOf returns the kind of a body from its headers, and the boundary of a
// multipart one. A missing type means text, because handlers often do not ask.
func KindOf(contentType, contentEncoding string) (kind Body, boundary string) {
	if e := strings.TrimSpace(strings.ToLower(contentEncoding)); e != "" && e != "identity" {
		return Opaque, ""
	}
	name, values, err := mime.ParseMediaType(contentType)
	if err != nil {
		name, _, _ = strings.Cut(contentType, ";")
		name = strings.ToLower(strings.TrimSpace(name))
	}
	major, minor, _ := strings.Cut(name, "/")
	switch {
	case minor == "x-www-form-urlencoded":
		return URLForm, ""
	case major == "multipart" && values["boundary"] != "":
		return Multipart, values["boundary"]
	case minor == "json" || strings.HasSuffix(minor, "+json") || strings.Contains(minor, "json"):
		return JSONBody, ""
	case minor == "xml" || strings.HasSuffix(minor, "+xml"):
		return XMLBody, ""
	case major == "" || major == "text", minor == "graphql", minor == "javascript", minor == "x-yaml", minor == "yaml":
		return Text, ""
	}
	return Opaque, ""
}

// Values passes on what a body of the given kind holds, with addresses such as
// "form.name" and "json.items[0].id". Multipart bodies are read by Parts.
func Values(kind Body, body string, yield func(address, value string) bool) {
	switch kind {
	case URLForm:
		Form(body, func(name, value string) bool { return named("form", name, value, yield) })
	case JSONBody:
		JSON(body, yield)
	case XMLBody:
		XML(body, yield)
	case Text:
		switch trimmed := strings.TrimLeft(body, " \t\r\n\ufeff"); {
		case strings.HasPrefix(trimmed, "{"), strings.HasPrefix(trimmed, "["):
			JSON(body, yield)
		case strings.HasPrefix(trimmed, "<"):
			XML(body, yield)
		default:
			yield("body", body)
		}
	}
}

// named passes a value on, and its name too when the name could be an attack
// of its own: handlers build statements from names as well.
func named(kind, name, value string, yield func(address, value string) bool) bool {
	address := kind + "." + name[:min(len(name), maxAddress)]
	if !plainName(name) && !yield(address, name) {
		return false
	}
	return yield(address, value)
}

// Named is Form with addresses, for a query ("query.q") or a cookie header.
func Named(kind string, each func(func(name, value string) bool), yield func(address, value string) bool) {
	each(func(name, value string) bool { return named(kind, name, value, yield) })
}

// plainName reports whether a name consists of letters, digits and what
// ordinary names are joined with.
func plainName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '_', c == '-', c == '.', c == '[', c == ']', c == '$':
		default:
			return false
		}
	}
	return true
}
