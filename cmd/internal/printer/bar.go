package printer

import "strings"

// Bar draws n of most in up to width columns, in eighths of a column. What is
// more than nothing shows.
func Bar(n, most int64, width int) string {
	if n <= 0 || most <= 0 || width <= 0 {
		return ""
	}
	eighths := int(float64(min(n, most)) / float64(most) * float64(width) * 8)
	eighths = max(eighths, 1)
	parts := []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}
	return strings.Repeat("█", eighths/8) + parts[eighths%8]
}
