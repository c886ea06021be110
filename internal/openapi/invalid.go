package openapi

import (
	"strconv"
	"strings"
)

// Invalid is a request or response that does not fit the contract.
type Invalid struct {
	In       string // path, query or body
	Problems []Problem
	NoBody   bool // there is none, where one is required
}

// Problem is one thing that does not fit.
type Problem struct {
	Field string // the parameter's name, or the way into the body: databases[0].protocol; "" is the body itself
	Text  string // what is wrong
}

// most is how many problems a message names; a body can hold a hundred thousand.
const most = 5

// Error returns one line that names the fields. Problems of a body are worded the way the API's own JSON reader does,
// as clients match on that.
func (i *Invalid) Error() string {
	var line strings.Builder
	if i.In == "body" {
		line.WriteString("JSON parse error: ")
	}
	for n, problem := range i.Problems {
		if n == most {
			more := strconv.Itoa(len(i.Problems) - most)
			if len(i.Problems) >= enough {
				more = "many"
			}
			line.WriteString("; and " + more + " more")
			break
		}
		if n > 0 {
			line.WriteString("; ")
		}
		switch {
		case i.In != "body":
			line.WriteString(i.In + " parameter " + problem.Field + ": " + problem.Text)
		case problem.Field == "":
			line.WriteString(problem.Text)
		default:
			line.WriteString(problem.Text + " (at " + problem.Field + ")")
		}
	}
	return line.String()
}

// deepest is how many steps of a path a message names; a document may be ten thousand deep.
const deepest = 20

// under is the problem seen from one step above, a property or an index.
func (p Problem) under(step string) Problem {
	return Problem{Field: join(fieldPath([]string{step}), p.Field), Text: p.Text}
}

// fieldPath writes a JSON pointer the way programs do: databases[0].protocol.
func fieldPath(pointer []string) (path string) {
	for i, step := range pointer {
		if i == deepest {
			return path + "…"
		}
		if _, err := strconv.ParseUint(step, 10, 31); err == nil {
			path += "[" + step + "]"
			continue
		}
		path = join(path, printable(step))
	}
	return path
}

// join puts a path below another.
func join(above, below string) string {
	if above == "" || below == "" || strings.HasPrefix(below, "[") {
		return above + below
	}
	return above + "." + below
}

// printable keeps what a client named on one line and short.
func printable(name string) string {
	quoted := quote(name)
	return quoted[1 : len(quoted)-1]
}

// quote puts a client's text in quotes, on one line and short.
func quote(text string) string { return strconv.Quote(shorten(text)) }

// shorten cuts a client's text to what a message can bear.
func shorten(text string) string {
	const length = 80
	if len(text) <= length {
		return text
	}
	return strings.ToValidUTF8(text[:length], "") + "…"
}
