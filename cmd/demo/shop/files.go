package shop

import (
	"fmt"
	"strings"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// shopFiles returns what lies in the shop's directory, by name.
func shopFiles() map[string]string {
	files := map[string]string{planted.SecretFile: planted.SecretFileText}
	for i := range planted.Images {
		files[fmt.Sprintf("images/lamp-%02d.svg", i+1)] = drawing(i)
	}
	return files
}

// drawing draws one of the lamps: four shapes in three palettes.
func drawing(i int) string {
	palettes := [][3]string{{"#fdf3dc", "#e2a33b", "#5a4632"}, {"#e8eff2", "#d9773f", "#33495a"}, {"#eef1e4", "#c9a227", "#46533c"}}
	shapes := []string{
		// table lamp, floor lamp, pendant, lantern
		`<path d="M120 60h80l34 70H86z" fill="%[2]s"/><path d="M154 130h12v90h-12z" fill="%[3]s"/><path d="M112 220h96a8 8 0 0 1 8 8v8H104v-8a8 8 0 0 1 8-8z" fill="%[3]s"/>`,
		`<path d="M124 30h72l22 52H102z" fill="%[2]s"/><path d="M156 82h8v146h-8z" fill="%[3]s"/><ellipse cx="160" cy="232" rx="46" ry="9" fill="%[3]s"/>`,
		`<path d="M157 0h6v84h-6z" fill="%[3]s"/><path d="M160 80c52 0 76 38 76 78H84c0-40 24-78 76-78z" fill="%[2]s"/><circle cx="160" cy="166" r="18" fill="#fff6d8"/>`,
		`<path d="M140 46h40v16h-40z" fill="%[3]s"/><rect x="112" y="62" width="96" height="132" rx="10" fill="%[2]s"/><path d="M112 104h96v6h-96zM157 62h6v132h-6z" fill="%[3]s"/><path d="M100 194h120v18H100z" fill="%[3]s"/>`,
	}
	p := palettes[i/len(shapes)%len(palettes)]
	glow := `<circle cx="160" cy="120" r="108" fill="%[2]s" opacity=".16"/>`
	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 256"><rect width="320" height="256" fill="%[1]s"/>` + glow + shapes[i%len(shapes)] + `</svg>`
	return strings.TrimSpace(fmt.Sprintf(svg, p[0], p[1], p[2])) + "\n"
}
