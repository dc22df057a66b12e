package rasp

import (
	"bytes"
	"strings"
)

// needle is a text to look for: an input, or what decoding an input gave.
type needle struct {
	text  string // as it came in, trimmed
	fold  []byte // text in lower case
	input int    // index of the input it came from
	word  bool   // a single identifier: changes a statement only where a value should stand
	part  bool   // an item of a list: what follows it in the input may follow it in the statement
	leads bool   // may lead elsewhere as a path
}

// filter holds hashes of pairs of bytes that a statement must contain to contain
// the needle. Most needles are ruled out by the first of them.
type filter [4]uint16

// pairSet is the set of pairs of adjacent bytes of a text, hashed to 12 bits.
type pairSet [64]uint64

// anyPair is in every pairSet: a needle too short for a pair asks for it.
const anyPair = 0

func pairHash(a, b byte) uint16 { return (uint16(a)<<5 ^ uint16(b)) & 4095 }

func (p *pairSet) add(text string) {
	p[anyPair>>6] |= 1 << (anyPair & 63)
	if text == "" {
		return
	}
	last := lower[text[0]]
	for i := 1; i < len(text); i++ {
		c := lower[text[i]]
		h := pairHash(last, c)
		p[h>>6] |= 1 << (h & 63)
		last = c
	}
}

func (p *pairSet) has(f *filter) bool {
	for _, h := range f {
		if p[h>>6]&(1<<(h&63)) == 0 {
			return false
		}
	}
	return true
}

// newFilter picks the rarest pairs from the beginning of fold. Only the head is
// used because an app may have cut the rest off.
func newFilter(fold []byte) filter {
	var f filter
	var best [len(f)]int
	head := fold[:min(len(fold), headBytes)]
	for i := 1; i < len(head); i++ {
		h, rarity := pairHash(head[i-1], head[i]), 1+rare(head[i-1])+rare(head[i])
		for k := range f {
			if rarity > best[k] {
				h, f[k] = f[k], h
				rarity, best[k] = best[k], rarity
			}
		}
	}
	for k := range f {
		if best[k] == 0 {
			f[k] = f[0]
		}
	}
	return f
}

// rare says how seldom a byte stands in SQL text.
func rare(c byte) int {
	switch {
	case strings.IndexByte(" etaoinsrldcm", c) >= 0:
		return 0
	case c >= 'a' && c <= 'z', strings.IndexByte("_,.='()*", c) >= 0:
		return 1
	default:
		return 2
	}
}

// lower maps ASCII letters to lower case and every other byte to itself.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

// appendFold appends text in lower case. Only ASCII letters are changed, so
// offsets stay what they are.
func appendFold(dst []byte, text string) []byte {
	for i := range len(text) {
		dst = append(dst, lower[text[i]])
	}
	return dst
}

func newNeedle(text string, input int) needle {
	return needle{text: text, fold: appendFold(make([]byte, 0, len(text)), text), input: input, word: isWord(text), leads: leads(text)}
}

func isWord(text string) bool {
	for i := range len(text) {
		c := lower[text[i]]
		if (c < 'a' || c > 'z') && c != '_' && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

// find returns where the needle occurs in text at or after from: the whole of
// it, or when it is long at least its beginning, since an app may have cut it
// off. It returns -1 when there is none.
func (n *needle) find(text []byte, from int) (start, end int) {
	head := n.fold[:min(len(n.fold), headBytes)]
	i := bytes.Index(text[from:], head)
	if i < 0 {
		return -1, -1
	}
	start = from + i
	end = start + len(head)
	for end < len(text) && end-start < len(n.fold) && text[end] == n.fold[end-start] {
		end++
	}
	return start, end
}
