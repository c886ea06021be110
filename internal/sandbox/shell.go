package sandbox

import (
	"strings"
	"unicode"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Export is the line by which a shell takes on a variable.
func Export(v cloud.Variable) string { return "export " + v.Name + "=" + ShellWord(v.Value) }

// ShellWord quotes what a shell would not take as it is.
func ShellWord(text string) string {
	plain := func(r rune) bool {
		return strings.ContainsRune("-_.:/", r) || unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	if !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
