package cmdutil

import (
	"strconv"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// ParseSpan reads a length of time as people write it: "90s", "24h", "30d", "2w",
// "1d12h".
func ParseSpan(text string) (time.Duration, error) {
	bad := func() (time.Duration, error) {
		return 0, localplatform.Errorf(localplatform.CodeInvalid, "%q is not a length of time", text).WithHint("for example 45m, 24h, 30d or 1d12h")
	}
	rest, sum := strings.TrimSpace(text), 0.0
	if rest == "" {
		return bad()
	}
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 {
			return bad()
		}
		v, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return bad()
		}
		name := rest[n:]
		if m := strings.IndexAny(name, "0123456789."); m >= 0 {
			name = name[:m]
		}
		unit, ok := spanUnits(name)
		if !ok {
			return bad()
		}
		sum += v * float64(unit)
		rest = rest[n+len(name):]
	}
	if sum > float64(1<<62) {
		return bad()
	}
	return time.Duration(sum), nil
}

func spanUnits(name string) (time.Duration, bool) {
	switch name {
	case "ms":
		return time.Millisecond, true
	case "s":
		return time.Second, true
	case "m":
		return time.Minute, true
	case "h":
		return time.Hour, true
	case "d":
		return 24 * time.Hour, true
	case "w":
		return 7 * 24 * time.Hour, true
	}
	return 0, false
}

// ParseSize reads a size: "512MB", "10GB", "1.5 TB", "2GiB" or a number of bytes.
func ParseSize(text string) (int64, error) {
	upper := strings.ToUpper(strings.TrimSpace(text))
	n := strings.IndexFunc(upper, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	number, unit := upper, ""
	if n >= 0 {
		number, unit = upper[:n], strings.TrimSpace(upper[n:])
	}
	factors := map[string]float64{
		"": 1, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "T": 1e12, "TB": 1e12,
		"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40,
	}
	v, err := strconv.ParseFloat(number, 64)
	factor, ok := factors[unit]
	if err != nil || !ok || v*factor > float64(1<<62) {
		return 0, localplatform.Errorf(localplatform.CodeInvalid, "%q is not a size", text).WithHint("for example 500MB or 10GB")
	}
	return int64(v * factor), nil
}

// ParseID reads the number of a thing: "12" or "#12".
func ParseID(what, text string) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64)
	if err != nil || id <= 0 {
		return 0, localplatform.Errorf(localplatform.CodeInvalid, "%q is not the number of an %s", text, what)
	}
	return id, nil
}

// ShellQuote writes a word so that a POSIX shell reads it as it is.
func ShellQuote(s string) string {
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,", r)
	}) < 0
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Deadline reads --for and --until; neither means the zero time.
func Deadline(now time.Time, span, until string) (time.Time, error) {
	switch {
	case span != "" && until != "":
		return time.Time{}, localplatform.Errorf(localplatform.CodeInvalid, "--for and --until exclude each other")
	case span != "":
		d, err := ParseSpan(span)
		if err != nil {
			return time.Time{}, err
		}
		if d <= 0 {
			return time.Time{}, localplatform.Errorf(localplatform.CodeInvalid, "--for %s is no time at all", span)
		}
		return now.Add(d), nil
	case until != "":
		return parseTime(now, until)
	}
	return time.Time{}, nil
}

// parseTime reads a time to come, in now's zone when it names none.
func parseTime(now time.Time, text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		t, err := time.ParseInLocation(layout, text, now.Location())
		if err != nil {
			continue
		}
		if !t.After(now) {
			return time.Time{}, localplatform.Errorf(localplatform.CodeInvalid, "%s is past", text)
		}
		return t, nil
	}
	return time.Time{}, localplatform.Errorf(localplatform.CodeInvalid, "%q is not a time", text).WithHint("for example 2026-12-01 or 2026-12-01T08:00:00Z")
}
