// Package lazy makes what a run may not need when it is first used. What packages make for their variables, every start
// of the program waits for, and every command.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp returns a regular expression that is compiled when it is first asked for, and panics then if it is none. One
// that counts letters of many alphabets takes longer than all that a start computes besides.
func Regexp(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
