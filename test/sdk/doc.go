// Package sdk drives a started `understudy serve` with the official Go SDK, unchanged. It consists of tests:
//
//	cd test/sdk && go test -count=1 -parallel 64 ./...
//
// -count=1 because go would repeat an old result for a new server, which is no part of this module; -parallel because
// the stories, each run at several speeds, mostly wait.
//
// The version of the SDK is that of go.mod. The suite counts the methods of whichever it is, fails for one that no
// story has succeed, and docs/coverage.md is headed with it. To another version:
//
//	go get github.com/RedisLabs/rediscloud-go-api@VERSION && go mod tidy
//	UNDERSTUDY_RENEW=1 go test -count=1 -parallel 64 ./... && (cd ../.. && make generate)
package sdk
