// Package shop is the web application that the demo attacks: a small lamp shop
// with products, search, reviews, accounts and a cart, on an SQLite database of
// its own.
//
// It is vulnerable on purpose, and says so on every page. Each fault is one that
// real applications have:
//
//	GET  /search?q=          text pasted into SQL, and echoed into HTML
//	GET  /products?category= text pasted into SQL
//	GET  /product/{id}       a "number" pasted into SQL
//	POST /login              e-mail address pasted into SQL
//	POST /account/search     stored safely, then pasted into SQL by GET /account
//	POST /api/checkout       a JSON field pasted into SQL
//	POST /product/{id}/review  shown to others as HTML
//	GET  /image?file=        a file name joined to a directory unchecked
//	GET  /health?host=       text pasted into a shell command
//	GET  /preview?url=       an address fetched from inside
//
// Because of that it serves loopback only, and only requests that a person or a
// tool on this machine makes on purpose: a web page elsewhere that sends the
// visitor's browser here is refused (see guard).
//
// It is an ordinary application otherwise: it talks to the platform through
// agentkit and knows nothing of the demo around it.
package shop
