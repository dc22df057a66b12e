package incidents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// baselineVersion is the version of the file format.
const baselineVersion = 1

// baselineFile is what --write-baseline writes: readable, so that a change of it
// can be reviewed.
type baselineFile struct {
	Version   int             `json:"version"`
	Written   time.Time       `json:"written"`
	Incidents []baselineEntry `json:"incidents"`
}

type baselineEntry struct {
	Fingerprint string                 `json:"fingerprint"`
	Severity    localplatform.Severity `json:"severity"`
	App         string                 `json:"app"`
	Env         string                 `json:"env"`
	Kind        string                 `json:"kind"`
	Title       string                 `json:"title"`
}

// baseline maps fingerprints to the severity that was accepted.
type baseline map[string]localplatform.Severity

// has reports whether a finding was known, and is no worse than it was.
func (b baseline) has(f Finding) bool {
	accepted, ok := b[f.Fingerprint]
	return ok && accepted.AtLeast(f.Severity)
}

// fingerprint recognises an incident on another platform and after a restart: by
// app, environment, kind and main actor, not by its number.
func fingerprint(i incident) string {
	parts := []string{strings.ToLower(i.App), strings.ToLower(i.Env), i.Kind}
	if len(i.Actors) > 0 {
		parts = append(parts, i.Actors[0].Kind, i.Actors[0].Value)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func readBaseline(path string) (baseline, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "there is no baseline %s", path).
			WithHint("sqreen incidents check --write-baseline %s", cmdutil.ShellQuote(path))
	}
	if err != nil {
		return nil, fmt.Errorf("read the baseline: %w", err)
	}
	var f baselineFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "baseline %s: %w", path, err)
	}
	if f.Version != baselineVersion {
		return nil, localplatform.Errorf(localplatform.CodeVersion, "baseline %s has version %d, this sqreen reads %d", path, f.Version, baselineVersion)
	}
	b := baseline{}
	for _, e := range f.Incidents {
		if !b[e.Fingerprint].AtLeast(e.Severity) {
			b[e.Fingerprint] = e.Severity
		}
	}
	return b, nil
}

func (o *CheckOptions) writeBaseline(list []incident) error {
	f := baselineFile{Version: baselineVersion, Written: o.Now().UTC().Truncate(time.Second), Incidents: []baselineEntry{}}
	for _, i := range list {
		f.Incidents = append(f.Incidents, baselineEntry{fingerprint(i), i.Severity, i.App, i.Env, i.Kind, i.Title})
	}
	// In an order that does not change between runs, so that a diff says what did.
	slices.SortStableFunc(f.Incidents, func(a, b baselineEntry) int { return strings.Compare(a.order(), b.order()) })
	f.Incidents = slices.CompactFunc(f.Incidents, func(a, b baselineEntry) bool {
		return a.Fingerprint == b.Fingerprint && a.Severity == b.Severity
	})
	text, err := printer.Marshal(f)
	if err != nil {
		return err
	}
	if err := cmdutil.WriteFile(o.WriteBaseline, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}); err != nil {
		return fmt.Errorf("write the baseline: %w", err)
	}
	_, err = fmt.Fprintf(o.IO.ErrOut, "Wrote %s to %s.\nhint: sqreen incidents check --baseline %s\n",
		printer.Count(int64(len(f.Incidents)), "incident", "incidents"), o.WriteBaseline, cmdutil.ShellQuote(o.WriteBaseline))
	return err
}

func (e baselineEntry) order() string {
	return strings.Join([]string{e.App, e.Env, e.Kind, e.Fingerprint, string(e.Severity)}, "\x00")
}

// sinceTime reads --since as the query language does.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	s := localplatform.IncidentSchema()
	q, err := queries.Compile("since:"+queries.Quote(text), s, now)
	if err != nil {
		return time.Time{}, cmdutil.QueryError(err)
	}
	from, _ := q.TimeRange(s.TimeField)
	return from, nil
}
