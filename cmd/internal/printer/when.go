package printer

import (
	"fmt"
	"strconv"
	"time"
)

// Ago writes how long ago a time was, or how far ahead it is, in one unit: "3m
// ago", "in 2h". The zero time is "never".
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < 0 && d > -time.Second, d >= 0 && d < time.Second:
		return "now"
	case d < 0:
		return "in " + Span(-d)
	}
	return Span(d) + " ago"
}

// Span writes a length of time in one unit, rounded down: "45s", "3m", "7h", "12d".
func Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d/time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d/time.Hour))
	case d < 2*365*24*time.Hour:
		return fmt.Sprintf("%dd", int(d/(24*time.Hour)))
	}
	return fmt.Sprintf("%dy", int(d/(365*24*time.Hour)))
}

// When writes a time in a table for whoever reads.
func (p Pen) When(t time.Time) string {
	switch {
	case p.Plain:
		return Stamp(t)
	case p.Clock:
		return t.In(p.Now.Location()).Format("15:04:05")
	}
	return Ago(t, p.Now)
}

// Moment writes a time on a page of its own: absolute, in the reader's zone, and relative.
func (p Pen) Moment(t time.Time) string {
	switch {
	case p.Plain:
		return Stamp(t)
	case t.IsZero():
		return "never"
	}
	return t.In(p.Now.Location()).Format("2006-01-02 15:04:05") + " " + p.Faint("("+Ago(t, p.Now)+")")
}

// Bytes writes a size: "512 B", "1.4 MB".
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n), []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	i := -1
	for f >= 1000 && i < len(units)-1 {
		f /= 1000
		i++
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// Int writes a number for a machine.
func Int[N ~int | ~int64 | ~uint64](n N) string { return strconv.FormatInt(int64(n), 10) }

// Thousands writes a number for a person: 1,234,567.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Count writes a number with its noun: "1 app", "3 apps".
func Count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}
