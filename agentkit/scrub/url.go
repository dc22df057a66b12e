package scrub

import (
	"net/url"
	"strings"
)

// url scrubs the parts of a URL, each by its own rules.
func (r *run) url(raw string) string {
	rest, fragment, hasFragment := strings.Cut(raw, "#")
	rest, query, hasQuery := strings.Cut(rest, "?")
	out := r.matches(r.credentials(rest))
	if hasQuery {
		out += "?" + r.query(query)
	}
	if hasFragment {
		out += "#" + r.query(fragment) // OAuth puts tokens there
	}
	return out
}

// credentials removes "user:password@".
func (r *run) credentials(raw string) string {
	i := strings.Index(raw, "//")
	if i < 0 {
		return raw
	}
	authority, path, hasPath := strings.Cut(raw[i+2:], "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return raw
	}
	if _, password, ok := strings.Cut(authority[:at], ":"); ok && r.found != nil {
		r.found.add(password)
	}
	out := raw[:i+2] + r.remove(authority[:at]) + authority[at:]
	if hasPath {
		out += "/" + path
	}
	return out
}

// query scrubs "a=1&b=2". What is not sensitive keeps its encoding.
func (r *run) query(query string) string {
	var b strings.Builder
	b.Grow(len(query))
	for query != "" {
		pair := query
		sep := strings.IndexAny(query, "&;")
		if sep >= 0 {
			pair, query = query[:sep], query[sep:]
		} else {
			query = ""
		}
		b.WriteString(r.pair(pair))
		if query != "" {
			b.WriteByte(query[0])
			query = query[1:]
		}
	}
	return b.String()
}

func (r *run) pair(pair string) string {
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		return r.encoded(pair)
	}
	if r.sensitive(unescape(name)) {
		r.remove(unescape(value)) // found elsewhere, it will be without its encoding
		return name + "=" + r.remove(value)
	}
	return r.encoded(name) + "=" + r.encoded(value)
}

// encoded scrubs text that may be percent-encoded.
func (r *run) encoded(text string) string {
	plain := unescape(text)
	if clean := r.free(plain); clean != plain {
		return clean
	}
	return r.free(text)
}

func unescape(text string) string {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return text
	}
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
