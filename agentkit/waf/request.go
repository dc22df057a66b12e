package waf

import "strings"

// maxParams bounds the parameters of one query that are taken apart.
const maxParams = 2000

// Request looks at the method, path, query, headers and further inputs of a
// request.
func (x *Inspection) Request(r *Request) {
	if len(r.Path) > 1 {
		x.Value(Path, "", strings.TrimPrefix(r.Path, "/"))
	}
	if r.RawPath != "" && r.RawPath != r.Path {
		x.Value(URI, "", strings.TrimPrefix(r.RawPath, "/"))
	}
	if r.RawQuery != "" {
		x.Query(Query, r.RawQuery)
	}
	for name, values := range r.Header {
		for _, v := range values {
			x.header(name, v)
		}
	}
	for i := range r.Inputs {
		in := &r.Inputs[i]
		x.Value(in.Source, in.Key, in.Value)
	}
}

func (x *Inspection) header(name, value string) {
	if name == "" {
		return
	}
	if name == "Cookie" {
		x.cookies(value)
		return
	}
	x.Value(Header, name, value)
	if name[0] == 'X' && len(name) <= len("X-File-Name") && (strings.HasSuffix(strings.ToLower(name), "filename") || strings.EqualFold(name, "X-File-Name")) {
		x.fileName(name, value) // uploads by script send the name here
	}
}

// fileName looks at the name of an upload, and at what a file system makes of
// it that drops spaces and dots.
func (x *Inspection) fileName(key, name string) {
	x.Value(FileName, key, name)
	if strings.IndexByte(name, ' ') < 0 && !strings.HasSuffix(name, ".") {
		return
	}
	x.query = x.query[:0]
	for i := range len(name) {
		if name[i] != ' ' {
			x.query = append(x.query, name[i])
		}
	}
	x.Value(FileName, key, strings.TrimRight(view(x.query), "."))
}

// cookies looks at each cookie of a header.
func (x *Inspection) cookies(s string) {
	for n := 0; s != "" && n < maxParams; n++ {
		part := s
		if i := strings.IndexByte(s, ';'); i >= 0 {
			part, s = s[:i], s[i+1:]
		} else {
			s = ""
		}
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		x.name(name)
		x.Value(Cookie, name, strings.Trim(value, `"`))
	}
}

// name looks at the name of a parameter when it has something to say.
func (x *Inspection) name(name string) {
	if len(name) > 2 {
		x.Value(Name, "", name)
	}
}

// Query takes an urlencoded text apart, from a query or a form, and looks at its
// names and values. Values of parameters that are given several times are looked
// at together as well, since frameworks join them.
func (x *Inspection) Query(src Source, raw string) {
	n, repeated := 0, false
	for at := 0; at < len(raw); {
		if n == maxParams {
			x.rs.stats.BodyParts.Add(1)
			break
		}
		pair, next := cutPair(raw, at)
		if pair == "" {
			at = next
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if n < maxJoined {
			x.pairs[n] = place{int32(at), int32(len(name))}
			repeated = repeated || x.earlier(raw, n, name)
		}
		n++
		at = next
		name, value = x.unescape(name, value)
		x.name(name)
		x.Value(src, name, value)
	}
	if repeated {
		x.repeated(src, raw, min(n, maxJoined))
	}
}

// cutPair returns the pair that begins at at, and where the next one does.
func cutPair(raw string, at int) (pair string, next int) {
	if i := strings.IndexByte(raw[at:], '&'); i >= 0 {
		return raw[at : at+i], at + i + 1
	}
	return raw[at:], len(raw)
}

// unescape decodes a pair once, into memory that the next pair uses again.
func (x *Inspection) unescape(name, value string) (string, string) {
	if strings.IndexByte(name, '%') < 0 && strings.IndexByte(name, '+') < 0 && strings.IndexByte(value, '%') < 0 && strings.IndexByte(value, '+') < 0 {
		return name, value
	}
	x.query = unescapeTo(x.query[:0], name)
	n := len(x.query)
	x.query = unescapeTo(x.query, value)
	return view(x.query[:n]), view(x.query[n:])
}

// unescapeTo decodes like net/url, and leaves what is not valid as it stands.
func unescapeTo(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			dst = append(dst, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func hexDigit(c byte) int {
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

// maxJoined bounds the parameters that are compared with each other.
const maxJoined = 64

// place is where a pair begins and how long its name is.
type place struct{ at, name int32 }

// earlier tells whether one of the first n pairs has the name.
func (x *Inspection) earlier(raw string, n int, name string) bool {
	for _, p := range x.pairs[:n] {
		if int(p.name) == len(name) && raw[p.at:p.at+p.name] == name {
			return true
		}
	}
	return false
}

// repeated looks at the joined values of every parameter that occurs more than
// once among the first n.
func (x *Inspection) repeated(src Source, raw string, n int) {
	for i, p := range x.pairs[:n] {
		name := raw[p.at : p.at+p.name]
		if x.earlier(raw, i, name) {
			continue
		}
		joined, count := x.query[:0], 0
		for _, other := range x.pairs[i:n] {
			if other.name != p.name || raw[other.at:other.at+other.name] != name {
				continue
			}
			if count++; count > 1 {
				joined = append(joined, ',')
			}
			pair, _ := cutPair(raw, int(other.at))
			joined = unescapeTo(joined, pair[min(len(pair), len(name)+1):])
		}
		x.query = joined
		if count > 1 {
			x.Value(src, name, view(joined))
		}
	}
}
