package scrub

// normal returns the letters and digits of key in lower case: "X-Api-Key" and
// "xApiKey" are the same key.
func normal(key string) string {
	out := make([]byte, 0, len(key))
	for i := range len(key) {
		if c := fold(key[i]); c != 0 {
			out = append(out, c)
		}
	}
	return string(out)
}

// fold returns c in lower case when it is a letter or digit, or part of a
// character beyond ASCII, and 0 otherwise.
func fold(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A'
	case (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80:
		return c
	default:
		return 0
	}
}

// longKey is the length from which a key is recognised anywhere in a name.
// A shorter one must end a word: "clientSecret" is a secret, "secretary" is not.
const longKey = 8

// maxName bounds the part of a name that is looked at. A longer one is no name.
const maxName = 128

// key is a key in normal form, and the set of its letters.
type key struct {
	text    string
	letters uint64
}

func newKey(text string) key {
	k := key{text: text}
	for i := range len(text) {
		k.letters |= letter(text[i])
	}
	return k
}

// letter returns the bit of a folded byte in a set of letters.
func letter(c byte) uint64 { return 1 << (c & 63) }

// sensitive reports whether a name, or any part of an address such as
// "json.user[password].new", says that its value is a secret.
func (s *Scrubber) sensitive(name string) bool {
	for start := 0; start < len(name); {
		end := start
		var letters uint64
		for end < len(name) && name[end] != '.' && name[end] != '[' && name[end] != ']' {
			letters |= letter(fold(name[end]))
			end++
		}
		if s.mayHold(letters) && s.sensitivePart(name[start:end]) {
			return true
		}
		start = end + 1
	}
	return false
}

// mayHold rules most names out by their letters.
func (s *Scrubber) mayHold(letters uint64) bool {
	for i := range s.keys {
		if s.keys[i].letters&^letters == 0 {
			return true
		}
	}
	return false
}

func (s *Scrubber) sensitivePart(part string) bool {
	part = part[:min(len(part), maxName)]
	var text [maxName]byte
	var ends [maxName]bool // a word ends behind this letter
	n := 0
	for i := range len(part) {
		c := fold(part[i])
		if c == 0 {
			if n > 0 {
				ends[n-1] = true
			}
			continue
		}
		if n > 0 && i > 0 && boundary(part[i-1], part[i]) {
			ends[n-1] = true
		}
		text[n] = c
		n++
	}
	if n == 0 {
		return false
	}
	ends[n-1] = true
	for i := range s.keys {
		if holdsKey(text[:n], ends[:n], s.keys[i].text) {
			return true
		}
	}
	return false
}

// boundary reports whether a word ends between two adjacent letters: in
// "apiKey", and before a digit in "password2".
func boundary(a, b byte) bool {
	lower := a >= 'a' && a <= 'z'
	return (lower && b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9' && (a < '0' || a > '9'))
}

func holdsKey(text []byte, ends []bool, key string) bool {
	for i := 0; i+len(key) <= len(text); i++ {
		if string(text[i:i+len(key)]) != key {
			continue
		}
		last := i + len(key) - 1
		if len(key) >= longKey || ends[last] {
			return true
		}
		if last+1 < len(text) && text[last+1] == 's' && ends[last+1] { // "secrets"
			return true
		}
	}
	return false
}
