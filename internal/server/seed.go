package server

import (
	"context"
	"errors"
	"os"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// readSeed reads a seed file, as far as that can be done before there is a sandbox. Without a file there is nothing.
func readSeed(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, badConfig("--seed: %w", err)
	}
	return text, seedError(file, sandbox.CheckSeed(text))
}

// seed gives accounts what the seed file says, before anybody is answered.
func (s *Server) seed(ctx context.Context, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	seeded, err := s.Sandbox.Seed(ctx, sandbox.DefaultAccount, text)
	for _, a := range seeded {
		s.cfg.Logger.Info("seeded", "account", a.Account.Name, "made", a.Made)
	}
	return seedError(s.cfg.Seed, err)
}

// seedError is an error of the file, which only another one can mend, or any other.
func seedError(file string, err error) error {
	if rule, ok := errors.AsType[*cloud.Error](err); ok {
		return badConfig("--seed %s: %s", file, rule.Description)
	}
	return err
}
