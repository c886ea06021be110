package subscription

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/store"
)

// statusKeyPending is a subscription that waits for the customer's keys.
const statusKeyPending cloud.Status = "encryption_key_pending"

// Encryption is that of a subscription whose storage is encrypted with keys of
// the customer.
type Encryption struct {
	GracePeriod string          `json:"gracePeriod,omitempty"`
	Keys        []EncryptionKey `json:"keys,omitempty"`  // empty: not handed in yet
	First       []designed      `json:"first,omitempty"` // databases that are made once they are
}

// EncryptionKey is a key in the customer's own key management.
type EncryptionKey struct {
	Name   string `json:"resourceName"`
	Region string `json:"region,omitempty"` // with Active-Active
}

// keysSpec hands in keys.
type keysSpec struct {
	GracePeriod string          `json:"deletionGracePeriod"`
	Keys        []EncryptionKey `json:"customerManagedKeys"`
}

// waits reports whether a new subscription stops until it gets its keys.
func (e *Encryption) waits() bool { return e != nil && len(e.Keys) == 0 }

// encryption is what a new subscription is to be encrypted with; nil: keys of the
// cloud provider. Keys come along only where the cloud account is the customer's:
// Redis' own has to be let in to them first.
func (in subscriptionCreate) encryption(s Subscription) (*Encryption, error) {
	if in.EncryptionType != customerManagedKey {
		if in.EncryptionKeys != nil {
			return nil, cloud.Errorf(
				"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_NOT_ALLOWED_WITH_CLOUD_PROVIDER_MANAGED_KEY",
				"Keys are named, but storage is to be encrypted with keys of the cloud provider.",
			)
		}
		return nil, nil //nolint:nilnil // no keys is an answer, not a failure
	}
	internal := s.CloudAccountID == account.InternalCloudAccount
	switch {
	case internal && in.EncryptionKeys != nil:
		return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
			"In cloud account %d keys are named by an update, once the subscription waits for them.",
			account.InternalCloudAccount)
	case internal:
		return &Encryption{}, nil
	case in.EncryptionKeys == nil:
		return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_REQUIRED_FOR_EXTERNAL_CLOUD_ACCOUNT",
			"In a cloud account of your own the subscription is created with its keys.")
	}
	return s.withKeys(&Encryption{}, *in.EncryptionKeys)
}

// withKeys checks keys for a subscription: one for each region with Active-Active,
// else one for all. Any text without spaces is taken for the name of a key.
func (s Subscription) withKeys(e *Encryption, spec keysSpec) (*Encryption, error) {
	grace := cmp.Or(spec.GracePeriod, e.GracePeriod)
	switch {
	case len(spec.Keys) == 0:
		return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_MISSING_KEYS", "No key is named.")
	case grace == "":
		return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_DELETION_GRACE_PERIOD_REQUIRED",
			"The first time keys are named they come with a deletionGracePeriod.")
	}
	seen := map[string]bool{}
	for _, key := range spec.Keys {
		_, ours := s.location(key.Region)
		switch {
		case !isKeyName(key.Name):
			return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_FORMAT",
				"%q is not the resource name of a key.", key.Name)
		case !s.ActiveActive() && key.Region != "":
			return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_REGION_NOT_REQUIRED",
				"In a single region a key is named without its region.")
		case !s.ActiveActive():
		case key.Region == "":
			return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_REGION_REQUIRED",
				"With Active-Active a key is named with its region.")
		case !ours:
			return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_REGION",
				"The subscription is not in region %q.", key.Region)
		case seen[key.Region]:
			return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_DUPLICATE_REGIONS",
				"There are two keys for region %s.", key.Region)
		}
		seen[key.Region] = true
	}
	if want := len(s.locations()); len(spec.Keys) != want {
		return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_NUMBER_OF_KEYS",
			"The subscription takes %d keys, not %d.", want, len(spec.Keys))
	}
	return &Encryption{GracePeriod: grace, Keys: spec.Keys}, nil
}

func isKeyName(name string) bool { return name != "" && !strings.ContainsAny(name, " \t\r\n") }

