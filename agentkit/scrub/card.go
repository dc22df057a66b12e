package scrub

// Lengths of payment card numbers.
const (
	minCard = 13
	maxCard = 16
)

// findCards calls found with the extent of every payment card number: 13 to 16
// digits, with single spaces or dashes between them perhaps, that satisfy the
// Luhn checksum and are not part of a longer number.
func findCards(text string, found func(from, to int)) {
	for i := 0; i < len(text); {
		if text[i] < '0' || text[i] > '9' {
			i++
			continue
		}
		if end := cardEnd(text, i); end >= 0 {
			found(i, end)
			i = end
			continue
		}
		i = digitsEnd(text, i) // a card begins where a group of digits begins
	}
}

func digitsEnd(text string, i int) int {
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	return i
}

// cardEnd returns where the card number that begins at i ends, or -1. It looks
// at no more than maxCard digits.
func cardEnd(text string, i int) int {
	var digits [maxCard]byte
	n := 0
	for n < maxCard {
		end := digitsEnd(text, i)
		if n+end-i > maxCard {
			return -1
		}
		n += copy(digits[n:], text[i:end])
		i = end
		if n >= minCard && isCard(digits[:n]) {
			return i
		}
		if i+1 >= len(text) || (text[i] != ' ' && text[i] != '-') || text[i+1] < '0' || text[i+1] > '9' {
			return -1
		}
		i++
	}
	return -1
}

// isCard checks the Luhn sum. Thirteen digits that begin with 1 are a time in
// milliseconds: the cards of that length began with 4, 5 or 6.
func isCard(digits []byte) bool {
	if len(digits) == minCard && digits[0] == '1' {
		return false
	}
	sum, zero := 0, true
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		zero = zero && d == 0
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0 && !zero
}
