// Package account is what an account has beside its databases: its owner and users, its payment methods, the cloud
// accounts that it brings along, and the transit gateways that are shared with it.
//
// Assets are what nobody makes through the API. A server gives the same to all of its accounts; what an account
// declares takes the place of it (Assets.Of). A subscription asks here for the card and the cloud account that it
// names; nothing here asks back but LivesIn.
package account

import (
	"context"
	"embed"
	"slices"
	"sync"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/store"
)

//go:embed data/*.json
var files embed.FS

// builtIn is what the data files have.
var builtIn = sync.OnceValue(func() Assets {
	return Assets{
		PaymentMethods:  catalog.MustRead[[]PaymentMethod](files, "payment-methods"),
		TransitGateways: catalog.MustRead[[]SharedGateway](files, "transit-gateways"),
		cloudAccounts:   catalog.MustRead[[]cloudAccount](files, "cloud-accounts"),
		users:           catalog.MustRead[[]accountUser](files, "users"),
	}
})

// Assets are what accounts have from the start, those of a server that declare nothing, or, by Of, a single one. They
// do not change.
type Assets struct {
	PaymentMethods  []PaymentMethod
	TransitGateways []SharedGateway
	cloudAccounts   []cloudAccount // the first one is Redis' own
	users           []accountUser  // the first one owns the account

	// LivesIn finds a subscription that lives in a cloud account; ok is false if none does.
	LivesIn func(ctx context.Context, tx *store.Tx, cloudAccount int64) (subscription int64, ok bool, err error)
}

// NewAssets returns those of the data files with a setup's. It refuses what is there twice.
func NewAssets(setup Setup) (*Assets, error) {
	a := &Assets{
		PaymentMethods: slices.Clone(builtIn().PaymentMethods), TransitGateways: slices.Clone(builtIn().TransitGateways),
		cloudAccounts: slices.Clone(builtIn().cloudAccounts), users: slices.Clone(builtIn().users),
	}
	return a, a.add(setup)
}

// Operations returns the operations on accounts.
func Operations(a *Assets) []engine.Operation {
	return slices.Concat(a.accountOperations(), a.userOperations(), a.cloudAccountOperations())
}
