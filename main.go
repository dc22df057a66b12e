// Sqreen is a security operations toolkit for people who run web applications:
// platform, terminal explorer, inventory queries and CI gates in one binary.
package main

//go:generate go run ./cmd/internal/gen completions completions

import (
	"os"

	"github.com/sqreen/sqreen/cmd"
)

func main() { os.Exit(cmd.Main()) }
