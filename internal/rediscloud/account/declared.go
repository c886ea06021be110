package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// declared is what one account declares to have. A list that is there takes the place of the server's; Redis' own cloud
// account and the owner are there beside it.
type declared struct {
	PaymentMethods  *[]PaymentMethod `json:"paymentMethods,omitempty"`
	CloudAccounts   *[]cloudAccount  `json:"cloudAccounts,omitempty"`
	Users           *[]accountUser   `json:"users,omitempty"`
	TransitGateways *[]SharedGateway `json:"transitGateways,omitempty"`
}

// Of returns what the caller's account has.
func (c *Assets) Of(ctx context.Context, tx *store.Tx) (*Assets, error) {
	kept, err := tx.Assets(ctx)
	if err != nil || kept == nil {
		return c, err
	}
	return c.with(kept)
}

// with returns what an account has by what it declares.
func (c *Assets) with(kept []byte) (*Assets, error) {
	own := *c
	if kept == nil {
		return &own, nil
	}
	var d declared
	if err := json.Unmarshal(kept, &d); err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	if d.PaymentMethods != nil {
		own.PaymentMethods = *d.PaymentMethods
	}
	if d.CloudAccounts != nil {
		own.cloudAccounts = slices.Concat(c.cloudAccounts[:1], *d.CloudAccounts)
	}
	if d.Users != nil {
		own.users = slices.Concat(c.users[:1], *d.Users)
	}
	if d.TransitGateways != nil {
		own.TransitGateways = *d.TransitGateways
	}
	return &own, nil
}

// Show returns all that an account has by what it declares, without its owner, who is named with it.
func (c *Assets) Show(kept []byte) ([]byte, error) {
	own, err := c.with(kept)
	if err != nil {
		return nil, err
	}
	users := own.users[1:]
	return json.Marshal(declared{&own.PaymentMethods, &own.cloudAccounts, &users, &own.TransitGateways})
}

// Declare reads what an account is to have. It returns INVALID_ASSETS.
func (c *Assets) Declare(object []byte) ([]byte, error) { return c.declare(object, Assets{}) }

// Add reads what an account is to have beside what it has. It returns INVALID_ASSETS.
func (c *Assets) Add(kept, object []byte) ([]byte, error) {
	own, err := c.with(kept)
	if err != nil {
		return nil, err
	}
	own.cloudAccounts, own.users = own.cloudAccounts[1:], own.users[1:]
	added, err := c.declare(object, *own)
	if err != nil || kept == nil {
		return added, err
	}
	// What is not spoken of stays as it was declared.
	all := map[string]json.RawMessage{}
	if err := errors.Join(json.Unmarshal(kept, &all), json.Unmarshal(added, &all)); err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	return json.Marshal(all)
}

// declare reads an object: what it says of a sort is had beside what is had already.
func (c *Assets) declare(object []byte, had Assets) ([]byte, error) {
	var lists map[string][]json.RawMessage
	if err := json.Unmarshal(object, &lists); err != nil {
		return nil, invalidAssets("assets must be an object of lists of objects")
	}
	sorts := map[string]func(*declared, []json.RawMessage) error{
		"paymentMethods": func(d *declared, items []json.RawMessage) (err error) {
			d.PaymentMethods, err = read(items, had.PaymentMethods, c.newCard, func(m PaymentMethod) int64 { return m.ID })
			return err
		},
		"cloudAccounts": func(d *declared, items []json.RawMessage) (err error) {
			d.CloudAccounts, err = read(items, had.cloudAccounts, newCloudAccount, func(a cloudAccount) int64 { return a.ID })
			return err
		},
		"users": func(d *declared, items []json.RawMessage) (err error) {
			d.Users, err = read(items, had.users, c.newUser, func(u accountUser) int64 { return u.ID })
			return err
		},
		"transitGateways": func(d *declared, items []json.RawMessage) (err error) {
			d.TransitGateways, err = read(items, had.TransitGateways, c.newGateway, func(g SharedGateway) int64 { return g.ID })
			return err
		},
	}
	var d declared
	for _, sort := range slices.Sorted(maps.Keys(lists)) {
		set, ok := sorts[sort]
		if !ok {
			return nil, invalidAssets("assets.%s is none of %s", sort, strings.Join(slices.Sorted(maps.Keys(sorts)), ", "))
		}
		if err := set(&d, lists[sort]); err != nil {
			return nil, invalidAssets("assets.%s.%w", sort, err)
		}
	}
	return json.Marshal(d)
}

func invalidAssets(format string, args ...any) error {
	return cloud.Errorf("INVALID_ASSETS", "%s.", fmt.Errorf(format, args...))
}

// read reads objects of one sort, which are had beside others. Its errors begin with the number of the object.
func read[In, Out any](
	items []json.RawMessage, had []Out, check func(In) (Out, error), id func(Out) int64,
) (*[]Out, error) {
	all := slices.Clone(had)
	if all == nil {
		all = []Out{}
	}
	for i, item := range items {
		var in In
		decoder := json.NewDecoder(bytes.NewReader(item))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&in)
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			err = fmt.Errorf("%s cannot be a %s", wrong.Field, wrong.Value)
		} else if errors.Is(err, io.EOF) || string(item) == "null" {
			err = errors.New("it is no object")
		}
		var one Out
		if err == nil {
			one, err = check(in)
		}
		if err == nil && slices.ContainsFunc(all, func(other Out) bool { return id(other) == id(one) }) {
			err = fmt.Errorf("it is there already, or its id %d is that of another one", id(one))
		}
		if err != nil {
			return nil, fmt.Errorf("%d: %s", i, strings.TrimPrefix(err.Error(), "json: "))
		}
		all = append(all, one)
	}
	return &all, nil
}
