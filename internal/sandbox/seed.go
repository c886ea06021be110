package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/nearest"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// SeededAccount is what a seed file made in an account.
type SeededAccount struct {
	Account   Account          `json:"account"`
	Created   bool             `json:"created"`        // the account itself
	Keys      *KeyPair         `json:"keys,omitempty"` // of a new account whose keys the file does not say
	Made      int              `json:"made"`           // of what the file says; the rest was there
	Resources map[string]int64 `json:"resources"`      // ids of those that have a name in the file
}

// DefaultAccount is the account that is meant where none is said: the one that a fresh sandbox has.
const DefaultAccount = "Demo"

// Seed gives accounts what a file of YAML says: what stands at its top to the account that is named, created if it is
// not there, and the rest to those that the file names. Resources are made by the operations of the API, at once and by
// the same rules as if a client had sent them, and come to the state that the file says. The same file again changes
// nothing.
//
// All of an account's resources are made, or none. It returns INVALID_SEED, which names the line and the member, and
// what CreateAccount and DeclareKey do.
func (s *Service) Seed(ctx context.Context, ref string, text []byte) ([]SeededAccount, error) {
	file, err := readSeed(text)
	if err != nil {
		return nil, err
	}
	if !file.empty() {
		file.Name = cmp.Or(file.Name, ref)
		file.Accounts = append([]seedAccount{file.seedAccount}, file.Accounts...)
	}
	for i, a := range file.Accounts {
		if a.Name == "" {
			return nil, cloud.Errorf("INVALID_SEED", "accounts[%d] has no name", i)
		}
		if err := s.checkSeed(a); err != nil {
			return nil, err
		}
	}
	seeded := []SeededAccount{}
	for _, a := range file.Accounts {
		one, err := s.seed(ctx, a)
		if err != nil {
			return nil, err
		}
		seeded = append(seeded, one)
	}
	return seeded, nil
}

// checkSeed looks at what can be seen before anything is made.
func (s *Service) checkSeed(a seedAccount) error {
	if a.Clock != nil {
		if err := a.Clock.setting().check(); err != nil {
			return seedProblem(a.Clock.line, "clock: %s", description(err))
		}
	}
	if _, _, err := s.seedAssets(a); err != nil {
		return err
	}
	for i, f := range a.Faults {
		spec, err := f.spec()
		if err == nil {
			_, err = s.faultRules(spec)
		}
		if err != nil {
			return seedProblem(f.line, "faults[%d]: %s", i, description(err))
		}
	}
	ids := map[string]int64{}
	for _, r := range a.Resources {
		if _, _, err := s.request(r, ids); err != nil {
			return err
		}
		if r.As != "" {
			if _, twice := ids[r.As]; twice {
				return seedProblem(r.node.Line, "a resource before it is called %q, too", r.As)
			}
			ids[r.As] = 1
		}
	}
	return nil
}

// seedAssets is what an account shall declare to have: as the file says it, and as it is kept; nil: the file is silent.
func (s *Service) seedAssets(a seedAccount) (object json.RawMessage, kept []byte, err error) {
	node := &a.Assets
	if node.Kind == 0 {
		return nil, nil, nil
	}
	said, err := bodyOf(node, nil)
	if err != nil {
		return nil, nil, err
	}
	if object, err = json.Marshal(said); err != nil {
		return nil, nil, err
	}
	if kept, err = s.declareAssets(object); err != nil {
		// It begins with the way to what is wrong, mostly with the name of a member after it.
		way, rest, _ := strings.Cut(description(err), " ")
		member, _, _ := strings.Cut(rest, " ")
		way = strings.TrimPrefix(strings.TrimSuffix(way, ":"), "assets.") + "." + member
		return nil, nil, seedProblem(lineOf(node, way), "%s", description(err))
	}
	return object, kept, nil
}

// request is the request that makes a resource, as its document reads it.
func (s *Service) request(r seedResource, ids map[string]int64) (req binding.Request, course engine.Course, err error) {
	if !s.cfg.Engine.Changes(r.Operation) {
		near, _ := nearest.Of(r.Operation, s.cfg.Engine.Operations())
		return req, course, seedProblem(lineOf(r.node, "operation"),
			"no operation that makes something is called %q: is %s meant?", r.Operation, near)
	}
	course = engine.Course{Status: cloud.Status(r.State), Stays: r.Stays}
	if course.Status == cloud.StatusError {
		course.Error = &cloud.Error{Description: "It was seeded so."}
		if r.Error != nil {
			course.Error = &cloud.Error{Code: r.Error.Code, Description: r.Error.Description}
		}
	} else if r.Error != nil {
		return req, course, seedProblem(lineOf(r.node, "error"), "error: only what is in state error has one")
	}
	req.Path, req.Query = map[string]string{}, map[string]string{}
	for part, texts := range map[string]map[string]string{"path": r.Path, "query": r.Query} {
		into := map[string]map[string]string{"path": req.Path, "query": req.Query}[part]
		for name, text := range texts {
			if into[name], err = resolve(text, ids); err != nil {
				return req, course, seedProblem(lineOf(r.node, part+"."+name), "%s.%s: %s", part, name, err)
			}
		}
	}
	if r.Body.Kind != 0 {
		body, err := bodyOf(&r.Body, ids)
		if err != nil {
			return req, course, err
		}
		if req.Body, err = json.Marshal(body); err != nil {
			return req, course, err
		}
	}
	_, err = s.cfg.Engine.Check(r.Operation, req)
	return req, course, r.problem(err)
}

