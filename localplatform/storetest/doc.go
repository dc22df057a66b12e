// Package storetest is the contract that every store passes. A store's own
// tests call [Run]; what it checks is what callers of localplatform.Store may
// rely on, in words: a batch is stored once or not at all, positions grow and
// are never reused, queries answer exactly as the filter matches in memory, and
// control data is read as it was written.
package storetest
