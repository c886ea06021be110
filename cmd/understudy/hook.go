//go:build !crashpoint

package main

// hook is nil in every binary that is not built for the crash tests.
func hook() func(point string) { return nil }
