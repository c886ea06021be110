package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/store"
)

// fileKey is one pair of API keys in a keys file. doc: docs/access.md
type fileKey struct {
	Name         string   `json:"name"`
	Account      *int64   `json:"account"` // nil: the demo account
	APIKey       string   `json:"apiKey"`
	APISecretKey string   `json:"apiSecretKey"`
	Role         string   `json:"role"`      // empty: the owner's
	AllowFrom    []string `json:"allowFrom"` // empty: everywhere
}

// readKeys reads a keys file. Its errors name the file and the entry, and never
// tell a key. Without a file there are no keys: nil, as against an empty file. A key
// that says nothing of its role has the first one of the document.
func readKeys(file string, document func() (*openapi.Document, error)) ([]store.DeclaredKey, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, badConfig("--keys-file: %w", err)
	}
	var entries []fileKey
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&entries)
	switch {
	case errors.Is(err, io.EOF), err == nil && entries == nil: // nothing, null
		return nil, badConfig("--keys-file %s has no list; one without keys is []", file)
	case err != nil:
		return nil, badConfig("--keys-file %s: %w", file, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, badConfig("--keys-file %s: there is something after the list", file)
	}
	doc, err := document()
	if err != nil {
		return nil, err
	}
	roles := doc.Roles()
	keys := make([]store.DeclaredKey, 0, len(entries))
	for i, entry := range entries {
		key, err := entry.declared(roles)
		if err == nil {
			err = clash(keys, key)
		}
		if err != nil {
			return nil, badConfig("--keys-file %s: entry %d: %w", file, i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// keyName is what the real service lets a key be called.
const keyName = `^[A-Za-z0-9_-]{10,50}$`

// declared checks an entry by itself.
func (k fileKey) declared(roles []string) (key store.DeclaredKey, err error) {
	key = store.DeclaredKey{
		Account: demo.ID,
		Key:     cloud.Key{Name: k.Name, Role: k.Role},
		Secrets: store.Secrets{Key: k.APIKey, Secret: k.APISecretKey},
	}
	if k.Account != nil {
		key.Account = *k.Account
	}
	if k.Role == "" {
		key.Key.Role = roles[0]
	}
	switch {
	case !regexp.MustCompile(keyName).MatchString(k.Name):
		return key, fmt.Errorf("name %q has not 10 to 50 letters, digits, - and _", k.Name)
	case key.Account < 1 || key.Account > math.MaxInt32:
		return key, fmt.Errorf("account %d is not between 1 and %d", key.Account, math.MaxInt32)
	case !sandbox.Sendable(k.APIKey):
		return key, errors.New("apiKey is missing, or has characters that no header can have")
	case !sandbox.Sendable(k.APISecretKey):
		return key, errors.New("apiSecretKey is missing, or has characters that no header can have")
	case !slices.Contains(roles, key.Key.Role):
		return key, fmt.Errorf("role %q is none of %s", k.Role, strings.Join(roles, ", "))
	}
	key.Key.AllowFrom, err = sandbox.ParseAllowList(k.AllowFrom)
	return key, err
}

// clash finds an entry before this one that it cannot stand beside.
func clash(before []store.DeclaredKey, key store.DeclaredKey) error {
	for i, other := range before {
		switch {
		case other.Secrets == key.Secrets:
			return fmt.Errorf("apiKey and apiSecretKey are those of entry %d", i+1)
		case other.Account == key.Account && other.Key.Name == key.Key.Name:
			return fmt.Errorf("name %q is that of entry %d, of the same account", key.Key.Name, i+1)
		}
	}
	return nil
}

// declareKeys gives the keys of a keys file what they say, and takes it from those
// that are no longer in there. Accounts that are new are made.
func declareKeys(ctx context.Context, db *store.DB, keys []store.DeclaredKey) error {
	if keys == nil {
		return nil
	}
	for _, key := range keys {
		account := cloud.Account{ID: key.Account, Name: fmt.Sprint("Account ", key.Account), OwnerName: "Demo Owner"}
		account.OwnerEmail = fmt.Sprintf("owner@%d.example", key.Account)
		if key.Account == demo.ID {
			account = demo
		}
		if err := db.EnsureAccount(ctx, account); err != nil {
			return err
		}
	}
	return db.DeclareKeys(ctx, keys)
}
