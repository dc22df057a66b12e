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
	if name == "Cookie" {
		x.cookies(value)
		return
	}
	x.Value(Header, name, value)
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
	rest := raw
	names, repeated := 0, false
	for rest != "" && names < maxParams {
		var pair string
		pair, rest = cutPair(rest)
		if pair == "" {
			continue
		}
		names++
		name, value, _ := strings.Cut(pair, "=")
		name, value = x.unescape(name, value)
		x.name(name)
		x.Value(src, name, value)
		repeated = repeated || names > 1 && len(raw) < 8192
	}
	if rest != "" {
		x.rs.stats.BodyParts.Add(1)
	}
	if repeated {
		x.repeated(src, raw)
	}
}

func cutPair(s string) (pair, rest string) {
	if i := strings.IndexByte(s, '&'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
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

// repeated looks at the joined values of every parameter that occurs more than
// once.
func (x *Inspection) repeated(src Source, raw string) {
	var starts [maxJoined]int32
	n := 0
	for i := 0; i < len(raw) && n < maxJoined; {
		starts[n] = int32(i)
		n++
		next := strings.IndexByte(raw[i:], '&')
		if next < 0 {
			break
		}
		i += next + 1
	}
	for i := range n {
		name, ok := pairName(raw[starts[i]:])
		if !ok || first(raw, starts[:i], name) {
			continue
		}
		joined := x.query[:0]
		count := 0
		for k := i; k < n; k++ {
			if other, _ := pairName(raw[starts[k]:]); other == name {
				pair, _ := cutPair(raw[starts[k]:])
				if count++; count > 1 {
					joined = append(joined, ',')
				}
				joined = unescapeTo(joined, pair[min(len(pair), len(name)+1):])
			}
		}
		x.query = joined
		if count > 1 {
			x.Value(src, name, view(joined))
		}
	}
}

func pairName(s string) (string, bool) {
	pair, _ := cutPair(s)
	name, _, ok := strings.Cut(pair, "=")
	return name, ok && name != ""
}

// first tells whether an earlier pair has the name already.
func first(raw string, starts []int32, name string) bool {
	for _, at := range starts {
		if other, _ := pairName(raw[at:]); other == name {
			return true
		}
	}
	return false
}
