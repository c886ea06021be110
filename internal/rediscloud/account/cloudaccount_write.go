package account

import (
	"cmp"
	"context"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

// cloudAccountChange is how long it takes to try an account's credentials.
const cloudAccountChange cloud.Length = "cloud-account.change"

// The states of a cloud account on its way. Others that the cloud has in between
// are left out: the official clients take them for a failure.
const (
	StatusDraft       cloud.Status = "draft"
	statusChangeDraft cloud.Status = "change-draft"
)

// credentials are what lets Redis work in an account of a customer's.
type credentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	AccessSecretKey string `json:"accessSecretKey"`
	ConsoleUsername string `json:"consoleUsername"`
	ConsolePassword string `json:"consolePassword"`
}

// check cannot try the credentials: they only must not be blank.
func (c credentials) check() error {
	for _, s := range []string{c.AccessKeyID, c.AccessSecretKey, c.ConsoleUsername, c.ConsolePassword} {
		if strings.TrimSpace(s) == "" {
			return cloud.Errorf("CLOUD_ACCOUNT_INVALID_CREDS",
				"The keys and the console user of a cloud account cannot be blank.")
		}
	}
	return nil
}

// checkDistinctAccount checks that no other account has the name or the key.
func (c *Assets) checkDistinctAccount(ctx context.Context, tx *store.Tx, id int64, name, key string) error {
	if strings.TrimSpace(name) == "" {
		return cloud.Errorf("BAD_REQUEST", "A cloud account needs a name.")
	}
	all, err := c.everyCloudAccount(ctx, tx)
	if err != nil {
		return err
	}
	for _, a := range all {
		switch {
		case a.ID == id:
		case a.Name == name:
			return cloud.Errorf("CLOUD_ACCOUNT_NAME_EXISTS", "Cloud account %d is named %q.", a.ID, name)
		case a.AccessKeyID == key:
			return cloud.Errorf("CLOUD_ACCOUNT_ACCESS_KEY_EXISTS", "Cloud account %d has the access key %s.", a.ID, key)
		}
	}
	return nil
}

func (c *Assets) createCloudAccount(ctx context.Context, tx *store.Tx, in struct {
	Name     string `json:"name"`
	Provider string `json:"provider"`
	credentials
	SignInLoginURL string `json:"signInLoginUrl"`
},
) (out engine.Outcome, err error) {
	if err := in.check(); err != nil {
		return out, err
	}
	if err := c.checkDistinctAccount(ctx, tx, 0, in.Name, in.AccessKeyID); err != nil {
		return out, err
	}
	body := CloudAccount{cmp.Or(in.Provider, catalog.AWS), in.AccessKeyID, in.SignInLoginURL}
	return resource.Create(ctx, tx, in.Name, body, StatusDraft, cloudAccountChange)
}

func (c *Assets) updateCloudAccount(ctx context.Context, tx *store.Tx, in struct {
	ID   int64   `path:"cloudAccountId" json:"-"`
	Name *string `json:"name"`
	credentials
	SignInLoginURL *string `json:"signInLoginUrl"`
},
) (out engine.Outcome, err error) {
	account, err := c.lockCloudAccount(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if account.Status != cloud.StatusActive && account.Status != cloud.StatusError {
		return out, cloudAccountNotActive(account.ID, account.Status)
	}
	if err := in.check(); err != nil {
		return out, err
	}
	if in.Name != nil {
		account.Name = *in.Name
	}
	if in.SignInLoginURL != nil {
		account.Body.SignInLoginURL = *in.SignInLoginURL
	}
	account.Body.AccessKeyID = in.AccessKeyID
	if err := c.checkDistinctAccount(ctx, tx, account.ID, account.Name, in.AccessKeyID); err != nil {
		return out, err
	}
	store.Update(tx, account)
	resource.Transition[CloudAccount](tx, account.ID, statusChangeDraft, cloudAccountChange, cloud.StatusActive)
	return engine.Outcome{ResourceID: account.ID}, nil
}

// An account goes once no subscription lives in it any more, and with its task: clients
// wait for nothing else.
func (c *Assets) deleteCloudAccount(
	ctx context.Context, tx *store.Tx, in cloudAccountPath,
) (out engine.Outcome, err error) {
	account, err := c.lockCloudAccount(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	subscription, used, err := c.LivesIn(ctx, tx, account.ID)
	if err != nil {
		return out, err
	}
	if used {
		return out, cloud.Errorf("CLOUD_ACCOUNT_USED", "Subscription %d lives in cloud account %d.", subscription, account.ID)
	}
	store.Remove[CloudAccount](tx, account.ID)
	return engine.Outcome{ResourceID: account.ID}, nil
}

// lockCloudAccount locks an account that is to be changed. Those that
// no client made no client can change.
func (c *Assets) lockCloudAccount(ctx context.Context, tx *store.Tx, id int64) (cloud.Resource[CloudAccount], error) {
	c, err := c.Of(ctx, tx)
	if err != nil {
		return cloud.Resource[CloudAccount]{}, err
	}
	for _, a := range c.cloudAccounts {
		if a.ID == id {
			return cloud.Resource[CloudAccount]{}, cloud.Errorf("CLOUD_ACCOUNT_PERMISSION_FAILED",
				"Cloud account %d is not yours to change.", id)
		}
	}
	account, ok, err := store.Get[CloudAccount](ctx, tx, id)
	if err == nil && !ok {
		err = noCloudAccount(id)
	}
	return account, err
}

func cloudAccountNotActive(id int64, status cloud.Status) error {
	return cloud.Errorf("CLOUD_ACCOUNT_NOT_ACTIVE",
		"Cloud account %d is not in an active state: it is %s. It can be used and changed once it is active.", id, status)
}

// CheckCloudAccount checks the account that a new subscription is to live in. New
// credentials do not get in the way: the official provider does not wait for them.
func (c *Assets) CheckCloudAccount(ctx context.Context, tx *store.Tx, id int64, provider string) error {
	if id == InternalCloudAccount {
		return nil // which is at every provider
	}
	a, err := c.cloudAccount(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case a.Provider != provider:
		return cloud.Errorf("SUBSCRIPTION_CA_PROVIDER_MISMATCH",
			"Cloud account %d is at %s, not at %s.", a.ID, a.Provider, provider)
	case a.Status != cloud.StatusActive && a.Status != statusChangeDraft:
		return cloudAccountNotActive(a.ID, a.Status)
	}
	return nil
}
