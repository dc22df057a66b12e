package planted

// Review is what a customer wrote about a product.
type Review struct {
	Product int
	Author  string
	Stars   int
	Text    string
}

// Reviews returns what stands in the shop from the start. Some quote SQL, HTML
// or shell: people do, and no protection may take them for an attack.
func Reviews() []Review {
	texts := []string{
		"Looks lovely on my desk, thank you!",
		"I'm a database teacher. My students now know it as the drop table lamp. 5 stars.",
		"O'Brien's kitchen never looked better; we'll buy two more.",
		"The cable is < 2 m long, and that's 'short' for a floor lamp -- otherwise perfect.",
		"As we say at work: SELECT * FROM lamps WHERE warm = 1; and this one came back.",
		"Price/quality is fine (1 or 2 scratches or so). It's OK & I'd order again.",
		"Union of glass and steel. All select materials, from top to bottom.",
		"Works with `rm -rf` style cleaning as well, my 3-year-old tried.",
		"Switch it on; wait; enjoy. What else?",
		"It's 100% worth it; don't wait for the sale!",
	}
	users := Users()
	var out []Review
	for i := range 60 {
		out = append(out, Review{
			Product: 1 + (i*17)%200, Author: users[2+i%48].Name, Stars: 3 + i%3, Text: texts[i%len(texts)],
		})
	}
	return out
}
