// Package terraform drives a started `understudy serve` with the real terraform command and the official provider,
// unchanged. It consists of tests, which take minutes because the provider sleeps between its steps:
//
//	cd test/terraform && go test -v -parallel 4 -timeout 20m ./...
//
// -parallel lets the stories meet on a machine of few cores, -v shows how long each step took beside those sleeps.
// The provider is built as a tool of this module. So is terraform, from the module in tools/, where PATH has none.
package terraform
