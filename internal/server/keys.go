package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// demoKeys makes sure that the demo account is there and returns keys for it:
// those of the configuration, or those that were minted at the first start and
// are kept in the data directory. The database has only their hashes.
func demoKeys(ctx context.Context, cfg Config, db *store.DB) (store.Secrets, error) {
	keys := store.Secrets{Key: cfg.APIKey, Secret: cfg.APISecretKey}
	if keys.Key == "" {
		var err error
		if keys, err = keptKeys(filepath.Join(cfg.DataDir, "credentials.json")); err != nil {
			return keys, err
		}
	}
	if ok, err := db.HasKey(ctx, demo.ID, keys); ok || err != nil { // as at every start but the first
		return keys, err
	}
	if err := db.EnsureAccount(ctx, demo); err != nil {
		return keys, err
	}
	return keys, db.EnsureKey(ctx, demo.ID, "demo", keys)
}

// NewAccount makes an account with a pair of keys of its owner's and returns its id.
func (s *Server) NewAccount(ctx context.Context, account cloud.Account) (id int64, keys store.Secrets, err error) {
	keys = store.NewSecrets()
	if id, err = s.database.CreateAccount(ctx, account); err != nil {
		return 0, keys, err
	}
	return id, keys, s.database.EnsureKey(ctx, id, account.Name, keys)
}

func keptKeys(file string) (store.Secrets, error) {
	var keys store.Secrets
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		keys = store.NewSecrets()
		if data, err = json.Marshal(keys); err == nil {
			err = writeFile(file, data)
		}
	} else if err == nil {
		if err = json.Unmarshal(data, &keys); err == nil && (keys.Key == "" || keys.Secret == "") {
			err = errors.New("a key is missing")
		}
	}
	if err != nil {
		return keys, fmt.Errorf("keys of the demo account in %s: %w", file, err)
	}
	return keys, nil
}

// writeFile writes a file that only its owner can read, all of it or nothing.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // the Postgres user must be able to pass
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // the first error counts
	}
	return err
}

// removeReadyFile removes the ready file, of an earlier run that was killed or of this one
// when it ends: who waits for the next one must not find it.
func removeReadyFile(cfg Config) error {
	if cfg.ReadyFile == "" {
		return nil
	}
	if err := os.Remove(cfg.ReadyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return badConfig("--ready-file: %w", err)
	}
	return nil
}

// writeReadyFile tells whoever waits that the server is ready.
func writeReadyFile(cfg Config, ready Ready) error {
	if cfg.ReadyFile != "" {
		data, err := json.Marshal(ready)
		if err == nil {
			err = writeFile(cfg.ReadyFile, append(data, '\n'))
		}
		if err != nil {
			return badConfig("--ready-file: %w", err)
		}
	}
	cfg.Logger.Info("ready", "url", ready.URL, "pid", ready.PID)
	if cfg.Banner != nil {
		cfg.Banner(ready)
	}
	return nil
}
