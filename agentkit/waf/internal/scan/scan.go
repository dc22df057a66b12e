// Package scan is the pass over a value that all rules share. It notes which
// kinds of characters occur and finds where literals may begin.
//
// Literals are looked up by one four-byte window each: the window's letters are
// folded, hashed and looked up in a bitmap that is sized so that nearly all of
// its bits are clear. The lookups of different positions do not depend on each
// other, so the pass runs at about a nanosecond per byte and costs the same for
// a hundred literals and for ten thousand; only the bitmap grows. A set bit
// leads to an exact comparison, so the pass has no false answers.
package scan

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// Chars is a set of kinds of characters, as they occur in a value.
type Chars uint32

// Kinds of characters. Letters, digits, '_', '-', '.' have kinds of their own
// because detectors ask for them; everything that is not listed is Other.
const (
	Letter    Chars = 1 << iota // a-z A-Z
	Digit                       // 0-9
	Space                       // space and tab
	Newline                     // CR and LF
	Quote                       // '
	DQuote                      // "
	Backtick                    // `
	Less                        // <
	Greater                     // >
	Equal                       // =
	Semicolon                   // ;
	Pipe                        // |
	Amp                         // &
	Dollar                      // $
	Paren                       // ( )
	Brace                       // { }
	Bracket                     // [ ]
	Percent                     // %
	Plus                        // +
	Backslash                   // \
	Slash                       // /
	Star                        // *
	Hash                        // #
	Colon                       // :
	At                          // @
	Bang                        // ! ^ ~
	Comma                       // ,
	High                        // 0x80 and above
	Control                     // below 0x20 without tab, CR, LF; 0x7f
	Question                    // ?
	Dash                        // - _
	Dot                         // .
)

// Plain are the kinds of a value that can neither leave a context nor carry an
// encoding other than base64.
const Plain = Letter | Digit | Space | Dash | Dot

var kinds = func() (t [256]Chars) {
	set := func(chars string, k Chars) {
		for i := range len(chars) {
			t[chars[i]] = k
		}
	}
	for i := range 32 {
		t[i] = Control
	}
	t[127] = Control
	for i := 128; i < 256; i++ {
		t[i] = High
	}
	set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", Letter)
	set("0123456789", Digit)
	set(" \t", Space)
	set("\r\n", Newline)
	set("-_", Dash)
	set("()", Paren)
	set("{}", Brace)
	set("[]", Bracket)
	set("!^~", Bang)
	for c, k := range map[byte]Chars{
		'\'': Quote, '"': DQuote, '`': Backtick, '<': Less, '>': Greater, '=': Equal, ';': Semicolon,
		'|': Pipe, '&': Amp, '$': Dollar, '%': Percent, '+': Plus, '\\': Backslash, '/': Slash, '*': Star,
		'#': Hash, ':': Colon, '@': At, ',': Comma, '?': Question, '.': Dot,
	} {
		t[c] = k
	}
	return t
}()

// KindOf returns the kind of one byte.
func KindOf(c byte) Chars { return kinds[c] }

// window is the number of bytes by which a literal is looked up.
const window = MinLength

// MinLength is the length below which a text cannot be a literal.
const MinLength = 4

// smallBits is the size of a bitmap that fits the first-level cache and leaves
// it nearly empty with a few thousand literals. Its size is a constant so that
// the loop over a value needs no bounds checks.
const (
	smallBits  = 18
	smallWords = 1 << smallBits / 64
)

// Literals is a compiled set of literals. It never changes after Compile and
// may be used by any number of goroutines.
type Literals struct {
	bitmap []uint64
	small  *[smallWords]uint64 // the same, when it has the usual size
	shift  uint
	heads  []int32 // bucket -> first entry, -1 when empty
	mask   uint32
	next   []int32 // entry -> next entry of the bucket
	text   []string
	at     []uint8 // where the window stands in the literal
}

// Compile makes a set of literals; their ids are their indices. Letters are
// compared without case, so texts must be lower case, and at least MinLength
// bytes long.
func Compile(texts []string) *Literals {
	l := &Literals{text: texts, next: make([]int32, len(texts)), at: make([]uint8, len(texts))}
	size := uint(smallBits)
	for 1<<size < 64*len(texts) {
		size++
	}
	l.shift = 32 - size
	l.bitmap = make([]uint64, 1<<size/64)
	if size == smallBits {
		l.small = (*[smallWords]uint64)(l.bitmap)
	}
	buckets := 1 << bits.Len(uint(2*len(texts)))
	l.mask = uint32(buckets - 1)
	l.heads = make([]int32, buckets)
	for i := range l.heads {
		l.heads[i] = -1
	}
	for i, t := range texts {
		l.add(int32(i), t)
	}
	return l
}

