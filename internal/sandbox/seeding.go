package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/understudy-dev/understudy/internal/store"
)

// seeding gives an account what a file says, within a transaction.
type seeding struct {
	service *Service
	tx      *store.Tx
	account seedAccount
	has     map[string]store.Seeded // what the account has of the file, by item
	made    int
	ids     map[string]int64 // of resources, by what they are called in the file
}

// once does what an item of the file says unless the account has it already, and returns the id of the resource that it
// made. setup says that it is no resource. It refuses an item that said something else before.
func (g *seeding) once(line int, item string, setup bool, says any, do func() (int64, error)) (int64, error) {
	text, err := json.Marshal(says)
	if err != nil {
		return 0, err
	}
	digest := sha256.Sum256(text)
	if was, ok := g.has[item]; ok {
		if !bytes.Equal(was.Digest, digest[:]) {
			first := fmt.Sprintf("reset account %q first", g.account.Name)
			if setup {
				first += ", with its rules"
			}
			err = seedProblem(line, "%s was seeded another way before: %s", item, first)
		}
		return was.Resource, err
	}
	id, err := do()
	if err == nil {
		g.tx.MarkSeeded(item, store.Seeded{Digest: digest[:], Setup: setup, Resource: id})
		g.made++
	}
	return id, err
}

// setUp is once for what is no resource.
func (g *seeding) setUp(line int, item string, says any, do func() error) error {
	_, err := g.once(line, item, true, says, func() (int64, error) { return 0, do() })
	return err
}

func (g *seeding) idSeed(context.Context) error {
	seed := g.account.IDSeed
	if seed == nil {
		return nil
	}
	return g.setUp(1, "idSeed", *seed, func() error {
		g.tx.SetIDSeed(*seed)
		return nil
	})
}

func (g *seeding) clock(ctx context.Context) error {
	if g.account.Clock == nil {
		return nil
	}
	to := g.account.Clock.setting()
	return g.setUp(g.account.Clock.line, "clock", to, func() error {
		return g.tx.SetClock(ctx, func(clock store.Clock) store.Clock {
			clock.Rate = to.rate()
			if to.At != nil {
				clock.Now = *to.At
			}
			return clock
		})
	})
}

func (g *seeding) assets(context.Context) error {
	object, kept, err := g.service.seedAssets(g.account)
	if err != nil || object == nil {
		return err
	}
	return g.setUp(g.account.Assets.Line, "assets", object, func() error {
		g.tx.SetAssets(kept)
		return nil
	})
}

func (g *seeding) faults(context.Context) error {
	for i, f := range g.account.Faults {
		spec, err := f.spec()
		if err == nil {
			err = g.setUp(f.line, fmt.Sprintf("faults[%d]", i), spec, func() error { return g.service.armSeeded(g.tx, spec) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *seeding) resources(ctx context.Context) error {
	for i, r := range g.account.Resources {
		req, course, err := g.service.request(r, g.ids)
		if err != nil {
			return err
		}
		item := cmp.Or(r.As, fmt.Sprintf("resources[%d]", i))
		id, err := g.once(r.node.Line, item, false, []any{r.Operation, req, course}, func() (int64, error) {
			return g.service.cfg.Engine.Perform(ctx, g.tx, r.Operation, req, course)
		})
		if err != nil {
			return r.problem(err)
		}
		if r.As != "" {
			g.ids[r.As] = id
		}
	}
	return nil
}
