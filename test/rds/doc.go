// Package rds drives a started `understudy serve` with the official Go SDK of Huawei Cloud, unchanged, whose requests
// are signed; and, as gophertelekomcloud would, without it. It consists of tests:
//
//	cd test/rds && go test -count=1 -parallel 64 ./...
//
// -count=1 because go would repeat an old result for a new server, which is no part of this module; -parallel because
// the stories, each run at several speeds, mostly wait.
package rds
