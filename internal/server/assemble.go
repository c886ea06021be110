package server

import (
	"context"
	"net/http"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/engine"
)

// Assemble puts the parts of a sandbox together over a database: the operations of all dialects bound to the engine,
// and the edge before it. The caller runs the engine and serves the edge.
func Assemble(
	ctx context.Context, cfg engine.Config, rateLimit int, dialects ...api.Dialect,
) (*engine.Engine, http.Handler, error) {
	secret, err := cfg.DB.ServerSecret(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range dialects {
		cfg.APIs = append(cfg.APIs, engine.API{Document: d.Document, Operations: d.Operations})
	}
	eng, err := engine.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	edge, err := api.New(api.Config{
		Dialects:  dialects,
		Engine:    eng,
		DB:        cfg.DB,
		Logger:    cfg.Logger,
		Secret:    secret,
		RateLimit: rateLimit,
		Hook:      cfg.Hook,
	})
	if err != nil {
		return nil, nil, err
	}
	return eng, edge, nil
}
