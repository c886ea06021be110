package fault

import (
	"slices"

	"github.com/understudy-dev/understudy/internal/nearest"
)

// Where an effect is worked.
type layer int

const (
	edge   layer = iota // at the request and its answer
	engine              // at the task that the request becomes
)

// EffectInfo describes an effect: for who arms rules, for the reference, and for the check of a rule.
type EffectInfo struct {
	Name   string
	What   string
	Takes  []string // members of an effect that it takes
	Needs  []string // of these, one is needed
	layer  layer
	final  bool // nothing is left for another rule to strike
	answer bool // works on the answer, so it can be told by it whether it strikes
	reads  bool // strikes only reads
}

// Effects returns all effects.
func Effects() []EffectInfo { return slices.Clone(effects) }

var effects = []EffectInfo{
	{
		Name: "latency", What: "The answer is late: by `fixed`, evenly between `from` and `to`, or lognormal with " +
			"`median` and `sigma`, drawn by `seed`.",
		Takes: []string{"fixed", "from", "to", "median", "sigma", "seed"}, Needs: []string{"fixed", "to", "median"},
	},
	{
		Name: "status", What: "The request is answered with `status` and the API's own error body, with `message` and, " +
			"where `retryAfter` says so, when to try again. It is not carried out, unless `done`.",
		Takes: []string{"status", "message", "retryAfter", "done"}, Needs: []string{"status"}, final: true,
	},
	{
		Name: "rate-limit", What: "The request is answered with 429 and the API's own headers and body; with `limit` only " +
			"beyond so many requests of the account in a minute.",
		Takes: []string{"limit", "message", "retryAfter"}, final: true,
	},
	{
		Name: "quota", What: "The answer says that `remaining` requests are left in this minute.",
		Takes: []string{"remaining"}, answer: true,
	},
	{Name: "key-revoked", What: "The request is refused as one with keys that nobody has.", final: true},
	{
		Name: "reset", What: "The connection is reset: `at` `before` the answer, `in` its body, or `after` it. Before, the " +
			"request is not carried out, unless `done`.",
		Takes: []string{"at", "done"}, Needs: []string{"at"}, final: true,
	},
	{Name: "empty", What: "The answer has no body.", answer: true, final: true},
	{Name: "truncated", What: "The body ends in its middle, as if it were whole.", answer: true, final: true},
	{Name: "garbage", What: "The body is no JSON.", answer: true, final: true},
	{
		Name: "drop", What: "`members` are left out of the answer, wherever they are; a name may be that of a path, as in " +
			"`a.b`.",
		Takes: []string{"members"}, Needs: []string{"members"}, answer: true,
	},
	{
		Name: "rename", What: "Members of the answer are called otherwise: `names`, from the old one to the new one.",
		Takes: []string{"names"}, Needs: []string{"names"}, answer: true,
	},
	{
		Name: "reorder", What: "Lists in the answer, those called `members` or all, are in another order, drawn by `seed`.",
		Takes: []string{"members", "seed"}, answer: true,
	},
	{
		Name: "set", What: "Members of the answer have other `values`, wherever they are; `empty` members only.",
		Takes: []string{"values", "empty"}, Needs: []string{"values"}, answer: true,
	},
	{
		Name: "unknown", What: "Every object of the answer has members that no document knows: `values`, or one of ours.",
		Takes: []string{"values"}, answer: true,
	},
	{
		Name: "extend", What: "Lists in the answer, those called `members`, have one more element: a copy of their last " +
			"with other `values`.",
		Takes: []string{"members", "values"}, Needs: []string{"members"}, answer: true,
	},
	{
		Name: "ignore", What: "`members` of the request are ignored; with `empty` only where they are to clear something: " +
			"null, false, 0, or an empty text, list or object.",
		Takes: []string{"members", "empty"}, Needs: []string{"members"},
	},
	{
		Name: "stale", What: "A read shows what it showed before the last change, for `reads` more reads: all of it, or " +
			"`members`.",
		Takes: []string{"reads", "members"}, Needs: []string{"reads"}, answer: true, reads: true,
	},
	{
		Name: "task-unknown", What: "A task is not found, for its first `reads` reads.",
		Takes: []string{"reads", "message"}, Needs: []string{"reads"}, reads: true, final: true,
	},
	{
		Name: "task-status", What: "A task that is read has the status `state`.",
		Takes: []string{"state"}, Needs: []string{"state"}, reads: true, answer: true,
	},
	{
		Name: "task-stuck", What: "The task is never done: not before the rule is disarmed. Those after it wait.",
		layer: engine, final: true,
	},
	{
		Name: "task-slow", What: "Processing the task takes `for` longer. Those after it wait.",
		Takes: []string{"for"}, Needs: []string{"for"}, layer: engine,
	},
	{
		Name: "task-error", What: "The task fails with `code` and `message`, and changes nothing.",
		Takes: []string{"code", "message"}, Needs: []string{"code"}, layer: engine, final: true,
	},
	{Name: "task-empty", What: "The task succeeds and shows no resource.", layer: engine},
	{
		Name: "reported-failed", What: "The task does all that it should, and says that it failed with `code` and `message`.",
		Takes: []string{"code", "message"}, Needs: []string{"code"}, layer: engine, final: true,
	},
	{
		Name: "limit-refused", What: "The task fails, if what it changes is one more than may be changed at once.",
		layer: engine,
	},
	{
		Name: "provisioning-error", What: "The task succeeds; what it changes ends in an error with `code` and `message`.",
		Takes: []string{"code", "message"}, Needs: []string{"code"}, layer: engine, final: true,
	},
	{
		Name: "provisioning-slow", What: "Provisioning takes `for` longer.",
		Takes: []string{"for"}, Needs: []string{"for"}, layer: engine,
	},
	{
		Name: "provisioning-flaps", What: "Once provisioned, it is pending and back again, `times` times, `for` each time.",
		Takes: []string{"times", "for"}, Needs: []string{"times"}, layer: engine,
	},
	{
		Name: "provisioning-state", What: "Once provisioned, it has the state `state`: `for` so long, or for good.",
		Takes: []string{"state", "for"}, Needs: []string{"state"}, layer: engine,
	},
}

func effectNamed(name string) (EffectInfo, bool) {
	i := slices.IndexFunc(effects, func(e EffectInfo) bool { return e.Name == name })
	if i < 0 {
		return EffectInfo{}, false
	}
	return effects[i], true
}

// effectNames are the names of all effects.
func effectNames() (names []string) {
	for _, e := range effects {
		names = append(names, e.Name)
	}
	return names
}

// didYouMean asks whether that of some names was meant which is most like a wrong one; empty where none is like it.
func didYouMean(wrong string, names []string) string {
	name, edits := nearest.Of(wrong, names)
	if name == "" || edits > len(wrong)*2/3 {
		return ""
	}
	return " (did you mean " + name + "?)"
}
