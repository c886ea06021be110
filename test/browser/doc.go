// Package browser looks at the dashboard of a started `understudy serve` as a user does, in a real Chromium. It
// consists of tests:
//
//	cd test/browser && go test -count=1 ./...
//	go test -count=1 -run Pictures -artifacts -outputdir /tmp/pictures ./...   # to look at every page oneself
//
// -count=1 because go would repeat an old result for a new server, which is no part of this module.
//
// Whatever a page writes on its console as an error, does against its content security policy, or asks another host for
// fails the test it was opened in; and so does what axe-core finds in it.
package browser
