package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// blurs make answers alike that vary by chance, each a little more than the one before: by random ids, the ports of
// servers and the machine's own time, which errors carry; by an account's time, where its clock runs or events come in
// any order; by numbers that are given out as requests happen to come.
var blurs = [...]struct {
	chance *regexp.Regexp
	sign   string
}{
	{regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b127\.0\.0\.1:\d+|[-\dT:]{19}\.\d{3}\+00:00`), "<ID>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?`), "<TIME>"},
	{regexp.MustCompile(`\d+`), "<N>"},
}

// blur makes an answer of the level before one of this level.
func blur(answer string, level int) string {
	return blurs[level].chance.ReplaceAllString(answer, blurs[level].sign)
}

// side is what a test was answered in each of some runs. How often it was answered the same is forgotten: it may poll.
type side []map[string]bool

func (s side) blurred(level int) side {
	blurred := make(side, len(s))
	for i, run := range s {
		blurred[i] = map[string]bool{}
		for answer := range run {
			blurred[i][blur(answer, level)] = true
		}
	}
	return blurred
}

// all returns the answers of all runs.
func (s side) all() map[string]bool {
	all := map[string]bool{}
	for _, run := range s {
		for answer := range run {
			all[answer] = true
		}
	}
	return all
}

// always reports whether every run has an answer.
func (s side) always(answer string) bool {
	return !slices.ContainsFunc(s, func(run map[string]bool) bool { return !run[answer] })
}

// ever reports whether any run has an answer.
func (s side) ever(answer string) bool {
	return slices.ContainsFunc(s, func(run map[string]bool) bool { return run[answer] })
}

// steady returns the answers as a further blur makes them, and whether all that became one are in every run.
func (s side) steady(level int) map[string]bool {
	steady := map[string]bool{}
	for answer := range s.all() {
		kind := blur(answer, level)
		before, known := steady[kind]
		steady[kind] = s.always(answer) && (before || !known)
	}
	return steady
}

// counts is how many different answers there were before, and how many of them were compared at which level.
type counts struct {
	answers  int
	compared [len(blurs)]int
}

func (c counts) String() string {
	vary := c.answers
	for _, n := range c.compared {
		vary -= n
	}
	return fmt.Sprintf("%d answers: %d compared as they are, %d without times, %d without numbers; %d vary",
		c.answers, c.compared[0], c.compared[1], c.compared[2], vary)
}

// compare returns the answers that one side always has and the other never, after a "-" or a "+". An answer is compared
// at the first level where those that the next blur makes the same are on both sides and steady, or at the last.
func (c *counts) compare(before, after side) (differences []string) {
	pending := map[string]int{} // what is not compared yet, and how many answers each stands for
	for answer := range before.blurred(0).all() {
		pending[answer] = 1
	}
	c.answers += len(pending)
	for level := range blurs {
		next := level + 1
		before, after = before.blurred(level), after.blurred(level)
		var old, current map[string]bool
		if next < len(blurs) {
			old, current = before.steady(next), after.steady(next)
		}
		compared := func(answer string) bool {
			return next == len(blurs) || old[blur(answer, next)] && current[blur(answer, next)]
		}
		differ := func(sign string, one, other side) {
			for answer := range one.all() {
				if compared(answer) && one.always(answer) && !other.ever(answer) {
					differences = append(differences, sign+answer)
				}
			}
		}
		differ("-", before, after)
		differ("+", after, before)

		rest := map[string]int{}
		for answer, n := range pending {
			switch {
			case compared(answer) && before.always(answer):
				c.compared[level] += n
			case next < len(blurs):
				rest[blur(answer, next)] += n
			}
		}
		pending = rest
	}
	// One request's beside each other.
	slices.SortFunc(differences, func(a, b string) int { return strings.Compare(a[1:], b[1:]) })
	return differences
}
