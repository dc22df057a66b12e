//go:build !windows

package iostreams

import "os"

// enableEscapes does nothing where terminals always understand escape sequences.
func enableEscapes(*os.File) {}
