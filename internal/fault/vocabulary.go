package fault

import (
	"regexp"
	"slices"
	"strings"
)

// Vocabulary is what the APIs have that a rule may name.
type Vocabulary struct {
	Operations []Operation
	Codes      []string        // of errors
	Presets    func() *Presets // of which there may be none
}

// Operation is an operation of an API.
type Operation struct {
	ID        string
	Method    string
	Path      string          // as in its document, without what all paths there begin with
	Params    []string        // of its path, in their order
	Answers   func() []string // members of its answer, at any depth
	Asks      func() []string // members of its request
	Task      bool            // it is answered with a task
	ReadsTask bool            // it shows a task
}

func (v *Vocabulary) operation(id string) *Operation {
	i := slices.IndexFunc(v.Operations, func(op Operation) bool { return op.ID == id })
	if i < 0 {
		return nil
	}
	return &v.Operations[i]
}

// Fitting returns the operations that a match is about by their ids and their kinds of resource.
func (v *Vocabulary) Fitting(m Match) (found []Operation) {
	var ids []*regexp.Regexp
	for _, p := range m.Operation {
		ids = append(ids, pattern(p))
	}
	var kind []*regexp.Regexp
	if m.Kind != "" {
		for _, p := range v.Presets().Kinds[m.Kind] {
			kind = append(kind, pattern(p))
		}
	}
	for _, op := range v.Operations {
		if (len(ids) == 0 || anyFits(ids, op.ID)) && (m.Kind == "" || anyFits(kind, op.ID)) {
			found = append(found, op)
		}
	}
	return found
}

func anyFits(patterns []*regexp.Regexp, text string) bool {
	return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p == nil || p.MatchString(text) })
}

// strikesRead reports whether a request is a read that an effect on reads may strike.
func (v *Vocabulary) strikesRead(e EffectInfo, r *Request) bool {
	op := v.operation(r.Operation)
	if op == nil || op.Method != "GET" {
		return false
	}
	return e.Name == "stale" || op.ReadsTask
}

func (v *Vocabulary) ids() (ids []string) {
	for _, op := range v.Operations {
		ids = append(ids, op.ID)
	}
	return ids
}

func (v *Vocabulary) paths() (paths []string) {
	for _, op := range v.Operations {
		paths = append(paths, op.Path)
	}
	return paths
}

// hasPath reports whether the path of some operation, with whatever values for its parameters, may fit a pattern.
func (v *Vocabulary) hasPath(pattern string) bool {
	return slices.ContainsFunc(v.paths(), func(path string) bool {
		return meets(strings.ToLower(pattern), strings.ToLower(path))
	})
}

// meets reports whether some text fits both a pattern and a path with parameters. It goes from the end of the pattern
// to its beginning, and keeps from where on the path may go along with what it has seen.
func meets(pattern, path string) bool {
	path = parameter.ReplaceAllString(path, "{") // of each only its first brace
	fits := make([]bool, len(path)+1)
	fits[len(path)] = true
	for i := len(pattern) - 1; i >= 0; i-- {
		next := make([]bool, len(path)+1)
		for j := len(path); j >= 0; j-- {
			switch {
			case pattern[i] == '*':
				next[j] = fits[j] || j < len(path) && next[j+1]
			case j == len(path):
			case path[j] == '{': // a parameter has this letter, and it is the last one or not
				next[j] = pattern[i] != '/' && (fits[j] || fits[j+1])
			default:
				next[j] = path[j] == pattern[i] && fits[j+1]
			}
		}
		fits = next
	}
	return fits[0]
}

// parameter is a parameter in a path.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

// members returns the members of the answers, or of the requests, of the operations that a rule is about. What a task
// shows may be of any operation.
func (v *Vocabulary) members(m Match, asked bool) (names []string) {
	fitting := v.Fitting(m)
	if !asked && slices.ContainsFunc(fitting, func(op Operation) bool { return op.ReadsTask }) {
		fitting = v.Operations
	}
	for _, op := range fitting {
		if asked {
			names = append(names, op.Asks()...)
		} else {
			names = append(names, op.Answers()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
