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
