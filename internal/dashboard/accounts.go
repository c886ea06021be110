package dashboard

import (
	"context"
	"fmt"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// accounts is the page of all accounts, and of the keys of one.
type accounts struct {
	Lanes     []sandbox.Lane
	Text      string
	Pager     pager
	Account   *sandbox.Account // that is chosen; nil: none is
	Keys      []sandbox.Key
	Roles     []string
	Variables []cloud.Variable // that point clients at it
}

const accountsOnPage = 25

func loadAccounts(h *Handler, q *query) (any, error) {
	a := &accounts{Text: q.get("q"), Roles: h.Service.Roles()}
	offset := q.number("from")
	found, all, err := h.Service.Busy(q.ctx(), a.Text, offset, accountsOnPage)
	if err != nil {
		return nil, err
	}
	a.Pager = pager{From: offset, Size: accountsOnPage, Shown: len(found), All: all}
	ids := make([]int64, len(found))
	for i, one := range found {
		ids[i] = one.ID
	}
	if a.Lanes, err = h.Service.Lanes(q.ctx(), ids, 1); err != nil || q.account.ID == 0 {
		return a, err
	}
	account, err := h.Service.Account(q.ctx(), q.ref())
	if err != nil {
		return nil, err
	}
	a.Account = &account
	if a.Keys, err = h.Service.Keys(q.ctx(), q.ref()); err != nil {
		return nil, err
	}
	a.Variables, err = h.variables(q)
	return a, err
}

// variables are those that point clients at an account, with its keys: whoever may only look is shown none.
func (h *Handler) variables(q *query) ([]cloud.Variable, error) {
	if h.ReadOnly {
		return nil, nil
	}
	return h.Service.Environment(q.ctx(), q.ref())
}

// minted is a pair of keys, which is shown once.
type minted struct {
	What string
	Pair sandbox.KeyPair
}

func createAccount(ctx context.Context, o order) (any, error) {
	account, pair, err := o.service.CreateAccount(ctx, sandbox.NewAccount{
		Name: strings.TrimSpace(o.get("name")), CapPolicy: o.get("policy"),
	})
	if err != nil {
		return nil, err
	}
	return minted{fmt.Sprintf("Account %s, %d", account.Name, account.ID), pair}, nil
}

func resetAccount(ctx context.Context, o order) (any, error) {
	_, err := o.service.Reset(ctx, o.account, sandbox.Reset{Rules: o.get("rules") != "", Clock: o.get("clock") != ""})
	return nil, err
}

func createKey(ctx context.Context, o order) (any, error) {
	spec := sandbox.NewKey{Name: strings.TrimSpace(o.get("name")), Role: o.get("role")}
	spec.AllowFrom = strings.FieldsFunc(o.get("from"), func(r rune) bool { return r == ',' || r == ' ' })
	key, pair, err := o.service.CreateKey(ctx, o.account, spec)
	if err != nil {
		return nil, err
	}
	return minted{"Key " + named(key), pair}, nil
}

func named(k sandbox.Key) string {
	if k.Name == "" {
		return fmt.Sprint(k.ID)
	}
	return k.Name
}

func rotateKey(ctx context.Context, o order) (any, error) {
	key, pair, err := o.service.RotateKey(ctx, o.account, o.get("key"))
	if err != nil {
		return nil, err
	}
	return minted{"Key " + named(key) + ", anew", pair}, nil
}

func revokeKey(ctx context.Context, o order) (any, error) {
	return nil, o.service.RevokeKey(ctx, o.account, o.get("key"))
}
