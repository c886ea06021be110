// Package terraform drives a started `understudy serve` with the real terraform command and the official provider,
// unchanged. It consists of tests, which take minutes because the provider sleeps between its steps:
//
//	cd test/terraform && go test -count=1 -v -parallel 4 -timeout 20m ./...
//
// -count=1 because go would repeat an old result for a new server, which is no part of this module; -parallel lets the
// stories meet on a machine of few cores; -v shows how long each step took beside the provider's sleeps.
//
// The provider is built as a tool of this module. So is terraform, from the module in tools/, where PATH has none.
package terraform