func (l *Literals) add(id int32, t string) {
	if len(t) < MinLength {
		panic("scan: literal " + strconv.Quote(t) + " is too short") // callers check
	}
	at := rarest(t)
	l.at[id] = uint8(at)
	h := hash(binary.LittleEndian.Uint32([]byte(t[at:])) | fold)
	l.bitmap[h>>l.shift>>6] |= 1 << (h >> l.shift & 63)
	b := h & l.mask
	l.next[id], l.heads[b] = l.heads[b], id
}

// rarest picks the window of a literal that ordinary text holds least often:
// punctuation and rare letters weigh more than common ones.
func rarest(t string) int {
	best, where := -1, 0
	for i := 0; i+window <= len(t) && i < 200; i++ {
		score := 0
		for j := i; j < i+window; j++ {
			score += rarity(t[j])
		}
		if score > best {
			best, where = score, i
		}
	}
	return where
}

func rarity(c byte) int {
	switch {
	case c == ' ' || c == 'e' || c == 't' || c == 'a' || c == 'o' || c == 'i' || c == 'n' || c == 's' || c == 'r':
		return 0
	case c == 'j' || c == 'k' || c == 'q' || c == 'x' || c == 'z' || c == 'w' || c == 'v':
		return 3
	case c >= 'a' && c <= 'z':
		return 1
	case c == '/' || c == '.' || c == '-' || c == '=' || c == ':':
		return 2
	default:
		return 3
	}
}

const fold = 0x20202020

func hash(w uint32) uint32 { return w * 0x9E3779B1 }

// Hits collects the literals found in one value: which of them, and where each
// stood first.
type Hits struct {
	IDs []int32
	At  []int32
}

// Reset empties the collection and keeps its memory.
func (h *Hits) Reset() { h.IDs, h.At = h.IDs[:0], h.At[:0] }

func (h *Hits) add(id int32, at int) {
	h.IDs = append(h.IDs, id)
	h.At = append(h.At, int32(at))
}

// Scan reads the value from offset from, adds every occurrence of a literal to
// hits and returns the kinds of characters that occur. When there are more than
// limit hits it stops early; next is where to go on, len(s) at the end.
func (l *Literals) Scan(s string, from int, hits *Hits, limit int) (chars Chars, next int) {
	if l.small == nil {
		return l.scanAny(s, from, hits, limit)
	}
	var w uint32
	i := max(0, from-window+1)
	for ; i < len(s) && i < max(from, window-1); i++ {
		chars |= kinds[s[i]]
		w = w>>8 | uint32(s[i]|0x20)<<24
	}
	for ; i < len(s); i++ {
		c := s[i]
		chars |= kinds[c]
		w = w>>8 | uint32(c|0x20)<<24
		h := hash(w)
		if l.small[h>>(32-smallBits+6)]>>(h>>(32-smallBits)&63)&1 == 0 {
			continue
		}
		l.verify(s, i-window+1, w, hits)
		if len(hits.IDs) >= limit {
			return chars, i + 1
		}
	}
	return chars, len(s)
}

// scanAny is Scan for sets of any size.
func (l *Literals) scanAny(s string, from int, hits *Hits, limit int) (chars Chars, next int) {
	var w uint32
	bitmap, shift := l.bitmap, l.shift&31
	start := max(0, from-window+1)
	for i := start; i < len(s); i++ {
		c := s[i]
		chars |= kinds[c]
		w = w>>8 | uint32(c|0x20)<<24
		h := hash(w) >> shift
		if j := h >> 6; int(j) < len(bitmap) && bitmap[j]>>(h&63)&1 != 0 && i >= start+window-1 && i >= from {
			l.verify(s, i-window+1, w, hits)
		}
		if len(hits.IDs) >= limit {
			return chars, i + 1
		}
	}
	return chars, len(s)
}

// KindsOf returns the kinds of characters that occur.
func KindsOf(s string) (chars Chars) {
	for i := range len(s) {
		chars |= kinds[s[i]]
	}
	return chars
}

// verify compares the literals of one bucket with the value.
func (l *Literals) verify(s string, at int, w uint32, hits *Hits) {
	for id := l.heads[hash(w)&l.mask]; id >= 0; id = l.next[id] {
		if start := at - int(l.at[id]); start >= 0 && HasFold(s[start:], l.text[id]) {
			hits.add(id, start)
		}
	}
}

// HasFold tells whether s begins with the lower-case text t, letters compared
// without case.
func HasFold(s, t string) bool {
	if len(s) < len(t) {
		return false
	}
	for i := range len(t) {
		c := s[i]
		if c != t[i] && (c < 'A' || c > 'Z' || c+32 != t[i]) {
			return false
		}
	}
	return true
}

// Len returns the length of a literal.
func (l *Literals) Len(id int) int { return len(l.text[id]) }
