package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf"
	"go.yaml.in/yaml/v3"
)

// crsFile is one file of the regression tests of the OWASP Core Rule Set.
type crsFile struct {
	Tests []struct {
		ID     int `yaml:"test_id"`
		Stages []crsStage
	}
}

type crsStage struct {
	Input struct {
		Method, URI, Data string
		Headers           yaml.Node
		Encoded           string `yaml:"encoded_request"`
	}
	Output struct {
		Log struct {
			Expect []int `yaml:"expect_ids"`
			No     []int `yaml:"no_expect_ids"`
		}
	}
}

// coreRuleSet counts a test whose rule must match as an attack, detected when
// any of our rules matches, at any level: many of these tests are fragments that
// nobody should block. A test whose rule must not match counts as legitimate,
// although most of them are attacks that another of their rules is for.
func coreRuleSet(dir string, t *tally) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var f crsFile
		if err := yaml.Unmarshal(text, &f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, test := range f.Tests {
			must, mustNot, matched, blocked, what := false, false, false, false, ""
			for i := range test.Stages {
				s := &test.Stages[i]
				must = must || len(s.Output.Log.Expect) > 0
				mustNot = mustNot || len(s.Output.Log.No) > 0
				m, b := s.judge()
				matched, blocked = matched || m, blocked || b
				what += fmt.Sprintf("%s-%d %s %q %q ", filepath.Base(path), test.ID, s.Input.Method, s.Input.URI, s.Input.Data)
			}
			kind := filepath.Base(filepath.Dir(path))
			if must {
				t.add(kind, true, matched, what)
			} else if mustNot {
				t.add(kind, false, blocked, what)
			}
		}
		return nil
	})
}

// judge inspects the request of a stage.
func (s *crsStage) judge() (matched, blocked bool) {
	r, uri := &waf.Request{Method: s.Input.Method, Header: s.headers()}, s.Input.URI
	if raw, err := base64.StdEncoding.DecodeString(s.Input.Encoded); err == nil && len(raw) > 0 {
		if req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(raw)))); err == nil {
			uri, r.Header = req.RequestURI, req.Header
		}
	}
	path, query, _ := strings.Cut(uri, "?")
	r.Path, r.RawQuery = path, query
	if plain, err := url.PathUnescape(path); err == nil && plain != path {
		r.Path, r.RawPath = plain, path
	}
	x := waf.Default().Begin()
	defer x.End()
	x.Request(r)
	contentType := strings.Join(r.Header["Content-Type"], "")
	x.Body(contentType, s.Input.Data)
	if contentType == "" {
		x.Query(waf.Form, s.Input.Data) // the tests' client sends bodies without a type as forms
	}
	return len(x.Matches()) > 0, waf.Blocked(x.Matches())
}

// headers reads both forms: a mapping, and a list of names and values.
func (s *crsStage) headers() map[string][]string {
	out := map[string][]string{}
	add := func(name, value string) {
		name = textproto.CanonicalMIMEHeaderKey(name)
		out[name] = append(out[name], value)
	}
	n := &s.Input.Headers
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			add(n.Content[i].Value, n.Content[i+1].Value)
		}
	case yaml.SequenceNode:
		var list []struct{ Name, Value string }
		if n.Decode(&list) == nil {
			for _, h := range list {
				add(h.Name, h.Value)
			}
		}
	}
	return out
}