// problem makes an error of a resource one of the file.
func (r seedResource) problem(err error) error {
	if invalid, ok := errors.AsType[*openapi.Invalid](err); ok {
		first := invalid.Problems[0]
		way := strings.TrimSuffix(invalid.In+"."+first.Field, ".")
		return seedProblem(lineOf(r.node, way), "%s: %s", way, first.Text)
	}
	if rule, ok := errors.AsType[*cloud.Error](err); ok && rule.Code != "INVALID_SEED" {
		return seedProblem(r.node.Line, "%s: %s", strings.TrimSpace(r.Operation+" "+string(rule.Code)), rule.Description)
	}
	return err
}

// description is what an error says, without its code.
func description(err error) string {
	if rule, ok := errors.AsType[*cloud.Error](err); ok {
		return rule.Description
	}
	return err.Error()
}

// seed gives an account what it shall have.
func (s *Service) seed(ctx context.Context, a seedAccount) (out SeededAccount, err error) {
	out.Account, err = s.Account(ctx, a.Name)
	if rule, ok := errors.AsType[*cloud.Error](err); ok && rule.Code == "ACCOUNT_NOT_FOUND" {
		err = s.seedAccount(ctx, a, &out)
	}
	if err != nil {
		return out, err
	}
	ref := fmt.Sprint(out.Account.ID)
	if err := s.changeSeeded(ctx, a, out.Account); err != nil {
		return out, err
	}
	for i, k := range a.Keys {
		spec := NewKey{
			Name: cmp.Or(k.Name, fmt.Sprintf("seeded-key-%d", i+1)), Role: k.Role, AllowFrom: k.AllowFrom,
			APIKey: k.APIKey, APISecretKey: k.APISecretKey,
		}
		err := s.DeclareKey(ctx, ref, spec)
		if rule, ok := errors.AsType[*cloud.Error](err); ok {
			return out, seedProblem(k.line, "keys[%d]: %s", i, rule.Description)
		}
		if err != nil {
			return out, err
		}
	}
	err = s.db.Write(ctx, cloud.Caller{Account: out.Account.ID}, func(tx *store.Tx) (err error) {
		out.Made, out.Resources, err = s.seedState(ctx, tx, a)
		return err
	})
	if err != nil {
		return out, err
	}
	s.cfg.Engine.Replaced(ctx)
	out.Account, err = s.Account(ctx, ref)
	return out, err
}

// seedAccount creates an account. Its first key is that of the file, if there is one.
func (s *Service) seedAccount(ctx context.Context, a seedAccount, out *SeededAccount) (err error) {
	spec := NewAccount{Name: a.Name, OwnerName: a.OwnerName, OwnerEmail: a.OwnerEmail, CapPolicy: a.CapPolicy}
	if len(a.Keys) > 0 {
		spec.APIKey, spec.APISecretKey = a.Keys[0].APIKey, a.Keys[0].APISecretKey
	}
	var pair KeyPair
	if out.Account, pair, err = s.CreateAccount(ctx, spec); err != nil {
		return err
	}
	out.Created = true
	if len(a.Keys) == 0 {
		out.Keys = &pair
	}
	return nil
}

// changeSeeded makes an account what the file says of it, where it is not so.
func (s *Service) changeSeeded(ctx context.Context, a seedAccount, is Account) error {
	var change AccountChange
	for _, one := range []struct {
		says, is string
		to       **string
	}{
		{a.OwnerName, is.OwnerName, &change.OwnerName},
		{a.OwnerEmail, is.OwnerEmail, &change.OwnerEmail},
		{a.CapPolicy, is.CapPolicy, &change.CapPolicy},
	} {
		if one.says != "" && one.says != one.is {
			*one.to = &one.says
		}
	}
	if change == (AccountChange{}) {
		return nil
	}
	_, err := s.ChangeAccount(ctx, fmt.Sprint(is.ID), change)
	return err
}

// seedState makes what the account does not have yet, in a transaction.
func (s *Service) seedState(ctx context.Context, tx *store.Tx, a seedAccount) (int, map[string]int64, error) {
	has, err := tx.Seeded(ctx)
	if err != nil {
		return 0, nil, err
	}
	g := &seeding{service: s, tx: tx, account: a, has: has, ids: map[string]int64{}}
	for _, part := range []func(context.Context) error{g.idSeed, g.clock, g.assets, g.faults, g.resources} {
		if err := part(ctx); err != nil {
			return 0, nil, err
		}
	}
	return g.made, g.ids, nil
}

// armSeeded arms rules for the account of a transaction.
func (s *Service) armSeeded(tx *store.Tx, spec NewFault) error {
	rules, err := s.faultRules(spec)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		text, err := json.Marshal(rule)
		if err != nil {
			return err
		}
		tx.ArmFault(text)
	}
	return nil
}
