package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// KeyPair is a pair of keys, which is known only to who made it.
type KeyPair struct {
	APIKey       string `json:"apiKey"`
	APISecretKey string `json:"apiSecretKey"`
}

func (p KeyPair) secrets() store.Secrets { return store.Secrets{Key: p.APIKey, Secret: p.APISecretKey} }

// Key is a pair of keys of an account, without the pair.
type Key struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Role      string    `json:"role"`
	AllowFrom []string  `json:"allowFrom"`
	CreatedAt time.Time `json:"createdAt"`
}

// NewKey is what a new key is to be. What is empty has a default.
type NewKey struct {
	Name         string   `json:"name,omitempty"`
	Role         string   `json:"role,omitempty"`
	AllowFrom    []string `json:"allowFrom,omitempty"` // blocks of addresses that it may be used from; empty: everywhere
	APIKey       string   `json:"apiKey,omitempty"`    // both or none
	APISecretKey string   `json:"apiSecretKey,omitempty"`
}

// Keys returns the keys of an account, by id. It returns what Account does.
func (s *Service) Keys(ctx context.Context, account string) ([]Key, error) {
	a, err := s.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	keys, err := s.db.Keys(ctx, a.ID)
	list := make([]Key, len(keys))
	for i, k := range keys {
		list[i] = Key{ID: k.ID, Name: k.Name, Role: k.Role, AllowFrom: []string{}, CreatedAt: k.CreatedAt}
		for _, block := range k.AllowFrom {
			list[i].AllowFrom = append(list[i].AllowFrom, block.String())
		}
	}
	return list, err
}

// CreateKey creates a key for an account. It returns what Account does, INVALID_KEY, KEY_NAME_TAKEN and KEY_TAKEN.
func (s *Service) CreateKey(ctx context.Context, account string, spec NewKey) (Key, KeyPair, error) {
	a, err := s.Account(ctx, account)
	if err != nil {
		return Key{}, KeyPair{}, err
	}
	declared, pair, err := s.declared(a, spec)
	if err != nil {
		return Key{}, KeyPair{}, err
	}
	id, err := s.db.NewKey(ctx, declared)
	switch {
	case errors.Is(err, store.ErrKeyNameTaken):
		return Key{}, KeyPair{}, cloud.Errorf("KEY_NAME_TAKEN", "Account %d has a key %q already.", a.ID, spec.Name)
	case errors.Is(err, store.ErrPairTaken):
		return Key{}, KeyPair{}, pairTaken()
	case store.AccountGone(err):
		return Key{}, KeyPair{}, notThere(account)
	case err != nil:
		return Key{}, KeyPair{}, err
	}
	key, err := s.key(ctx, account, fmt.Sprint(id))
	return key, pair, err
}

// DeclareKey makes a pair of keys what it shall be, whatever it was before, revoked or another account's. To say the
// same again changes nothing. The pair and a name must be said. It returns what Account does, and INVALID_KEY.
func (s *Service) DeclareKey(ctx context.Context, account string, spec NewKey) error {
	if spec.APIKey == "" || spec.Name == "" {
		return cloud.Errorf("INVALID_KEY", "A key that is declared has a name, an apiKey and an apiSecretKey.")
	}
	a, err := s.Account(ctx, account)
	if err != nil {
		return err
	}
	declared, _, err := s.declared(a, spec)
	if err != nil {
		return err
	}
	if err := s.db.DeclareKey(ctx, declared); store.AccountGone(err) {
		return notThere(account)
	} else if err != nil {
		return err
	}
	return nil
}

// RevokeKey takes a key of an account back for good, at once on this server. It returns what Account does,
// KEY_NOT_FOUND and KEY_AMBIGUOUS.
func (s *Service) RevokeKey(ctx context.Context, account, key string) error {
	k, a, err := s.find(ctx, account, key)
	if err != nil {
		return err
	}
	return s.db.RevokeKey(ctx, a.ID, k.ID)
}

// RotateKey gives a key of an account a new pair, and takes the old one back as RevokeKey does, whose errors it
// returns.
func (s *Service) RotateKey(ctx context.Context, account, key string) (Key, KeyPair, error) {
	k, a, err := s.find(ctx, account, key)
	if err != nil {
		return Key{}, KeyPair{}, err
	}
	pair := newPair()
	return k, pair, s.db.RotateKey(ctx, a.ID, k.ID, pair.secrets())
}

