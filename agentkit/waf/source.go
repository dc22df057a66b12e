package waf

import "strings"

// Source is the part of a request that a value came from.
type Source uint8

// Sources. Their String is the first part of an address: Query and "q" make
// "query.q".
const (
	Path     Source = iota // decoded path; no key
	URI                    // path and query as they were sent; no key
	Query                  // query parameter
	Form                   // field of an urlencoded or multipart form
	JSON                   // scalar in a JSON document; the key is its path, "items[3].name"
	XML                    // text or attribute of an XML document
	GraphQL                // GraphQL document or variable
	GRPC                   // field of a gRPC message
	Route                  // parameter of the route pattern
	Cookie                 // value of a cookie
	Header                 // value of a header
	Body                   // a body that was not taken apart
	File                   // content of an uploaded file
	FileName               // name of an uploaded file
	Name                   // name of a parameter, field or key
	Method                 // request method
	Response               // body of the response
	sources                // number of sources
)

var sourceNames = [sources]string{
	"path", "uri", "query", "form", "json", "xml", "graphql", "grpc", "route",
	"cookie", "header", "body", "file", "filename", "name", "method", "response",
}

// String returns the name used in addresses and rule files.
func (s Source) String() string {
	if s < sources {
		return sourceNames[s]
	}
	return "unknown"
}

// Input is one value of a request.
type Input struct {
	Source Source
	Key    string // name inside the source; empty where the source has no names
	Value  string // decoded once, as the application sees it
}

// Address tells where the input stands, for reports and exclusions: "query.q",
// "header.User-Agent", "json.items[3].name", "path".
func (in Input) Address() string {
	if in.Key == "" {
		return in.Source.String()
	}
	return in.Source.String() + "." + in.Key
}

// Request is what the engine looks at in a request before its body. Fields that
// are empty are not looked at.
type Request struct {
	Method   string
	Path     string              // decoded, as in url.URL.Path
	RawPath  string              // as sent, when it differs from Path (url.URL.EscapedPath)
	RawQuery string              // as sent; parameters are taken apart here
	Host     string              // as in http.Request.Host
	Header   map[string][]string // canonical names, as in http.Header
	Inputs   []Input             // further values: form, JSON, route parameters
}

// sourceSet is a set of sources, one bit each.
type sourceSet uint32

func (s sourceSet) has(src Source) bool { return s&(1<<src) != 0 }

// groups are names for several sources in rule files.
var groups = map[string]sourceSet{
	"any": 1<<sources - 1 - 1<<Response - 1<<Method - 1<<File,
	"values": 1<<Query | 1<<Form | 1<<JSON | 1<<XML | 1<<GraphQL | 1<<GRPC | 1<<Route |
		1<<Cookie | 1<<Header | 1<<Body | 1<<Name | 1<<FileName | 1<<Path,
	"params": 1<<Query | 1<<Form | 1<<JSON | 1<<XML | 1<<GraphQL | 1<<GRPC | 1<<Route | 1<<Cookie | 1<<Name,
}

func parseSources(text string) (sourceSet, []string, error) {
	var set sourceSet
	var headers []string
	for _, word := range strings.Fields(text) {
		if name, ok := strings.CutPrefix(word, "header."); ok {
			headers = append(headers, name)
			set |= 1 << Header
			continue
		}
		s, err := sourcesNamed(word)
		if err != nil {
			return 0, nil, err
		}
		set |= s
	}
	return set, headers, nil
}

func sourcesNamed(word string) (sourceSet, error) {
	if g, ok := groups[word]; ok {
		return g, nil
	}
	for i, name := range sourceNames {
		if name == word {
			return 1 << i, nil
		}
	}
	return 0, &unknownError{what: "source", name: word, known: append([]string{"any", "values", "params"}, sourceNames[:]...)}
}

// unknownError says that a name in a rule is not known, and which ones are.
type unknownError struct {
	what, name string
	known      []string
}

func (e *unknownError) Error() string {
	return "unknown " + e.what + " " + `"` + e.name + `"` + "; known are " + strings.Join(e.known, ", ")
}
