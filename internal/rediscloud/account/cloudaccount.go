package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// InternalCloudAccount is Redis' own account at every provider.
const InternalCloudAccount = 1

// CloudAccount is an account of the customer's at a cloud provider. Of its
// credentials only what shows is kept.
type CloudAccount struct {
	Provider       string `json:"provider"`
	AccessKeyID    string `json:"accessKeyId"`
	SignInLoginURL string `json:"signInLoginUrl,omitempty"`
}

// Kind of all cloud accounts but those that are there from the start.
func (CloudAccount) Kind() cloud.Kind { return cloud.Kind{Name: "cloud account", FirstID: 10_000} }

// cloudAccount is an account at a cloud provider as a client sees it.
type cloudAccount struct {
	ID                int64        `json:"id"`
	Name              string       `json:"name"`
	Provider          string       `json:"provider"`
	Status            cloud.Status `json:"status"`
	AccessKeyID       string       `json:"accessKeyId"`
	SignInLoginURL    string       `json:"signInLoginUrl,omitempty"`
	AWSUserARN        string       `json:"awsUserArn,omitempty"`
	AWSConsoleRoleARN string       `json:"awsConsoleRoleArn,omitempty"`
}

// AWSAccountOf is the number that AWS knows a cloud account by.
func AWSAccountOf(cloudAccount int64) string {
	return fmt.Sprintf("%012d", derive.Number(cloudAccount, "AWS account", 1e12))
}

func showCloudAccount(r cloud.Resource[CloudAccount]) cloudAccount {
	view := cloudAccount{
		ID: r.ID, Name: r.Name, Provider: r.Body.Provider, Status: r.Status,
		AccessKeyID: r.Body.AccessKeyID, SignInLoginURL: r.Body.SignInLoginURL,
	}
	if view.Provider == catalog.AWS {
		view.AWSUserARN = fmt.Sprintf("arn:aws:iam::%s:user/redis-cloud", AWSAccountOf(r.ID))
		view.AWSConsoleRoleARN = fmt.Sprintf("arn:aws:iam::%s:role/redis-cloud-console", AWSAccountOf(r.ID))
	}
	return view
}

// everyCloudAccount lists those first that no client made. One that clients made before
// another of its name was set up stays the only one of that name.
func (c *Assets) everyCloudAccount(ctx context.Context, tx *store.Tx) ([]cloudAccount, error) {
	c, err := c.Of(ctx, tx)
	if err != nil {
		return nil, err
	}
	own, err := store.All[CloudAccount](ctx, tx)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(slices.Clone(c.cloudAccounts), func(a cloudAccount) bool {
		return slices.ContainsFunc(own, func(r cloud.Resource[CloudAccount]) bool { return r.Name == a.Name })
	})
	for _, r := range own {
		list = append(list, showCloudAccount(r))
	}
	return list, nil
}

// cloudAccount finds an account by its id. It returns CLOUD_ACCOUNT_NOT_FOUND.
func (c *Assets) cloudAccount(ctx context.Context, tx *store.Tx, id int64) (cloudAccount, error) {
	c, err := c.Of(ctx, tx)
	if err != nil {
		return cloudAccount{}, err
	}
	for _, a := range c.cloudAccounts {
		if a.ID == id {
			return a, nil
		}
	}
	r, ok, err := store.Get[CloudAccount](ctx, tx, id)
	if err == nil && !ok {
		err = noCloudAccount(id)
	}
	return showCloudAccount(r), err
}

func noCloudAccount(id int64) error {
	return cloud.Errorf("CLOUD_ACCOUNT_NOT_FOUND", "Cloud account %d was not found.", id)
}

func (c *Assets) cloudAccountOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listCloudAccounts", c.listCloudAccounts),
		engine.Task("createCloudAccount", c.createCloudAccount),
		engine.Answer("getCloudAccount", c.getCloudAccount),
		engine.Task("updateCloudAccount", c.updateCloudAccount),
		engine.Task("deleteCloudAccount", c.deleteCloudAccount),
	}
}

type oneCloudAccount struct {
	cloudAccount
	wire.Linked
}

type cloudAccountItem struct {
	cloudAccount
	Links []wire.Link `json:"links"`
}

type cloudAccounts struct {
	AccountID     int64              `json:"accountId"`
	CloudAccounts []cloudAccountItem `json:"cloudAccounts"`
	wire.Linked
}

func (c *Assets) listCloudAccounts(ctx context.Context, tx *store.Tx, _ struct{}) (*cloudAccounts, error) {
	all, err := c.everyCloudAccount(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := &cloudAccounts{AccountID: tx.Caller.Account, CloudAccounts: []cloudAccountItem{}}
	for _, a := range all {
		out.CloudAccounts = append(out.CloudAccounts, cloudAccountItem{a, wire.NoLinks()})
	}
	return out, nil
}

type cloudAccountPath struct {
	ID int64 `path:"cloudAccountId" json:"-"`
}

func (c *Assets) getCloudAccount(ctx context.Context, tx *store.Tx, in cloudAccountPath) (*oneCloudAccount, error) {
	a, err := c.cloudAccount(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	return &oneCloudAccount{cloudAccount: a}, nil
}
