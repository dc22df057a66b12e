package planted

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// User is a customer of the shop, or one of the two people who run it.
type User struct {
	ID        int
	Name      string
	Email     string
	Password  string // the shop stores PasswordHash
	Role      string // "customer" or "admin"
	City      string
	Card      string
	ResetCode string // six digits that reset the password
	// Reused marks passwords that their owners also use elsewhere. They stand in
	// the list that the credential stuffer bought.
	Reused bool
}

// Domain is the e-mail domain of every customer. Nothing the shop shows to
// strangers holds an address in it.
const Domain = "customers.example"

// PasswordHash is how the shop stores a password: one round of SHA-256 without
// salt, one more of its faults.
func PasswordHash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// Users returns the two admins and 48 customers, ids from 1.
func Users() []User {
	names := []string{
		"Ada Lindqvist", "Grace Mbeki",
		"Siobhan O'Brien", "Marco D'Angelo", "Anna Orlova", "Jean-Luc N'Diaye", "Kim Select", "Drew Tables", "Andy Orr", "Iris Null",
		"Tomás Ortega", "Lena Groß", "Zoë Van 't Hoff", "Bjørn Aas", "Mei Chen", "Raj Union", "Olu Adeyemi", "Fatima Zahra", "Paul Drop", "Nina Where",
		"Aiko Tanaka", "Hugo Martin", "Ines Costa", "Jakub Nowak", "Karin Holm", "Liam Walsh", "Mona Haddad", "Noah Fischer", "Olga Petrova", "Pia Rossi",
		"Quentin Roy", "Rosa Delgado", "Sam Green", "Tara Singh", "Uma Patel", "Victor Hale", "Wanda Król", "Xiu Ying", "Yara Santos", "Zane Brooks",
		"Alma Berg", "Bruno Keller", "Clara Dubois", "David Levy", "Elif Kaya", "Finn Murphy", "Gita Rao", "Hana Novak", "Ivan Horvat", "Julia O'Neill",
	}
	cities := []string{"Cork", "Napoli", "Utrecht", "Bergen", "Porto", "Dakar", "Lyon", "Kraków"}
	var out []User
	for i, name := range names {
		u := User{
			ID: i + 1, Name: name, Role: "customer", City: cities[i%len(cities)],
			Email:     address(name),
			Password:  fmt.Sprintf("%s-%d-%s", strings.ToLower(cities[i%len(cities)]), 1000+i*37, "lamp"),
			Card:      cards()[i%len(cards())],
			ResetCode: fmt.Sprintf("%06d", (i*104729+271828)%1000000),
			Reused:    i%9 == 5,
		}
		if i < 2 {
			u.Role = "admin"
		}
		if u.Reused {
			u.Password = []string{"sunshine1", "iloveyou2", "dragon99", "letmein!", "qwerty123"}[i/9]
		}
		out = append(out, u)
	}
	return out
}

// cards are numbers that payment companies publish for tests.
func cards() []string {
	return []string{
		"4242424242424242", "4111111111111111", "5555555555554444", "4012888888881881",
		"5105105105105100", "378282246310005", "6011111111111117", "3530111333300000",
	}
}

// address makes ada.lindqvist@customers.example of a name.
func address(name string) string {
	replace := strings.NewReplacer("'", "", " ", ".", "á", "a", "ß", "ss", "ë", "e", "ø", "o", "ó", "o")
	return replace.Replace(strings.ToLower(name)) + "@" + Domain
}
