package sqllex

// number lexes a numeric literal. What follows it without a space is a token of
// its own, as most databases read "1or 1": the exception is MySQL, where digits
// may begin an identifier.
func (l *lexer) number() {
	end := l.numberEnd()
	if l.digitWord && end < len(l.s) && isNameByte(l.s[end]) && l.allDigits(l.pos, end) {
		l.emit(Word, l.wordEnd(l.pos)-l.pos)
		return
	}
	if l.numberSuffix && end < len(l.s) && (l.s[end]|0x20 == 'f' || l.s[end]|0x20 == 'd') &&
		(end+1 == len(l.s) || !isNameByte(l.s[end+1])) {
		end++
	}
	l.emit(Number, end-l.pos)
}

func (l *lexer) numberEnd() int {
	if end := l.radixEnd(); end > 0 {
		return end
	}
	i := l.decimalEnd(l.pos)
	if i < len(l.s) && l.s[i] == '.' && !(i+1 < len(l.s) && l.s[i+1] == '.') { // 1..10 is a range in PL/SQL
		i = l.decimalEnd(i + 1)
	}
	if i < len(l.s) && l.s[i]|0x20 == 'e' {
		j := i + 1
		if j < len(l.s) && (l.s[j] == '+' || l.s[j] == '-') {
			j++
		}
		if j < len(l.s) && isDigit(l.s[j]) {
			i = l.decimalEnd(j)
		}
	}
	return i
}

// radixEnd returns the end of 0x1f, 0b01 or 0o17, and 0 when none is here.
func (l *lexer) radixEnd() int {
	if l.s[l.pos] != '0' || l.pos+2 >= len(l.s) {
		return 0
	}
	base := l.s[l.pos+1] | 0x20
	i := l.pos + 2
	for i < len(l.s) && (radixDigit(base, l.s[i]) || (l.s[i] == '_' && i+1 < len(l.s) && radixDigit(base, l.s[i+1]))) {
		i++
	}
	if i == l.pos+2 {
		return 0
	}
	return i
}

func radixDigit(base, c byte) bool {
	switch base {
	case 'x':
		return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'f')
	case 'o':
		return c >= '0' && c <= '7'
	case 'b':
		return c == '0' || c == '1'
	default:
		return false
	}
}

// decimalEnd skips digits from i, and underscores between two digits.
func (l *lexer) decimalEnd(i int) int {
	for i < len(l.s) && (isDigit(l.s[i]) ||
		(l.s[i] == '_' && i > l.pos && isDigit(l.s[i-1]) && i+1 < len(l.s) && isDigit(l.s[i+1]))) {
		i++
	}
	return i
}

func (l *lexer) allDigits(from, to int) bool {
	for ; from < to; from++ {
		if !isDigit(l.s[from]) {
			return false
		}
	}
	return true
}
