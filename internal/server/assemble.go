package server

import (
	"context"
	"net/http"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
)

// Assemble puts the parts of a sandbox together over a database: every operation bound to the engine (those without a
// setup, unless others are given), and the edge before it. The caller runs the engine and serves the edge.
func Assemble(ctx context.Context, cfg engine.Config, rateLimit int) (*engine.Engine, http.Handler, error) {
	secret, err := cfg.DB.ServerSecret(ctx)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Operations == nil {
		if cfg.Operations, err = rediscloud.Operations(account.Setup{}); err != nil {
			return nil, nil, err
		}
	}
	eng, err := engine.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	return eng, api.New(api.Config{
		Document:  cfg.Document,
		Engine:    eng,
		DB:        cfg.DB,
		Logger:    cfg.Logger,
		Secret:    secret,
		RateLimit: rateLimit,
		Hook:      cfg.Hook,
	}), nil
}
