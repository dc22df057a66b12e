package sqlite_test

import "errors"

// child is for tests that send signals.
func child(string) error { return errors.New("not on Windows") }
