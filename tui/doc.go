// Package tui is the explorer: events and incidents in a terminal, live. It
// talks to nothing but a localplatform.Platform.
package tui
