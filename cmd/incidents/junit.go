package incidents

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The JUnit format as CI systems read it: a suite for each app, a case for each
// incident, and one for whether its agents report.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"timestamp,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitProblem `xml:"failure,omitempty"`
		Error   *junitProblem `xml:"error,omitempty"`
		Skipped *junitProblem `xml:"skipped,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

func writeJUnit(w io.Writer, r *Report) error {
	out := junitSuites{Name: "sqreen incidents check"}
	for _, name := range suiteNames(r) {
		s := suite(name, r)
		out.Suites = append(out.Suites, s)
		out.Tests += s.Tests
		out.Failures += s.Failures
		out.Errors += s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// suiteNames are the apps of a report, sorted.
func suiteNames(r *Report) []string {
	names := slices.Clone(r.Apps)
	for _, f := range r.Findings {
		names = append(names, f.App+"/"+f.Env)
	}
	for _, s := range r.Silent {
		names = append(names, s.name())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// name is the app of a silence, or "platform" when it concerns no single app.
func (s Silent) name() string {
	if s.App == "" || s.Env == "" {
		return "platform"
	}
	return s.App + "/" + s.Env
}

func suite(name string, r *Report) junitSuite {
	s := junitSuite{Name: name, Time: r.Now.Format("2006-01-02T15:04:05")}
	class := "sqreen." + strings.ReplaceAll(name, "/", ".")
	agents := junitCase{Class: class, Name: "agents report"}
	for _, silent := range r.Silent {
		if silent.name() == name {
			agents.Error = &junitProblem{Message: silent.text(), Type: "silent", Text: silent.text()}
			s.Errors = 1
		}
	}
	s.Cases = append(s.Cases, agents)
	for _, f := range r.Findings {
		if f.App+"/"+f.Env == name {
			s.Cases = append(s.Cases, s.finding(class, f))
		}
	}
	s.Tests = len(s.Cases)
	return s
}

func (s *junitSuite) finding(class string, f Finding) junitCase {
	c := junitCase{Class: class, Name: fmt.Sprintf("incident %d: %s", f.ID, f.Title)}
	if f.Fails {
		c.Failure = &junitProblem{Message: f.message(), Type: string(f.Severity), Text: details(f)}
		s.Failures++
	} else {
		c.Skipped = &junitProblem{Message: fmt.Sprintf("severity %s, %s: does not fail this check", f.Severity, f.State)}
		s.Skipped++
	}
	return c
}

func details(f Finding) string {
	lines := []string{f.message()}
	for _, e := range f.Evidence {
		lines = append(lines, fmt.Sprintf("%s %s %s", e.Summary, e.Param, e.Frame))
	}
	lines = append(lines, f.Advice...)
	return strings.Join(append(lines, fmt.Sprintf("sqreen incidents show %d", f.ID)), "\n")
}
