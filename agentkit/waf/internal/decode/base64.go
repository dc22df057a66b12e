package decode

import (
	"strings"
	"unicode/utf8"
)

// MinBase64 is the length below which nothing is taken for base64.
const MinBase64 = 8

var sextets = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	const std = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(std) {
		t[std[i]] = int8(i)
	}
	t['-'], t['_'], t[' '] = 62, 63, 62
	return t
}()

// Text appends what the base64 text s stands for, provided that s is nothing
// but base64 and decodes to text; most other words are given up after a few
// letters. Both alphabets are understood, padding and line breaks are optional,
// and a space is the plus that a form made of it.
func Text(dst []byte, s string) ([]byte, bool) {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] <= ' ' || s[len(s)-1] == '=') {
		s = s[:len(s)-1]
	}
	if len(s) < MinBase64-2 || len(s)%4 == 1 {
		return dst, false
	}
	start, nulls := len(dst), 0
	var acc uint32
	var have uint
	for i := range len(s) {
		v := sextets[s[i]]
		if v < 0 {
			if s[i] == '\n' || s[i] == '\r' {
				continue
			}
			return dst[:start], false
		}
		acc = acc<<6 | uint32(v)
		if have += 6; have < 8 {
			continue
		}
		have -= 8
		b := byte(acc >> have)
		if b == 0 {
			nulls++
		} else if b < ' ' && b != '\n' && b != '\r' && b != '\t' || b == 0x7f {
			return dst[:start], false
		}
		dst = append(dst, b)
		if len(dst)-start == 64 && !mostlyText(dst[start:]) {
			return dst[:start], false
		}
	}
	if have > 0 && acc&(1<<have-1) != 0 || 8*nulls > len(dst)-start || !mostlyText(dst[start:]) {
		return dst[:start], false
	}
	return dst, true
}

// mostlyText tells valid UTF-8 (but for a rune cut at the end) of mostly ASCII
// from what a random word decodes to.
func mostlyText(b []byte) bool {
	high := 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && len(b)-i >= utf8.UTFMax {
			return false
		}
		high += n
		i += n
	}
	return 4*high <= len(b)
}

// UTF7Text appends s with its UTF-7 shifts (+ADw-) decoded. It reports false,
// and leaves dst alone, when there are none.
func UTF7Text(dst []byte, s string) ([]byte, bool) {
	if !strings.Contains(s, "+A") {
		return dst, false
	}
	start, changed := len(dst), false
	for i := 0; i < len(s); {
		if s[i] != '+' {
			dst = append(dst, s[i])
			i++
			continue
		}
		end := i + 1
		for end < len(s) && end-i < longestShift && sextets[s[end]] >= 0 && s[end] != '-' && s[end] != '_' && s[end] != ' ' {
			end++
		}
		out, ok := utf16(dst, s[i+1:end])
		if !ok {
			dst = append(dst, s[i])
			i++
			continue
		}
		dst, changed = out, true
		if i = end; i < len(s) && s[i] == '-' {
			i++
		}
	}
	if !changed {
		return dst[:start], false
	}
	return dst, true
}

// longestShift bounds one shift: plain ASCII is written in short ones.
const longestShift = 200

// utf16 appends the ASCII text that a UTF-7 shift holds as UTF-16.
func utf16(dst []byte, s string) ([]byte, bool) {
	if len(s) < 3 {
		return dst, false
	}
	start := len(dst)
	var acc uint32
	var have uint
	for i := range len(s) {
		acc = acc<<6 | uint32(sextets[s[i]])
		if have += 6; have < 16 {
			continue
		}
		have -= 16
		u := uint16(acc >> have)
		if u >= utf8.RuneSelf || u == 0 {
			return dst[:start], false
		}
		dst = append(dst, byte(u))
	}
	return dst, len(dst) > start
}
