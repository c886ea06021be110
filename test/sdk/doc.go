// Package sdk drives a started `understudy serve` with the official Go SDK, unchanged. It consists of tests:
//
//	cd test/sdk && go test -count=1 -parallel 64 ./...
//
// -count=1 because go would repeat an old result for a new server, which is no part of this module; -parallel because
// the stories, each told at several speeds, mostly wait.
package sdk
