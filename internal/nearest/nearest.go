// Package nearest finds the name that somebody may have meant by a wrong one, for messages.
package nearest

import "strings"

// longest is the longest name that may have been meant by mistake: to look for what is like more takes its time.
const longest = 1000

// Of returns the first of the names that take the fewest edits to be made of a wrong one, whatever their case, and how
// many those are: letters put in, left out or changed. Without names, or where the wrong one is
// no name at all for its length, it returns "".
func Of(wrong string, names []string) (name string, edits int) {
	if len(wrong) > longest {
		return "", len(wrong)
	}
	for i, other := range names {
		if n := distance(strings.ToLower(wrong), strings.ToLower(other)); i == 0 || n < edits {
			name, edits = other, n
		}
	}
	return name, edits
}

// distance is how many letters are to be put in, left out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
