// Package sdk drives a started `understudy serve` with the official Go SDK, unchanged. It consists of tests:
//
//	cd test/sdk && go test ./...
package sdk
