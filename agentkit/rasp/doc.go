// Package rasp compares what a request brought in with what really reaches a
// sink: a database, a shell, the file system or the network.
package rasp
