package planted

import (
	"fmt"
	"strings"
)

// Product is a lamp for sale. Prices are in cents.
type Product struct {
	ID          int
	Name        string
	Category    string
	Description string
	Price       int
	Stock       int
	Image       string // name of a file in the image directory
}

// Images is the number of pictures; products share them.
const Images = 12

// Categories lists what the shop sells, in the order of its menu.
func Categories() []string {
	return []string{"table lamps", "floor lamps", "pendants", "outdoor", "spare parts"}
}

// Products returns the catalogue: 200 products, ids from 1.
func Products() []Product {
	models := []string{
		"Anchor", "Beacon", "Cinder", "Drop", "Ember", "Fathom", "Gimbal", "Harbour", "Isle", "Jetty",
		"Keel", "Lagoon", "Mariner", "Nautilus", "Orbit", "Pearl", "Quay", "Reef", "Signal", "Tide",
		"Union", "Velvet", "Wharf", "Xenon", "Yawl", "Zephyr", "Astra", "Bosun", "Coral", "Delta",
		"Echo", "Fjord", "Gull", "Halo", "Inlet", "Juniper", "Kelp", "Lumen", "Mist", "North",
	}
	materials := []string{"brass", "smoked glass", "oiled oak", "blackened steel", "linen"}
	var out []Product
	for i := range 200 {
		category := Categories()[i%5]
		material := materials[(i/5+i)%5]
		name := models[i/5] + " " + noun(category)
		out = append(out, Product{
			ID: i + 1, Name: name, Category: category,
			Description: description(name, category, material),
			Price:       1900 + (i*737)%24000, Stock: 3 + (i*31)%60,
			Image: image(i),
		})
	}
	return out
}

// image picks one of the pictures: four kinds of lamp, each in three colours.
func image(i int) string { return fmt.Sprintf("lamp-%02d.svg", 1+i%5%4+4*(i/5%3)) }

func noun(category string) string {
	switch category {
	case "table lamps":
		return "table lamp"
	case "floor lamps":
		return "floor lamp"
	case "pendants":
		return "pendant"
	case "outdoor":
		return "lantern"
	}
	return "bulb set"
}

func description(name, category, material string) string {
	switch category {
	case "spare parts":
		return "Four warm white bulbs, E27 or E14 (select below), made to fit the " + strings.TrimSuffix(name, " bulb set") + " family."
	case "outdoor":
		return "Rain, salt and wind do it no harm. Shade of " + material + ", from our workshop by the harbour."
	}
	return "The " + strings.ToLower(name) + " is made of " + material + ". Dimmable, repairable, delivered in cardboard only."
}