// applyKeys hands a subscription its keys: the first time it waits for them and
// gets active with them, later they replace the ones it has.
func applyKeys(ctx context.Context, tx *store.Tx, id int64, spec keysSpec) (out engine.Outcome, err error) {
	sub, err := ReadSubscription(ctx, tx, id)
	switch {
	case err != nil:
		return out, err
	case sub.Body.Encryption == nil:
		return out, cloud.Errorf(
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_NOT_ALLOWED_WITH_CLOUD_PROVIDER_MANAGED_KEY",
			"Subscription %d is encrypted with keys of the cloud provider.", id,
		)
	case sub.Status != statusKeyPending && sub.Status != cloud.StatusActive:
		return out, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_SUBSCRIPTION_INVALID_STATUS",
			"Subscription %d is %s and takes no keys.", id, sub.Status)
	}
	first := sub.Body.Encryption.First
	if sub.Body.Encryption, err = sub.Body.withKeys(sub.Body.Encryption, spec); err != nil {
		return out, err
	}
	store.Update(tx, sub)
	if sub.Status == statusKeyPending {
		store.SetStatus[Subscription](tx, id, cloud.StatusPending)
	}
	err = insertFirst(ctx, tx, id, first, subscriptionUpdate)
	return planChange(tx, sub, subscriptionUpdate, cloud.StatusActive), err
}

// withRegion adds the key of a region that an Active-Active subscription gets.
func (e *Encryption) withRegion(region, key string) (*Encryption, error) {
	switch {
	case e == nil && key != "":
		return nil, cloud.Errorf(
			"ACTIVE_ACTIVE_CREATE_A_REGION_CUSTOMER_MANAGED_KEY_RESOURCE_NAME_SUBSCRIPTION_IS_NOT_CUSTOMER_MANAGED",
			"The subscription is encrypted with keys of the cloud provider.",
		)
	case e == nil:
		return nil, nil //nolint:nilnil // no keys is an answer, not a failure
	case key == "":
		return nil, cloud.Errorf("ACTIVE_ACTIVE_CREATE_A_REGION_CUSTOMER_MANAGED_KEY_RESOURCE_NAME_IS_NOT_SET",
			"The subscription is encrypted with keys of your own: name the one for region %s.", region)
	case !isKeyName(key):
		return nil, cloud.Errorf("CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_FORMAT",
			"%q is not the resource name of a key.", key)
	}
	return &Encryption{
		GracePeriod: e.GracePeriod, Keys: append(slices.Clone(e.Keys), EncryptionKey{Name: key, Region: region}),
	}, nil
}

// without drops the keys of some regions.
func (e *Encryption) without(regions map[string]bool) *Encryption {
	if e != nil {
		e.Keys = slices.DeleteFunc(e.Keys, func(k EncryptionKey) bool { return regions[k.Region] })
	}
	return e
}

// keyAccess is what the customer has to let in to the keys.
type keyAccess struct {
	ServiceAccount     string         `json:"redisServiceAccount,omitempty"` // GCP
	PredefinedRoles    []string       `json:"googlePredefinedRoles,omitempty"`
	CustomPermissions  []string       `json:"googleCustomPermissions,omitempty"`
	IAMRole            string         `json:"redisIamRole,omitempty"` // AWS
	KeyPolicy          map[string]any `json:"requiredKeyPolicyStatements,omitempty"`
	GracePeriodOptions []string       `json:"deletionGracePeriodOptions"`
}

func (s Subscription) keyAccess(id int64) *keyAccess {
	access := &keyAccess{GracePeriodOptions: []string{
		"alerts-only", "immediate", "15-minutes", "30-minutes", "1-hour", "4-hours", "8-hours", "12-hours", "24-hours",
	}}
	if s.Provider == catalog.GCP {
		access.ServiceAccount = fmt.Sprintf("service-%d@redis-understudy-%s.iam.gserviceaccount.com",
			id, derive.Hex(id, "project", 6))
		access.PredefinedRoles = []string{"roles/cloudkms.cryptoKeyEncrypterDecrypter", "roles/cloudkms.viewer"}
		access.CustomPermissions = []string{
			"cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToEncrypt",
			"cloudkms.cryptoKeys.get", "cloudkms.cryptoKeys.getIamPolicy",
		}
		return access
	}
	access.IAMRole = fmt.Sprintf("arn:aws:iam::%s:role/redis-storage-%d", s.AWSAccountID(), id)
	access.KeyPolicy = map[string]any{
		"Effect":    "Allow",
		"Principal": map[string]any{"AWS": access.IAMRole},
		"Action": []string{
			"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:CreateGrant",
		},
		"Resource": "*",
	}
	return access
}
