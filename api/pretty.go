package api

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// wantsCompact reports whether a client asks for bodies without blanks: with
// indent=0 at a media type that it accepts.
func wantsCompact(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept") {
		if !strings.Contains(line, "=") { // hardly any client sends parameters
			continue
		}
		for accepted := range strings.SplitSeq(line, ",") {
			if _, params, err := mime.ParseMediaType(accepted); err == nil && params["indent"] == "0" {
				return true
			}
		}
	}
	return false
}

// Indentation grows with the square of the nesting, which in a document of any
// JSON is as deep as its author likes. So a body that would become longer than
// this stays compact.
const (
	maxGrowth = 10 // times
	freeSize  = 64 << 10
)

// pretty lays out compact JSON as Jackson does by default: each member of an
// object on a line of its own, lists on one line. It writes over dst, and reports
// false where the result would be too long.
func pretty(dst, src []byte) ([]byte, bool) {
	l := layout{text: slices.Grow(dst[:0], len(src)*2), most: mostOf(len(src))} // hardly any becomes longer
	l.write(src)
	return l.text, len(l.text) <= l.most
}

// mostOf is how long compact JSON of a length may become.
func mostOf(compact int) int { return maxGrowth*compact + freeSize }

// layout is JSON that is being laid out.
type layout struct {
	text  []byte
	most  int    // about where it ends, since the result is too long
	open  []byte // brackets
	level int    // objects among them
}

// write lays out more of the JSON: whole values, or what begins or ends between two brackets.
func (l *layout) write(src []byte) {
	dst, open, level := l.text, l.open, l.level
	if open == nil {
		open = make([]byte, 0, 32)
	}
	copied := 0 // bytes of src that are in dst
	for i := 0; i < len(src) && len(dst) <= l.most; i++ {
		switch c := src[i]; c {
		case '"':
			i = stringEnd(src, i)
		case ':':
			dst = append(append(dst, src[copied:i]...), " : "...)
			copied = i + 1
		case ',':
			dst = gap(append(dst, src[copied:i+1]...), open[len(open)-1], level)
			copied = i + 1
		case '{', '[':
			dst = append(dst, src[copied:i+1]...)
			copied = i + 1
			if closing := c + 2; i+1 < len(src) && src[i+1] == closing {
				dst = append(dst, ' ', closing)
				i, copied = i+1, i+2
				break
			}
			if open = append(open, c); c == '{' {
				level++
			}
			dst = gap(dst, c, level)
		case '}', ']':
			opening := c - 2
			if open = open[:len(open)-1]; opening == '{' {
				level--
			}
			dst = gap(append(dst, src[copied:i]...), opening, level)
			copied = i
		}
	}
	dst = append(dst, src[copied:]...)
	l.text, l.open, l.level = dst, open, level
}

// newline is a line break and the blanks of more levels than the API's own bodies have.
var newline = []byte("\n" + strings.Repeat("  ", 16))

// gap separates what is inside a bracket.
func gap(dst []byte, bracket byte, level int) []byte {
	if bracket == '[' {
		return append(dst, ' ')
	}
	n := 1 + 2*level
	if n <= len(newline) {
		return append(dst, newline[:n]...)
	}
	return append(append(dst, newline...), bytes.Repeat([]byte{' '}, n-len(newline))...)
}

// stringEnd returns the index of the quote that ends the string whose first quote
// is at start.
func stringEnd(src []byte, start int) int {
	for end := start + 1; ; end++ {
		end += bytes.IndexByte(src[end:], '"')
		backslashes := 0
		for src[end-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return end
		}
	}
}
