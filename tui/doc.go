// Package tui is the explorer: events and incidents in a terminal, live. It
// talks to nothing but a localplatform.Platform.
//
// One Bubble Tea model is the frame: it knows the size of the screen, which page
// is shown, the prompt and the dialog above it, and what became of the latest
// action. Pages are structs that own how they answer keys and messages. A
// page asks the platform through the [source] alone: a request belongs to a
// slot, a newer request in the same slot cancels the older one, and an answer
// that nobody waits for any more is dropped before it reaches the page. So
// nothing in Update waits, and nothing outside of Update changes state.
//
// A list of millions is a [window] over pages fetched by cursor. Drawing looks
// at the rows on the screen only, so a key costs the same whatever the list.
package tui
