package params

import (
	"encoding/xml"
	"io"
	"strings"
)

// XML passes on the texts and attributes of an XML document under addresses
// such as "xml.order.name" and "xml.order.@id". It reads as much as is well
// formed and defines no entities, so nothing is fetched or expanded.
func XML(text string, yield func(address, value string) bool) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	path := []string{"xml"}
	for {
		token, err := d.RawToken()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) <= maxDepth {
				path = append(path, t.Name.Local)
			}
			for _, a := range t.Attr {
				if !yield(strings.Join(path, ".")+".@"+a.Name.Local, a.Value) {
					return
				}
			}
		case xml.EndElement:
			if len(path) > 1 {
				path = path[:len(path)-1]
			}
		case xml.CharData:
			if s := strings.TrimSpace(string(t)); s != "" && !yield(strings.Join(path, "."), s) {
				return
			}
		case xml.Comment:
			if !yield(strings.Join(path, "."), string(t)) {
				return
			}
		}
	}
}
