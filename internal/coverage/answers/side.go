package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// blurs make answers alike that vary by chance, each on top of the one before: by random ids, the ports of servers and
// times to a fraction of a second, as only clocks that run show; by other times, where events come in any order;
// by numbers that are given out as requests happen to come, and the names, ids and passwords made of them.
var blurs = [...]struct {
	chance *regexp.Regexp
	sign   string
}{
	{
		regexp.MustCompile(`(?i)[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|\b127\.0\.0\.1:\d+|[-\dT:]{19}\.\d+(Z|\+00:00)`),
		"<ID>",
	},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?`), "<TIME>"},
	{regexp.MustCompile(`[a-z]+-[a-z]+-[a-z]+-\d+(\.db\.)|-[0-9a-f]{8,17}\b|("password" : ")\w{32}"|\d+`), "$1$2<N>"},
}

// answer is an answer as each blur makes it, and in the end what is left of it without its content: the names of the
// test and the request.
type answer [len(blurs) + 1]string

// forms makes answers of texts. It remembers what it made, as most answers, and most lines of others, come again.
type forms struct {
	answers map[string]*answer // by their first form
	lines   [len(blurs)]map[string]string
}

func newForms() *forms {
	f := &forms{answers: map[string]*answer{}}
	for level := range f.lines {
		f.lines[level] = map[string]string{}
	}
	return f
}

func (f *forms) of(text string) *answer {
	text = f.blur(0, text)
	if a, known := f.answers[text]; known {
		return a
	}
	a := &answer{text}
	for level := 1; level < len(blurs); level++ {
		a[level] = f.blur(level, a[level-1])
	}
	lines := strings.SplitN(a[len(blurs)-1], "\n", 3)
	a[len(blurs)] = lines[0] + "\n" + lines[1]
	f.answers[text] = a
	return a
}

func (f *forms) blur(level int, text string) string {
	var blurred strings.Builder
	for line := range strings.Lines(text) {
		made, known := f.lines[level][line]
		if !known {
			made = blurs[level].chance.ReplaceAllString(line, blurs[level].sign)
			f.lines[level][line] = made
		}
		blurred.WriteString(made)
	}
	return blurred.String()
}

// request returns the method and the target.
func (a *answer) request() string { return strings.SplitN(a[0], "\n", 3)[1] }

// side is what a test was answered in each of some runs. How often it was answered the same is forgotten: it may poll.
type side []map[*answer]bool

// seen is in how many runs something is, and what kind of thing it is.
type seen struct {
	runs int
	kind string
}

// count counts in how many runs the things are that an answer consists of, as given by their kinds.
func (s side) count(things func(*answer) map[string]string) map[string]seen {
	all := map[string]seen{}
	for _, run := range s {
		inRun := map[string]string{}
		for a := range run {
			maps.Copy(inRun, things(a))
		}
		for thing, kind := range inRun {
			all[thing] = seen{all[thing].runs + 1, kind}
		}
	}
	return all
}

// differing returns what is in all of so many runs of one side and in none of the other, after a sign.
func differing(
	sign string, one map[string]seen, runs int, other map[string]seen, compared func(kind string) bool,
) (things []string) {
	for thing, s := range one {
		if s.runs == runs && other[thing].runs == 0 && compared(s.kind) {
			things = append(things, sign+thing)
		}
	}
	return things
}

// steady returns the kinds of which all that there is is in every one of so many runs.
func steady(all map[string]seen, runs int) map[string]bool {
	kinds := map[string]bool{}
	for _, s := range all {
		before, known := kinds[s.kind]
		kinds[s.kind] = s.runs == runs && (before || !known)
	}
	return kinds
}

// counts is how many different answers there were before, and how many of them were compared under which blur.
type counts struct {
	answers  int
	compared [len(blurs)]int
}

func (c counts) String() string {
	return fmt.Sprintf("%d answers: %d compared as they are, %d without times, %d without numbers, "+
		"the others line by line", c.answers, c.compared[0], c.compared[1], c.compared[2])
}

// compare returns what one side always has and the other never, after a "-" or a "+". An answer is compared as a whole
// under the first blur at which those that are alike under the next are on both sides and in every run. Line by line,
// without numbers, all answers to a request are compared: there may be some that are the same in no two runs.
func (c *counts) compare(before, after side) (differences []string) {
	rest := before.count(func(a *answer) map[string]string { return map[string]string{a[0]: ""} })
	c.answers += len(rest)
	for level := range blurs {
		whole := func(a *answer) map[string]string { return map[string]string{a[level]: a[level+1]} }
		old, now := before.count(whole), after.count(whole)
		oldSteady, nowSteady := steady(old, len(before)), steady(now, len(after))
		compared := func(kind string) bool { return oldSteady[kind] && nowSteady[kind] }
		differences = slices.Concat(differences,
			differing("-", old, len(before), now, compared), differing("+", now, len(after), old, compared))
		for first := range before.count(func(a *answer) map[string]string {
			if compared(a[level+1]) {
				return map[string]string{a[0]: ""}
			}
			return nil
		}) {
			if _, pending := rest[first]; pending {
				delete(rest, first)
				c.compared[level]++
			}
		}
	}
	if len(differences) == 0 { // else these are part of them
		old, now := before.count(lines), after.count(lines)
		always := func(string) bool { return true }
		differences = slices.Concat(differing("-", old, len(before), now, always),
			differing("+", now, len(after), old, always))
	}
	// Those of one request beside each other.
	slices.SortFunc(differences, func(a, b string) int { return strings.Compare(a[1:], b[1:]) })
	return differences
}

// lines returns the lines of an answer, each below its request.
func lines(a *answer) map[string]string {
	lines := map[string]string{}
	for line := range strings.Lines(a[len(blurs)-1]) {
		lines[a[len(blurs)]+"\n"+strings.Trim(line, " ,\n")] = ""
	}
	return lines
}