// find finds a key of an account by its id or name.
func (s *Service) find(ctx context.Context, account, ref string) (Key, Account, error) {
	a, err := s.Account(ctx, account)
	if err != nil {
		return Key{}, a, err
	}
	k, err := s.key(ctx, fmt.Sprint(a.ID), ref)
	return k, a, err
}

func (s *Service) key(ctx context.Context, account, ref string) (Key, error) {
	keys, err := s.Keys(ctx, account)
	if err != nil {
		return Key{}, err
	}
	var found []Key
	for _, k := range keys {
		switch ref {
		case fmt.Sprint(k.ID):
			return k, nil
		case k.Name:
			found = append(found, k)
		}
	}
	switch len(found) {
	case 0:
		return Key{}, cloud.Errorf("KEY_NOT_FOUND", "Account %q has no key %q.", account, ref)
	case 1:
		return found[0], nil
	}
	return Key{}, cloud.Errorf("KEY_AMBIGUOUS",
		"Keys %d and %d are both called %q: say the id.", found[0].ID, found[1].ID, ref)
}

// declared checks what a key is to be.
func (s *Service) declared(a Account, spec NewKey) (k store.DeclaredKey, pair KeyPair, err error) {
	if pair, err = pairOf(spec.APIKey, spec.APISecretKey); err != nil {
		return k, pair, err
	}
	if _, err := strconv.ParseInt(spec.Name, 10, 64); err == nil {
		return k, pair, cloud.Errorf("INVALID_KEY", "A key cannot be called %q: numbers are ids.", spec.Name)
	}
	k = store.DeclaredKey{
		Account: a.ID, Key: cloud.Key{Name: spec.Name, Role: s.role(spec.Role)}, Secrets: pair.secrets(),
	}
	if len(s.cfg.Roles) > 0 && !slices.Contains(s.cfg.Roles, k.Key.Role) {
		return k, pair, cloud.Errorf("INVALID_KEY", "The role %q is none of %s.", spec.Role, strings.Join(s.cfg.Roles, ", "))
	}
	if k.Key.AllowFrom, err = ParseAllowList(spec.AllowFrom); err != nil {
		return k, pair, cloud.Errorf("INVALID_KEY", "%s.", err)
	}
	return k, pair, nil
}

// role returns a role, the mightiest where none is said.
func (s *Service) role(role string) string {
	if len(s.cfg.Roles) > 0 {
		role = cmp.Or(role, s.cfg.Roles[0])
	}
	return role
}

// ParseAllowList reads blocks of addresses that a key may be used from.
func ParseAllowList(texts []string) (blocks []netip.Prefix, err error) {
	for _, text := range texts {
		block, err := netip.ParsePrefix(text)
		switch {
		case err != nil || block.Addr().Is4In6():
			return nil, fmt.Errorf("allowFrom %q is no CIDR block such as 192.0.2.0/24 or 2001:db8::/32", text)
		case block != block.Masked():
			return nil, fmt.Errorf("allowFrom %q has bits after its prefix; is %s meant?", text, block.Masked())
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

// Sendable reports whether a key can stand in a header.
func Sendable(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII })
}

// pairOf is a pair that was said, or a new one.
func pairOf(key, secret string) (KeyPair, error) {
	switch {
	case key == "" && secret == "":
		return newPair(), nil
	case !Sendable(key) || !Sendable(secret):
		return KeyPair{}, cloud.Errorf("INVALID_KEY",
			"apiKey and apiSecretKey go together, and have no characters that no header can have.")
	}
	return KeyPair{key, secret}, nil
}

// newPair makes a pair that nobody can guess.
func newPair() KeyPair {
	s := store.NewSecrets()
	return KeyPair{s.Key, s.Secret}
}

func pairTaken() error {
	return cloud.Errorf("KEY_TAKEN", "That pair of keys is in use already, or was revoked.")
}

// Roles returns those that a key may have, the mightiest first.
func (s *Service) Roles() []string { return slices.Clone(s.cfg.Roles) }
