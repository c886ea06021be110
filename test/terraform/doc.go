// Package terraform drives a started `understudy serve` with real command lines and the official provider. It consists
// of tests, which use what scripts/setup.sh has built and take minutes because the provider sleeps between its steps:
//
//	scripts/setup.sh postgres terraform opentofu provider
//	cd test/terraform && go test -count=1 -v -parallel 16 -timeout 20m ./...
//
// -count=1 because go would repeat an old result for a new server, which is no part of this module; -parallel lets the
// stories meet on a machine of few cores; -v shows how long each step took beside the provider's sleeps.
//
// The provider comes in two builds. The official one, unchanged, runs one story of each family of resources. The fast
// one, the same but for its waits, which are a hundredth, runs all stories at every speed of the server. They are those
// of internal/terraform, as `understudy terraform --fast` has them; how the command lines are built is in programs.
package terraform
