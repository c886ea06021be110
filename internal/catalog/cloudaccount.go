package catalog

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// internalCloudAccount is Redis' own account at every provider.
const internalCloudAccount = 1

// cloudAccount is an account at a cloud provider that subscriptions live in.
type cloudAccount struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Provider    string `json:"provider"`
	Status      string `json:"status"`
	AccessKeyID string `json:"accessKeyId"`
}

// cloudAccount finds an account by its id.
func (c *Catalog) cloudAccount(id int64) (cloudAccount, error) {
	for _, a := range c.cloudAccounts {
		if a.ID == id {
			return a, nil
		}
	}
	return cloudAccount{}, cloud.Errorf(cloud.CloudAccountNotFound, "There is no cloud account %d.", id)
}

func (c *Catalog) cloudAccountOperations() []engine.Operation {
	return []engine.Operation{
		engine.Sync("listCloudAccounts", c.listCloudAccounts),
		engine.Sync("getCloudAccount", c.getCloudAccount),
	}
}

type oneCloudAccount struct {
	cloudAccount
	Linked
}

type cloudAccountItem struct {
	cloudAccount
	Links []Link `json:"links"`
}

type cloudAccounts struct {
	AccountID     int64              `json:"accountId"`
	CloudAccounts []cloudAccountItem `json:"cloudAccounts"`
	Linked
}

func (c *Catalog) listCloudAccounts(_ context.Context, tx *store.Tx, _ struct{}) (*cloudAccounts, error) {
	out := &cloudAccounts{AccountID: tx.Caller.Account, CloudAccounts: []cloudAccountItem{}}
	for _, a := range c.cloudAccounts {
		out.CloudAccounts = append(out.CloudAccounts, cloudAccountItem{a, noLinks()})
	}
	return out, nil
}

type cloudAccountPath struct {
	ID int64 `path:"cloudAccountId" json:"-"`
}

func (c *Catalog) getCloudAccount(_ context.Context, _ *store.Tx, in cloudAccountPath) (*oneCloudAccount, error) {
	a, err := c.cloudAccount(in.ID)
	if err != nil {
		return nil, err
	}
	return &oneCloudAccount{cloudAccount: a}, nil
}
