package store

import "sync/atomic"

// gate is what every change of the database passes on its way, so that an answer that is kept is known to be old before
// anybody can know of the change. The zero value is ready, and open: nothing is kept.
//
// A Read takes down, before its first question, how often the gate was passed (mark). An answer made of it holds for as
// long as that is so. Who changes something passes before the change can be seen by anybody, and is at the gate until
// it is known to be seen, or never to be; a Read that begins meanwhile may see either, so nothing of it is kept.
type gate struct {
	alone    bool // nobody else changes the database
	all      passes
	keys     passes       // of what takes something from pairs of keys
	accounts [1024]passes // of the accounts whose id has that remainder: what two share costs no more than a question
}

// passes counts who passes.
type passes struct{ begun, underWay atomic.Int64 }

func (p *passes) enter() {
	p.underWay.Add(1)
	p.begun.Add(1)
}

// mark returns how often the gate was passed; ok is false while somebody is at it.
func (p *passes) mark() (n int64, ok bool) {
	n = p.begun.Load() // first: who comes and goes between the two is counted later
	return n, p.underWay.Load() == 0
}

// scope is what a change may be seen in. The zero value is everything of all accounts.
type scope struct {
	narrow   bool
	accounts []int64
	keys     bool // it may take something from pairs of keys, too
}

// of is the scope of a change to accounts that leaves their finished tasks as they are.
func of(accounts ...int64) scope { return scope{narrow: true, accounts: accounts} }

// ofKeys is the scope of a change that takes something from pairs of keys. Nothing that is kept shows them.
func ofKeys() scope { return scope{narrow: true, keys: true} }

// ofAll is of for what each is of an account.
func ofAll[T any](list []T, account func(T) int64) scope {
	accounts := make([]int64, len(list))
	for i, one := range list {
		accounts[i] = account(one)
	}
	return of(accounts...)
}

// enter lets a change pass. leave is to be called when it can be seen, or never will be.
func (g *gate) enter(s scope) (leave func()) {
	passed := make([]*passes, 0, len(s.accounts)+1)
	if !s.narrow {
		passed = append(passed, &g.all)
	}
	for _, account := range s.accounts {
		passed = append(passed, g.of(account))
	}
	if s.keys {
		passed = append(passed, &g.keys)
	}
	for _, p := range passed {
		p.enter()
	}
	return func() {
		for _, p := range passed {
			p.underWay.Add(-1)
		}
	}
}

func (g *gate) of(account int64) *passes { return &g.accounts[uint64(account)%uint64(len(g.accounts))] }

// mark takes down what an answer for an account that is begun now is made of.
func (g *gate) mark(account int64) Validity {
	if !g.alone {
		return Validity{}
	}
	return g.markOf(g.of(account))
}

// markKeys takes down what is found out now about pairs of keys. Changes of others are not in it.
func (g *gate) markKeys() Validity { return g.markOf(&g.keys) }

func (g *gate) markOf(own *passes) Validity {
	all, ok := g.all.mark()
	n, ownOK := own.mark()
	if !ok {
		return Validity{}
	}
	return Validity{gate: g, all: all, own: own, ownAll: n, ownOK: ownOK}
}

// Validity is how long what a Read has found stays as it is. The zero value is not at all.
type Validity struct {
	gate   *gate
	all    int64
	own    *passes // of the account; nil: its changes do not matter
	ownAll int64
	ownOK  bool
}

// Holds reports whether a Read that begins now would find the same.
func (v Validity) Holds() bool {
	return v.gate != nil && v.gate.all.begun.Load() == v.all && (v.own == nil || v.ownOK && v.own.begun.Load() == v.ownAll)
}
