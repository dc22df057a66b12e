package incidents

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// The parts of SARIF 2.1.0 that a check fills in. Names are the standard's.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		ColumnKind  string            `json:"columnKind"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name            string      `json:"name"`
		Version         string      `json:"version,omitempty"`
		SemanticVersion string      `json:"semanticVersion,omitempty"`
		Rules           []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string         `json:"id"`
		Name       string         `json:"name,omitempty"`
		Short      sarifText      `json:"shortDescription"`
		Config     sarifConfig    `json:"defaultConfiguration"`
		Properties map[string]any `json:"properties,omitempty"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		EndTime       string              `json:"endTimeUtc"`
		ExitCode      int                 `json:"exitCode"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Kind         string             `json:"kind"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Baseline     string             `json:"baselineState,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions"`
		Properties   map[string]any     `json:"properties"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		FullName string `json:"fullyQualifiedName"`
		Kind     string `json:"kind"`
	}
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

func writeSARIF(w io.Writer, r *Report, b cmdutil.Build) error {
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: "sqreen", Version: b.Version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{invocation(r)},
		Results:     []sarifResult{},
		ColumnKind:  "utf16CodeUnits",
	}
	if v := strings.TrimPrefix(b.Version, "v"); v != "" && v[0] >= '0' && v[0] <= '9' {
		run.Tool.Driver.SemanticVersion = v
	}
	for _, f := range r.Findings {
		index := slices.IndexFunc(run.Tool.Driver.Rules, func(x sarifRule) bool { return x.ID == f.Kind })
		if index < 0 {
			index = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule(f))
		}
		run.Results = append(run.Results, result(f, index, r))
	}
	text, err := printer.Marshal(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func invocation(r *Report) sarifInvocation {
	inv := sarifInvocation{Successful: true, EndTime: r.Now.Format("2006-01-02T15:04:05.000Z"), ExitCode: r.Exit}
	for _, s := range r.Silent {
		inv.Notifications = append(inv.Notifications, sarifNotification{Level: "warning", Message: sarifText{s.text()}})
	}
	return inv
}

// level translates a severity.
func level(s localplatform.Severity) string {
	switch s {
	case localplatform.SeverityHigh:
		return "error"
	case localplatform.SeverityMedium:
		return "warning"
	case localplatform.SeverityLow, localplatform.SeverityNone:
	}
	return "note"
}

// rule describes a kind of incident. GitHub reads security-severity and the tags.
func rule(f Finding) sarifRule {
	tags := []string{"security"}
	for _, c := range f.CWE {
		tags = append(tags, "external/cwe/"+strings.ToLower(c))
	}
	for _, m := range f.MITRE {
		tags = append(tags, "external/mitre-attack/"+m)
	}
	score := map[localplatform.Severity]string{localplatform.SeverityHigh: "8.0", localplatform.SeverityMedium: "5.0", localplatform.SeverityLow: "3.0"}[f.Severity]
	props := map[string]any{"tags": tags}
	if score != "" {
		props["security-severity"] = score
	}
	return sarifRule{
		ID: f.Kind, Name: ruleName(f.Kind), Short: sarifText{"Incidents of the kind " + f.Kind},
		Config: sarifConfig{level(f.Severity)}, Properties: props,
	}
}

// ruleName writes http_scan as HttpScan, which is what viewers expect of a name.
func ruleName(kind string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(kind, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

func result(f Finding, index int, r *Report) sarifResult {
	res := sarifResult{
		RuleID: f.Kind, RuleIndex: index, Level: level(f.Severity), Kind: "fail", Message: sarifText{f.message()},
		Locations:    []sarifLocation{location(f)},
		Fingerprints: map[string]string{"sqreenIncident/v1": f.Fingerprint},
		Suppressions: []sarifSuppression{},
		Properties: map[string]any{
			"incident": f.ID, "app": f.App, "env": f.Env, "severity": string(f.Severity), "state": string(f.State), "fails": f.Fails,
		},
	}
	switch {
	case f.Known:
		res.Baseline = "unchanged"
	case r.Baselined:
		res.Baseline = "new"
	}
	if f.State == localplatform.StateSnoozed {
		res.Suppressions = append(res.Suppressions, sarifSuppression{Kind: "external", Justification: "snoozed until " + f.SnoozedUntil.UTC().Format("2006-01-02T15:04:05Z")})
	}
	return res
}

// location points at the app's code when the evidence does, and always at the app.
func location(f Finding) sarifLocation {
	l := sarifLocation{Logical: []sarifLogical{{FullName: f.App + "/" + f.Env, Kind: "module"}}}
	if p, ok := f.where(); ok {
		l.Physical = &sarifPhysical{Artifact: sarifArtifact{fileURI(p.file)}, Region: sarifRegion{p.line}}
		l.Logical = append(l.Logical, sarifLogical{FullName: p.function, Kind: "function"})
	}
	return l
}

// fileURI writes a path as an URI reference: relative ones as they are, absolute
// ones with their scheme.
func fileURI(path string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	if strings.HasPrefix(u.Path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}
