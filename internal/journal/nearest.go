package journal

import (
	"strings"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// nearest names the operation that comes nearest to a request that none matched: "GET /things/{thingId}"; "" where
// there is no document. It is the one of which the fewest letters, segments and methods would have to change.
func nearest(document *openapi.Document, method, path string) string {
	if document == nil {
		return ""
	}
	const long = 2000 // nobody meant one of the operations by that
	segments := strings.Split(strings.Trim(path[:min(len(path), long)], "/"), "/")
	found, least := "", -1
	for _, op := range document.Operations() {
		cost := distance(strings.Split(strings.Trim(op.Path, "/"), "/"), segments)
		if op.Method != method {
			cost++ // less than any change of the path
		}
		if least < 0 || cost < least {
			found, least = op.Method+" "+op.Path, cost
		}
	}
	return found
}

// distance is how much of a path would have to change for the operation's: as between words, with segments in the place
// of letters. A parameter takes any segment.
func distance(want, got []string) int {
	const segment = 40 // more than the letters of a misspelt one
	return edits(len(want), len(got), segment, func(i, j int) int {
		switch {
		case strings.HasPrefix(want[i], "{"):
			if isWord(got[j]) {
				return 3 // more likely a word than an id
			}
			return 0
		case want[i] == got[j]:
			return 0
		}
		a, b := []rune(want[i]), []rune(got[j])
		if len(b) > segment {
			return 2 * segment
		}
		return 4 * edits(len(a), len(b), 1, func(i, j int) int {
			if a[i] == b[j] {
				return 0
			}
			return 1
		})
	})
}

// isWord reports whether a segment has no digit in it.
func isWord(segment string) bool { return !strings.ContainsAny(segment, "0123456789") }

// edits is the cost of making one sequence of the other, where leaving out or putting in costs the same.
func edits(n, m, gap int, change func(i, j int) int) int {
	row := make([]int, m+1)
	for j := range row {
		row[j] = j * gap
	}
	for i := range n {
		diagonal := row[0]
		row[0] += gap
		for j := range m {
			best := min(row[j]+gap, row[j+1]+gap, diagonal+change(i, j))
			diagonal, row[j+1] = row[j+1], best
		}
	}
	return row[m]
}
