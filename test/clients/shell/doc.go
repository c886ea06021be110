// Package shell drives a started `understudy serve` with a shell script as people write them: curl, grep, a loop with a
// limit of time. It consists of tests, which need curl: `make setup` installs it.
package shell
