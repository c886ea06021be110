package server

import (
	"context"
	"net/http"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/journal"
)

// Edge is how the edge is to behave. The zero value limits nothing and is watched by nobody.
type Edge struct {
	RateLimit int                                  // requests an account may send in a minute; 0: any number
	Observe   func(journal.Record)                 // is told of every request; nil: nobody is
	Answers   *api.Answers                         // are sent again while they hold; nil: none is
	Texts     *api.Texts                           // of which lists of tasks are made; nil: all is rendered anew
	Stale     func(uri string, kept, fresh []byte) // is told of one that a new one would not have been; nil: none is made
}

// Assemble puts the parts of a sandbox together over a database: the operations of all dialects bound to the engine,
// and the edge before it. The caller runs the engine and serves the edge.
func Assemble(
	ctx context.Context, cfg engine.Config, at Edge, dialects ...api.Dialect,
) (*engine.Engine, http.Handler, error) {
	secret, err := cfg.DB.ServerSecret(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range dialects {
		cfg.APIs = append(cfg.APIs, engine.API{
			Document: d.Document, Operations: d.Operations, Presets: d.Presets, Lengths: d.Lengths,
		})
	}
	eng, err := engine.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := eng.Faults().Refresh(ctx); err != nil {
		return nil, nil, err
	}
	edge, err := api.New(api.Config{
		Dialects:  dialects,
		Engine:    eng,
		DB:        cfg.DB,
		Logger:    cfg.Logger,
		Secret:    secret,
		RateLimit: at.RateLimit,
		Observe:   at.Observe,
		Answers:   at.Answers,
		Texts:     at.Texts,
		Stale:     at.Stale,
		Hook:      cfg.Hook,
	})
	if err != nil {
		return nil, nil, err
	}
	return eng, edge, nil
}
