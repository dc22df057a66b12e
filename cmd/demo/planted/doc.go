// Package planted is what the demo's shop sells and knows: lamps, customers with
// test card numbers, reviews, and a few secrets put there to be stolen. The shop
// fills its database from it; the attackers' results are judged by it, because
// whatever of it turns up in an answer that should not hold it was leaked.
//
// Everything is invented and the same at every start. Addresses end in
// ".example", card numbers are those that payment companies publish for tests.
package planted
